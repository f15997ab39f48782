"""Tables whose values are asked for by key."""

from diarkit.errors import DataError, ItemError
from diarkit.io.entries import Entries
from diarkit.io.lists import read_scp
from diarkit.io.readers import TableReader
from diarkit.io.specifiers import parse_rspecifier
from diarkit.io.values import check_finite


class RandomArrays:
    """A table of arrays by key: `key in table`, `table[key]`.

    From an scp values are read when asked for, an archive is read at once and kept in memory, except that
    of one with the options s and cs (sorted, and asked in this order) only the last value is kept. A key
    that is not there, or whose value cannot be read, raises ItemError; a damaged table DataError, from the
    start where it is read at once.
    """

    def __init__(self, rspecifier, finite=True):
        self.specifier = parse_rspecifier(rspecifier)
        self._name = self.specifier.rxfilename
        self._finite = finite
        self._entries = self._reader = self._asked = None
        self._table = {}
        if self.specifier.kind == "scp":
            self._entries = Entries()
            self._table = read_scp(self._name)
            return
        self._reader = TableReader(rspecifier, check=None)
        self._ordered = self.specifier.sorted and self.specifier.called_sorted
        if not self._ordered:
            self._table.update(self._reader)

    @property
    def passed_over(self):
        """How much the option p has passed over."""
        return self._reader.passed_over if self._reader else 0

    def __contains__(self, key):
        if self._reader and self._ordered:
            self._read_up_to(key)
        return key in self._table

    def _read_up_to(self, key):
        if self._asked is not None and key < self._asked:
            raise DataError(f"not asked in order as cs says: {key!r} after {self._asked!r}", self._name)
        self._asked = key
        while not self._table or next(iter(self._table)) < key:
            self._table.clear()
            entry = next(self._reader, None)
            if entry is None:
                break
            self._table[entry[0]] = entry[1]

    def __iter__(self):
        if self._reader and self._ordered:
            raise TypeError("of a table with s,cs only the last entry is kept; go through it in its order")
        return iter(self._table)

    def __len__(self):
        return sum(1 for _ in self)

    def __getitem__(self, key):
        if key not in self:
            raise ItemError(key, f"not in {self._name}")
        value = self._table[key]
        try:
            if self._entries is not None:
                value = self._entries.read(value)
            if self._finite:
                check_finite(value)
        except DataError as error:
            raise ItemError(key, str(error)) from error
        return value

    def get(self, key, default=None):
        """The array of a key, or `default` where there is no such key."""
        return self[key] if key in self else default
