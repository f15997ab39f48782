"""Opening recordings: a single one, or a table of them."""

import os
import re
import shutil
import stat
import tempfile

from diarkit.errors import DataError, ItemError
from diarkit.io.headers import take_wav_header
from diarkit.io.lists import read_records
from diarkit.io.readers import TableReader
from diarkit.io.sound import Audio
from diarkit.io.specifiers import parse_rspecifier
from diarkit.io.streams import Input

COPIED = 1 << 20  # bytes at a time


def open_audio(rxfilename, from_table=False):
    """Open a recording: 'file', 'wav.ark:123', 'cmd |' or '-'; an Audio, which is a context manager.

    What cannot be read twice, a pipe, is first copied to a temporary file without a name. `from_table`
    says that the name stood in a file, see open_input. Raises DataError naming the file.
    """
    name = "standard input" if rxfilename in ("", "-") else rxfilename
    return Audio(name, *_seekable(rxfilename, from_table))


def read_audio_table(rspecifier):
    """Iterate over a table of recordings, `scp:wav.scp` or its plain path, or `ark:` of WAV files: (key, Audio).

    The Audio is closed when the next one is asked for. A recording that cannot be opened raises ItemError
    from next(), and the next next() goes on; with the option `p` it is passed over and counted in
    `passed_over`. A damaged list or archive raises DataError naming file and line or key.
    """
    return AudioReader(rspecifier)


def parse_audio_rspecifier(text):
    """The RSpecifier of a table of recordings, of which a plain path is a wav.scp whatever it is called."""
    named = re.match(r"[a-z, ]*\b(ark|scp)\b[a-z, ]*:", text)
    return parse_rspecifier(text if named else "scp:" + text)


class AudioReader:
    """The iterator that read_audio_table gives; see there."""

    def __init__(self, rspecifier):
        self.specifier = parse_audio_rspecifier(rspecifier)
        self._failed = 0
        self._archive = self._audio = None
        if self.specifier.kind == "ark":
            self._archive = WavePlaces(rspecifier)
            self._records = ((key, lambda place=place: Audio(*place)) for key, place in self._archive)
        else:
            records = read_records(self.specifier.rxfilename, "file")
            self._records = ((key, lambda entry=entry: open_audio(entry, from_table=True)) for _, key, entry in records)

    @property
    def passed_over(self):
        return self._failed + (self._archive.passed_over if self._archive else 0)

    def __iter__(self):
        return self

    def __next__(self):
        self.close()
        for key, open_it in self._records:
            try:
                self._audio = open_it()
                return key, self._audio
            except DataError as error:
                if not self.specifier.permissive:
                    raise ItemError(key, str(error)) from error
                self._failed += 1
        raise StopIteration

    def close(self):
        """Close the recording that is open."""
        if self._audio is not None:
            self._audio.close()
            self._audio = None


class WavePlaces(TableReader):
    """Iterates over an archive of WAV files: (key, the arguments of Audio). Errors as in tables.read_arrays.

    What comes from a pipe is copied to a temporary file, which holds all of them if told to `keep` them, else
    the last one.
    """

    def __init__(self, rspecifier, keep=False):
        super().__init__(rspecifier, value_reader=self._take, check=None)
        self._keep = keep
        self._file = None  # the archive itself, to be read beside the reader and after it, or the copy

    def release(self):
        """Close what the recordings are read from: none of them can be read any more."""
        self.close()
        if self._file is not None:
            self._file.close()

    def _take(self, source):
        start = source.tell()
        head, size = take_wav_header(source)
        if source.size is None:
            return self._name, None, *self._copied(source, head, size)
        size = source.size - source.tell() if size is None else size
        source.check_promise(size)
        source.skip(size)
        if self._file is None:
            self._file = os.fdopen(os.dup(source.stream.fileno()), "rb")
        return f"{self._name}:{start}", None, self._file.fileno(), start, source.tell()

    def _copied(self, source, head, size):
        """The descriptor of the copy, and where the WAV file begins and ends there."""
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="diarkit-")
            elif not self._keep:
                self._file.seek(0)
                self._file.truncate()
            start = self._file.tell()
            self._file.write(head)
            while size is None or size > 0:
                count = COPIED if size is None else min(size, COPIED)
                if not source.fill(count) and size is not None:
                    raise DataError("the data end within a WAV file (truncated)")
                part = source.take(min(count, len(source.buffer) - source.pos))
                if not part:
                    break
                self._file.write(part)
                size = None if size is None else size - len(part)
            self._file.flush()
        except OSError as error:
            raise _cannot_copy(error) from None
        return self._file.fileno(), start, self._file.tell()


def _seekable(rxfilename, from_table):
    """What to close, the descriptor of an ordinary file, and the byte of it where the recording begins.

    What comes through a pipe is copied to a file first.
    """
    opened = Input(rxfilename, from_table)
    try:
        handle = opened.stream.fileno()
        if stat.S_ISREG(os.fstat(handle).st_mode) and not rxfilename.endswith("|"):
            return opened, handle, os.lseek(handle, 0, os.SEEK_CUR)
        copy = _copy(opened.stream)
    except BaseException as error:
        opened.close(error)
        raise
    opened.close()
    return copy, copy.fileno(), 0


def _copy(stream):
    """A temporary file without a name that holds all of a stream."""
    copy = tempfile.TemporaryFile(prefix="diarkit-")
    try:
        shutil.copyfileobj(stream, copy, COPIED)
        copy.flush()
    except OSError as error:
        copy.close()
        raise _cannot_copy(error) from None
    return copy


def _cannot_copy(error):  # as a rule the disk is full
    return DataError(f"cannot be copied to {tempfile.gettempdir()}: {error.strerror}")
