"""Values of tables that name Gaussians of a mixture for every frame: selections, and posteriors with a weight of each.

Formats: Kaldi's util/kaldi-holder-inl.h (vectors of vectors of integers, its gselect) and hmm/posterior.cc. As text

key 3 1 ; 1 ; ;                a selection: Gaussians 3 and 1 for the first frame, 1 for the second, none for the third
key [ 3 0.75 1 0.25 ] [ 1 1 ] [ ]       posteriors
"""

import re
import struct
from dataclasses import dataclass

import numpy as np

from diarkit.errors import DataError
from diarkit.io import textvalues, values

_INT = struct.Struct("<i")
_HEAD = 5  # bytes of a whole number, with the one before it that tells its size
_GAUSSIAN = [("size", "i1"), ("gaussian", "<i4")]
_SELECTED = np.dtype(_GAUSSIAN)
_WEIGHTED = np.dtype([*_GAUSSIAN, ("size2", "i1"), ("weight", "<f4")])
_WHOLE = re.compile(rb"[0-9+\-;\s]*")
_WORDS = re.compile(rb"[0-9a-zA-Z+\-.\s]*")
LONGEST = 1 << 32  # bytes of a value as text


@dataclass(frozen=True, eq=False)
class Selection:
    """The Gaussians that were selected for each of T frames, N in all.

    starts : (T + 1,) int64; those of frame t are at starts[t] to starts[t + 1]
    gaussians : (N,) int32, counted from 0

    selection[3:7] are those of frames 3 to 6.
    """

    starts: np.ndarray
    gaussians: np.ndarray

    @property
    def shape(self):
        return (len(self.starts) - 1,)

    def __len__(self):
        return len(self.starts) - 1

    def __getitem__(self, frames):
        (frames,) = frames if isinstance(frames, tuple) else (frames,)
        first, last, step = frames.indices(len(self))
        if step != 1:
            raise ValueError("frames are taken one after the other")
        starts = self.starts[first : max(last, first) + 1]
        return type(self)(starts - starts[0], *(part[starts[0] : starts[-1]] for part in self.parts()))

    def copy(self):
        return type(self)(self.starts.copy(), *(part.copy() for part in self.parts()))

    def parts(self):
        """What there is of each Gaussian: a tuple of arrays (N,)."""
        return (self.gaussians,)

    def check(self):
        """Raise DataError for Gaussians that cannot be."""
        if self.gaussians.size and self.gaussians.min() < 0:
            raise DataError(f"{self.gaussians.min()} is no number of a Gaussian")


@dataclass(frozen=True, eq=False)
class Posteriors(Selection):
    """How likely Gaussians are, given each of T frames: a Selection, and weights (N,) float32."""

    weights: np.ndarray

    def parts(self):
        return self.gaussians, self.weights

    def check(self):
        super().check()
        values.check_finite(self.weights)


def read_selection(source):
    """Take a Selection from a ByteSource."""
    if values.is_binary(source):
        starts, items = _read_binary(source, _SELECTED)
        return Selection(starts, items["gaussian"].copy())
    body = source.take_until(b"\n", LONGEST)
    if not _WHOLE.fullmatch(body):
        raise values.WrongKind("numbers of Gaussians expected, with ; after those of each frame")
    frames = body.split(b";")
    if frames.pop().strip():
        raise values.WrongKind("; expected after the Gaussians of each frame")
    frames = [frame.split() for frame in frames]
    return Selection(_starts([len(frame) for frame in frames]), _whole([word for frame in frames for word in frame]))


