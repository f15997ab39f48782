#!/usr/bin/env python3
"""Share of speech that gets the right name: conversations, speakers enrolled among 50 impostors.

    python tests/bench/identification.py ../shared/data /tmp/identification

Two enrolments. "utterance": one utterance of librispeech/ a speaker, impostors from there, too; the conversations are
cut from the very same utterances, so that only the channel and the clustering can do harm. "first half": each speaker's
windows of the first half of the conversation, by the reference, and the second half is identified: the same channel,
other words. One speaker of each conversation is not enrolled, a stranger. "right" is the share of the speech of those
enrolled that has their name; "wrong" the share of all speech that has the name of somebody who does not speak then. The
threshold is the middle of those with the most right minus wrong on half of the conversations, and the figures are those
of the other half. Own speech activity and clustering; what is missed, or unknown, is neither right nor wrong.
"""

import argparse
import subprocess
from pathlib import Path

import numpy as np

from diarkit.backend.enrolment import lengthened
from diarkit.backend.identification import UNKNOWN, Matcher, Windows, decide
from diarkit.io.diarizedvectors import DiarizedVectors
from diarkit.io.rttm import read_rttm
from diarkit.io.tables import read_arrays

IMPOSTORS = 50
THRESHOLDS = np.arange(-0.1, 1.0, 0.01)


def prepare(data, work):
    """The embeddings of all utterances, and the diarized conversations with theirs, unless they are there."""
    work.mkdir(parents=True, exist_ok=True)
    sounds = sorted((data / "librispeech").glob("*.flac"))
    (work / "libri.scp").write_text("".join(f"{path.stem} {path}\n" for path in sounds))
    calls = [str(path) for kind in ("wide", "phone") for path in sorted((data / "conversations" / kind).glob("*.flac"))]
    if not (work / "libri.ark").exists():
        durations = subprocess.run(["wav-to-duration", f"scp:{work}/libri.scp", "ark,t:-"], check=True, text=True,
                                   stdout=subprocess.PIPE).stdout.split()
        lines = zip(durations[::2], durations[1::2], strict=True)
        (work / "segments").write_text("".join(f"{utt} {utt} 0 {seconds}\n" for utt, seconds in lines))
        subprocess.run(["extract-xvectors", f"scp:{work}/libri.scp", work / "segments", f"ark:{work}/libri.ark"],
                       check=True)
    if not (work / "conv.ark").exists():
        with open(work / "conv.rttm", "w") as out:
            subprocess.run(["diarize", f"--embeddings-out=ark:{work}/conv.ark", *calls], check=True, stdout=out)


def by_recording(turns):
    found = {}
    for turn in turns:
        found.setdefault(turn.reco, []).append(turn)
    return found


def shares(scores, labels, names, hypothesis, reference, threshold, begin):
    """Seconds with the right name and of those enrolled, with a wrong name and of all, after `begin`."""
    found = decide(scores, threshold)
    named = {label: names[n] for label, n in zip(labels, found, strict=True) if n != UNKNOWN}
    right = wrong = 0.0
    for turn in hypothesis:
        for other in reference:
            common = min(turn.end, other.end) - max(turn.start, other.start, begin)
            if common > 0 and turn.speaker in named:
                right += common * (named[turn.speaker] == other.speaker)
                wrong += common * (named[turn.speaker] not in {
                    r.speaker for r in reference if min(r.end, turn.end) > max(r.start, turn.start)})
    seconds = [(max(turn.end - max(turn.start, begin), 0), turn.speaker in names) for turn in reference]
    return right, sum(length for length, known in seconds if known), wrong, sum(length for length, _ in seconds)


def first_half(windows, reference, middle):
    """{speaker: vector} of the windows before `middle` in which that speaker is the only one."""
    found = {}
    for (start, end), vector in zip(*windows, strict=True):
        there = {turn.speaker for turn in reference if min(end, turn.end) > max(start, turn.start)}
        if end <= middle and len(there) == 1:
            found.setdefault(there.pop(), []).append(vector)
    return {speaker: lengthened(vectors, "unit").mean(axis=0) for speaker, vectors in found.items()}


def trial(reco, enrolment, libri, table, hypothesis, reference):
    """What shares() wants but the threshold, of one conversation."""
    speakers = sorted({turn.speaker for turn in reference})
    rng = np.random.default_rng([int(reco[-2:]), len(reco)])
    strangers = rng.permutation([speaker for speaker in sorted(libri) if speaker not in speakers])[:IMPOSTORS]
    absent = rng.choice(speakers)
    windows, begin = table.windows(reco), 0.0
    own = {speaker: libri[speaker] for speaker in speakers}
    labels = sorted({turn.speaker for turn in hypothesis})
    if enrolment == "first half":
        begin = max(turn.end for turn in reference) / 2
        own = first_half(windows, reference, begin)
        late = windows[0][:, 0] >= begin
        means = Windows(windows[0][late], windows[1][late])
        vectors = {label: means.mean([(turn.start, turn.end) for turn in hypothesis if turn.speaker == label])
                   for label in labels}
    else:
        vectors = {label: table.of_speaker(reco, label) for label in labels}
    vectors = {label: vector for label, vector in vectors.items() if vector is not None}
    own.pop(absent, None)
    names = [*own, *strangers]
    profiles = np.array([*own.values(), *(libri[name] for name in strangers)])
    scores = Matcher(profiles, np.ones(len(names)))(list(vectors.values()))
    return scores, list(vectors), names, hypothesis, reference, begin


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("work", type=Path)
    args = parser.parse_args()
    prepare(args.data, args.work)
    libri = {utt.split("-")[0]: vector for utt, vector in read_arrays(f"ark:{args.work}/libri.ark")}
    table = DiarizedVectors(f"ark:{args.work}/conv.ark", "", len(next(iter(libri.values()))))
    hypotheses = by_recording(read_rttm(str(args.work / "conv.rttm")))
    print("enrolment   set    threshold  right %  wrong %  right at 0.4 %  wrong at 0.4 %")
    for enrolment in ("utterance", "first half"):
        for kind in ("wide", "phone"):
            halves = [], []
            for path in sorted((args.data / "conversations" / kind).glob("*.rttm")):
                found = trial(path.stem, enrolment, libri, table, hypotheses[path.stem], read_rttm(str(path)))
                halves[int(path.stem[-2:]) // 2 % 2].append(found)

            def total(trials, threshold):
                right, known, wrong, speech = np.sum([shares(*t[:5], threshold, t[5]) for t in trials], axis=0)
                return 100 * right / known, 100 * wrong / speech

            gains = np.array([np.subtract(*total(halves[0], threshold)) for threshold in THRESHOLDS])
            best = float(np.median(THRESHOLDS[gains == gains.max()]))
            figures = *total(halves[1], best), *total(halves[1], 0.4)
            print(f"{enrolment:11} {kind:6} {best:9.2f}" + "".join(f"{figure:9.1f}" for figure in figures))


if __name__ == "__main__":
    main()
