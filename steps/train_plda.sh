#!/usr/bin/env bash
# Train a PLDA model on labelled embeddings, and what comes before it: the mean and a whitening transform.
#   train_plda.sh [--cmd run.sh] [--whiten-dir DIR] [--utt2spk FILE] [--config conf/train-plda.conf] [--max-failed 0]
#                 <xvectors-dir> <out-dir>
# Reads  <xvectors-dir>/{xvector.scp,utt2spk}, of which the speakers are people, unlike in a directory to diarize, or,
#        of windows, the utterances whose speakers <utt2spk> has;
#        <whiten-dir>/xvector.scp, embeddings like those to diarize, which need no labels; default <xvectors-dir>;
#        or ivector.scp in either
# Writes <out-dir>/{mean.vec,transform.mat,plda} in Kaldi's form, utt2spk, spk2utt, logs in <out-dir>/log
set -euo pipefail

cmd=run.sh
config=/dev/null # options of train-plda
whiten_dir='' utt2spk=/dev/null
max_failed=0     # vectors that may fail: a number, or 5%
. step.sh
[[ $# == 2 ]] || usage 2
xvectors=$1 out=$2

vectors=$(vectors_of "$xvectors") unlabelled=$(vectors_of "${whiten_dir:-$xvectors}")
require "$vectors" "$xvectors/utt2spk" "$utt2spk" "$unlabelled" "$config"
differ "$out/utt2spk" "$utt2spk" "$xvectors/utt2spk"
mkdir -p "$out/log"
whiten=scp:$unlabelled labelled=scp:$vectors
mean=$out/mean.vec transform=$out/transform.mat
allow=--max-failed=$max_failed
write_table "$out/utt2spk" people_of "$utt2spk" "$xvectors/utt2spk"
write_table "$out/spk2utt" utt2spk-to-spk2utt "$out/utt2spk"

submit "$out/log/mean.log" mean-vectors "$allow" "$whiten" "$mean"
submit "$out/log/transform.log" \
  train-transform --chain=whiten "$allow" "ark:subtract-mean ${allow@Q} ${mean@Q} ${whiten@Q} ark:- |" "$transform"
submit "$out/log/plda.log" \
  train-plda --config "$config" "$allow" "$out/spk2utt" \
  "ark:subtract-mean ${allow@Q} ${labelled@Q} ark:- |
   apply-transform ${allow@Q} ${transform@Q} ark:- ark:- | normalize-length ${allow@Q} ark:- ark:- |" "$out/plda"
