"""What headers of sound files say about the length, and how to put that right for libsndfile.

A program that writes into a pipe cannot know the length: in WAV it puts 0 or the largest number there is,
in FLAC 0. A WAV file that was cut off promises more than it has, which libsndfile accepts in silence.
Format: Microsoft's multimedia data standards update (1994) for RIFF, EBU Tech 3306 for RF64;
RFC 9639 for FLAC.
"""

import io
import os
import re
import struct
from dataclasses import dataclass

from diarkit.errors import DataError

LARGEST = 0xFFFFFFFF
PCM_BITS = (8, 12, 16, 20, 24, 32)
PCM, EXTENSIBLE = 1, 0xFFFE
PCM_GUID = bytes.fromhex("0100000000001000800000aa00389b71")
LONGEST_PAGE = 27 + 255 + 255 * 255  # bytes of Ogg
LONGEST_CHUNK = 1 << 24  # bytes of a chunk before the data, in an archive


@dataclass(frozen=True)
class WavFormat:
    """What the chunk "fmt " says: `kind` 1 is plain integers; `width` is in bytes, of a sample of all channels."""

    kind: int
    channels: int
    rate: int  # Hz
    width: int
    bits: int

    @property
    def is_pcm16(self):
        return self.kind == PCM and self.bits == 16 and self.width == 2 * self.channels


@dataclass(frozen=True)
class WavExtent:
    """Places in the file, in bytes: of the size of the data in the header, and of the data; and the format."""

    size_at: int
    start: int
    promised: int | None  # None where the header does not know
    available: int
    order: str  # "<" or ">", of the bytes of numbers
    format: WavFormat | None

    @property
    def truncated(self):
        return self.promised is not None and self.promised > self.available


def find_wav_data(handle, base=0, end=None):
    """The WavExtent of a WAV file that begins at byte `base` of an open file; None if it is no WAV.

    handle : file descriptor of an ordinary file, whose position is left alone
    end : byte of the file where the WAV file ends, if that is known

    Raises DataError if the header is truncated or impossible.
    """
    end = os.fstat(handle).st_size if end is None else end
    head = os.pread(handle, 12, base)
    if head[:4] not in (b"RIFF", b"RIFX", b"RF64") or (head[8:] != b"WAVE"[: max(len(head) - 8, 0)]):
        return None
    order = ">" if head[:4] == b"RIFX" else "<"
    at, promised_by_ds64, form = base + 12, None, None
    while True:
        chunk = os.pread(handle, 8, at)
        if len(chunk) < 8:
            raise DataError("truncated: the header of the WAV file ends before its data")
        name, (size,) = chunk[:4], struct.unpack(order + "I", chunk[4:])
        if name == b"data":
            break
        body = os.pread(handle, min(size, 40), at + 8)
        if name == b"ds64" and len(body) >= 16:
            (promised_by_ds64,) = struct.unpack("<Q", body[8:16])
        if name == b"fmt " and len(body) >= 16:
            form = _read_format(body, order)
        if not name.isascii() or not name.decode().isprintable():
            raise DataError("not a WAV file, or damaged: rubbish where a chunk should begin")
        at += 8 + size + size % 2
    start = at + 8
    promised = promised_by_ds64 if head[:4] == b"RF64" and promised_by_ds64 is not None else size
    available = max(end - start, 0)
    if _unknown(promised) and (promised or not _is_chunks(handle, start, end)):
        promised = None
    return WavExtent(at + 4, start, promised, available, order, form)


def _read_format(body, order):
    kind, channels, rate, _, width, bits = struct.unpack(order + "HHIIHH", body[:16])
    if not channels:
        raise DataError("a WAV file with 0 channels")
    if kind == PCM and bits not in PCM_BITS:
        raise DataError(f"a WAV file with {bits} bits a sample")
    if kind == EXTENSIBLE and body[24:40] == PCM_GUID:
        kind = PCM
    return WavFormat(kind, channels, rate, width, bits)


def wav_header(rate, channels, num_bytes):
    """The 44 bytes before the data of a WAV file of 16-bit integers, `num_bytes` of them, as Kaldi writes them."""
    return b"RIFF" + struct.pack("<I4s4sIHHIIHH4sI", 36 + num_bytes, b"WAVE", b"fmt ", 16, PCM, channels, rate,
                                 2 * channels * rate, 2 * channels, 16, b"data", num_bytes)


