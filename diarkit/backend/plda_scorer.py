"""Scores of a PLDA model as a whole job: of recordings and of pairs, with a cohort, see snorm, or without."""

from functools import cached_property

import numpy as np

from diarkit.backend.plda import covariances, transformed
from diarkit.backend.plda_scoring import PairScorer, bilinear, score_rows, scores_between
from diarkit.backend.snorm import cohort_statistics, normalised_pairs, normalised_rows
from diarkit.errors import DataError
from diarkit.options.calibration import NormOptions


class PldaScorer:
    """Log likelihood ratios, normalised by a cohort where there is one.

    Parameters
    ----------
    plda : Model
    opts, length_opts : ProjectionOptions, for recordings, and LengthOptions
    cohort : vectors of strangers (C, D), or None
    norm_opts : NormOptions

    Raises DataError for a cohort of another D than the model's.
    """

    def __init__(self, plda, opts, length_opts, cohort=None, norm_opts=None):
        self.plda, self.opts, self.length_opts = plda, opts, length_opts
        self.cohort, self.norm_opts = cohort, norm_opts or NormOptions()
        if cohort is not None and cohort.shape[1] != len(plda.mean):
            raise DataError(f"vectors of {cohort.shape[1]} numbers, but a PLDA model of {len(plda.mean)}",
                            self.norm_opts.cohort)

    @cached_property
    def _covariances(self):
        return covariances(self.plda)

    def rows(self, vectors):
        """Scores of every two vectors, (N, D), of a recording, in blocks of rows (n, N) float32.

        That of a single vector with itself is not normalised. Errors are those of bilinear and cohort_statistics.
        """
        found = bilinear(self.plda, vectors, self.opts, self.length_opts, self._covariances)
        # One vector, of which Kaldi keeps one dimension, may score the same against all of the cohort.
        normalise = self.cohort is not None and len(vectors) > 1
        statistics = self._of_recording(vectors, *found) if normalise else None
        return normalised_rows(score_rows(*found), statistics, self.norm_opts.norm)

    def pairs(self, means, vectors, counts):
        """What scores pairs of rows of `means` (M, D), each of as many vectors as `counts` (M,) says, and `vectors`."""
        train = transformed(self.plda, means, self.length_opts, counts)
        test = transformed(self.plda, vectors, self.length_opts)
        sides = None
        if self.cohort is not None:
            strangers = transformed(self.plda, self.cohort, self.length_opts)
            sides = [self._of_transformed(train, counts, strangers), self._of_transformed(test, 1, strangers)]
        return normalised_pairs(PairScorer(self.plda.psi, train, test, counts), sides, self.norm_opts.norm)

    def _of_recording(self, vectors, scaled, biases, constant):
        """Statistics of a recording's vectors; strangers are compared in the space of its principal components."""
        strangers, strange, _ = bilinear(
            self.plda, self.cohort, self.opts, self.length_opts, self._covariances, recording=vectors)
        return cohort_statistics(
            lambda first, last: scaled[first:last] @ strangers.T + biases[first:last, None] + strange + constant,
            len(scaled), self.norm_opts.top_n)

    def _of_transformed(self, found, counts, strangers):
        counts = np.broadcast_to(counts, len(found))
        return cohort_statistics(
            lambda first, last: scores_between(self.plda.psi, found[first:last], strangers, counts[first:last]),
            len(found), self.norm_opts.top_n)
