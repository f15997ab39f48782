#!/usr/bin/env bash
# Speech activity of every recording: a copy of the data directory that has segments.
#   compute_vad.sh [--nj 4] [--cmd run.sh] [--method silero] [--config conf/vad.conf]
#                  [--rule hysteresis] [--segments-config conf/vad-to-segments.conf] [--max-failed 0]
#                  <data-dir> <out-dir>
# Reads  <data-dir>/wav.scp, or its feats.scp for the method energy
# Writes <out-dir>/{vad.scp,segments,utt2spk,spk2utt}, where "speaker" is the recording, and copies of
#        wav.scp, feats.scp, rttm, uem and reco2num_spk; logs in <out-dir>/log
set -euo pipefail

nj=4
cmd=run.sh
method=silero             # silero, webrtc or energy
config=/dev/null          # options of vad
rule=hysteresis           # of vad-to-segments: hysteresis or kaldi
segments_config=/dev/null # its other options
max_failed=0              # recordings of a job that may fail: a number, or 5%
. step.sh
[[ $# == 2 ]] || usage 2
data=$1 out=$2

input=$data/wav.scp
if [[ $method == energy ]]; then input=$data/feats.scp; fi
require "$input" "$config" "$segments_config"
split_table "$nj" "$input" "$out/split"

submit JOB=1:"$nj" "$out/log/compute_vad.JOB.log" \
  vad --method "$method" --config "$config" --max-failed "$max_failed" \
  scp:"$out/split/JOB" ark,scp:"$out/vad.JOB.ark,$out/split/vad.JOB" "&&" \
  vad-to-segments --rule "$rule" --config "$segments_config" --max-failed "$max_failed" \
  scp:"$out/split/vad.JOB" "$out/split/segments.JOB"

for file in wav.scp feats.scp rttm uem reco2num_spk; do
  if [[ -e $data/$file ]]; then write_table "$out/$file" cat "$data/$file"; fi
done
join_tables "$out/vad.scp" "$out/split/vad"
join_tables "$out/segments" "$out/split/segments"
write_table "$out/utt2spk" awk '{ print $1, $2 }' < "$out/segments"
write_table "$out/spk2utt" utt2spk-to-spk2utt "$out/utt2spk"
