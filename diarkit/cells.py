"""Time cut into cells at every boundary, so that within a cell nothing begins or ends.

What the scorers need is then arithmetic on one number per cell. Intervals are pairs of arrays (starts,
ends) in seconds, in any order; they may overlap, and empty or reversed ones cover nothing.
"""

import numpy as np

from diarkit.errors import DataError

MOST = 30_000_000  # entries at once, of some 40 bytes each
NOTHING = (np.zeros(0), np.zeros(0))


def intervals(pairs):
    """(starts, ends) of an iterable of (start, end)."""
    array = np.array(list(pairs), dtype=float).reshape(-1, 2)
    return array[:, 0], array[:, 1]


class Cells:
    """Cells between the sorted, distinct edges of some intervals.

    edges : (N + 1,) s;  length : (N,) s
    """

    def __init__(self, *all_intervals):
        sides = [side for pair in all_intervals for side in pair]
        self.edges = distinct(np.concatenate([NOTHING[0], *sides]))
        self.length = np.diff(self.edges)

    def span(self, starts, ends):
        """First cell and the one after the last cell of every interval; its ends must be edges."""
        first = np.searchsorted(self.edges, starts)
        return first, np.maximum(np.searchsorted(self.edges, ends), first)

    def count(self, starts, ends):
        """(N,) int: how many of the intervals cover each cell."""
        first, last = self.span(starts, ends)
        size = len(self.edges)
        change = np.bincount(first, minlength=size) - np.bincount(last, minlength=size)
        return np.cumsum(change)[:-1] if size else change

    def cover(self, starts, ends):
        """(N,) bool: the cells that an interval covers."""
        return self.count(starts, ends) > 0

    def where(self, mask):
        """The intervals that a (N,) bool of cells makes, in order: (starts, ends)."""
        change = np.diff(np.concatenate([[False], mask, [False]]).astype(int))
        return self.edges[np.flatnonzero(change > 0)], self.edges[np.flatnonzero(change < 0)]

    def members(self, starts, ends, labels, num_labels):
        """Who is active where: (cells, labels), one entry for each active label of each cell, by cell.

        A label that is active twice in a cell counts once.
        """
        first, last = self.span(starts, ends)
        turn, cell = ranges(first, last)
        key = distinct(cell * max(num_labels, 1) + np.asarray(labels, dtype=int)[turn])
        return np.divmod(key, max(num_labels, 1))


def distinct(values):
    """np.unique without NaN, which in numpy 2.3 and later takes three times as long for arrays of this size."""
    ordered = np.sort(values)
    return ordered[np.concatenate([[True], ordered[1:] > ordered[:-1]])] if len(ordered) else ordered


def join(cells_a, cells_b):
    """All pairs of entries of two sorted arrays with the same value: (indices into a, indices into b)."""
    return ranges(np.searchsorted(cells_b, cells_a), np.searchsorted(cells_b, cells_a, side="right"))


def ranges(firsts, lasts):
    """The numbers of all half-open ranges one after the other: (which range, number)."""
    lengths = lasts - firsts
    if lengths.sum() > MOST:
        raise DataError(f"so many speak at once that {lengths.sum()} meetings of two would have to be counted")
    which = np.repeat(np.arange(len(lengths)), lengths)
    return which, np.arange(len(which)) + (firsts - np.cumsum(lengths) + lengths)[which]


def union(starts, ends):
    """The intervals merged where they touch or overlap, in order: (starts, ends)."""
    cells = Cells((starts, ends))
    return cells.where(cells.cover(starts, ends))


def numbered(speakers):
    """(number of each entry's speaker, the sorted names)."""
    names = sorted(set(speakers))
    number = {name: n for n, name in enumerate(names)}
    return np.array([number[speaker] for speaker in speakers], dtype=int), names
