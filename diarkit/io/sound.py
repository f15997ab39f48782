"""One recording: any file that libsndfile knows, read in blocks on the scale of 16-bit samples.

Features, energies and thresholds taken from Kaldi expect samples from -32768 to 32767, whatever the file.
"""

import os
import re

import numpy as np

from diarkit.errors import DataError
from diarkit.io.headers import LARGEST, Patched, find_wav_data, is_cut_ogg, last_ogg_page, patched_flac

FULL_SCALE = 32768.0
BLOCK = 1 << 18  # frames; 16 s at 16 kHz
LOWEST_RATE, HIGHEST_RATE = 100, 1_000_000  # Hz
MOST_CHANNELS = 256
_UNKNOWN_LENGTH = 1 << 50  # frames; libsndfile says 2^63 - 1 for a FLAC file from a pipe
# What libsndfile remarks on a header that promises more than there is, in AIFF, AU, W64 and CAF files.
_SHORT = re.compile(r"(?:SSND|Data Size|riff|data) *: *(\d+) \(should be (\d+)\)")
# In CAF it does not remark on it if only the last packet is cut off; 4 bytes of the chunk are no sound.
_PACKETS = re.compile(r"Bytes / packet *: *(\d+)\s+Frames / packet *: *1\n.*^data *: *(\d+)$", re.DOTALL | re.MULTILINE)


class Sound:
    """What recordings and stretches of them have in common.

    name : as it was opened
    sample_frequency : Hz
    num_channels
    num_samples : of each channel
    exact_seeks : whether a stretch read alone has the same bits as within the whole; MP3 and Opus need what is before
    """

    exact_seeks = True

    @property
    def duration(self):
        """Seconds."""
        return self.num_samples / self.sample_frequency

    def blocks(self, frames=BLOCK, start=0, stop=None):
        """Iterate over the samples from `start` to `stop`: float32 arrays (n, num_channels), n <= frames.

        May be called any number of times, also while another iteration is under way. Raises DataError where
        the file ends early, or has NaN or infinity in it.
        """
        stop = self.num_samples if stop is None else min(stop, self.num_samples)
        while start < stop:
            block = self.read_at(start, min(frames, stop - start))
            start += len(block)
            yield block

    def read(self, start=0, stop=None):
        """The samples from `start` to `stop` as one float32 array (n, num_channels)."""
        stop = self.num_samples if stop is None else min(stop, self.num_samples)
        start = min(start, stop)
        return self.read_at(start, stop - start) if stop > start else np.zeros((0, self.num_channels), "f4")


class Stretch(Sound):
    """Samples start .. stop - 1 of a recording, of all its channels or of one."""

    def __init__(self, audio, start, stop, channel=None):
        self.name = audio.name
        self.sample_frequency = audio.sample_frequency
        self.num_channels = audio.num_channels if channel is None else 1
        self.num_samples = stop - start
        self.exact_seeks = audio.exact_seeks
        self._audio, self._start, self._channel = audio, start, channel

    def read_at(self, start, count):
        samples = self._audio.read_at(self._start + start, count)
        return samples if self._channel is None else samples[:, self._channel : self._channel + 1]


class Audio(Sound):
    """A recording that is open; a context manager."""

    def __init__(self, name, file, handle, base=0, end=None):
        """
        name : for messages
        file : what to close at the end, or None
        handle : descriptor of an ordinary file, in which the recording lies
        base, end : from where to where; `end` None for the end of the file

        Raises DataError naming the recording if it cannot be read.
        """
        self.name = name
        self._file, self._samples = file, None
        try:
            self._open(handle, base, end)
        except BaseException as error:
            self.close()
            if isinstance(error, DataError):
                raise DataError(str(error), self.name) from error
            raise

    def _open(self, handle, base, end):
        size = (os.fstat(handle).st_size if end is None else end) - base
        if size <= 0:
            raise DataError("an empty file")
        wav = find_wav_data(handle, base, end)
        if wav and wav.format and wav.format.is_pcm16:
            self._samples = Pcm16(handle, wav)
        else:
            self._samples = Coded(handle, base, end, wav)
        self.sample_frequency = self._samples.sample_frequency
        self.num_channels = self._samples.num_channels
        self.num_samples = self._samples.num_samples
        self.exact_seeks = self._samples.exact_seeks
        if not LOWEST_RATE <= self.sample_frequency <= HIGHEST_RATE:
            raise DataError(f"a sampling rate of {self.sample_frequency} Hz")
        if not 1 <= self.num_channels <= MOST_CHANNELS:
            raise DataError(f"{self.num_channels} channels")
        if wav and wav.truncated:
            raise DataError(f"truncated: {wav.available} of {wav.promised} bytes of sound are there")
        if not wav:
            self._samples.check_length()

    def read_at(self, start, count):
        """`count` samples of every channel from `start` on, which must be there; (count, num_channels) float32."""
        try:
            block = self._samples.read(start, count)
        except RuntimeError as error:  # soundfile's errors are
            raise DataError(f"damaged: {_reason(error)}", self._place(start)) from None
        if len(block) < count:
            raise DataError("truncated: the sound ends here", self._place(start + len(block)))
        if not self._samples.finite and not np.isfinite(block).all():
            bad = start + int(np.argmin(np.isfinite(block).all(axis=1)))
            raise DataError("a sample that is NaN or infinite", self._place(bad))
        return block

    def _place(self, sample):
        return f"{self.name}: at {sample / self.sample_frequency:.3f} s"

    def close(self):
        """Close the file."""
        for opened in (self._samples, self._file):
            if opened is not None:
                opened.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()


