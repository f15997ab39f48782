#!/usr/bin/env bash
# Train a PLDA model on labelled embeddings, and what comes before it: the mean and a whitening transform.
#   train_plda.sh [--cmd run.sh] [--whiten-dir DIR] [--config conf/train-plda.conf] [--max-failed 0]
#                 <xvectors-dir> <out-dir>
# Reads  <xvectors-dir>/{xvector.scp,spk2utt}, of which the speakers are people, unlike in a directory to diarize;
#        <whiten-dir>/xvector.scp, embeddings like those to diarize, which need no labels; default <xvectors-dir>;
#        or ivector.scp in either
# Writes <out-dir>/{mean.vec,transform.mat,plda} in Kaldi's form, logs in <out-dir>/log
set -euo pipefail

cmd=run.sh
config=/dev/null # options of train-plda
whiten_dir=''
max_failed=0     # vectors that may fail: a number, or 5%
. step.sh
[[ $# == 2 ]] || usage 2
xvectors=$1 out=$2

vectors=$(vectors_of "$xvectors") unlabelled=$(vectors_of "${whiten_dir:-$xvectors}")
require "$vectors" "$xvectors/spk2utt" "$unlabelled" "$config"
mkdir -p "$out/log"
whiten=scp:$unlabelled labelled=scp:$vectors
mean=$out/mean.vec transform=$out/transform.mat
allow=--max-failed=$max_failed

submit "$out/log/mean.log" mean-vectors "$allow" "$whiten" "$mean"
submit "$out/log/transform.log" \
  train-transform --chain=whiten "$allow" "ark:subtract-mean ${allow@Q} ${mean@Q} ${whiten@Q} ark:- |" "$transform"
submit "$out/log/plda.log" \
  train-plda --config "$config" "$allow" "$xvectors/spk2utt" \
  "ark:subtract-mean ${allow@Q} ${labelled@Q} ark:- |
   apply-transform ${allow@Q} ${transform@Q} ark:- ark:- | normalize-length ${allow@Q} ark:- ark:- |" "$out/plda"
