"""Recordings: any file that libsndfile knows, read in blocks on the scale of 16-bit samples.

Features, energies and thresholds taken from Kaldi expect samples from -32768 to 32767, whatever the file.
"""

import os
import re
import shutil
import stat
import tempfile

import numpy as np

from diarkit.errors import DataError, ItemError
from diarkit.io.headers import LARGEST, Patched, find_wav_data, patched_flac
from diarkit.io.lists import read_records
from diarkit.io.specifiers import parse_rspecifier
from diarkit.io.streams import Input

FULL_SCALE = 32768.0
BLOCK = 1 << 18  # frames; 16 s at 16 kHz
LOWEST_RATE, HIGHEST_RATE = 100, 1_000_000  # Hz
MOST_CHANNELS = 256
_UNKNOWN_LENGTH = 1 << 50  # frames; libsndfile says 2^63 - 1 for a FLAC file from a pipe
# What libsndfile remarks on a header that promises more than there is, in AIFF, AU, W64 and CAF files.
_SHORT = re.compile(r"(?:SSND|Data Size|riff|data) *: *(\d+) \(should be (\d+)\)")


def open_audio(rxfilename, from_table=False):
    """Open a recording: 'file', 'wav.ark:123', 'cmd |' or '-'; an Audio, which is a context manager.

    What cannot be read twice, a pipe, is first copied to a temporary file without a name. `from_table`
    says that the name stood in a file, see open_input. Raises DataError naming the file.
    """
    return Audio(rxfilename, from_table)


class Audio:
    """A recording that is open.

    name : as it was opened
    sample_frequency : Hz
    num_channels
    num_samples : of each channel
    """

    def __init__(self, rxfilename, from_table=False):
        self.name = "standard input" if rxfilename in ("", "-") else rxfilename
        self._file, self._sound = None, None
        self._file, handle, base = _seekable(rxfilename, from_table)
        try:
            self._open(handle, base)
        except BaseException as error:
            self.close()
            if isinstance(error, DataError):
                raise DataError(str(error), self.name) from error
            raise

    def _open(self, handle, base):
        size = os.fstat(handle).st_size - base
        if size <= 0:
            raise DataError("an empty file")
        wav = find_wav_data(handle, base)
        os.lseek(handle, 0, os.SEEK_SET)
        source = Patched(handle, base) if base else handle
        if wav and wav.promised is None:
            source = Patched(handle, base, wav.size_at - base, LARGEST.to_bytes(4, "little"))
        try:
            self._sound = _sound_file(source)
            if self._sound.format == "FLAC" and self._sound.frames > _UNKNOWN_LENGTH:
                frames = 0
                while count := len(self._sound.read(BLOCK, dtype="int16")):
                    frames += count
                self._sound.close()
                self._sound = _sound_file(patched_flac(handle, base, frames))
        except (RuntimeError, TypeError) as error:  # soundfile's errors are RuntimeErrors
            raise DataError(_unreadable(handle, base, error)) from None
        self.sample_frequency = self._sound.samplerate
        self.num_channels = self._sound.channels
        self.num_samples = self._sound.frames
        self._finite = self._sound.subtype not in ("FLOAT", "DOUBLE")
        self._at = 0
        if not LOWEST_RATE <= self.sample_frequency <= HIGHEST_RATE:
            raise DataError(f"a sampling rate of {self.sample_frequency} Hz")
        if not 1 <= self.num_channels <= MOST_CHANNELS:
            raise DataError(f"{self.num_channels} channels")
        if wav and wav.truncated:
            raise DataError(f"truncated: {wav.available} of {wav.promised} bytes of sound are there")
        if not wav:
            self._check_length(handle, base)

    def _check_length(self, handle, base):
        """Raise DataError if there is less sound than the header says, in formats other than WAV."""
        for promised, there in _SHORT.findall(self._sound.extra_info):
            if int(there) < int(promised) < LARGEST:
                raise DataError(f"truncated: {there} of {promised} bytes are there")
        if self._sound.format == "NIST":
            count = re.search(rb"\nsample_count -i (\d+)\n", os.pread(handle, 1024, base))
            if count and int(count[1]) > self.num_samples:
                raise DataError(f"truncated: {self.num_samples} of {int(count[1])} samples are there")

    def blocks(self, frames=BLOCK, start=0, stop=None):
        """Iterate over the samples from `start` to `stop`: float32 arrays (n, num_channels), n <= frames.

        May be called any number of times, also while another iteration is under way. Raises DataError where
        the file ends early, or has NaN or infinity in it.
        """
        stop = self.num_samples if stop is None else min(stop, self.num_samples)
        while start < stop:
            block = self._read_at(start, min(frames, stop - start))
            start += len(block)
            yield block

    def read(self, start=0, stop=None):
        """The samples from `start` to `stop` as one float32 array (n, num_channels)."""
        stop = self.num_samples if stop is None else min(stop, self.num_samples)
        start = min(start, stop)
        return self._read_at(start, stop - start) if stop > start else np.zeros((0, self.num_channels), "f4")

    def _read_at(self, start, count):
        try:
            if start != self._at:
                self._at = None
                self._at = self._sound.seek(start)
            block = self._sound.read(count, dtype="float32", always_2d=True)
        except RuntimeError as error:
            self._at = None
            raise DataError(f"damaged: {_reason(error)}", self._place(start)) from None
        self._at += len(block)
        if len(block) < count:
            raise DataError("truncated: the sound ends here", self._place(start + len(block)))
        if not self._finite and not np.isfinite(block).all():
            bad = start + int(np.argmin(np.isfinite(block).all(axis=1)))
            raise DataError("a sample that is NaN or infinite", self._place(bad))
        block *= FULL_SCALE
        return block

    def _place(self, sample):
        return f"{self.name}: at {sample / self.sample_frequency:.3f} s"

    def close(self):
        """Close the file."""
        for opened in (self._sound, self._file):
            if opened is not None:
                opened.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()


