"""Mean and variance normalisation of features: in a sliding window, or by sums over utterances or speakers.

Source: Kaldi's feat/feature-functions.cc (SlidingWindowCmn) and transform/cmvn.cc.
"""

from dataclasses import dataclass

import numpy as np

from diarkit.blocks import BLOCK, spans
from diarkit.deltas import check_frames
from diarkit.errors import DataError

SLIDING_FLOOR = 1e-10  # of a variance in a sliding window
FLOOR = 1e-20  # of a variance by sums


def sliding_window(t, total, opts):
    """First frame of the window of frame t of `total`, and the one after its last; t a number or an array of them."""
    size = opts.cmn_window
    if opts.center:  # moved to where it is whole
        first = np.maximum(t - size // 2, 0)
        last = first + size
    else:
        first = np.maximum(t - size, 0)
        last = np.maximum(t + 1, opts.min_cmn_window)
    excess = np.maximum(last - total, 0)
    return np.maximum(first - excess, 0), last - excess


def sliding_cmvn(blocks, shape, opts, warn=None):
    """Subtract the mean of the window around or before each frame, and with norm_vars divide by its deviation.

    Parameters
    ----------
    blocks : stream of (n, D) arrays, see diarkit.blocks; shape : (T, D)
    opts : SlidingCmvnOptions
    warn : called at the end with the number of values whose variance was floored, if there are any: the windows
        were constant there

    Returns
    -------
    blocks, shape : stream of (n, D) float32 arrays, and its shape. Raises DataError if there are no frames.
    """
    total, dim = check_frames(shape)
    most = min(total, BLOCK + max(opts.cmn_window, opts.min_cmn_window))  # rows of a piece and its windows
    # The same memory for every piece: to ask for new takes as long as the sums.
    scratch, sums = np.empty((most, dim)), np.zeros((most + 1, dim))

    def reach(first, last):
        return int(sliding_window(first, total, opts)[0]), int(sliding_window(last - 1, total, opts)[1])

    def pieces():
        floored = 0
        for first, last, start, rows in spans(blocks, total, reach):
            begin, end = (edge - start for edge in sliding_window(np.arange(first, last), total, opts))
            count = (end - begin)[:, None]
            # Sums start anew in every piece and are of differences from one of its frames: in double, neither
            # the length of the recording nor an offset of its values is left in the last digits.
            rows = np.subtract(rows, rows[0], out=scratch[: len(rows)], dtype=np.float64)
            mean = window_sums(rows, begin, end, sums)
            mean /= count
            out = np.subtract(rows[first - start : last - start], mean)
            if opts.norm_vars:
                variance = window_sums(np.square(rows, out=rows), begin, end, sums)
                variance /= count
                variance -= np.square(mean, out=mean)
                floored += np.count_nonzero((variance < SLIDING_FLOOR) & (count > 1))
                np.maximum(variance, SLIDING_FLOOR, out=variance)
                out /= np.sqrt(variance, out=variance)
                out[count[:, 0] == 1] = 0
            yield out.astype(np.float32)
        if floored and warn:
            warn(floored)

    return pieces(), shape


def window_sums(rows, begin, end, sums):
    """Sums of the rows begin <= t < end: (T, D) -> (n, D). `sums` is memory for more than T rows, its first 0."""
    np.cumsum(rows, axis=0, out=sums[1 : len(rows) + 1])
    found = sums.take(end, axis=0)
    found -= sums.take(begin, axis=0)
    return found


def cmvn_stats(blocks, shape, weights=None):
    """Sums over a stream of (n, D) arrays, of shape (T, D): (2, D + 1) float64.

    Sums of the values and the number of frames, sums of the squares and 0. `weights` are (T,); frames count as
    much as they say. Raises DataError if there are no frames, or not as many weights.
    """
    total, dim = check_frames(shape)
    if weights is not None and np.shape(weights) != (total,):
        raise DataError(f"{np.size(weights)} weights, {total} frames")
    stats = np.zeros((2, dim + 1))
    for first, last, _, rows in spans(blocks, total):
        # products in single precision, sums in double: as Kaldi has them, to the last digits
        rows = rows.astype(np.float32, copy=False)
        squares = rows * rows
        count = last - first
        if weights is not None:
            weight = np.asarray(weights[first:last], np.float32)[:, None]
            count = weight.sum(dtype=np.float64)
            rows, squares = rows * weight, squares * weight
        stats[0, :dim] += rows.sum(axis=0, dtype=np.float64)
        stats[1, :dim] += squares.sum(axis=0, dtype=np.float64)
        stats[0, dim] += count
    return stats


def add_stats(total, stats):
    """Sums as cmvn_stats gives them, added to others, if there are any yet; raises DataError if columns differ."""
    if total is None:
        return stats
    if total.shape != stats.shape:
        raise DataError(f"{stats.shape[1] - 1} columns, and those before had {total.shape[1] - 1}")
    return total + stats


@dataclass(frozen=True)
class Normaliser:
    """x -> x * scale + offset, column by column: (D,) each; `floored` variances were too small to divide by."""

    scale: np.ndarray
    offset: np.ndarray
    floored: int = 0

    def stream(self, blocks, shape):
        """Normalise a stream of (n, D) arrays, of shape (T, D): a stream of float32, and its shape.

        Raises DataError if there are no frames, or the sums were of another number of columns.
        """
        _, dim = check_frames(shape)
        if dim != len(self.scale):
            raise DataError(f"{dim} columns, and sums of {len(self.scale)}")
        return ((block * self.scale + self.offset).astype(np.float32) for block in blocks), shape


def normaliser(stats, opts):
    """The Normaliser to mean 0, and with norm_vars to variance 1, that sums ask for; or from there, with reverse.

    stats : (2, D + 1) as cmvn_stats gives them, or (1, D + 1) without squares; opts : CmvnOptions.
    Raises DataError if the sums have another shape, are of less than one frame, or lack what opts ask for.
    """
    stats = np.array(stats, np.float64)
    if stats.ndim != 2 or stats.shape[0] not in (1, 2) or stats.shape[1] < 2:
        raise DataError(f"sums for normalisation are (2, columns + 1), not {stats.shape}")
    dim, count = stats.shape[1] - 1, stats[0, -1]
    if len(stats) == 1 and opts.norm_vars:
        raise DataError("no sums of squares, which --norm-vars needs")
    if not count >= 1:
        raise DataError(f"sums of {count:g} frames are too few to normalise by")
    skipped = [int(word) for word in opts.skip_dims.split(":") if word]
    if max(skipped, default=0) >= dim:
        raise DataError(f"--skip-dims={opts.skip_dims}, and there are {dim} columns")
    mean = stats[0, :dim] / count
    deviation, floored = np.ones(dim), 0
    if opts.norm_vars:
        variance = stats[1, :dim] / count - mean * mean
        variance[skipped] = 1
        floored = int((variance < FLOOR).sum())
        deviation = np.sqrt(np.maximum(variance, FLOOR))
    mean[skipped] = 0
    if opts.reverse:
        return Normaliser(deviation, mean, floored)
    return Normaliser(1 / deviation, -mean / deviation, floored)
