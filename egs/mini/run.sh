#!/usr/bin/env bash
# Extractors of our own from a small corpus of real speech: an i-vector extractor and an x-vector network are trained
# on one folder of single-speaker recordings, and told apart by how well they verify speakers that they never heard.
#   ./run.sh --corpus "DIR ..." [--noise DIR,...] [--rirs DIR,...] [--exclude FILE] [--held-out 30]
#            [--num-gauss 256] [--ivector-dim 100] [--xvector-config conf/xvector.conf] [--precision float32]
#            [--nj 2] [--stage 0] [--stop-stage 4] [--cmd run.sh] [--data data] [--exp exp]
# DIR is LibriSpeech/train-clean-5 or any other folder with a folder a speaker in it, or with files <speaker>-...; the
# first DIR's speakers are held out. Noises and room responses are folders of recordings, too, with commas between; FILE
# has speakers to leave out. bfloat16 halves the time of training on processors that have it. RESULTS.md has what comes
# out.
set -euo pipefail
. ./path.sh
. ./cmd.sh

corpus=''
noise='' rirs=''
exclude=''
held_out=30
num_gauss=256 ivector_dim=100
xvector_config=conf/xvector.conf # options of train-xvector
data=data
exp=exp
nj=2
stage=0
stop_stage=4
precision=float32 # of the training of the network
. parse_options.sh
if (($#)) || [[ -z $corpus ]]; then parse_options_help >&2; exit 2; fi

if ((stage <= 0 && 0 <= stop_stage)); then
  # shellcheck disable=SC2086  # several folders
  prepare-speakers --held-out "$held_out" --held-out-dir "$data/dev" ${exclude:+--exclude "$exclude"} \
    $corpus "$data/train"
  for part in train dev; do
    make_mfcc.sh --nj "$nj" --cmd "$cmd" --config conf/mfcc.conf "$data/$part" "$exp/mfcc/$part"
    compute_vad.sh --nj "$nj" --cmd "$cmd" --method energy --config conf/vad.conf "$data/$part" "$exp/vad/$part"
    cp "$exp/vad/$part/vad.scp" "$data/$part/vad.scp"
    awk '{ print $1, $1, 0, $2 }' "$data/$part/reco2dur" > "$data/$part/segments"
  done
fi

if ((stage <= 1 && 1 <= stop_stage)); then
  train_ubm.sh --nj "$nj" --cmd "$cmd" --num-gauss "$num_gauss" "$data/train" "$exp/ubm"
  train_ivector_extractor.sh --nj "$nj" --cmd "$cmd" --ivector-dim "$ivector_dim" \
    "$exp/ubm/final.ubm" "$data/train" "$exp/ivector"
fi

if ((stage <= 2 && 2 <= stop_stage)); then
  train-xvector --config "$xvector_config" --precision "$precision" --augment --speech "$data/train" \
    ${noise:+--noise "$noise"} ${rirs:+--rirs "$rirs"} "$data/train/wav.scp" "$data/train/utt2spk" "$exp/xvector"
fi

if ((stage <= 3 && 3 <= stop_stage)); then
  for set in train_3s dev_3s dev_1.5s; do
    part=${set%_*} crops=conf/crops_${set#*_}.conf
    for kind in ivector xvector; do
      "extract_${kind}s.sh" --nj "$nj" --cmd "$cmd" --subsegments-config "$crops" \
        "$exp/$kind" "$data/$part" "$exp/${kind}s/$set"
    done
  done
fi

if ((stage <= 4 && 4 <= stop_stage)); then
  for kind in ivector xvector; do
    train_plda.sh --cmd "$cmd" --utt2spk "$data/train/utt2spk" "$exp/${kind}s/train_3s" "$exp/plda/$kind"
    for set in dev_3s dev_1.5s; do
      for plda in '' "$exp/plda/$kind"; do
        echo "$kind, pieces of ${set#*_}, ${plda:-cosine}"
        score_trials.sh --cmd "$cmd" ${plda:+--plda "$plda"} \
          "$data/dev/utt2spk" "$exp/${kind}s/$set" "$exp/eer/$kind-$set${plda:+-plda}"
      done
    done
  done
fi
