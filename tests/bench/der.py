#!/usr/bin/env python3
"""Diarization error rates on the sets of real speech: python tests/bench/der.py [--model ge2e] [diarize's settings]

Whole pipeline with the settings of `diarize`, one channel, collar 0, overlap scored, with the UEM, md-eval's rules.
Rows: the speech activity and the number of speakers that the system finds; the right number given; the speech of
the reference given (which has no pause of more than 0.2 s in it, and counts overlap once); both given. The even
recordings are clean, the odd ones have noise and reverberation; settings were chosen with both in view (RESULTS.md).

    --model NAME          campplus (default) or ge2e
    --vad NAME            silero (default), webrtc or energy
    --clustering NAME     ahc, spectral, kmeans or vbx; the default is that of diarize
    --set-ahc NAME=VALUE  another value of an option of the clustering, any number of times
"""

import argparse
from dataclasses import replace

from common import show
from common.sets import SETS, number_of_speakers, recordings, require_sets, result, total

from diarkit.io.models import find_embedding, find_model, read_model
from diarkit.options.activity import SegmentOptions, VadOptions
from diarkit.options.clustering import AhcOptions
from diarkit.options.embeddings import DiarizeOptions
from diarkit.options.windows import SubsegmentOptions
from diarkit.pipeline import make_pipeline

HEAD = ["", "set", "DER %", "missed", "false alarm", "confusion", "count right"]


def reference_speech(recording):
    """The speech of the reference as segments, what overlaps or touches joined."""
    joined = []
    for start, end in sorted((turn.start, turn.end) for turn in recording.reference):
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    return [tuple(segment) for segment in joined]


def rows(pipeline, label, given_number=False, given_speech=False):
    opts, speech = pipeline.speakers_opts, pipeline.speech
    for name in SETS:
        results, right = {}, {}
        for recording in recordings(name):
            if given_number:
                pipeline.speakers_opts = replace(opts, num_speakers=number_of_speakers(recording))
            if given_speech:
                pipeline.speech = lambda source, stages, recording=recording: reference_speech(recording)
            results[recording.name] = errors = result(pipeline, recording)
            right[recording.name] = errors.hyp_speakers == errors.ref_speakers
        pipeline.speakers_opts, pipeline.speech = opts, speech
        parts = {"": list(results)}
        if name != "ami":
            parts |= {" even": [key for key in results if int(key[-2:]) % 2 == 0],
                      " odd": [key for key in results if int(key[-2:]) % 2]}
        for part, keys in parts.items():
            if keys:
                errors = total(results[key] for key in keys)
                shares = [100 * seconds / errors.scored
                          for seconds in (errors.missed, errors.false_alarm, errors.confusion)]
                yield [label, name + part, errors.der, *shares, f"{sum(right[key] for key in keys)}/{len(keys)}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="")
    parser.add_argument("--vad", default="silero")
    parser.add_argument("--clustering", default=DiarizeOptions().clustering)
    parser.add_argument("--set-ahc", action="append", default=[])
    args = parser.parse_args()
    require_sets()
    changed = {name: float(value) for name, value in (word.split("=") for word in args.set_ahc)}
    network = read_model(find_model("silero-vad")) if args.vad == "silero" else None
    model = read_model(find_embedding(args.model))
    pipeline = make_pipeline(VadOptions(method=args.vad), network, model, None, SegmentOptions(), SubsegmentOptions(),
                             replace(AhcOptions(), **changed), clustering=args.clustering)
    print(f"{model.description['name']}, speech activity {args.vad}, clustering {args.clustering}"
          + "".join(f", {word}" for word in args.set_ahc))
    table = []
    table += rows(pipeline, "system")
    table += rows(pipeline, "number given", given_number=True)
    table += rows(pipeline, "speech given", given_speech=True)
    table += rows(pipeline, "both given", given_number=True, given_speech=True)
    show(HEAD, table)


if __name__ == "__main__":
    main()
