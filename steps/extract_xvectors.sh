#!/usr/bin/env bash
# Embeddings of short windows of the speech of every recording, or of whole utterances and of speakers.
#   extract_xvectors.sh [--nj 4] [--cmd run.sh] [--input wav.scp] [--config conf/xvector.conf] [--whole false]
#                       [--subsegments-config conf/subsegments.conf] [--max-failed 0] <model> <data-dir> <out-dir>
# <model> is a folder; --input feats.scp is for a model without a front end of its own.
# Reads  <data-dir>/segments and its wav.scp or feats.scp; with --whole true utt2spk, and segments if there are any
# Writes <out-dir>/{xvector.scp,segments,utt2spk,spk2utt}: segments are the windows, "speaker" is the recording; of
#        whole utterances no segments, their speakers, spk_xvector.scp, the mean of each, and num_utts; logs in log/
set -euo pipefail

nj=4
cmd=run.sh
input=wav.scp
config=/dev/null             # options of extract-xvectors
subsegments_config=/dev/null # options of make-subsegments
whole=false
max_failed=0                 # windows of a job that may fail: a number, or 5%
. step.sh
[[ $# == 3 ]] || usage 2
model=$1 data=$2 out=$3 list=$data/segments names=$data/utt2spk

require "$data/$input" "$config" "$subsegments_config"
split_table "$nj" "$data/$input" "$out/split"
if [[ $whole != true ]]; then
  require "$list" && list=$out/split/subsegments names=$out/split/subsegments
  make-subsegments --config "$subsegments_config" --max-failed "$max_failed" "$data/segments" "$list"
elif [[ $input != wav.scp || ! -e $list ]]; then
  list=''
fi
[[ ! $list ]] || split_along "$out/split" 2 "$list" windows
submit JOB=1:"$nj" "$out/log/extract_xvectors.JOB.log" \
  extract-xvectors --model "$model" --config "$config" --max-failed "$max_failed" --threads '${OMP_NUM_THREADS:-1}' \
  scp:"$out/split/JOB" ${list:+"$out/split/windows.JOB"} ark,scp:"$out/xvector.JOB.ark,$out/split/xvector.JOB"
join_tables "$out/xvector.scp" "$out/split/xvector"
write_table "$out/split/kept" filter-scp "$out/xvector.scp" "$names"
[[ $whole == true ]] || write_table "$out/segments" cat "$out/split/kept"
write_table "$out/utt2spk" awk '{ print $1, $2 }' < "$out/split/kept"
write_table "$out/spk2utt" utt2spk-to-spk2utt "$out/utt2spk"
[[ $whole != true ]] || mean-vectors "$out/spk2utt" scp:"$out/xvector.scp" \
  ark,scp:"$out/spk_xvector.ark,$out/spk_xvector.scp" ark,t:"$out/num_utts"
