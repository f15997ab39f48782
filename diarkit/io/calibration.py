"""Calibrations as model folders, and what they are trained with: trials, or score matrices with a reference."""

import numpy as np

from diarkit.errors import DataError, ItemError
from diarkit.io.grouped import read_scores
from diarkit.io.models import DESCRIPTION, read_model, write_model
from diarkit.io.rttm import read_rttm
from diarkit.io.tables import RandomArrays, read_lists
from diarkit.io.trials import read_trial_scores, read_trials

KIND = "calibration"


def write_calibration(folder, calibration, more=()):
    """Write (weights (K,), offset), and what `more` has beside it in the description."""
    weights, offset = np.asarray(calibration[0], np.float64), np.asarray(calibration[1], np.float64)
    description = {"kind": KIND, "weights": weights.tolist(), "offset": float(offset), **dict(more)}
    write_model(folder, description, {"weights": weights, "offset": offset.reshape(1)})


def read_calibration(folder):
    """(weights (K,), offset) of a model folder. Raises DataError naming the file."""
    weights = read_model(folder, (KIND,)).weights
    parts = [weights.get(name) for name in ("weights", "offset")] if isinstance(weights, dict) else [None, None]
    if any(part is None or part.ndim != 1 or part.dtype.kind != "f" or not len(part) or not np.isfinite(part).all()
           for part in parts) or len(parts[1]) != 1:
        raise DataError("no calibration: weights and an offset expected", where=f"{folder}/{DESCRIPTION}")
    return parts[0].astype(np.float64), float(parts[1][0])


def read_trial_columns(scores, trials):
    """Of the names of score files and of a list of trials: [scores (T,)], is_target (T,) bool, notes for the user."""
    found, notes = read_trials(trials)
    columns = []
    for path in scores:
        column, more = read_trial_scores(path, found)
        columns.append(column)
        notes += more
    return columns, found.is_target, notes


class read_development:
    """Iterate over the recordings of score matrices of K systems, with a reference.

    scores : K rspecifiers of matrices (N, N); the first one says which recordings
    spk2utt : the segments of their rows
    key : lines <segment> <speaker>; or with `segments`, the times of the segments, an RTTM

    Gives (recording, K matrices, times (N, 2) or None, reference): of a list (N,) int numbers of speakers, -1 for
    segments that are not in it; of an RTTM [(start, end, speaker)]. Raises DataError for files that cannot be read;
    ItemError from next(), which can be called again, for a recording that cannot be had.
    """

    def __init__(self, scores, spk2utt, key, segments=""):
        self.groups = read_scores(scores[0], spk2utt, segments)
        self.others = [RandomArrays(name) for name in scores[1:]]
        self.timed = bool(segments)
        self.reference = {}
        if self.timed:
            for turn in read_rttm(key):
                self.reference.setdefault(turn.reco, []).append((turn.start, turn.end, turn.speaker))
        else:
            self.reference = {segment: speaker for segment, (speaker,) in read_lists(key, count=1).items()}

    def __iter__(self):
        return self

    def __next__(self):
        reco, names, array, times = next(self.groups)
        arrays = [array, *(table[reco] for table in self.others)]
        if any(other.shape != array.shape for other in arrays):
            raise ItemError(reco, f"matrices of {' and '.join(str(other.shape) for other in arrays)} scores")
        if self.timed:
            if reco not in self.reference:
                raise ItemError(reco, "not in the reference")
            return reco, arrays, times, self.reference[reco]
        speakers = [self.reference.get(name) for name in names]
        numbers = {None: -1}
        for speaker in speakers:
            numbers.setdefault(speaker, len(numbers) - 1)
        if len(numbers) == 1:
            raise ItemError(reco, "not in the reference")
        return reco, arrays, None, np.array([numbers[speaker] for speaker in speakers])

    @property
    def passed_over(self):
        return self.groups.passed_over

    @property
    def remark(self):
        return self.groups.remark
