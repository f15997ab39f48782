"""Features in HTK's format: a header of 12 bytes and single precision numbers, all big-endian.

In a table it stands after the key and a space, with no mark of its own, as Kaldi has it. Only whoever knows
that a table is of this kind can read it. The header: number of frames, period in 100 ns (4 bytes each), bytes
a frame, and kind of the parameters (2 bytes each). Format: The HTK Book, section 5.10.
"""

import struct

import numpy as np

from diarkit.errors import DataError, ItemError
from diarkit.io.readers import TableReader
from diarkit.io.values import WrongKind, check_finite, kind_name
from diarkit.io.writers import ArrayWriter

HEADER = struct.Struct(">iihH")
PERIOD = 100000  # 10 ms; Kaldi writes it whatever the frame shift is
KINDS = {"mfcc": 0o6, "fbank": 0o7, "plp": 0o13}
ENERGY, C0 = 0o100, 0o20000  # which of them one column is
COMPRESSED, CHECKSUM, QUANTISED = 0o2000, 0o10000, 0o40000
UNREADABLE = (0, 5, 10)  # base kinds that are no frames of floats: waveform, integers, discrete
LARGEST_WIDTH = 8191  # columns, of which the header tells the bytes in 16 bits
_FLOAT = np.dtype(">f4")


def parameter_kind(features, energy):
    """The number of a kind, 'mfcc', 'fbank' or 'plp', with the log energy or else C0, as Kaldi's programs write it."""
    return KINDS[features] | (ENERGY if energy else C0)


def read_htk(source):
    """Read one matrix of a table of HTK features: (N, D) float32. Raises DataError."""
    frames, _, width, kind = HEADER.unpack(source.take(HEADER.size))
    if frames < 0 or width <= 0 or width % 4 or frames and kind & 0o77 > 12:
        raise DataError("not a header of HTK features")
    if kind & (COMPRESSED | QUANTISED) or kind & 0o77 in UNREADABLE:
        source.skip(frames * width + 2 * bool(kind & CHECKSUM))
        raise WrongKind(f"HTK features of kind {kind:o} (octal) are not read")
    matrix = source.take_array(frames * width // 4, _FLOAT).reshape(frames, width // 4)
    if kind & CHECKSUM:
        source.skip(2)
    return matrix.astype(np.float32)


def read_htk_table(rspecifier, finite=True):
    """Iterate over a table of HTK features: (key, matrix). Errors as in tables.read_arrays."""
    return TableReader(rspecifier, read_htk, check_finite if finite else None)


class HtkWriter(ArrayWriter):
    """Writes a table of matrices in HTK's format, in single precision."""

    def __init__(self, wspecifier, kind, finite=True):
        """
        wspecifier : of a binary table
        kind : the number of the kind of parameters, see parameter_kind
        """
        super().__init__(wspecifier, finite=finite)
        if self.specifier.text:
            error = DataError("HTK's format is not text", repr(wspecifier))
            self.abandon(error)
            raise error
        self._kind = kind

    def write(self, key, array):
        """Write one matrix (N, D), see ArrayWriter; ItemError also for more columns than the format can have."""
        array = np.asarray(array)
        if array.ndim != 2:
            raise ItemError(key, f"{kind_name(array)} where a matrix is expected")
        self._check_width(key, array.shape)
        super().write(key, array)

    def write_blocks(self, key, shape, blocks, dtype=np.float32):
        """Write one matrix that comes in blocks, see ArrayWriter."""
        self._check_width(key, shape)
        super().write_blocks(key, shape, blocks, dtype)

    def _check_width(self, key, shape):
        if shape[1] > LARGEST_WIDTH:
            raise ItemError(key, f"{shape[1]} columns are more than HTK's format can have")

    def _head(self, shape):
        return HEADER.pack(shape[0], PERIOD, 4 * shape[1], self._kind)

    def _encode(self, array):
        return self._head(array.shape), array.astype(_FLOAT).tobytes()

    def _pieces(self, blocks, shape, dtype):
        yield self._head(shape)
        for block in blocks:
            yield block.astype(_FLOAT).tobytes()
