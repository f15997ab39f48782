#!/usr/bin/env bash
# An i-vector extractor, trained by jobs; the same bytes for any number of them.
#   train_ivector_extractor.sh [--nj 4] [--cmd run.sh] [--ivector-dim 100] [--num-iters 5] [--num-gselect 20]
#                              [--min-post 0.025] [--posterior-scale 1] [--seed 0] [--config conf/estimate.conf]
#                              [--delta-order 2] [--delta-window 3] [--cmn-window 300] [--use-vad true]
#                              [--max-failed 0] <ubm> <data-dir> <out-dir>
# Reads  <data-dir>/feats.scp, and its vad.scp with --use-vad
# Writes <out-dir>/{final.ie,final.ubm}, the latter a copy of <ubm>; logs in <out-dir>/log
set -euo pipefail

nj=4
cmd=run.sh
ivector_dim=100 num_iters=5 num_gselect=20 min_post=0.025 posterior_scale=1 seed=0
config=/dev/null # options of estimate-ivector-extractor
use_vad=true     # train on frames with speech only
block=128        # utterances whose sums are rounded at once: jobs have whole blocks of the list
max_failed=0     # utterances of a job that may fail: a number, or 5%
. front_end.sh
. step.sh
[[ $# == 3 ]] || usage 2
ubm=$1 data=$2 out=$3 vad='' sums=()

require "$ubm" "$data/feats.scp" "$config"
split_table "$nj" "$data/feats.scp" "$out/split" "$block"
if [[ $use_vad == true ]]; then require "$data/vad.scp" && vad=scp,s,cs:$data/vad.scp; fi
feats=$(front_end "scp:$out/split/JOB" "$vad") post=$out/split/post.JOB.ark
for ((i = 1; i <= nj; i++)); do sums+=("$out/split/sums.$i"); done

submit JOB=1:"$nj" "$out/log/posteriors.JOB.log" compute-posteriors --max-failed "$max_failed" \
  --num-gselect "$num_gselect" --min-post "$min_post" "$ubm" "$feats" \
  "ark:| scale-posteriors ark:- $posterior_scale ark:${post@Q}"
submit "$out/log/init.log" init-ivector-extractor --ivector-dim "$ivector_dim" --seed "$seed" "$ubm" "$out/0.ie"
for ((i = 0; i < num_iters; i++)); do
  submit JOB=1:"$nj" "$out/log/accumulate.$i.JOB.log" accumulate-ivector-extractor --max-failed "$max_failed" \
    --block-size "$block" "$out/$i.ie" "$feats" "ark,s,cs:$post" "$out/split/sums.JOB"
  submit "$out/log/estimate.$i.log" estimate-ivector-extractor --config "$config" \
    "$out/$i.ie" "${sums[@]}" "$out/$((i + 1)).ie"
done
write_table "$out/final.ie" cat "$out/$num_iters.ie" && write_table "$out/final.ubm" cat "$ubm"