def take_wav_header(source):
    """Take the header of a WAV file in an archive from a ByteSource: its bytes, and the size of its data.

    The size is None where the header does not know it; then the data go on to the end of the stream, which
    Kaldi's wave-reader.cc has for an archive of one. Raises DataError if it is no WAV file.
    """
    source.need(12)
    head = bytearray(source.take(12))
    if head[:4] not in (b"RIFF", b"RIFX") or head[8:] != b"WAVE":
        raise DataError("not a WAV file in an archive of them")
    order = ">" if head[:4] == b"RIFX" else "<"
    while True:
        head += source.take(8)
        (size,) = struct.unpack(order + "I", head[-4:])
        if head[-8:-4] == b"data":
            break
        if size > LONGEST_CHUNK:
            raise DataError("not a WAV file, or damaged: a chunk before the data that is too long")
        head += source.take(size + size % 2)
    (whole,) = struct.unpack(order + "I", head[4:8])
    return bytes(head), None if size == whole in (0, 0x7FFFFFFF, LARGEST) or size and _unknown(size) else size


def _unknown(size):
    """Whether a size stands for "not known": 0 or nearly the largest number of 31, 32 or 64 bits.

    sox counts down from 0x7ffff000 and ffmpeg from 0xffffffff, by the size of the header.
    """
    return size == 0 or any(top - 0x1100 <= size <= top for top in (0x7FFFFFFF, LARGEST, 2**63, 2**64 - 1))


def _is_chunks(handle, at, end):
    """Whether there are chunks up to the end, or nothing: then the data really have no bytes."""
    while at < end:
        chunk = os.pread(handle, 8, at)
        if len(chunk) < 8 or not all(32 <= byte < 127 for byte in chunk[:4]):
            return False
        at += 8 + (size := struct.unpack("<I", chunk[4:])[0]) + size % 2
    return True


def is_cut_ogg(handle, base):
    """Whether an Ogg file ends within a page (RFC 3533), which libsndfile takes for the end of the sound."""
    tail = os.pread(handle, LONGEST_PAGE, max(base, os.fstat(handle).st_size - LONGEST_PAGE))
    at = tail.rfind(b"OggS\0")
    if at < 0:
        return False
    lengths = tail[at + 27 : at + 27 + tail[at + 26]] if len(tail) > at + 26 else b""
    return not lengths or at + 27 + len(lengths) + sum(lengths) > len(tail) or len(lengths) < tail[at + 26]


def last_ogg_page(handle, base, end=None):
    """How many samples the last page of an Ogg file holds, by its granule position and that of the page before it."""
    end = os.fstat(handle).st_size if end is None else end
    tail = os.pread(handle, min(2 * LONGEST_PAGE, end - base), max(base, end - 2 * LONGEST_PAGE))
    positions = [int.from_bytes(tail[at.end() + 1 : at.end() + 9], "little", signed=True)
                 for at in re.finditer(rb"OggS\0", tail)]
    positions = [position for position in positions if position >= 0]  # -1: no packet ends on the page
    return positions[-1] - positions[-2] if len(positions) > 1 else positions[-1] if positions else 0


class Patched(io.RawIOBase):
    """An open file from byte `base` on, with other bytes in one place: all that soundfile needs."""

    def __init__(self, handle, base, at=0, patch=b"", end=None):
        self._handle, self._base, self._patch_at, self._patch = handle, base, at, patch
        self._size = (os.fstat(handle).st_size if end is None else end) - base
        self._pos = 0

    def readinto(self, buffer):
        count = max(0, min(len(buffer), self._size - self._pos))
        data = bytearray(os.pread(self._handle, count, self._base + self._pos))
        for i, byte in enumerate(self._patch, self._patch_at - self._pos):
            if 0 <= i < len(data):
                data[i] = byte
        buffer[: len(data)] = data
        self._pos += len(data)
        return len(data)

    def seek(self, offset, whence=os.SEEK_SET):
        self._pos = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._pos, os.SEEK_END: self._size}[whence]
        return self._pos

    def tell(self):
        return self._pos


def patched_flac(handle, base, frames):
    """A FLAC file whose STREAMINFO says how many frames there are, which it has to be told."""
    at = 8 + 13  # "fLaC", header of the block; the number has the last 36 bits of bytes 13 to 17
    bits = int.from_bytes(os.pread(handle, 5, base + at), "big") & ~(2**36 - 1)
    return Patched(handle, base, at, (bits | frames).to_bytes(5, "big"))
