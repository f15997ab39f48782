#!/usr/bin/env bash
# MFCCs of every recording of a data directory.
#   make_mfcc.sh [--nj 4] [--cmd run.sh] [--config conf/mfcc.conf] [--max-failed 0] <data-dir> <out-dir>
# Reads  <data-dir>/wav.scp
# Writes <data-dir>/feats.scp, the matrices in <out-dir>/feats.N.ark, logs in <out-dir>/log
set -euo pipefail

nj=4
cmd=run.sh
config=/dev/null # options of compute-mfcc
max_failed=0     # recordings of a job that may fail: a number, or 5%
. step.sh
[[ $# == 2 ]] || usage 2
data=$1 out=$2

require "$data/wav.scp" "$config"
split_table "$nj" "$data/wav.scp" "$out/split"

$cmd JOB=1:"$nj" "$out/log/make_mfcc.JOB.log" \
  compute-mfcc --config "$config" --max-failed "$max_failed" \
  scp:"$out/split/JOB" ark,scp:"$out/feats.JOB.ark,$out/split/feats.JOB"

join_tables "$data/feats.scp" "$out/split/feats"
