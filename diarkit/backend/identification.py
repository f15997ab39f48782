"""Who of the enrolled is this: scores of vectors against profiles, the decision, and vectors of who speaks when."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from diarkit.backend.calibration import Calibration
from diarkit.backend.cosine import prepared, unit_length
from diarkit.backend.plda import check_size, transformed
from diarkit.backend.plda_scoring import scores_between
from diarkit.options.plda import LengthOptions

UNKNOWN = -1
BLOCK = 1000  # vectors whose scores are in memory at a time


class Matcher:
    """Scores of vectors against profiles: cosines, or log likelihood ratios of a PLDA model; calibrated if asked for.

    Parameters
    ----------
    profiles : (P, D)
    counts : of how many vectors each is the mean, for PLDA, (P,)
    plda : Model with mean, transform and psi, or None
    calibration : weight (1,) and offset, see backend.calibration, or None

    Raises DataError for a model of another D.
    """

    def __init__(self, profiles, counts, plda=None, calibration=None):
        self.plda, self.counts = plda, np.asarray(counts)
        self.calibration = None if calibration is None else Calibration(*calibration)
        if plda is None:
            self.profiles = prepared(profiles)
        else:
            check_size(plda, profiles.shape[1])
            self.profiles = transformed(plda, profiles, LengthOptions(), self.counts)

    def __call__(self, vectors):
        """(N, D) -> (N, P) float64; every vector counts as one, as in Kaldi's ivector-plda-scoring."""
        if self.plda is None:
            scores = prepared(vectors) @ self.profiles.T
        else:
            right = transformed(self.plda, vectors, LengthOptions())
            scores = scores_between(self.plda.psi, self.profiles, right, self.counts).T
        return np.asarray(scores if self.calibration is None else self.calibration.apply(scores), np.float64)


def decide(scores, threshold, one_to_one=True):
    """Which profile each of N is: (N, P) scores -> (N,) int, UNKNOWN where none reaches the threshold.

    One to one, a profile is given at most once, and the sum of what the scores given are above the threshold is as
    large as it can be (Kuhn 1955).
    """
    scores = np.asarray(scores, np.float64)
    if not len(scores):
        return np.zeros(0, int)
    found = np.full(len(scores), UNKNOWN)
    good = scores >= threshold
    if one_to_one:
        # a score at the threshold itself is worth a little more than nothing
        rows, columns = linear_sum_assignment(np.where(good, scores - threshold + 1e-9, 0.0), maximize=True)
    else:
        rows, columns = np.arange(len(scores)), scores.argmax(axis=1)
    given = good[rows, columns]
    found[rows[given]] = columns[given]
    return found


def ranked(scores, number):
    """The highest of (P,) scores: [(profile, score)], the first of equal ones first."""
    scores = np.asarray(scores)
    least = np.partition(scores, -number)[-number] if number < len(scores) else -np.inf
    best = np.flatnonzero(scores >= least)
    return [(int(n), float(scores[n])) for n in best[np.argsort(-scores[best], kind="stable")[:number]]]


def identified(matcher, vectors, threshold, one_to_one=True):
    """Iterate over (number of the profile or UNKNOWN, scores (P,)) of vectors, see decide.

    Vectors that are independent of each other are compared block by block, so that there may be many.
    """
    block = max(len(vectors), 1) if one_to_one else BLOCK
    for start in range(0, len(vectors), block):
        scores = matcher(vectors[start : start + block])
        yield from zip(decide(scores, threshold, one_to_one), scores, strict=True)


class Windows:
    """Vectors of the windows of one recording, to be averaged over the times in which somebody speaks.

    times : (W, 2), s, start and end; vectors : (W, D)
    """

    def __init__(self, times, vectors):
        times = np.asarray(times, float).reshape(-1, 2)
        order = np.lexsort((times[:, 1], times[:, 0]))
        self.starts, self.ends = times[order].T
        self.vectors = unit_length(np.asarray(vectors)[order])
        self.longest = float((self.ends - self.starts).max(initial=0))

    def mean(self, turns):
        """Mean of the windows at least half of which lies within turns [(start, end)]; if there are none, of those that
        touch them, by how far they do. (D,) float32 of length 1, None where no window touches the turns.
        """
        shared = self.shared(turns)
        inside = (shared > 0) & (shared >= (self.ends - self.starts) / 2)
        weights = inside.astype(float) if inside.any() else shared
        if not weights.sum() > 0:
            return None
        used = weights > 0
        return unit_length(np.average(self.vectors[used].astype(float), axis=0, weights=weights[used])[None])[0]

    def shared(self, turns):
        """(W,) seconds that each window has in common with the union of the turns."""
        shared = np.zeros(len(self.starts))
        for start, end in union(turns):
            first = np.searchsorted(self.starts, start - self.longest)
            last = np.searchsorted(self.starts, end)
            common = np.minimum(self.ends[first:last], end) - np.maximum(self.starts[first:last], start)
            shared[first:last] += np.maximum(common, 0)
        return shared


def union(turns):
    """The time in any of the turns, as a list of (start, end) that do not overlap, in order."""
    found = []
    for start, end in sorted(turns):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found
