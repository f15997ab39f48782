"""Going through a table from its begin to its end, whatever its values are."""

from diarkit.errors import DataError, ItemError
from diarkit.io.entries import Entries, open_source
from diarkit.io.lists import SeenKeys, is_key, read_records
from diarkit.io.specifiers import parse_rspecifier
from diarkit.io.values import WrongKind, check_finite, read_value

LONGEST_KEY = 1 << 14  # bytes


class TableReader:
    """Iterates over a table: (key, value). How errors come is told at tables.read_arrays.

    A context manager too, for leaving early. `passed_over` counts what the option p has passed over.
    """

    def __init__(self, rspecifier, value_reader=read_value, check=check_finite):
        """
        value_reader : takes one value from a ByteSource
        check : raises DataError for a value that was read but cannot be used, or None
        """
        self.specifier = parse_rspecifier(rspecifier)
        self.passed_over = 0
        self._name = self.specifier.rxfilename
        if self._name in ("", "-"):
            self._name = "standard input"
        self._read_value = value_reader
        self._check = check
        self._sorted = self.specifier.sorted
        self._seen = SeenKeys()
        self._last = None
        self._input = self._entries = self._records = None
        if self.specifier.kind == "ark":
            self._input, self._source = open_source(self.specifier.rxfilename)
            self._next = self._next_in_archive
        else:
            self._entries = Entries()
            self._records = read_records(self.specifier.rxfilename, "file", seen=self._seen)
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
        buffer, pos = source.buffer, source.pos
        if not (pos < len(buffer) and buffer[pos] > 32) and not source.skip_space():
            self._end()
            raise StopIteration
        key = None
        try:
            key = _read_key(source)
            value = self._read_value(source)
        except WrongKind as error:
            self._remember(key)
            raise ItemError(key, f"{self._name}: {error}") from None
        except DataError as error:
            if not self.specifier.permissive:
                raise DataError(str(error), self._where(key)) from error
            self._end(error)  # which raises CommandFailed if that is the reason
            self.passed_over += 1
            raise StopIteration from None
        self._remember(key)
        try:
            if self._check is not None:
                self._check(value)
        except DataError as error:
            raise ItemError(key, f"{self._name}: {error}") from None
        return key, value

    def _next_in_scp(self):
        for _, key, entry in self._records:
            self._check_order(key)
            try:
                return key, self._entries.read(entry, self._read_value, self._check)
            except DataError as error:
                raise ItemError(key, str(error)) from error
        self._end()
        raise StopIteration

    def _remember(self, key):
        if not self._seen.add(key):
            raise DataError(f"the key {key!r} is there twice", self._name)
        self._check_order(key)

    def _check_order(self, key):
        if self._sorted and not self._seen.sorted:
            raise DataError(f"not sorted as the option s says: {key!r} after {self._last!r}", self._name)
        self._last = key

    def _where(self, key):
        """The file, and the key or the one before it."""
        place = key or (f"after {self._last}" if self._last else None)
        return f"{self._name}: {place}" if place else self._name

    def _damaged(self, key, error):
        """End because of an error in the middle of a value; gives what is to be raised."""
        error = DataError(str(error), self._where(key))
        self._end(error)  # which raises CommandFailed if that is the reason
        return error

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
    if not text.isalnum():
        text = text.removeprefix("\ufeff")
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
