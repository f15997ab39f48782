"""Opening what is read and written: files, standard input and output, pipes; bytes and text.

`rxfilename` and `wxfilename` are Kaldi's words for a name to read from or to write to: '-', 'cmd |' or
'| cmd', 'file:123' for a place within a file, or a path.
"""

import os
import re
import stat
import sys
from contextlib import contextmanager
from io import TextIOWrapper

from diarkit.errors import DataError
from diarkit.io import commands
from diarkit.io.commands import allow_pipes, pipes_allowed
from diarkit.io.outputs import Output, open_output
from diarkit.io.specifiers import check_rxfilename, check_wxfilename, plain_name, split_offset
from diarkit.io.textinput import TextInput

__all__ = [
    "Input",
    "Output",
    "allow_pipes",
    "open_input",
    "open_output",
    "open_text_input",
    "open_text_output",
    "parse_number",
    "pipes_allowed",
    "read_lines",
]

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
STDIN = ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")  # '-' to us: a pipe read again is empty, and no error
_stdin_read = None


class Input:
    """One input, open for reading bytes in `stream`; a context manager that gives the stream."""

    def __init__(self, rxfilename, from_table=False):
        self.name = rxfilename
        self._process = None
        self._owned = True
        check_rxfilename(rxfilename)
        if rxfilename.endswith("|"):
            self._process = commands.start_command(rxfilename[:-1], from_table=from_table)
            self.stream = self._process.stdout
        elif rxfilename in ("", "-") or rxfilename in STDIN and not from_table:
            if from_table:
                raise DataError("a table cannot name standard input")
            self.stream, self._owned = _standard_input(), False
        else:
            self.stream = _open_path(rxfilename, from_table)

    def __enter__(self):
        return self.stream

    def __exit__(self, kind, error, traceback):
        self.close(error)

    def close(self, error=None):
        """Close it; raise CommandFailed if it is a command that failed (see commands.finish_reading)."""
        if self._process:
            process, self._process = self._process, None
            commands.finish_reading(process, error)
        elif self._owned:
            self.stream.close()


def open_input(rxfilename, from_table=False):
    """Open an rxfilename for reading: a context manager that gives a binary stream.

    '-' or '' is standard input, 'cmd |' the output of a shell command, 'file:123' a file from that byte on,
    anything else a path. `from_table` says that the name stood in a file (an entry of an scp): then only
    ordinary files are opened, and commands only with permission (see diarkit.io.commands).

    Raises DataError if it cannot be opened, and CommandFailed at the end if the command failed.
    """
    return Input(rxfilename, from_table)


def _open_path(rxfilename, from_table):
    path, offset = split_offset(rxfilename)
    if offset is not None and os.path.exists(rxfilename):  # a file that really has :123 in its name
        path, offset = rxfilename, None
    try:
        status = os.stat(path)
        kind = status.st_mode
        if stat.S_ISDIR(kind):
            raise DataError("is a folder, not a file", path)
        if not stat.S_ISREG(kind) and (from_table or not (stat.S_ISFIFO(kind) or _ends(path, status))):
            raise DataError("is not an ordinary file", path)
        if offset is not None and stat.S_ISREG(kind) and offset >= status.st_size:
            raise DataError(f"offset {offset} is past the end, at {status.st_size} bytes", path)
        stream = open(path, "rb")
        if offset:
            stream.seek(offset)
    except FileNotFoundError:
        raise DataError("no such file", rxfilename) from None
    except (OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"cannot be read: {getattr(error, 'strerror', None) or error}", path) from None
    return stream


def _ends(path, status):
    """Whether a device can be expected to end: an empty one, or one with a person at it."""
    if not stat.S_ISCHR(status.st_mode):
        return False
    if status.st_rdev == os.stat(os.devnull).st_rdev:
        return True
    with open(path, "rb", buffering=0) as device:
        return device.isatty()


def _standard_input():
    global _stdin_read
    if sys.stdin is None:
        raise DataError("standard input is closed")
    if sys.stdin is _stdin_read:
        raise DataError("standard input can be read only once")
    _stdin_read = sys.stdin
    return sys.stdin.buffer


@contextmanager
def open_text_input(path):
    """Open UTF-8 text for reading: gives an object with lines to iterate over, readline() and read().

    `path` is an rxfilename, or one with ark: or ark,t: before it. A byte order mark is skipped, CRLF is
    taken. Raises DataError naming file and line if it is not text.
    """
    name = plain_name(path)
    with open_input(name) as stream:
        yield TextInput(stream, "standard input" if name in ("", "-") else name)


@contextmanager
def open_text_output(path):
    """Open UTF-8 text for writing, as open_output does; `path` may have ark: or ark,t: before it."""
    name = plain_name(path)
    check_wxfilename(name)
    with open_output(name) as stream:
        text = TextIOWrapper(stream, encoding="utf-8", newline="\n")
        try:
            yield text
            text.flush()
        except BaseException:
            try:
                text.flush()
            except (OSError, ValueError):
                pass  # another failure is on its way
            raise
        finally:
            try:
                text.detach()
            except (OSError, ValueError):
                pass  # detach() flushes; that this fails has been said by flush()


def read_lines(path):
    """Iterate over the lines of a text: (line number from 1, line without its end).

    Raises DataError naming file and line if it is not text.
    """
    with open_text_input(path) as text:
        for line in text:
            yield text.line_number, line.rstrip("\n")


def parse_number(text):
    """The float that `text` writes in plain decimal, or None.

    Stricter than float(): no nan, inf, 1_0, hexadecimal or digits of other scripts.
    """
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if value - value == 0 else None  # 1e999 is infinite
