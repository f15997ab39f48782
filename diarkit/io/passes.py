"""Tables of matrices that are gone through several times."""

import os
import stat
from contextlib import suppress

from diarkit.io.blocks import BLOCK, pieces
from diarkit.io.specifiers import parse_rspecifier
from diarkit.io.tables import read_blocks, read_values

STANDARD_INPUT = ("", "-", "/dev/stdin")


def comes_once(rxfilename):
    """Whether what has this name can be read but once: standard input, or a pipe that has a name, `<(command)`."""
    with suppress(OSError):
        return rxfilename in STANDARD_INPUT or stat.S_ISFIFO(os.stat(rxfilename).st_mode)
    return False


class Passes:
    """A table of matrices, read anew in each pass; one that comes but once is kept in memory.

    A command is run again in each pass.
    """

    def __init__(self, rspecifier):
        self._rspecifier = rspecifier
        self._once = comes_once(parse_rspecifier(rspecifier).rxfilename)
        self._kept = None

    def blocks(self, rows=BLOCK):
        """Iterate over the table in blocks of rows: key, and an iterable of (n, D) arrays. Errors: tables.read_blocks.

        A matrix that cannot be read is told in the first pass only if the table comes but once.
        """
        if not self._once:
            return read_blocks(self._rspecifier, rows=rows)
        if self._kept is None:
            self._kept = []
            return _Keeping(read_values(self._rspecifier, "matrix"), self._kept, rows)
        return ((key, pieces(matrix, rows)) for key, matrix in self._kept)


class _Keeping:
    """The first pass over a table, whose matrices are kept."""

    def __init__(self, table, kept, rows):
        self._table, self._kept, self._rows = table, kept, rows

    def __iter__(self):
        return self

    def __next__(self):
        key, matrix = next(self._table)
        self._kept.append((key, matrix))
        return key, pieces(matrix, self._rows)

    @property
    def passed_over(self):
        return self._table.passed_over
