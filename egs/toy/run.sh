#!/usr/bin/env bash
# Who speaks when in made-up conversations: the whole road of small tools, without a download, in less
# than a minute. The embeddings are the statistics of the MFCCs of a window; no model is trained.
#   ./run.sh [--nj 4] [--stage 0] [--cmd run.sh] [--threshold 0.15] [--data data] [--exp exp]
# What it should give is in RESULTS.md.
set -euo pipefail
. ./path.sh # puts bin/, steps/, utils/ and local/ on PATH
. ./cmd.sh  # how jobs are run

data=data
exp=exp
nj=4
stage=0
threshold=0.15 # of the cosine, at which clusters are merged
max_failed=0
. parse_options.sh
if (($#)); then parse_options_help >&2; exit 2; fi

if ((stage <= 0)); then
  make-toy-corpus --config conf/corpus.conf "$data"
fi

if ((stage <= 1)); then
  make_mfcc.sh --nj "$nj" --cmd "$cmd" --max-failed "$max_failed" --config conf/mfcc.conf "$data" "$exp/mfcc"
  compute_vad.sh --nj "$nj" --cmd "$cmd" --max-failed "$max_failed" --method energy \
    --config conf/vad.conf --segments-config conf/vad-to-segments.conf "$data" "$exp/vad"
fi

if ((stage <= 2)); then
  extract_xvectors.sh --nj "$nj" --cmd "$cmd" --max-failed "$max_failed" --input feats.scp \
    stats "$exp/vad" "$exp/xvectors"
  score_cosine.sh --nj "$nj" --cmd "$cmd" --max-failed "$max_failed" --config conf/score-cosine.conf \
    "$exp/xvectors" "$exp/scores"
fi

if ((stage <= 3)); then
  cluster.sh --nj "$nj" --cmd "$cmd" --max-failed "$max_failed" --threshold "$threshold" "$exp/scores" "$exp/ahc"
  compute-der --uem "$data/uem" "$data/rttm" "$exp/ahc/rttm" | tee "$exp/ahc/der"
fi
