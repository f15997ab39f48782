#!/usr/bin/env bash
# PLDA score of every two embeddings of each recording.
#   score_plda.sh [--nj 4] [--cmd run.sh] [--target-energy 0.1] [--config conf/score-plda.conf] [--max-failed 0]
#                 <plda-dir> <xvectors-dir> <out-dir>
# Reads  <plda-dir>/{mean.vec,transform.mat,plda}, made by train_plda.sh or by Kaldi's recipes, and
#        <xvectors-dir>/{xvector.scp,segments,utt2spk,spk2utt}, made by extract_xvectors.sh; or ivector.scp
# Writes <out-dir>/scores.scp and copies of segments, utt2spk and spk2utt; the matrices in
#        <out-dir>/scores.N.ark, logs in <out-dir>/log
set -euo pipefail

nj=4
cmd=run.sh
config=/dev/null # options of score-plda
target_energy='' # goes before what config says
max_failed=0     # recordings of a job that may fail: a number, or 5%
. step.sh
[[ $# == 3 ]] || usage 2
plda=$1 xvectors=$2 out=$3

mean=$plda/mean.vec transform=$plda/transform.mat vectors=$(vectors_of "$xvectors")
table=scp:$vectors
require "$mean" "$transform" "$plda/plda" "$vectors" "$xvectors"/{segments,utt2spk,spk2utt} "$config"
split_table "$nj" "$xvectors/spk2utt" "$out/split"

# A vector that fails within the pipe is then missing, and costs its recording, which is what may fail.
submit JOB=1:"$nj" "$out/log/score_plda.JOB.log" \
  score-plda --config "$config" ${target_energy:+--target-energy "$target_energy"} --max-failed "$max_failed" \
  "$plda/plda" "$out/split/JOB" \
  "ark:subtract-mean --max-failed=100% ${mean@Q} ${table@Q} ark:- |
   apply-transform --max-failed=100% ${transform@Q} ark:- ark:- | normalize-length --max-failed=100% ark:- ark:- |" \
  ark,scp:"$out/scores.JOB.ark,$out/split/scores.JOB"

join_tables "$out/scores.scp" "$out/split/scores"
for file in segments utt2spk spk2utt; do write_table "$out/$file" cat "$xvectors/$file"; done
