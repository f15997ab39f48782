"""Sums of training over utterances that are the same bytes for any number of jobs.

Utterances are worked on in blocks by their place in the list, and what a block gives is added exactly. A job has whole
blocks of the list, and so it does not matter which.
"""

import numpy as np

from diarkit.errors import DataError
from diarkit.exactsum import ExactSum
from diarkit.ivector.statistics import check, squares_of_block, sums_of_utterance
from diarkit.ivector.training import expect, objective_of_squares


class Blocks:
    """Gives sums of frames of utterances to `take`, block by block.

    take : called with counts (B, C), sums of frames (B, C D), both float32, and their squares (C, D, D) or None
    squares : whether there are any

    Call `begin` with the number of the block before each utterance, and `end` after the last.
    """

    def __init__(self, num_gauss, feat_dim, squares, take):
        self.num_gauss, self.feat_dim = num_gauss, feat_dim
        self.squares, self.take = squares, take
        self.number = None
        self.utterances, self.sums = [], []

    def begin(self, number):
        if number != self.number:
            self.end()
            self.number = number

    def add(self, feats, posteriors):
        """Add an utterance, features (T, D). Raises DataError if they do not go with the model or the posteriors."""
        check(feats, posteriors, self.num_gauss, self.feat_dim)
        if not np.isfinite(feats).all():
            raise DataError("features have NaN or infinity in them")
        self.sums.append(sums_of_utterance(feats, posteriors, self.num_gauss))
        if self.squares:
            self.utterances.append((feats, posteriors))

    def end(self):
        if self.sums:
            counts, sums = (np.stack(part) for part in zip(*self.sums, strict=True))
            squares = squares_of_block(self.utterances, self.num_gauss) if self.squares else None
            self.utterances, self.sums = [], []
            self.take(counts, sums.reshape(len(sums), -1), squares)


class TrainingSums:
    """Exact sums of a model of C Gaussians of D dimensions and i-vectors of R, see io.ivectorextractor.IvectorSums.

    squares : whether those of frames are among them
    """

    def __init__(self, num_gauss, feat_dim, dim, squares):
        packed = dim * (dim + 1) // 2
        self.squares = (num_gauss, feat_dim, feat_dim) if squares else (0, 0, 0)
        self.shapes = ((), (num_gauss,), (num_gauss, feat_dim, dim), (num_gauss, packed), self.squares, (), (dim,),
                       (dim, dim))
        self.parts = [ExactSum(shape) for shape in self.shapes]

    @classmethod
    def like(cls, sums):
        """Empty ones for sums such as these."""
        return cls(*sums.projected.shape, len(sums.squares) > 0)

    def add(self, parts):
        """Add a tuple in the order of IvectorSums. Raises DataError for those of another model."""
        if [np.shape(part) for part in parts] != list(self.shapes):
            raise DataError("sums of another model")
        for mine, part in zip(self.parts, parts, strict=True):
            mine.add(part)

    def add_block(self, extractor, counts, sums, squares):
        """Add what a block of utterances gives, see Blocks."""
        objective, *found = expect(extractor, counts.astype(np.float64), sums.astype(np.float64))
        if squares is None:
            squares = np.zeros(self.squares)
        else:
            objective += objective_of_squares(squares, extractor.model.precisions)
        self.add((objective, *found[:3], squares, *found[3:]))

    def values(self):
        """The sums, float64, a tuple in the order of IvectorSums."""
        return self._tuple([part.value() for part in self.parts])

    def rests(self):
        """What the values lack to be exact, in the same order; added to the values they are the sums again."""
        return self._tuple([(part.parts[0] - part.value()) + part.parts[1] for part in self.parts])

    @staticmethod
    def _tuple(parts):
        parts[0], parts[5] = float(parts[0]), float(parts[5])
        return tuple(parts)


def compact(counts, sums):
    """A block of sums, see Blocks, without the Gaussians that no frame is of: counts, and sums (N, D)."""
    return counts, sums.reshape(*counts.shape, -1)[counts > 0]


def expand(counts, rows):
    """The counts (B, C) and sums (B, C D) that `compact` made small."""
    sums = np.zeros((*counts.shape, rows.shape[1]), rows.dtype)
    sums[counts > 0] = rows
    return counts, sums.reshape(len(counts), -1)
