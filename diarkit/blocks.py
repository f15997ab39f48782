"""Matrices that come in blocks of rows, so that a recording of any length takes no more memory than a short one.

A stream is an iterable of (n, D) arrays, the rows of one matrix one after the other, together with its shape.
"""

import numpy as np

BLOCK = 2048  # rows that are worked on at once: with their neighbours they stay in the cache


def spans(blocks, total, reach=None, size=BLOCK):
    """Cut a stream at every `size` rows and give each piece together with the rows that it needs around it.

    Where the cuts are depends on nothing but `total`, so that sums come out the same to the last bit however
    the rows were read.

    Parameters
    ----------
    blocks : iterable of (n, D) arrays, `total` rows altogether
    reach : function of the piece's first row and the one after its last, which gives the first row that is
        needed and the one after the last; both are cut to the matrix, and neither ever goes back. None: the piece

    Yields
    ------
    first, last : the piece is the rows first <= t < last
    start : of `rows` in the matrix
    rows : (n, D) array, not to be changed

    Raises ValueError if there are not `total` rows.
    """
    blocks = iter(blocks)
    held, start, end = [], 0, 0  # rows start <= t < end
    for first in range(0, total, size):
        last = min(first + size, total)
        low, high = reach(first, last) if reach else (first, last)
        low, high = max(low, 0), min(high, total)
        while end < high:
            block = next(blocks, None)
            if block is None:
                raise ValueError(f"{end} rows, not {total}")
            held.append(block)
            end += len(block)
        rows = (held[0] if len(held) == 1 else np.concatenate(held))[low - start :]
        held, start = [rows], low
        yield first, last, low, rows[: high - low]
    if sum(len(block) for block in blocks) or end > total:
        raise ValueError(f"more than {total} rows")


def padded(blocks, total, before, after, size=BLOCK):
    """Pieces of a stream with `before` and `after` more rows, which at the ends are the first and last row again.

    Yields (before + n + after, D) arrays, as spans() cuts them; not to be changed.
    """
    for first, last, start, rows in spans(blocks, total, lambda a, b: (a - before, b + after), size):
        missing = before - (first - start), after - (start + len(rows) - last)
        if any(missing):
            rows = np.concatenate([rows[:1].repeat(missing[0], axis=0), rows, rows[-1:].repeat(missing[1], axis=0)])
        yield rows
