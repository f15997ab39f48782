#!/usr/bin/env bash
# Cluster the embeddings of every recording, without the scores of every two, and write who spoke when.
#   cluster_vectors.sh [--nj 4] [--cmd run.sh] [--method vbx] [--plda FILE] [--config conf/cluster-vbx.conf]
#                      [--max-failed 0] <xvectors-dir> <out-dir>
# Reads  <xvectors-dir>/{xvector.scp,spk2utt,segments}, made by extract_xvectors.sh; or ivector.scp
# Writes <out-dir>/{labels,rttm}, logs in <out-dir>/log
set -euo pipefail

nj=4
cmd=run.sh
method=vbx       # ahc, spectral, kmeans, dbscan or vbx: the tool is cluster-<method>
plda=''          # compare vectors by this model, which is for vectors as they are; default by their cosine
config=/dev/null # options of the tool
max_failed=0     # recordings of a job that may fail: a number, or 5%
. step.sh
[[ $# == 2 ]] || usage 2
xvectors=$1 out=$2

vectors=$(vectors_of "$xvectors")
require "$vectors" "$xvectors"/{spk2utt,segments} "$config" ${plda:+"$plda"}
type -P cluster-"$method" > /dev/null || step_fail "no such method: $method"
split_table "$nj" "$xvectors/spk2utt" "$out/split"

submit JOB=1:"$nj" "$out/log/cluster.JOB.log" \
  cluster-"$method" --vectors --config "$config" ${plda:+--plda "$plda"} --max-failed "$max_failed" \
  scp:"$vectors" "$out/split/JOB" "$out/split/labels.JOB"

join_tables "$out/labels" "$out/split/labels"
make-rttm --max-failed "$(of_all_jobs "$max_failed")" "$xvectors/segments" "$out/labels" "$out/rttm"
