"""One entry of an scp: where a value lies, and which part of it is wanted."""

import logging
import os
import re
import stat
from collections import OrderedDict
from contextlib import contextmanager

from diarkit.errors import DataError, ItemError
from diarkit.io.source import ByteSource
from diarkit.io.specifiers import is_whole, split_offset
from diarkit.io.streams import Input
from diarkit.io.values import read_value

_RANGE = re.compile(r"(.*)\[([^\[\]]*)\]", re.DOTALL)
_PART = re.compile(r"([0-9]{1,18}):([0-9]{1,18})|:")
TOLERANCE = 3  # rows past the end that Kaldi forgives: lengths are rounded differently here and there

log = logging.getLogger(__name__)


def open_source(rxfilename, from_table=False):
    """Open an rxfilename: its Input, to be closed, and a ByteSource on it that knows the size of a file."""
    opened = Input(rxfilename, from_table)
    try:
        status = os.fstat(opened.stream.fileno())
    except (OSError, AttributeError):  # a stand-in for standard input
        status = None
    ordinary = status is not None and stat.S_ISREG(status.st_mode)
    return opened, ByteSource(opened.stream, status.st_size if ordinary else None)


class Entries:
    """Reads values from the places that an scp names, keeping the files open that were read last."""

    def __init__(self, files=4):
        self._files = files
        self._open = OrderedDict()  # path -> (Input, ByteSource)
        self._last_path = self._last_source = None

    def read(self, entry, reader=read_value, check=None):
        """The value at an entry, 'file', 'file:offset' or 'cmd |', perhaps with a range '[0:9,0:4]'.

        `check` raises DataError for a value, or the part of it, that cannot be used. Raises DataError naming file
        and reason.
        """
        path, _, offset = entry.rpartition(":")
        if path and path == self._last_path and is_whole(offset):  # the quick way
            source = self._last_source
            self._seek(source, path, int(offset))
            try:
                value = reader(source)
                if check is not None:
                    check(value)
                return value
            except DataError as error:
                raise DataError(str(error), entry) from error
        with self.opened(entry) as (source, wanted):
            value = reader(source)
            if wanted is not None:
                value = value[range_slices(wanted, value.shape, entry)].copy()
            if check is not None:
                check(value)
            return value

    @contextmanager
    def opened(self, entry):
        """Open the place that an entry names: a context manager that gives a ByteSource and the text of the range.

        To leave it early by GeneratorExit is no failure. Raises DataError naming the file, also for one that
        the body raises, except for an ItemError.
        """
        rxfilename, wanted = split_range(entry)
        command = None
        if rxfilename.endswith("|"):
            command, source = open_source(rxfilename, from_table=True)
        else:
            source = self._source(rxfilename)
        try:
            yield source, wanted
        except GeneratorExit:
            if command:
                command.close()
            raise
        except BaseException as error:
            if command:
                command.close(error)
            if isinstance(error, DataError) and not isinstance(error, ItemError):
                raise DataError(str(error), rxfilename) from error
            raise
        if command:
            command.close()

    def _source(self, rxfilename):
        path, offset = split_offset(rxfilename)
        if offset is None or path not in self._open:
            opened, source = open_source(rxfilename, from_table=True)
            if offset is None or opened.stream.tell() != offset:
                path, offset = rxfilename, 0
            self.drop(path)
            self._open[path] = opened, source
            while len(self._open) > self._files:
                self.drop(next(iter(self._open)))
        source = self._open[path][1]
        self._open.move_to_end(path)
        self._seek(source, path, offset)
        self._last_path, self._last_source = path, source
        return source

    @staticmethod
    def _seek(source, path, offset):
        if offset >= source.size:
            raise DataError(f"offset {offset} is past the end, at {source.size} bytes", path)
        source.seek(offset)

    def drop(self, path):
        """Close a file if it is open."""
        if path in self._open:
            if path == self._last_path:
                self._last_path = self._last_source = None
            self._open.pop(path)[0].close()

    def close(self):
        """Close all files."""
        for path in list(self._open):
            self.drop(path)


def split_range(entry):
    """'x.ark:5[0:9]' -> ('x.ark:5', '0:9'); without a range -> (entry, None)."""
    match = _RANGE.fullmatch(entry) if entry.endswith("]") else None
    return (match[1].rstrip(), match[2]) if match else (entry, None)


def range_slices(text, shape, entry):
    """The slices of an array of this shape that a range names: '0:9', '0:9,2:4' or ':,2:4', both ends included.

    `text` None is all of it. Up to three rows past the end are forgiven with a warning, as Kaldi does, in which
    `entry` is named.
    Raises DataError.
    """
    if text is None:
        return (slice(None),) * len(shape)
    parts = [_PART.fullmatch(part) for part in text.split(",")]
    if None in parts or len(parts) > len(shape):
        raise DataError(f"bad range [{text}] for an array of {len(shape)} dimensions")
    slices = [slice(None)] * len(shape)
    for axis, part in enumerate(parts):
        if part[1] is None:
            continue
        first, last, size = int(part[1]), int(part[2]), shape[axis]
        if first > last or first >= size or last >= size + (TOLERANCE if axis == 0 else 0):
            raise DataError(f"range [{text}] does not fit in an array of shape {shape}")
        if last >= size:
            log.warning("%s: the range ends %d rows past the end of the array", entry, last - size + 1)
        slices[axis] = slice(first, last + 1)
    return tuple(slices)
