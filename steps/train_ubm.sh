#!/usr/bin/env bash
# A mixture of Gaussians as a background model, trained by jobs; the same bytes for any number of them.
#   train_ubm.sh [--nj 4] [--cmd run.sh] [--num-gauss 512] [--covariance full] [--num-iters 4] [--num-gselect 20]
#                [--subsample 2] [--seed 0] [--init-config conf/init-ubm.conf] [--config conf/estimate-ubm.conf]
#                [--delta-order 2] [--delta-window 3] [--cmn-window 300] [--use-vad true] [--max-failed 0] <data> <out>
# Reads  <data>/feats.scp, and its vad.scp with --use-vad
# Writes <out>/final.dubm and, with --covariance full, final.ubm, trained on from it; logs in <out>/log
set -euo pipefail

nj=4
cmd=run.sh
num_gauss=512 covariance=full num_iters=4 num_gselect=20 seed=0
subsample=2           # in the iterations over all, take every second frame
config=/dev/null      # options of estimate-ubm
init_config=/dev/null # options of init-ubm
use_vad=true max_failed=0 # frames with speech only; utterances of a job that may fail: a number, or 5%
. front_end.sh
. step.sh
[[ $# == 2 && $covariance =~ ^(diag|full)$ ]] || usage 2
data=$1 out=$2
require "$data/feats.scp" "$config" "$init_config"
split_table "$nj" "$data/feats.scp" "$out/split"
vad='' sums=()
if [[ $use_vad == true ]]; then require "$data/vad.scp" && vad=scp,s,cs:$data/vad.scp; fi
some=$(front_end "scp:$out/split/JOB" "$vad") of_job=$max_failed max_failed=$(of_all_jobs "$max_failed")
submit "$out/log/init.log" init-ubm --config "$init_config" --max-failed "$max_failed" --seed "$seed" \
  --num-gauss "$num_gauss" "$(front_end "scp:$data/feats.scp" "$vad")" "$out/0.dubm"
some="ark:subsample-feats --max-failed $of_job --n=$subsample ${some@Q} ark:- |"
for ((i = 1; i <= nj; i++)); do sums+=("$out/split/sums.$i"); done
for kind in dubm ubm; do
  for ((i = 1; i <= num_iters; i++)); do
    submit JOB=1:"$nj" "$out/log/$kind.$i.JOB.log" accumulate-ubm --max-failed "$of_job" \
      --num-gselect "$num_gselect" "$out/$((i - 1)).$kind" "$some" "$out/split/sums.JOB"
    submit "$out/log/$kind.$i.log" estimate-ubm --config "$config" --remove-low-count-gaussians="$((i == num_iters))" \
      "$out/$((i - 1)).$kind" "${sums[@]}" "$out/$i.$kind"
  done
  write_table "$out/final.$kind" cat "$out/$num_iters.$kind"
  [[ $kind == dubm && $covariance == full ]] || break
  copy-ubm --covariance=full "$out/final.dubm" "$out/0.ubm"
done
