#!/usr/bin/env bash
# Cluster the scored segments of every recording and write who spoke when.
#   cluster.sh [--nj 4] [--cmd run.sh] [--method ahc] [--threshold 0.1] [--config conf/cluster-ahc.conf]
#              [--max-failed 0] <scores-dir> <out-dir>
# Reads  <scores-dir>/{scores.scp,spk2utt,segments}, made by score_plda.sh or score_cosine.sh
# Writes <out-dir>/{labels,rttm}, logs in <out-dir>/log
set -euo pipefail

nj=4
cmd=run.sh
method=ahc       # ahc, spectral or dbscan: the tool is cluster-<method>
config=/dev/null # options of the tool
threshold=''     # goes before what config says; recipes tune it
max_failed=0     # recordings of a job that may fail: a number, or 5%
. step.sh
[[ $# == 2 ]] || usage 2
scores=$1 out=$2

require "$scores"/{scores.scp,spk2utt,segments} "$config"
type -P cluster-"$method" > /dev/null || step_fail "no such method: $method"
split_table "$nj" "$scores/scores.scp" "$out/split"

submit JOB=1:"$nj" "$out/log/cluster.JOB.log" \
  cluster-"$method" --config "$config" ${threshold:+--threshold "$threshold"} --max-failed "$max_failed" \
  scp:"$out/split/JOB" "$scores/spk2utt" "$out/split/labels.JOB"

join_tables "$out/labels" "$out/split/labels"
make-rttm --max-failed "$(of_all_jobs "$max_failed")" "$scores/segments" "$out/labels" "$out/rttm"