def read_audio_table(rspecifier):
    """Iterate over a table of recordings, `scp:wav.scp` or its plain path: (key, Audio).

    The Audio is closed when the next one is asked for. A recording that cannot be opened raises ItemError
    from next(), and the next next() goes on; with the option `p` it is passed over and counted in
    `passed_over`. A damaged list raises DataError naming file and line.
    """
    return AudioReader(rspecifier)


class AudioReader:
    """The iterator that read_audio_table gives; see there."""

    def __init__(self, rspecifier):
        prefix = "" if re.match(r"[a-z, ]*\b(ark|scp)\b[a-z, ]*:", rspecifier) else "scp:"
        self.specifier = parse_rspecifier(prefix + rspecifier)
        if self.specifier.kind != "scp":
            raise DataError("recordings are read from scp: or the path of a wav.scp", repr(rspecifier))
        self.passed_over = 0
        self._records = read_records(self.specifier.rxfilename, "file")
        self._audio = None

    def __iter__(self):
        return self

    def __next__(self):
        self.close()
        for _, key, entry in self._records:
            try:
                self._audio = open_audio(entry, from_table=True)
                return key, self._audio
            except DataError as error:
                if not self.specifier.permissive:
                    raise ItemError(key, str(error)) from error
                self.passed_over += 1
        raise StopIteration

    def close(self):
        """Close the recording that is open."""
        if self._audio is not None:
            self._audio.close()
            self._audio = None


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
        shutil.copyfileobj(stream, copy, 1 << 20)
        copy.flush()
    except OSError as error:  # as a rule the disk is full
        copy.close()
        raise DataError(f"cannot be copied to {tempfile.gettempdir()}: {error.strerror}") from None
    return copy


def _sound_file(source):
    """A soundfile.SoundFile that reads on without seeking in between.

    soundfile seeks to where it stands after every read, which costs time, makes MP3 begin anew with a
    frame that lacks what it builds on, and fails at the end of FLAC of unknown length.
    """
    import soundfile  # not at the top: tools that read no sound do without libsndfile

    class SoundFile(soundfile.SoundFile):
        def seekable(self):
            return False

    return SoundFile(source, closefd=False)


def _unreadable(handle, base, error):
    head = os.pread(handle, 40, base)
    if head.isascii() and all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head) and head[:4] != b"RIFF":
        return f"not audio but text that begins with {head.decode().split(chr(10))[0][:30]!r}"
    return f"not audio that can be read: {_reason(error)}"


def _reason(error):
    text = getattr(error, "error_string", None) or str(error)
    return re.sub(r"^Error *: *", "", text).strip().rstrip(".").replace("\n", " ")
