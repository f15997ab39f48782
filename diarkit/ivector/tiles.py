"""Frames ordered by the Gaussians that they belong to, in pieces of equal size: no loop over Gaussians is needed.

A tile holds some frames of one Gaussian. All tiles have the same number of rows, those that are left over being empty,
and many of them are worked on at once, by products of stacks of matrices.
"""

import numpy as np
import scipy.sparse

from diarkit.errors import DataError

ROWS = (8, 128)  # the fewest and the most frames of a tile
MEMORY = 1 << 20  # numbers of a stack of tiles


class Tiles:
    """The frames of each of C Gaussians.

    starts (T + 1,), gaussians (N,) : see mixtures.py

    Raises DataError for Gaussians that there are not, and frames that have none.
    """

    def __init__(self, starts, gaussians, num_frames, num_gauss):
        starts, gaussians = np.asarray(starts), np.asarray(gaussians)
        checked_gaussians(starts, gaussians, num_frames, num_gauss)
        # numbers of two bytes are sorted by radix
        order = np.argsort(gaussians.astype(np.uint16) if num_gauss <= 1 << 16 else gaussians, kind="stable")
        counts = np.bincount(gaussians, minlength=num_gauss)
        mean = len(gaussians) // max(np.count_nonzero(counts), 1)
        self.size = int(np.clip(1 << int(mean).bit_length(), *ROWS))
        tiles = -(-counts // self.size)
        firsts = np.cumsum(tiles) - tiles
        ahead = np.cumsum(counts) - counts  # pairs of the Gaussians before
        self.owners = np.repeat(np.arange(num_gauss), tiles)
        self.pairs = np.full(len(self.owners) * self.size, -1)
        self.pairs[np.arange(len(order)) + np.repeat(firsts * self.size - ahead, counts)] = order
        self.pairs = self.pairs.reshape(-1, self.size)
        self.frames = np.repeat(np.arange(num_frames), np.diff(starts))
        self.num_frames = num_frames

    def parts(self, dim):
        """Stacks of tiles of `dim` numbers a row, so many that they stay in the processor's cache."""
        step = max(MEMORY // (dim * max(self.size, dim)), 1)
        for start in range(0, len(self.owners), step):
            yield Stack(self, slice(start, start + step))


class Stack:
    """K tiles. owners : (K,), the Gaussian of each; pairs : (K, size), indices of pairs, -1 where a row is empty."""

    def __init__(self, tiles, part):
        self.owners, self.pairs = tiles.owners[part], tiles.pairs[part]
        self.filled = self.pairs >= 0
        self._frames = np.where(self.filled, tiles.frames[self.pairs], 0)

    def rows_of(self, features):
        """The frames of the tiles, (K, size, D) float64; empty rows have the numbers of some frame."""
        return features[self._frames].astype(np.float64, copy=False)

    def take(self, values):
        """Of values (N,) of pairs those of the tiles, (K, size), 0 in empty rows."""
        return np.where(self.filled, values[self.pairs], 0)

    def scatter(self, values, result):
        """Put values (K, size) where they belong in `result` (N,)."""
        result[self.pairs[self.filled]] = values[self.filled]

    def sum_by_owner(self, values):
        """Sums over the tiles of each Gaussian of (K, ...): the Gaussians, each once, and the sums."""
        count = len(values)
        first = np.flatnonzero(np.diff(self.owners, prepend=-1))
        # a product with a sparse matrix of ones, ten times as fast as np.add.reduceat along the first axis
        ones = scipy.sparse.csr_array((np.ones(count), np.arange(count), np.append(first, count)),
                                      shape=(len(first), count))
        return self.owners[first], (ones @ values.reshape(count, -1)).reshape(len(first), *values.shape[1:])


def checked_gaussians(starts, gaussians, num_frames, num_gauss):
    """Raise DataError if these cannot be the Gaussians of so many frames."""
    if len(starts) != num_frames + 1:
        raise DataError(f"Gaussians are selected for {len(starts) - 1} frames, there are {num_frames}")
    if (np.diff(starts) == 0).any():
        raise DataError(f"no Gaussian is selected for frame {int(np.argmin(np.diff(starts)))}, counted from 0")
    if len(gaussians) and (gaussians.min() < 0 or gaussians.max() >= num_gauss):
        raise DataError(f"Gaussian {gaussians.max()} is selected, of {num_gauss} counted from 0")
