#!/usr/bin/env bash
# MFCCs of every recording of a data directory, or of every segment if it has segments.
#   make_mfcc.sh [--nj 4] [--cmd run.sh] [--config conf/mfcc.conf] [--max-failed 0] <data-dir> <out-dir>
# Reads  <data-dir>/wav.scp and, if it is there, segments
# Writes <data-dir>/{feats.scp,utt2dur,utt2num_frames,frame_shift}, the matrices in <out-dir>/feats.N.ark,
#        logs in <out-dir>/log
set -euo pipefail

features=mfcc
. make_features.sh
