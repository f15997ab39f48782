# shellcheck shell=bash
# Sourced by steps of mixtures and i-vectors before step.sh: the options of the features that these are trained on and
# used with, which therefore must be the same in all of them, and
#
#     front_end scp:dir/JOB      an rspecifier of features with deltas and without their mean
#     front_end scp:dir/JOB vad  of the frames of these with speech

delta_order=2   # 0: no deltas
delta_window=3  # frames on each side
cmn_window=300  # frames of which the mean is subtracted; 0: it is not

front_end() {
  local allow="--max-failed ${max_failed:-0}" feats=$1 pipe=
  if ((delta_order > 0)); then
    pipe="add-deltas $allow --delta-window=$delta_window --delta-order=$delta_order ${feats@Q} ark:- |" feats=ark:-
  fi
  if ((cmn_window > 0)); then
    pipe+=" apply-cmvn-sliding $allow --norm-vars=false --center=true --cmn-window=$cmn_window ${feats@Q} ark:- |"
    feats=ark:-
  fi
  if [[ -n ${2-} ]]; then
    pipe+=" select-voiced-frames $allow ${feats@Q} ${2@Q} ark:- |"
  fi
  if [[ -n $pipe ]]; then echo "ark:${pipe# }"; else echo "$feats"; fi
}
