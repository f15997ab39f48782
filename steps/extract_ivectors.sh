#!/usr/bin/env bash
# i-vectors of short windows of the speech of every recording, or of whole utterances.
#   extract_ivectors.sh [--nj 4] [--cmd run.sh] [--config conf/ivector.conf] [--whole false] [--use-vad true]
#                       [--subsegments-config conf/subsegments.conf] [--delta-order 2] [--delta-window 3]
#                       [--cmn-window 300] [--max-failed 0] <extractor-dir> <data-dir> <out-dir>
# Reads  <extractor-dir>/{final.ie,final.ubm}, trained with the same deltas and --cmn-window, and
#        <data-dir>/{feats.scp,segments}; with --whole true feats.scp, utt2spk and, with --use-vad, vad.scp
# Writes <out-dir>/{ivector.scp,segments,utt2spk,spk2utt}: segments are the windows, "speaker" is the recording; of
#        whole utterances no segments, and their speakers; vectors in <out-dir>/ivector.N.ark, logs in <out-dir>/log
set -euo pipefail

nj=4
cmd=run.sh
config=/dev/null             # options of extract-ivectors
subsegments_config=/dev/null # options of make-subsegments
whole=false use_vad=true     # of whole utterances, the frames with speech
max_failed=0                 # windows or utterances of a job that may fail: a number, or 5%
. front_end.sh
. step.sh
[[ $# == 3 ]] || usage 2
extractor=$1 data=$2 out=$3 vad='' windows=- names=$data/utt2spk

require "$extractor/final.ie" "$data/feats.scp" "$config" "$subsegments_config"
split_table "$nj" "$data/feats.scp" "$out/split"
if [[ $whole != true ]]; then
  windows=$out/split/windows.JOB names=$out/split/subsegments
  make-subsegments --config "$subsegments_config" --max-failed "$max_failed" "$data/segments" "$names"
  split_along "$out/split" 2 "$names" windows
elif [[ $use_vad == true ]]; then
  require "$data/vad.scp" && vad=scp,s,cs:$data/vad.scp
fi
submit JOB=1:"$nj" "$out/log/extract_ivectors.JOB.log" \
  extract-ivectors --config "$config" --max-failed "$max_failed" \
  "$extractor" "$(front_end "scp:$out/split/JOB" "$vad")" "$windows" ark,scp:"$out/ivector.JOB.ark,$out/split/ivector.JOB"
join_tables "$out/ivector.scp" "$out/split/ivector"
write_table "$out/split/kept" filter-scp "$out/ivector.scp" "$names"
[[ $whole == true ]] || write_table "$out/segments" cat "$out/split/kept"
write_table "$out/utt2spk" awk '{ print $1, $2 }' < "$out/split/kept"
write_table "$out/spk2utt" utt2spk-to-spk2utt "$out/utt2spk"
