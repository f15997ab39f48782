"""Features with their neighbours: differences over time, and frames side by side.

Before the first and after the last frame these are repeated, as in Kaldi's feat/feature-functions.cc.
"""

import numpy as np

from diarkit.blocks import padded
from diarkit.errors import DataError


def delta(rows, window):
    """The slope over `window` frames on each side, by least squares: (n + 2 window, D) -> (n, D) float32."""
    count = len(rows) - 2 * window
    slope = np.zeros((count, rows.shape[1]), np.float32)
    for j in range(1, window + 1):
        slope += np.float32(j) * (rows[window + j :][:count] - rows[window - j :][:count])
    slope /= np.float32(2 * sum(j * j for j in range(1, window + 1)))
    return slope


def add_deltas(blocks, shape, opts):
    """Features followed by their deltas, those followed by theirs, and so on.

    Parameters
    ----------
    blocks : stream of (n, D) arrays, see diarkit.blocks; shape : (T, D)
    opts : DeltaOptions

    Returns
    -------
    blocks, shape : stream of (n, D * (order + 1)) float32 arrays, and its shape; D is `truncate` if that is given.
    Raises DataError if there are no frames, or fewer than `truncate` columns.
    """
    total, dim = check_frames(shape)
    if opts.truncate > dim:
        raise DataError(f"{dim} columns are fewer than --truncate={opts.truncate}")
    dim = opts.truncate or dim
    order, window = opts.delta_order, opts.delta_window

    def pieces():
        for rows in padded(blocks, total, order * window, order * window):
            rows = rows[:, :dim].astype(np.float32)
            count = len(rows) - 2 * order * window
            out = np.empty((count, dim * (order + 1)), np.float32)
            for i in range(order + 1):  # of every order, what is needed around the piece gets less
                rest = (order - i) * window
                out[:, i * dim : (i + 1) * dim] = rows[rest : rest + count]
                if i < order:
                    rows = delta(rows, window)
            yield out

    return pieces(), (total, dim * (order + 1))


def splice(blocks, shape, opts):
    """Each frame with those before and after it, side by side, the earliest first.

    Takes and gives what add_deltas does, opts being SpliceOptions: (T, D) -> (T, D * (left + 1 + right)) float32.
    """
    total, dim = check_frames(shape)
    before, after = opts.left_context, opts.right_context
    width = dim * (before + 1 + after)

    def pieces():
        for rows in padded(blocks, total, before, after):
            # row after row in memory, a frame and its neighbours are one stretch
            flat = np.ascontiguousarray(rows, np.float32).reshape(-1)
            yield np.lib.stride_tricks.sliding_window_view(flat, width)[::dim].copy()

    return pieces(), (total, width)


def check_frames(shape):
    """The shape of a matrix of features; raises DataError if it is none, or empty."""
    if len(shape) != 2:
        raise DataError("not a matrix of features")
    if 0 in shape:
        raise DataError("no frames")
    return shape
