#!/usr/bin/env python3
"""How well segment-changes finds speaker changes: python tests/bench/changes.py [--set NAME=VALUE] [--input speech]

MFCCs of 20 coefficients (30 filters, no mean normalization) of the sets of real speech; changes are looked for in

    speech    the speech of the reference, pauses of up to 0.3 s in it
    vad       the segments of vad (Silero) and vad-to-segments with their defaults
    whole     the whole recording

Purity and coverage are pyannote.metrics' SegmentationPurity and SegmentationCoverage, over the speech of the
reference, summed over recordings. A change of the reference is where the set of those who speak becomes another one
(within the pause, if there is one between), within a segment and not within the tolerance of its ends; it is found
if a cut lies no farther from it than the tolerance, each cut used once. The row none has no cuts. The defaults of
segment-changes were chosen on the even recordings (wide, phone; speech, whole).

    --set NAME=VALUE   another value of an option of segment-changes, any number of times
    --input NAME       speech (default), vad or whole
    --tolerance S      0.5
    --set-of NAME      only this set: ami, wide, phone
    --method NAME      only this method of the table, such as bic/growing
"""

import argparse
from dataclasses import replace

import numpy as np
from common import show
from common.sets import SETS, recordings, require_sets
from pyannote.core import Annotation, Segment
from pyannote.metrics.segmentation import SegmentationCoverage, SegmentationPurity

from diarkit import signals
from diarkit.changes import ChangeFinder
from diarkit.features import FeatureExtractor
from diarkit.io.audio import open_audio
from diarkit.options.changes import ChangeOptions
from diarkit.options.features import MfccOptions

METHODS = (("none", ""), ("bic", "growing"), ("bic", "two-pass"), ("glr", "two-pass"), ("kl2", "two-pass"))
HEAD = ["", "set", "purity", "coverage", "F", "changes", "found %", "right %", "F %"]
PAUSE = 0.3  # s


def speech_of(turns, pause=PAUSE):
    """Stretches in which somebody speaks, pauses of up to `pause` s filled: [(start, end)]."""
    joined = []
    for start, end in sorted((turn.start, turn.end) for turn in turns):
        if joined and start - joined[-1][1] <= pause:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    return [tuple(segment) for segment in joined]


def changes_of(turns, pause=PAUSE):
    """[(from, to)]: somebody else speaks at `to` than at `from`, nobody between the two; pauses up to `pause` s."""
    times = sorted({time for turn in turns for time in (turn.start, turn.end)})
    found, last = [], None
    for start, end in zip(times[:-1], times[1:], strict=True):
        speakers = {turn.speaker for turn in turns if turn.start < end and start < turn.end}
        if speakers:
            if last and last[0] != speakers and start - last[1] <= pause:
                found.append((last[1], start))
            last = speakers, end
    return found


def matched(changes, cuts, tolerance):
    """How many of `changes` have a cut of their own within the tolerance, nearest pairs first."""
    pairs = sorted((max(first - cut, cut - last, 0), i, j)
                   for i, (first, last) in enumerate(changes) for j, cut in enumerate(cuts))
    used_changes, used_cuts = set(), set()
    for distance, i, j in pairs:
        if distance <= tolerance and i not in used_changes and j not in used_cuts:
            used_changes.add(i)
            used_cuts.add(j)
    return len(used_changes)


