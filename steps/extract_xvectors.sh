#!/usr/bin/env bash
# Embeddings of short windows of the speech of every recording.
#   extract_xvectors.sh [--nj 4] [--cmd run.sh] [--input wav.scp] [--config conf/xvector.conf]
#                       [--subsegments-config conf/subsegments.conf] [--max-failed 0] <model> <data-dir> <out-dir>
# <model> is a folder; --input feats.scp is for a model without a front end of its own.
# Reads  <data-dir>/segments and its wav.scp or feats.scp
# Writes <out-dir>/{xvector.scp,segments,utt2spk,spk2utt}: segments are the windows, "speaker" is the
#        recording; the vectors in <out-dir>/xvector.N.ark, logs in <out-dir>/log
set -euo pipefail

nj=4
cmd=run.sh
input=wav.scp
config=/dev/null             # options of extract-xvectors
subsegments_config=/dev/null # options of make-subsegments
max_failed=0                 # windows of a job that may fail: a number, or 5%
. step.sh
[[ $# == 3 ]] || usage 2
model=$1 data=$2 out=$3

require "$data/$input" "$data/segments" "$config" "$subsegments_config"
split_table "$nj" "$data/$input" "$out/split"
make-subsegments --config "$subsegments_config" --max-failed "$max_failed" "$data/segments" "$out/split/subsegments"
split_along "$out/split" 2 "$out/split/subsegments" windows

submit JOB=1:"$nj" "$out/log/extract_xvectors.JOB.log" \
  extract-xvectors --model "$model" --config "$config" --max-failed "$max_failed" --threads '${OMP_NUM_THREADS:-1}' \
  scp:"$out/split/JOB" "$out/split/windows.JOB" ark,scp:"$out/xvector.JOB.ark,$out/split/xvector.JOB"

join_tables "$out/xvector.scp" "$out/split/xvector"
write_table "$out/segments" filter-scp "$out/xvector.scp" "$out/split/subsegments"
write_table "$out/utt2spk" awk '{ print $1, $2 }' < "$out/segments"
write_table "$out/spk2utt" utt2spk-to-spk2utt "$out/utt2spk"
