#!/usr/bin/env bash
# Who speaks when in made-up conversations: the whole road of small tools, without a download, in about a
# minute. First with the statistics of the MFCCs of a window as embeddings, for which no model is trained;
# then with i-vectors and x-vectors, trained on other made-up voices, and PLDA.
#   ./run.sh [--nj 4] [--stage 0] [--stop-stage 5] [--cmd run.sh] [--threshold 0.15] [--data data] [--exp exp]
# What it should give is in RESULTS.md.
set -euo pipefail
. ./path.sh # puts bin/, steps/, utils/ and local/ on PATH
. ./cmd.sh  # how jobs are run

data=data
exp=exp
nj=4
stage=0
stop_stage=5
threshold=0.15 # of the cosine, at which clusters are merged
max_failed=0
. parse_options.sh
if (($#)); then parse_options_help >&2; exit 2; fi

if ((stage <= 0 && 0 <= stop_stage)); then
  make-toy-corpus --config conf/corpus.conf "$data"
fi

if ((stage <= 1 && 1 <= stop_stage)); then
  make_mfcc.sh --nj "$nj" --cmd "$cmd" --max-failed "$max_failed" --config conf/mfcc.conf "$data" "$exp/mfcc"
  compute_vad.sh --nj "$nj" --cmd "$cmd" --max-failed "$max_failed" --method energy \
    --config conf/vad.conf --segments-config conf/vad-to-segments.conf "$data" "$exp/vad"
fi

if ((stage <= 2 && 2 <= stop_stage)); then
  extract_xvectors.sh --nj "$nj" --cmd "$cmd" --max-failed "$max_failed" --input feats.scp \
    stats "$exp/vad" "$exp/xvectors"
  score_cosine.sh --nj "$nj" --cmd "$cmd" --max-failed "$max_failed" --config conf/score-cosine.conf \
    "$exp/xvectors" "$exp/scores"
fi

if ((stage <= 3 && 3 <= stop_stage)); then
  cluster.sh --nj "$nj" --cmd "$cmd" --max-failed "$max_failed" --threshold "$threshold" "$exp/scores" "$exp/ahc"
  compute-der --uem "$data/uem" "$data/rttm" "$exp/ahc/rttm" | tee "$exp/ahc/der"
fi

if ((stage <= 4 && 4 <= stop_stage)); then
  make-toy-corpus --config conf/train-corpus.conf "$data/train"
  rttm-to-segments "$data/train/rttm" "$data/train/segments" "$data/train/utt2spk"
  utt2spk-to-spk2utt "$data/train/utt2spk" "$data/train/spk2utt"
  make_mfcc.sh --nj "$nj" --cmd "$cmd" --config conf/mfcc.conf "$data/train" "$exp/mfcc/train"
  train_ubm.sh --nj "$nj" --cmd "$cmd" --num-gauss 32 --num-gselect 8 --use-vad false "$data/train" "$exp/ubm"
  train_ivector_extractor.sh --nj "$nj" --cmd "$cmd" --ivector-dim 24 --num-gselect 8 --use-vad false \
    "$exp/ubm/final.ubm" "$data/train" "$exp/ivector"
  train-xvector --config conf/xvector.conf --segments "$data/train/segments" \
    "$data/train/wav.scp" "$data/train/utt2spk" "$exp/xvector"
fi

if ((stage <= 5 && 5 <= stop_stage)); then
  extract_ivectors.sh --nj "$nj" --cmd "$cmd" --whole true --use-vad false \
    "$exp/ivector" "$data/train" "$exp/ivector/train"
  extract_xvectors.sh --nj "$nj" --cmd "$cmd" --whole true "$exp/xvector" "$data/train" "$exp/xvector/train"
  for kind_and_threshold in ivector:-5 xvector:-10; do # of the log likelihood ratio, nats
    kind=${kind_and_threshold%:*}
    train_plda.sh --cmd "$cmd" "$exp/$kind/train" "$exp/$kind/plda"
    "extract_${kind}s.sh" --nj "$nj" --cmd "$cmd" "$exp/$kind" "$exp/vad" "$exp/$kind/test"
    score_plda.sh --nj "$nj" --cmd "$cmd" --target-energy 1 "$exp/$kind/plda" "$exp/$kind/test" "$exp/$kind/scores"
    cluster.sh --nj "$nj" --cmd "$cmd" --threshold "${kind_and_threshold#*:}" \
      "$exp/$kind/scores" "$exp/$kind/ahc"
    compute-der --uem "$data/uem" "$data/rttm" "$exp/$kind/ahc/rttm" | tee "$exp/$kind/ahc/der"
  done
fi
