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
        self.shapes = ((), (num_gauss,), (num_gauss, feat_dim, dim), (num_gauss, packed),
                       (num_gauss, feat_dim, feat_dim) if squares else (0, 0, 0), (), (dim,), (dim, dim))
        self.parts = [ExactSum(shape) for shape in self.shapes]

    @classmethod
    def of(cls, named, shape=None):
        """The total of (name, IvectorSums), at least one, of a model of this shape, (C, D, R), if it is known.

        Raises DataError naming the first that does not go with the model or with the others.
        """
        total = None
        for name, sums in named:
            total = total or cls(*(shape or sums.projected.shape), len(sums.squares) > 0)
            try:
                total.add(sums)
            except DataError as error:
                raise DataError(str(error), name) from None
        return total

    def add(self, parts):
        """Add a tuple in the order of IvectorSums. Raises DataError for those of another model."""
        if [np.shape(part) for part in parts] != list(self.shapes):
            raise DataError("sums of another model, or with covariances where others have none")
        for mine, part in zip(self.parts, parts, strict=True):
            mine.add(part)

    def add_block(self, extractor, counts, sums, squares):
        """Add what a block of utterances gives, see Blocks."""
        objective, *found = expect(extractor, counts.astype(np.float64), sums.astype(np.float64))
        for mine, part in zip(self.parts, [objective, *found[:3], None, *found[3:]], strict=True):
            if part is not None:
                mine.add(part)
        if squares is not None:
            self.add_squares(extractor, squares)

    def add_squares(self, extractor, squares):
        """Add those of frames, (C, D, D), and what hangs on them in the objective."""
        self.parts[0].add(objective_of_squares(squares, extractor.model.precisions))
        self.parts[4].add(squares)

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


class Corpus:
    """Sums of frames of all utterances, from which those of training are computed for one model after the other.

    squares : whether covariances are trained; store : keeps tuples of arrays, as a list does by `append` and iteration

    `blocks` takes the utterances, see Blocks.
    """

    def __init__(self, num_gauss, feat_dim, squares, store):
        self.blocks = Blocks(num_gauss, feat_dim, squares, self._keep)
        self._squares = ExactSum((num_gauss, feat_dim, feat_dim)) if squares else None
        self._store = store

    def _keep(self, counts, sums, squares):
        heard = counts > 0  # most utterances are not of all Gaussians
        self._store.append((counts, sums.reshape(*counts.shape, -1)[heard]))
        if squares is not None:
            self._squares.add(squares)

    def sums(self, extractor):
        """The TrainingSums of a model."""
        total = TrainingSums(extractor.num_gauss, extractor.feat_dim, extractor.dim, self._squares is not None)
        for counts, rows in self._store:
            sums = np.zeros((*counts.shape, extractor.feat_dim), np.float32)
            sums[counts > 0] = rows
            total.add_block(extractor, counts, sums.reshape(len(counts), -1), None)
        if self._squares is not None:
            total.add_squares(extractor, self._squares.value())
        return total
