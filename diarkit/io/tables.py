"""Tables of arrays, read one after the other or by key, and written; the only way to open a table.

A table is an archive, keys and values one after the other, or an scp, keys and the places of their values.
See diarkit.io.specifiers for how it is named, diarkit.io.values for what values there are.
"""

from diarkit.errors import DataError, ItemError
from diarkit.io.entries import Entries, open_source
from diarkit.io.lists import SeenKeys, is_key, read_lists, read_records, read_scp
from diarkit.io.specifiers import parse_rspecifier
from diarkit.io.streams import open_text_input, open_text_output, read_lines
from diarkit.io.values import check_finite, read_number, read_value
from diarkit.io.writers import ArrayWriter, write_array

__all__ = [
    "ArrayReader",
    "ArrayWriter",
    "RandomArrays",
    "open_text_input",
    "open_text_output",
    "read_array",
    "read_arrays",
    "read_lines",
    "read_lists",
    "read_numbers",
    "read_scp",
    "write_array",
]

LONGEST_KEY = 1 << 14  # bytes


def read_arrays(rspecifier, finite=True):
    """Iterate over a table of arrays: (key, array), float32 or float64 as stored, int32 for integers.

    An entry that cannot be read although the following ones can (a bad line of an scp, NaN or infinity
    unless `finite` is False) raises ItemError from next(), and the next next() goes on. A table that is
    damaged raises DataError, naming file and key, and is at its end. With the option `p` such entries, and
    what follows in a damaged archive, are passed over and counted in `passed_over`.
    """
    return ArrayReader(rspecifier, finite)


def read_numbers(rspecifier):
    """Iterate over a table of single numbers, text or binary: (key, float). Errors as in read_arrays."""
    return ArrayReader(rspecifier, finite=False, value_reader=read_number)


def read_array(rxfilename, finite=True):
    """Read a file that holds one matrix or vector and no key, binary or text: mean.vec, transform.mat.

    Raises DataError naming the file.
    """
    opened, source = open_source(rxfilename)
    try:
        value = read_value(source)
        if finite:
            check_finite(value)
    except DataError as error:
        opened.close(error)
        raise DataError(str(error), rxfilename) from error
    opened.close()
    return value


class ArrayReader:
    """The iterator that read_arrays gives; see there. A context manager too, for leaving early."""

    def __init__(self, rspecifier, finite=True, value_reader=read_value):
        self.specifier = parse_rspecifier(rspecifier)
        self.passed_over = 0
        self._name = self.specifier.rxfilename
        if self._name in ("", "-"):
            self._name = "standard input"
        self._finite = finite
        self._read_value = value_reader
        self._seen = SeenKeys()
        self._last = None
        self._input = self._entries = self._records = None
        if self.specifier.kind == "ark":
            self._input, self._source = open_source(self.specifier.rxfilename)
            self._next = self._next_in_archive
        else:
            self._entries = Entries()
            self._records = read_records(self.specifier.rxfilename, "file")
            self._next = self._next_in_scp

    def __iter__(self):
        return self

    def __next__(self):
        while self._next is not None:
            try:
                return self._next()
            except ItemError:
                if not self.specifier.permissive:
                    raise
                self.passed_over += 1
            except DataError as error:
                self._end(error)
                raise
        raise StopIteration

    def _next_in_archive(self):
        source = self._source
        if not source.skip_space():
            self._end()
            raise StopIteration
        key = None
        try:
            key = _read_key(source)
            value = self._read_value(source)
        except DataError as error:
            if not self.specifier.permissive:
                raise DataError(str(error), self._where(key)) from error
            self._end(error)  # which raises CommandFailed if that is the reason
            self.passed_over += 1
            raise StopIteration from None
        self._remember(key)
        try:
            if self._finite:
                check_finite(value)
        except DataError as error:
            raise ItemError(key, str(error)) from None
        return key, value

    def _next_in_scp(self):
        for _, key, entry in self._records:
            self._remember(key)
            try:
                value = self._entries.read(entry, self._read_value)
                if self._finite:
                    check_finite(value)
                return key, value
            except DataError as error:
                raise ItemError(key, str(error)) from error
        self._end()
        raise StopIteration

    def _remember(self, key):
        if not self._seen.add(key):
            raise DataError(f"the key {key!r} is there twice", self._name)
        if self.specifier.sorted and not self._seen.sorted:
            raise DataError(f"not sorted as the option s says: {key!r} after {self._last!r}", self._name)
        self._last = key

    def _where(self, key):
        """The file, and the key or the one before it."""
        place = key or (f"after {self._last}" if self._last else None)
        return f"{self._name}: {place}" if place else self._name

    def _end(self, error=None):
        """Come to the end and close; a command that failed is told from here."""
        self._next = None
        if self._entries is not None:
            self._entries.close()
        if self._records is not None:
            self._records.close()
        if self._input is not None:
            self._input.close(error)

    def close(self):
        """Stop before the end."""
        if self._next is not None:
            self._end()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if self._next is not None:
            self._end(error)


def _read_key(source):
    """Take a key and the white space after it; DataError if what is there is no key."""
    buffer, pos = source.buffer, source.pos
    at = buffer.find(b" \0B", pos, pos + 100)
    key = buffer[pos:at]
    if at < 0 or b" " in key or b"\n" in key:  # text, or not all in the buffer
        at = _find_key_end(source)
        key = source.buffer[source.pos : at]
    try:
        text = key.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
        if key.startswith(b"\x1f\x8b"):
            raise DataError("compressed with gzip; read it as 'ark:gunzip -c FILE |'") from None
    if text.startswith("[") or key.startswith(b"\0B"):
        raise DataError("a single matrix or vector without a key, not a table")
    if not is_key(text):
        raise DataError("not an archive, or damaged: no key where one should be")
    source.pos = at + (source.buffer[at] != 10)  # the end of the line belongs to an empty value
    return text


def _find_key_end(source):
    length = 0
    while source.fill(length + 1):  # as much as is there, for a pipe may be slow
        window = source.buffer[source.pos : source.pos + LONGEST_KEY]
        ends = [at for at in (window.find(space) for space in (b" ", b"\t", b"\n")) if at >= 0]
        if ends:
            return source.pos + min(ends)
        length = len(window)
        if length == LONGEST_KEY:
            raise DataError("not an archive, or damaged: no key where one should be")
    raise DataError("the data end within a key (truncated, or not an archive)")


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
        self._reader = read_arrays(rspecifier, finite=False)
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
            raise TypeError("of a table with s,cs only the last entry is kept; use read_arrays")
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