class Pcm16:
    """The samples of a WAV file of 16-bit integers, as they stand there: no library is as quick to load."""

    finite = exact_seeks = True

    def __init__(self, handle, wav):
        self._handle, self._start, self._width = handle, wav.start, wav.format.width
        self._dtype = np.dtype(np.int16).newbyteorder(wav.order)
        self.sample_frequency, self.num_channels = wav.format.rate, wav.format.channels
        self.num_samples = (wav.available if wav.promised is None else wav.promised) // self._width

    def read(self, start, count):
        data = os.pread(self._handle, count * self._width, self._start + start * self._width)
        whole = len(data) // self._width
        samples = np.frombuffer(data, self._dtype, whole * self.num_channels)
        return samples.astype(np.float32).reshape(whole, self.num_channels)

    def close(self):
        pass


class Coded:
    """The samples of a file that libsndfile decodes."""

    def __init__(self, handle, base, end, wav):
        self._handle, self._base, self._sound = handle, base, None
        if base or end is not None:
            source = Patched(handle, base, end=end)
        else:
            os.lseek(handle, 0, os.SEEK_SET)
            source = handle
        if wav and wav.promised is None:
            source = Patched(handle, base, wav.size_at - base, LARGEST.to_bytes(4, "little"), end)
        try:
            self._sound = _sound_file(source)
            if self._sound.format == "FLAC" and self._sound.frames > _UNKNOWN_LENGTH:
                frames = 0
                while count := len(self._sound.read(BLOCK, dtype="int16")):
                    frames += count
                self._sound.close()
                self._sound = _sound_file(patched_flac(handle, base, frames))
        except (RuntimeError, TypeError) as error:  # soundfile's errors are RuntimeErrors
            self.close()
            raise DataError(_unreadable(handle, base, error)) from None
        self.sample_frequency = self._sound.samplerate
        self.num_channels = self._sound.channels
        self.num_samples = self._sound.frames
        self.finite = self._sound.subtype not in ("FLOAT", "DOUBLE")
        self.exact_seeks = self._sound.format != "MP3" and self._sound.subtype != "OPUS"
        # Within the last page of Vorbis libsndfile 1.2 finds other samples than those that it is asked for.
        self._last = self.num_samples
        if self._sound.subtype == "VORBIS":
            self._last -= last_ogg_page(handle, base, end)
        self._at = 0

    def check_length(self):
        """Raise DataError if there is less sound than the header says, in formats other than WAV."""
        for promised, there in _SHORT.findall(self._sound.extra_info):
            if int(there) < int(promised) < LARGEST:
                raise DataError(f"truncated: {there} of {promised} bytes are there")
        if self._sound.format == "CAF" and (packets := _PACKETS.search(self._sound.extra_info)):
            width, promised = map(int, packets.groups())
            if promised - 4 > self.num_samples * width:
                raise DataError(f"truncated: {self.num_samples * width} of {promised - 4} bytes are there")
        if self._sound.format == "OGG" and is_cut_ogg(self._handle, self._base):
            raise DataError("truncated: it ends within a page of Ogg")
        if self._sound.format == "NIST":
            count = re.search(rb"\nsample_count -i (\d+)\n", os.pread(self._handle, 1024, self._base))
            if count and int(count[1]) > self.num_samples:
                raise DataError(f"truncated: {self.num_samples} of {int(count[1])} samples are there")

    def read(self, start, count):
        at, self._at = self._at, None  # where it stands after an error nobody knows
        if start != at:
            at = self._sound.seek(max(min(start, self._last), 0))
            while at < start and (skipped := len(self._sound.read(min(start - at, BLOCK), dtype="float32"))):
                at += skipped
        block = self._sound.read(count, dtype="float32", always_2d=True)
        self._at = at + len(block)
        block *= FULL_SCALE
        return block

    def close(self):
        if self._sound is not None:
            self._sound.close()


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
