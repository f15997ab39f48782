"""Profiles of enrolled speakers, and what they are made from: who spoke which utterances, and how long these are."""

from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError, UsageError
from diarkit.io.calibration import read_calibration
from diarkit.io.datadir import TO_THE_END, read_segments
from diarkit.io.lists import read_lists, read_records
from diarkit.io.pairs import counts_of, gather
from diarkit.io.plda import read_plda
from diarkit.io.streams import parse_number
from diarkit.io.tables import RandomValues, read_values


class Profiles(NamedTuple):
    """P enrolled speakers: their names, vectors (P, D) as stored, and of how many each is the mean (P,) int."""

    names: list
    vectors: np.ndarray
    counts: np.ndarray


def read_profiles(rspecifier, num_utts=""):
    """Profiles of a table of vectors, and a table of numbers if there is one; else they count as one vector each.

    Raises DataError, naming table and key, for what cannot be read or is there twice, zeros, or different lengths.
    """
    rows, vectors = gather(read_values(rspecifier, "vector"), rspecifier)
    for name, row in rows.items():
        if not vectors[row].any():
            raise DataError("zeros, which are nobody's profile", f"{rspecifier}: {name}")
    return Profiles(list(rows), vectors, counts_of(rows, num_utts))


def read_speakers(spk2utt):
    """{speaker: utterances} of a spk2utt. Raises DataError for an utterance that is there twice."""
    lists, speaker_of = read_lists(spk2utt), {}
    for speaker, utts in lists.items():
        for utt in utts:
            if utt in speaker_of:
                raise DataError(f"is there twice, of {speaker_of[utt]} and of {speaker}", f"{spk2utt}: {utt}")
            speaker_of[utt] = speaker
    return lists


def read_utterance_times(utt2dur="", segments=""):
    """{utterance: (recording, start, end)}, s, of either list; of utt2dur each is a recording of its own.

    Raises DataError naming file and line or utterance.
    """
    if segments:
        found = {segment.utt: (segment.reco, segment.start, segment.end) for segment in read_segments(segments)}
        for utt, (_, _, end) in found.items():
            if end == TO_THE_END:
                raise DataError("its end is -1, the end of the recording, which is not known here", utt)
        return found
    times = {}
    for number, utt, text in read_records(utt2dur, "duration") if utt2dur else ():
        seconds = parse_number(text)
        if seconds is None or not 0 <= seconds < 1e9:
            raise DataError(f"the duration of {utt} is no number of seconds: {text[:40]!r}", f"{utt2dur}:{number}")
        times[utt] = (utt, 0.0, seconds)
    return times


def read_comparison(profiles, opts):
    """What vectors are compared with, and how: Profiles, a Plda or None, and (weights (1,), offset) or None.

    opts : MatchOptions. Raises DataError for what cannot be read, UsageError for a calibration of several systems.
    """
    calibration = read_calibration(opts.calibration) if opts.calibration else None
    if calibration and len(calibration[0]) != 1:
        raise UsageError(f"{opts.calibration} is for scores of {len(calibration[0])} systems, here is one")
    known, plda = read_profiles(profiles, opts.num_utts), read_plda(opts.plda) if opts.plda else None
    if plda and len(plda.mean) != known.vectors.shape[1]:
        raise DataError(f"a model of {len(plda.mean)} numbers, {profiles} has {known.vectors.shape[1]}", opts.plda)
    return known, plda, calibration


def spans_of(utts, times, where):
    """[(recording, start, end)] of utterances, [] if there are no `times`. Raises DataError for one not among them."""
    unknown = next((utt for utt in utts if times and utt not in times), None)
    if unknown is not None:
        raise DataError(f"{unknown} is not in {where}")
    return [times[utt] for utt in utts] if times else []


class UtteranceVectors:
    """Vectors by utterance, those of a list of utterances as one array; `size` is how many numbers each has, if known.
    """

    def __init__(self, rspecifier, size=0):
        self.rspecifier, self.size = rspecifier, size
        self.table = RandomValues(rspecifier, "vector")

    def stacked(self, utts):
        """(N, D) float64. Raises DataError for one that is missing, cannot be read, or has another length than others.
        """
        if not utts:
            raise DataError("has no utterances")
        missing = [utt for utt in utts if utt not in self.table]
        if missing:
            more = f" and {len(missing) - 1} more" if missing[1:] else ""
            raise DataError(f"no vector of {missing[0]}{more} in {self.rspecifier}")
        vectors = [np.asarray(self.table[utt], np.float64) for utt in utts]
        for utt, vector in zip(utts, vectors, strict=True):
            self.size = self.size or vectors[0].size
            if vector.size != self.size or not vector.size:
                raise DataError(f"{utt} has {vector.size} numbers, where others have {self.size}")
        return np.stack(vectors)
