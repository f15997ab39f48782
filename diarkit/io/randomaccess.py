"""Tables whose values are asked for by key."""

from diarkit.errors import DataError, ItemError
from diarkit.io.entries import Entries
from diarkit.io.lists import read_scp
from diarkit.io.readers import TableReader
from diarkit.io.specifiers import parse_rspecifier
from diarkit.io.values import check_finite, read_value


class RandomTable:
    """A table by key: `key in table`, `table[key]`.

    From an scp values are read when asked for. An archive is read at once and kept in memory, except that of
    one with the options s and cs (sorted, and asked for in this order) only the last value is kept, and of
    one with the option o (each key is asked for once) a value that has been given is not. A key that is not
    there, or whose value cannot be read, raises ItemError; with the option p, what cannot be read is not
    there, and counted in `passed_over`. A damaged table raises DataError, from the start where it is read at
    once.
    """

    def __init__(self, rspecifier, value_reader=read_value, check=check_finite):
        """
        value_reader : takes one value from a ByteSource
        check : raises DataError for a value that was read but cannot be used, or None
        """
        self.specifier = parse_rspecifier(rspecifier)
        self.passed_over = 0
        self._name = self.specifier.rxfilename
        self._read_value = value_reader
        self._check = check
        self._entries = self._reader = self._asked = None
        self._table = {}
        self._last = None, None  # of an scp with p: the key last looked for, and its value
        if self.specifier.kind == "scp":
            self._entries = Entries()
            self._table = read_scp(self._name)
            keys = list(self._table)
            if self.specifier.sorted and keys != sorted(keys):
                raise DataError("not sorted as the option s says", self._name)
            return
        self._reader = TableReader(rspecifier, value_reader, check)
        self._ordered = self.specifier.sorted and self.specifier.called_sorted
        if not self._ordered:
            while self._read_entry():
                pass

    def _read_entry(self):
        """Add the next entry of the archive to the table, its error if it has one; returns whether there was one."""
        try:
            entry = next(self._reader, None)
        except ItemError as error:
            entry = error.key, error
        self.passed_over = self._reader.passed_over
        if entry is not None:
            self._table[entry[0]] = entry[1]
        return entry is not None

    def __contains__(self, key):
        if self._reader and self._ordered:
            self._read_up_to(key)
        if key not in self._table:
            return False
        if self._entries is None or not self.specifier.permissive:
            return True
        if self._last[0] != key:
            try:
                self._last = key, self._read(key)
            except ItemError:
                del self._table[key]
                self.passed_over += 1
                return False
        return True

    def _read_up_to(self, key):
        if self._asked is not None and key < self._asked:
            raise DataError(f"not asked in order as cs says: {key!r} after {self._asked!r}", self._name)
        self._asked = key
        while not self._table or next(iter(self._table)) < key:
            self._table.clear()
            if not self._read_entry():
                break

    def __iter__(self):
        if self._reader and self._ordered:
            raise TypeError("of a table with s,cs only the last entry is kept; go through it in its order")
        return iter(self._table)

    def __len__(self):
        return sum(1 for _ in self)

    def __getitem__(self, key):
        if key not in self:
            raise ItemError(key, f"not in {self._name}")
        if self._entries is not None:
            return self._last[1] if self._last[0] == key else self._read(key)
        value = self._table[key]
        if isinstance(value, ItemError):
            raise value
        if self.specifier.once and not self._ordered:
            self._table[key] = ItemError(key, f"asked for twice, of a table with the option o: {self._name}")
        return value

    def _read(self, key):
        try:
            return self._entries.read(self._table[key], self._read_value, self._check)
        except DataError as error:
            raise ItemError(key, str(error)) from error

    def get(self, key, default=None):
        """The value of a key, or `default` where there is no such key."""
        return self[key] if key in self else default
