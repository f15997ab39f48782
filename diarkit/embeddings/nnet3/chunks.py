"""x-vectors of features by an nnet3 network, as Kaldi's nnet3-xvector-compute has them: chunks, their average, padding.

Frames of many chunks are computed together, on a sheet. Where a chunk begins with the frames with which the one before
it ends, as the overlapping windows of a recording do, those frames are there once.
"""

from collections import deque

import numpy as np

from diarkit.embeddings.nnet3.layers import BLOCK
from diarkit.errors import DataError

SHEET = 4096  # rows from which on a sheet is computed


class XvectorStream:
    """Features in, x-vectors out in the same order, some later: put() takes, taken() gives what is done, finish() all.

    Parameters
    ----------
    network : Nnet3
    opts : ChunkOptions: chunk_size, min_chunk_size, pad_input
    """

    def __init__(self, network, opts):
        self.network = network
        self.opts = opts
        self.sheet = np.zeros((0, network.input_dim), np.float32)
        self.rows = 0  # of the sheet in use
        self.chunks = []  # (first row, number of rows) on the sheet
        self.pooled = []  # statistics of chunks before those on the sheet, whose vectors are not computed yet
        self.vectors = deque()  # of chunks, before those
        self.items = deque()  # (key, weights of its chunks), not given yet

    def put(self, key, features):
        """Take the features of an utterance, (T, D). Raises DataError if no x-vector can be made of them."""
        if features.ndim != 2 or features.shape[1] != self.network.input_dim:
            raise DataError(f"features of {features.shape[1] if features.ndim == 2 else 'no'} columns, and the network "
                            f"takes {self.network.input_dim}")
        pieces = split(features, self.opts)
        for piece, _ in pieces:
            if len(piece) < self.network.shortest:
                raise DataError(f"{len(piece)} frames, and the network needs {self.network.shortest}: give a greater "
                                "--min-chunk-size, up to which frames are repeated")
        for piece, _ in pieces:
            self.place(piece[: self.network.longest])
        self.items.append((key, [weight for _, weight in pieces]))

    def place(self, rows):
        """Put the frames of a chunk on the sheet, and compute it if it is full."""
        if self.rows >= SHEET:
            self.compute()
        start = self.rows
        if self.chunks:
            first, _ = self.chunks[-1]
            start = first + shared_from(self.sheet[first : self.rows], rows)
        end = start + len(rows)
        if end > len(self.sheet):
            self.sheet = np.concatenate([self.sheet[: self.rows], np.zeros((end + SHEET, rows.shape[1]), np.float32)])
        self.sheet[start:end] = rows
        self.rows = max(end, self.rows)
        self.chunks.append((start, len(rows)))

    def compute(self):
        """Statistics of the chunks on the sheet, and the x-vectors of as many as make whole blocks."""
        if self.chunks:
            self.pooled += self.network.pool(self.sheet[: self.rows], self.chunks)
        self.rows, self.chunks = 0, []
        while len(self.pooled) >= BLOCK:
            self.vectors.extend(self.network.finish(self.pooled[:BLOCK]))
            del self.pooled[:BLOCK]

    def taken(self):
        """Yield (key, x-vector) of what is done; (D,) float32, the average of its chunks by their frames."""
        while self.items and len(self.items[0][1]) <= len(self.vectors):
            key, weights = self.items.popleft()
            total = sum(np.float32(weight) * self.vectors.popleft() for weight in weights)
            yield key, total / np.float32(sum(weights))

    def finish(self):
        """Yield the rest."""
        self.compute()
        if self.pooled:
            self.vectors.extend(self.network.finish(self.pooled))
            self.pooled = []
        yield from self.taken()


def split(features, opts):
    """The chunks of features, (frames, weight) each; raises DataError if there are none.

    A short one is filled up on both sides by its first and its last frame, or left out without pad_input.
    """
    total, least = len(features), opts.min_chunk_size
    if not total:
        raise DataError("no frames")
    if not opts.pad_input and total < least:
        raise DataError(f"{total} frames, fewer than --min-chunk-size={least}")
    size = min(opts.chunk_size, total) if opts.chunk_size > 0 else total
    pieces = []
    for first in range(0, total, size):
        piece = features[first : first + size]
        missing = least - len(piece)
        if missing > 0 and not opts.pad_input:
            continue
        weight = len(piece)
        if missing > 0:
            piece = piece[np.clip(np.arange(least) - missing // 2, 0, len(piece) - 1)]
        pieces.append((piece.astype(np.float32, copy=False), weight))
    if not pieces:
        raise DataError(f"no chunk of --min-chunk-size={least} frames or more")
    return pieces


def shared_from(before, rows):
    """From which row of `before` on `rows` are the same; len(before) if they share none. (T, D), (N, D)"""
    for place in np.flatnonzero(before[:, 0] == rows[0, 0]):
        count = min(len(before) - place, len(rows))
        if np.array_equal(before[place : place + count], rows[:count]):
            return int(place)
    return len(before)