def read_posteriors(source):
    """Take Posteriors from a ByteSource."""
    if values.is_binary(source):
        starts, items = _read_binary(source, _WEIGHTED)
        if (items["size2"] != 4).any():
            raise DataError("posteriors expected: not an archive of them, or damaged")
        return Posteriors(starts, items["gaussian"].copy(), items["weight"].copy())
    frames = source.take_until(b"\n", LONGEST).split(b"]")
    rest = frames.pop().strip()
    frames = [frame.strip() for frame in frames]
    if rest or not all(frame.startswith(b"[") and _WORDS.fullmatch(frame[1:]) for frame in frames):
        raise values.WrongKind("posteriors expected: pairs <Gaussian> <weight>, those of each frame in brackets")
    frames = [frame[1:].split() for frame in frames]
    if any(len(frame) % 2 for frame in frames):
        raise values.WrongKind("posteriors are pairs <Gaussian> <weight>")
    words = [word for frame in frames for word in frame]
    try:
        weights = np.array([float(word) for word in words[1::2]], np.float64)
    except ValueError as error:
        raise values.WrongKind(f"not a weight: {str(error).split(':')[-1].strip()}") from None
    with np.errstate(over="ignore"):
        return Posteriors(_starts([len(frame) // 2 for frame in frames]), _whole(words[::2]),
                          weights.astype(np.float32))


def encode_selection(selection):
    """The bytes of a Selection in a binary archive."""
    return _encode(selection, np.rec.fromarrays([np.full(len(selection.gaussians), 4), selection.gaussians],
                                                dtype=_SELECTED))


def encode_posteriors(posteriors):
    """The bytes of Posteriors in a binary archive."""
    size = np.full(len(posteriors.gaussians), 4)
    return _encode(posteriors, np.rec.fromarrays([size, posteriors.gaussians, size, posteriors.weights],
                                                 dtype=_WEIGHTED))


def format_selection(selection):
    """The text of a Selection, with the end of its line."""
    words = [f"{gaussian} " for gaussian in selection.gaussians.tolist()]
    return "".join("".join(words[first:last]) + "; " for first, last in _bounds(selection)) + "\n"


def format_posteriors(posteriors):
    """The text of Posteriors, with the end of its line."""
    weights = textvalues.digits(np.asarray(posteriors.weights, np.float32)).split()
    words = [f"{gaussian} {weight} " for gaussian, weight in zip(posteriors.gaussians.tolist(), weights, strict=True)]
    return "".join("[ " + "".join(words[first:last]) + "] " for first, last in _bounds(posteriors)) + "\n"


def _bounds(selection):
    starts = selection.starts.tolist()
    return zip(starts[:-1], starts[1:], strict=True)


def _starts(sizes):
    starts = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=starts[1:])
    return starts


def _whole(words):
    try:
        return np.array([int(word) for word in words], np.int32)
    except (OverflowError, ValueError):  # the latter for a lone sign, and for thousands of digits
        raise values.WrongKind("numbers of Gaussians expected") from None


def _heads(starts, item):
    """The bytes, counted from that of the first frame, at which the count of each frame's Gaussians begins."""
    return _HEAD * np.arange(len(starts) - 1) + item.itemsize * starts[:-1]


def _read_binary(source, item):
    """The starts of frames, and items of all of them, one after the other."""
    source.take(2)
    count = _count(source.take(_HEAD))
    source.check_promise(count * _HEAD)
    sizes, taken = [], []
    while len(sizes) < count:
        source.need(_HEAD)
        buffer, pos = source.buffer, source.pos
        size = end = 0
        while len(sizes) < count and pos + _HEAD <= len(buffer):
            size = _count(buffer, pos)
            end = pos + _HEAD + size * item.itemsize
            if end > len(buffer):
                break
            sizes.append(size)
            pos = end
        taken.append(buffer[source.pos : pos])
        source.pos = pos
        if end > len(buffer):
            source.check_promise(end - pos)
            source.need(end - pos)
    starts = _starts(sizes)
    data = np.frombuffer(b"".join(taken), np.uint8)
    kept = np.ones(len(data), bool)
    kept[_heads(starts, item)[:, None] + np.arange(_HEAD)] = False
    items = data[kept].view(item)
    if (items["size"] != 4).any():
        raise DataError("numbers of Gaussians expected: not an archive of them, or damaged")
    return starts, items


def _count(buffer, pos=0):
    count = _INT.unpack_from(buffer, pos + 1)[0]
    if buffer[pos] != 4 or count < 0:
        raise DataError("Gaussians of frames expected: not an archive of them, or damaged")
    return count


def _encode(selection, items):
    starts = np.asarray(selection.starts)
    count = len(starts) - 1
    data = np.empty(_HEAD * count + items.nbytes, np.uint8)
    heads = _heads(starts, items.dtype)[:, None] + np.arange(_HEAD)
    filled = np.ones(len(data), bool)
    filled[heads] = False
    data[filled] = items.view(np.uint8)
    data[heads] = np.rec.fromarrays([np.full(count, 4), np.diff(starts)], dtype=_SELECTED).view(np.uint8).reshape(-1, 5)
    return b"\0B\4" + _INT.pack(count) + data.tobytes()
