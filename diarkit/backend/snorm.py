"""Normalisation of scores by a cohort, vectors of other speakers: s-norm, adaptive s-norm, z-norm, t-norm.

A score says more where it is compared with what its two vectors score against strangers: a vector of poor quality, or
of a crowded corner of the space, has high scores with everybody. Source: Matejka et al. 2017, "Analysis of score
normalization in multilingual speaker recognition", adaptive s-norm 1, where each side has the cohort closest to it.
"""

from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError

ROWS = 256  # vectors that are compared with the cohort at once
LEAST = 1e-3  # of the largest deviation: that of a vector to which all of the cohort is alike, such as one of zeros


class Statistics(NamedTuple):
    """Of the scores of N vectors against a cohort: mean and deviation, (N,) float64."""

    mean: np.ndarray
    deviation: np.ndarray

    def take(self, index):
        return Statistics(self.mean[index], self.deviation[index])


def cohort_statistics(score, count, top_n=0):
    """Statistics of `count` vectors.

    Parameters
    ----------
    score : (first, last) -> (last - first, C), scores of these of the vectors against the C of the cohort; any kind
    count : number of vectors
    top_n : of each vector only so many of the highest scores; 0, or more than C: all

    Raises DataError for a cohort of fewer than two vectors, NaN, and one that all vectors score the same against.
    """
    parts = [np.zeros((2, 0))]
    for first in range(0, count, ROWS):
        scores = np.asarray(score(first, min(first + ROWS, count)), float)
        size = scores.shape[1]
        if size < 2:
            raise DataError(f"a cohort of {size} vector{'s' * (size != 1)}: two at least are needed")
        if not np.isfinite(scores).all():
            raise DataError("scores against the cohort have NaN or infinity in them")
        if 0 < top_n < size:
            scores = np.partition(scores, size - top_n, axis=1)[:, size - top_n :]
        parts.append([scores.mean(axis=1), scores.std(axis=1)])
    mean, deviation = np.concatenate(parts, axis=1)
    largest = deviation.max(initial=0)
    if count and largest <= 1e-7 * np.abs(mean).max():
        raise DataError("all scores against the cohort are equal")
    return Statistics(mean, np.maximum(deviation, LEAST * largest))


def normalised(scores, first, second, norm="s"):
    """Scores in deviations from the mean of the cohort; arrays that broadcast.

    first, second : Statistics of the two vectors of each score, for a matrix those of its rows (N, 1) and columns (N,)
    norm : "z" by the first vector, "t" by the second, "s" the mean of both, which is symmetric
    """
    scores = np.asarray(scores, float)
    by_first, by_second = ((scores - side.mean) / side.deviation for side in (first, second))
    return {"z": by_first, "t": by_second, "s": (by_first + by_second) / 2}[norm]


def normalised_rows(blocks, statistics, norm="s"):
    """The same for the matrix of all N vectors, which comes in blocks of rows (n, N); as it is where there are none."""
    start = 0
    for block in blocks:
        if statistics is not None:
            rows = statistics.take((slice(start, start + len(block)), None))
            block = normalised(block, rows, statistics, norm).astype(np.float32)
        yield block
        start += len(block)


def normalised_pairs(score, sides, norm="s"):
    """The same for a function that scores pairs, arrays of rows (P,) and (P,); `sides` are two Statistics, or None."""
    if sides is None:
        return score
    return lambda first, second: normalised(score(first, second), sides[0].take(first), sides[1].take(second), norm)


class ProductCohort:
    """A cohort (C, D) whose scores are products; called with vectors (N, D) it gives their Statistics."""

    def __init__(self, vectors, top_n=0):
        self.vectors = vectors
        self.top_n = top_n

    def __call__(self, vectors):
        if vectors.shape[1] != self.vectors.shape[1]:
            raise DataError(f"vectors of {vectors.shape[1]} numbers, those of the cohort have {self.vectors.shape[1]}")
        return cohort_statistics(lambda first, last: vectors[first:last] @ self.vectors.T, len(vectors), self.top_n)
