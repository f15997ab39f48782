# shellcheck shell=bash
# Sourced by make_mfcc.sh and make_fbank.sh, which set `features` to the end of the name of the tool.

features=${features?}
nj=4
cmd=run.sh
config=/dev/null # options of the tool
max_failed=0     # recordings, or segments, of a job that may fail: a number, or 5%
. step.sh
[[ $# == 2 ]] || usage 2
data=$1 out=$2

require "$data/wav.scp" "$config"
split_table "$nj" "$data/wav.scp" "$out/split"
segments=()
if [[ -e $data/segments ]]; then
  split_along "$out/split" 2 "$data/segments" segments
  segments=(--segments "$out/split/segments.JOB")
fi

submit JOB=1:"$nj" "$out/log/make_$features.JOB.log" \
  "compute-$features" --config "$config" --max-failed "$max_failed" "${segments[@]}" \
  --write-utt2dur ark,t:"$out/split/utt2dur.JOB" \
  scp:"$out/split/JOB" ark,scp:"$out/feats.JOB.ark,$out/split/feats.JOB"

join_tables "$data/feats.scp" "$out/split/feats"
join_tables "$data/utt2dur" "$out/split/utt2dur"
write_table "$data/utt2num_frames" feat-to-len scp:"$data/feats.scp" ark,t:-
write_table "$data/frame_shift" awk -F = '
  tolower($1) ~ /^--frame[-_]shift *$/ { shift = $2 } END { print (shift ? shift : 10) / 1000 }' < "$config"