class Score:
    """Sums over recordings."""

    def __init__(self):
        self.purity, self.coverage = SegmentationPurity(), SegmentationCoverage()
        self.counts = np.zeros(3)  # changes, cuts, matched

    def add(self, turns, pieces, cuts, segments, tolerance):
        reference, found = Annotation(), Annotation()
        for i, turn in enumerate(turns):
            reference[Segment(turn.start, turn.end), i] = turn.speaker
        for i, piece in enumerate(pieces):
            found[Segment(*piece), i] = str(i)
        self.purity(reference, found)
        self.coverage(reference, found)
        changes = [(a, b) for a, b in changes_of(turns, np.inf if segments is None else PAUSE)
                   if segments is None or any(s + tolerance <= a and b <= e - tolerance for s, e in segments)]
        self.counts += len(changes), len(cuts), matched(changes, cuts, tolerance)

    def row(self):
        purity, coverage = abs(self.purity), abs(self.coverage)
        changes, cuts, right = self.counts
        found, precise = right / max(changes, 1), right / max(cuts, 1)
        return [100 * purity, 100 * coverage, 200 * purity * coverage / (purity + coverage), int(changes),
                100 * found, 100 * precise, 200 * right / max(changes + cuts, 1)]


class Material:
    """Features and segments of the recordings, made once."""

    def __init__(self, kind, names):
        extractor = {rate: FeatureExtractor(MfccOptions(
            sample_frequency=rate, num_mel_bins=30, num_ceps=20, high_freq=0.475 * rate, snip_edges=False))
            for rate in (8000, 16000)}
        speech = self.detector() if kind == "vad" else None
        self.items = []
        for name in names:
            for recording in recordings(name):
                with open_audio(str(recording.path)) as audio:
                    signal = signals.of_audio(audio, None)
                    segments = None
                    if kind == "vad":
                        segments = speech(signal)
                    elif kind == "speech":
                        segments = speech_of(recording.reference)
                    if signal.sample_frequency not in extractor:
                        signal = signals.resampled(signal, 16000)
                    features = extractor[signal.sample_frequency].compute_whole(signal, None)
                self.items.append((name, recording, segments, features))

    def detector(self):
        from diarkit.io.models import find_model, read_model
        from diarkit.options.activity import SegmentOptions, VadOptions
        from diarkit.options.clustering import AhcOptions
        from diarkit.options.windows import SubsegmentOptions
        from diarkit.pipeline import Stages, make_pipeline

        network = read_model(find_model("silero-vad"), ["silero-vad"])
        pipeline = make_pipeline(VadOptions(), network, None, None, SegmentOptions(), SubsegmentOptions(), AhcOptions())
        return lambda signal: pipeline.speech(signal, Stages())

    def scores(self, finder, tolerance):
        """Scores by (set, part), parts being even, odd; of ami, which was not looked at, all."""
        scores = {}
        for name, recording, segments, features in self.items:
            part = "all" if name == "ami" else ("even", "odd")[int(recording.name[-1]) % 2]
            end = len(features) * 0.01
            pieces, cuts = [], []
            for start, stop in segments or [(0.0, end)]:
                mine = finder.cut(features, start, min(stop, end)) if finder else [(start, stop)]
                pieces += mine
                cuts += [a for a, _ in mine[1:]]
            scores.setdefault((name, part), Score()).add(recording.reference, pieces, cuts, segments, tolerance)
        return scores


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="settings")
    parser.add_argument("--input", default="speech", choices=("speech", "vad", "whole"))
    parser.add_argument("--tolerance", type=float, default=0.5)
    parser.add_argument("--set-of", action="append", choices=list(SETS))
    parser.add_argument("--method", action="append", choices=["/".join(pair) for pair in METHODS[1:]])
    args = parser.parse_args()
    require_sets()
    opts = ChangeOptions()
    for setting in args.settings:
        name, _, value = setting.partition("=")
        kind = type(getattr(opts, name))
        opts = replace(opts, **{name: kind(value)})
    material = Material(args.input, args.set_of or list(SETS))
    rows = []
    for method, search in METHODS:
        if args.method and f"{method}/{search}" not in args.method:
            continue
        finder = ChangeFinder(replace(opts, method=method, search=search)) if search else None
        rows += [[f"{method}/{search}", " ".join(key), *score.row()]
                 for key, score in sorted(material.scores(finder, args.tolerance).items())]
    show(HEAD, rows)


if __name__ == "__main__":
    main()
