#!/usr/bin/env bash
# Verification: is it the same speaker in two embeddings? The error of an embedding, with a PLDA model or by the cosine.
#   score_trials.sh [--cmd run.sh] [--plda DIR] [--trials-config conf/trials.conf] [--config conf/score.conf]
#                   [--max-failed 0] <utt2spk> <xvectors-dir> <out-dir>
# Reads  <xvectors-dir>/{xvector.scp,utt2spk}, whose "speaker" is an utterance of which <utt2spk> tells the speaker, if
#        they are of windows, else the speaker; or ivector.scp; <plda-dir>/{mean.vec,transform.mat,plda}, which
#        train_plda.sh makes; conf/trials.conf has options of make-trials, conf/score.conf of score-plda or score-cosine
# Writes <out-dir>/{utt2spk,trials,scores,eer}: all pairs of vectors, their scores and what compute-eer says of them
set -euo pipefail

cmd=run.sh
plda='' # without one, the cosine
config=/dev/null trials_config=/dev/null
max_failed=0 # vectors that may fail: a number, or 5%
. step.sh
[[ $# == 3 ]] || usage 2
utt2spk=$1 xvectors=$2 out=$3

vectors=$(vectors_of "$xvectors") table=scp:$(vectors_of "$xvectors") allow=--max-failed=$max_failed
require "$utt2spk" "$vectors" "$xvectors/utt2spk" "$config" "$trials_config"
differ "$out/utt2spk" "$utt2spk" "$xvectors/utt2spk"
mkdir -p "$out/log"
write_table "$out/utt2spk" people_of "$utt2spk" "$xvectors/utt2spk"
submit "$out/log/trials.log" make-trials --config "$trials_config" "$out/utt2spk" "$out/trials"
if [[ $plda ]]; then
  mean=$plda/mean.vec transform=$plda/transform.mat
  require "$mean" "$transform" "$plda/plda"
  table="ark:subtract-mean ${allow@Q} ${mean@Q} ${table@Q} ark:- |
    apply-transform ${allow@Q} ${transform@Q} ark:- ark:- | normalize-length ${allow@Q} ark:- ark:- |"
  submit "$out/log/scores.log" score-plda --config "$config" "$allow" "$plda/plda" "$table" "$table" \
    "$out/trials" "$out/scores"
else
  submit "$out/log/scores.log" score-cosine --config "$config" "$allow" "$out/trials" "$table" "$table" "$out/scores"
fi
write_table "$out/eer" compute-eer "$out/trials" "$out/scores"
cat "$out/eer"
