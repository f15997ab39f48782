#!/usr/bin/env bash
# Augmented copies of the recordings of a data directory, as a data directory.
#   augment_data.sh [--nj 4] [--cmd run.sh] [--kinds noise,music,babble,reverb] [--config conf/augment-audio.conf]
#                   [--max-failed 0] <data-dir> <out-dir>
# Reads  <data-dir>/{wav.scp,utt2spk} and what else there is; the sounds that the configuration names
# Writes <out-dir>/{wav.scp,utt2spk,spk2utt,utt2uniq} and the files of <data-dir> that hold for copies, the
#        recordings in <out-dir>/pieces/N/wav, logs in <out-dir>/log
set -euo pipefail

nj=4
cmd=run.sh
kinds=''         # goes before what config says: one copy of each
config=/dev/null # options of augment-audio, --noise=DIR and so on
max_failed=0     # recordings of a job that may fail: a number, or 5%
. step.sh
[[ $# == 2 ]] || usage 2
data=$1 out=$2

require "$data"/{wav.scp,utt2spk} "$config"
split-data-dir --per-reco "$data" "$nj" "$out/split"
for ((nj = 0; nj < $(find "$out/split" -name utt2spk | wc -l); nj++)); do
  pieces[nj]=$out/pieces/$((nj + 1))
done

submit JOB=1:"$nj" "$out/log/augment.JOB.log" \
  augment-audio --config "$config" ${kinds:+--kinds "$kinds"} --max-failed "$max_failed" \
  "$out/split/JOB" "$out/pieces/JOB"

combine-data-dirs "$out" "${pieces[@]}"
