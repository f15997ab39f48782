"""Sums that are exact, so that they are the same whatever the order and however they are cut into parts."""

import numpy as np

from diarkit.errors import DataError

GRID = 2.0**-50  # what is added is rounded to multiples of this, once
LIMIT = 2.0**53  # from here on not every whole number is a float64
CHUNK = 1 << 14  # numbers worked on at once: they stay in the processor's cache


class ExactSum:
    """The sum of arrays of one shape. Additions of it have no rounding errors and are therefore associative.

    Each number is kept in two float64: a whole number, and a rest from 0 up to 1 that is a multiple of 2^-50. On
    either grid float64 additions are exact as long as sums are below 2^53, and there is only one such pair for a
    sum. What is added is rounded to 2^-50 first, which does not hang on what was added before.

    Parameters
    ----------
    shape : of the arrays
    parts : (2, *shape) whole numbers and rests of a sum, see `parts`; without them it is zero

    Raises DataError if `parts` cannot be such.
    """

    def __init__(self, shape, parts=None):
        if parts is None:
            parts = np.zeros((2, *np.atleast_1d(shape)))
        self.parts = np.array(parts, np.float64, order="C")
        whole, rest = self.parts
        if not (np.isfinite(self.parts).all() and (whole == np.floor(whole)).all() and (rest >= 0).all()
                and (rest < 1).all() and (rest == np.floor(rest / GRID) * GRID).all()):
            raise DataError("not the two parts of an exact sum")

    def add(self, values, at=None):
        """Add an array. at: indices along the first axis, each once, of the rows that `values` has; else of all.

        Raises DataError for NaN, infinity and sums that grow beyond 2^53.
        """
        values = np.asarray(values, np.float64)
        if not np.isfinite(values).all():
            raise DataError("a statistic is NaN or infinite")
        if at is None:
            self._add_flat(self.parts.reshape(2, -1), values.reshape(-1))
        else:
            rows = self.parts.take(at, axis=1)
            self._add_flat(rows.reshape(2, -1), values.reshape(-1))
            self.parts[:, at] = rows

    def merge(self, other):
        """Add another ExactSum of the same shape."""
        self._add_parts(self.parts.reshape(2, -1), *other.parts.reshape(2, -1))

    def value(self):
        """The sum, float64."""
        return self.parts[0] + self.parts[1]

    def _add_flat(self, parts, values):
        for start in range(0, values.size, CHUNK):
            some = np.rint(values[start : start + CHUNK] / GRID) * GRID
            whole = np.floor(some)
            self._add_parts(parts[:, start : start + CHUNK], whole, some - whole)

    @staticmethod
    def _add_parts(parts, whole, rest):
        parts[0] += whole
        parts[1] += rest
        carried = np.floor(parts[1])
        parts[0] += carried
        parts[1] -= carried
        if parts.size and not np.abs(parts[0]).max() < LIMIT:
            raise DataError("a statistic is too large to be summed exactly")
