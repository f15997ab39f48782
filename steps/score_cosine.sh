#!/usr/bin/env bash
# Cosine similarity of every two embeddings of each recording.
#   score_cosine.sh [--nj 4] [--cmd run.sh] [--config conf/score-cosine.conf] [--max-failed 0]
#                   <xvectors-dir> <out-dir>
# Reads  <xvectors-dir>/{xvector.scp,segments,utt2spk,spk2utt}, made by extract_xvectors.sh; or ivector.scp
# Writes <out-dir>/scores.scp and copies of segments, utt2spk and spk2utt; the matrices in
#        <out-dir>/scores.N.ark, logs in <out-dir>/log
set -euo pipefail

nj=4
cmd=run.sh
config=/dev/null # options of score-cosine
max_failed=0     # recordings of a job that may fail: a number, or 5%
. step.sh
[[ $# == 2 ]] || usage 2
xvectors=$1 out=$2

vectors=$(vectors_of "$xvectors")
require "$vectors" "$xvectors"/{segments,utt2spk,spk2utt} "$config"
split_table "$nj" "$xvectors/spk2utt" "$out/split"

submit JOB=1:"$nj" "$out/log/score_cosine.JOB.log" \
  score-cosine --config "$config" --max-failed "$max_failed" \
  "$out/split/JOB" scp:"$vectors" ark,scp:"$out/scores.JOB.ark,$out/split/scores.JOB"

join_tables "$out/scores.scp" "$out/split/scores"
for file in segments utt2spk spk2utt; do write_table "$out/$file" cat "$xvectors/$file"; done
