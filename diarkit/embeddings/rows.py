"""Rows of features of one recording, asked for from front to back, of which few are in memory."""

import numpy as np

from diarkit.cmvn import sliding_cmvn
from diarkit.errors import DataError
from diarkit.options.transforms import SlidingCmvnOptions


class Rows:
    """Frames of a matrix (total, D) that comes in blocks; `stream()` gives an iterator over these from the start.

    What lies before the last stretch that was asked for is forgotten; to ask for it starts the stream anew.
    """

    def __init__(self, stream, total):
        self.stream = stream
        self.total = total
        self.restart()

    def restart(self):
        self.blocks, self.held, self.start, self.end = iter(self.stream()), [], 0, 0

    def take(self, first, last):
        """Rows first <= t < last, all of the matrix; not to be changed."""
        if first < self.start:
            self.restart()
        while self.end < last:
            block = next(self.blocks)
            self.held.append(block)
            self.end += len(block)
            while self.start + len(self.held[0]) <= first and len(self.held) > 1:
                self.start += len(self.held.pop(0))
        rows = self.held[0] if len(self.held) == 1 else np.concatenate(self.held)
        self.held, self.start = [rows[max(first - self.start, 0) :]], max(first, self.start)
        return self.held[0][: last - first]

    def of(self, frames):
        """Rows of ascending frames by number, of which the first and the last may be repeated."""
        first, last = int(frames[0]), int(frames[-1]) + 1
        rows = self.take(first, last)
        return rows if len(rows) == len(frames) else rows[frames - first]


def of_matrix(features, dim):
    """Rows of features in memory, (T, dim); raises DataError for other ones. Any number will do where `dim` is None."""
    if getattr(features, "ndim", 0) != 2 or len(features) == 0:
        raise DataError("not a matrix of features" if getattr(features, "ndim", 0) != 2 else "no frames")
    if dim is not None and features.shape[1] != dim:
        raise DataError(f"{features.shape[1]} numbers a frame, where the model takes {dim}")
    return Rows(lambda: [features.astype(np.float32, copy=False)], len(features))


def of_signal(front_end, signal):
    """Rows of a signal as a FrontEnd makes them, normalised unless each window is to be by itself."""
    extractor = front_end.extractor
    shape, _ = extractor.stream(signal)  # raises DataError for what is shorter than a frame

    def raw():
        return extractor.stream(signal)[1]

    if front_end.cmn == "sliding":
        opts = SlidingCmvnOptions(cmn_window=front_end.cmn_window, center=True)
        return Rows(lambda: sliding_cmvn(raw(), shape, opts)[0], shape[0])
    if front_end.cmn == "recording":
        mean = (sum(block.sum(axis=0, dtype=np.float64) for block in raw()) / shape[0]).astype(np.float32)
        return Rows(lambda: (block - mean for block in raw()), shape[0])
    return Rows(raw, shape[0])
