"""The bytes of one value of a table: matrices, vectors, integers, numbers, as Kaldi writes them.

A binary value begins with NUL B and a short word for its kind; integers are each preceded by a byte that
tells their size. Anything else is text. Nothing is ever unpickled. Formats: Kaldi's matrix/kaldi-matrix.cc,
matrix/compressed-matrix.cc, base/io-funcs-inl.h; see also textvalues.py and compressed.py.
"""

import struct

import numpy as np

from diarkit.errors import DataError
from diarkit.io import compressed, textvalues

_SIZE = struct.Struct("<bi")
_SIZES = struct.Struct("<bibi")
_VECTORS = {b"FV ": np.dtype("<f4"), b"DV ": np.dtype("<f8")}
_AT_HAND = {b"\0B" + kind: dtype for kind, dtype in _VECTORS.items()}
_MATRICES = {b"FM ": np.dtype("<f4"), b"DM ": np.dtype("<f8")}
_PACKED = {b"FP ": np.dtype("<f4"), b"DP ": np.dtype("<f8")}
_REFUSED = {b"PKL": "a pickle", b"NPY": "a numpy file", b"AUD": "audio"}
_DOUBLE = np.dtype("<f8")
_INT = np.dtype([("size", "i1"), ("value", "<i4")])
LARGEST_INT = 2**31 - 1
LARGE_BODY = 1 << 16  # bytes from which on a copy costs more than it is worth


class WrongKind(DataError):
    """A value has been read to its end, but is of another kind than is expected."""


def read_value(source):
    """Read one value, binary or text, from a ByteSource.

    Returns an array that may be changed: (N, D) or (N,) float32 or float64 as stored, (N,) int32 for
    integers, () float64 for one number with a decimal point. NaN and infinity are read as they are.
    Raises DataError if it is truncated, malformed or of a kind that is not read.
    """
    buffer, pos = source.buffer, source.pos
    dtype = _AT_HAND.get(buffer[pos : pos + 5])
    if dtype and len(buffer) >= pos + 10:  # a vector that is in the buffer already: the quick way
        marker, count = _SIZE.unpack_from(buffer, pos + 5)
        end = pos + 10 + count * dtype.itemsize
        if marker == 4 and count >= 0 and end <= len(buffer):
            source.pos = end
            return np.frombuffer(buffer, dtype, count, pos + 10).copy()
    if is_binary(source):
        source.pos += 2
        return read_binary(source)
    _refuse(source.buffer[source.pos : source.pos + 3])  # kaldiio writes these without NUL B
    return textvalues.read_text(source)


def read_binary(source):
    """Read one binary value; the NUL and B before it have been taken."""
    source.need(3)
    kind = source.buffer[source.pos : source.pos + 3]
    if kind in _VECTORS:
        source.need(8)
        marker, count = _SIZE.unpack_from(source.buffer, source.pos + 3)
        source.pos += 8
        _check_size(marker, count)
        return source.take_array(count, _VECTORS[kind])
    if kind in _MATRICES:
        shape = _read_shape(source)
        return source.take_array(shape[0] * shape[1], _MATRICES[kind]).reshape(shape)
    if kind[:1] == b"\4":
        return _read_ints(source)
    if kind[:1] == b"\10":
        source.take(1)
        return source.take_array(1, _DOUBLE).reshape(())
    if kind[:2] == b"CM":
        return compressed.read_compressed(source)
    if kind in _PACKED:
        return _read_packed(source, _PACKED[kind])
    _refuse(kind)
    word = source.buffer[source.pos : source.pos + 12].split(b" ")[0]
    raise DataError(f"unknown kind of value {word!r}")


def read_matrix_head(source):
    """Take the header of a matrix of single or double precision: its shape and dtype.

    If another kind of value follows nothing is taken, and the result is None. Raises DataError if the header
    is malformed, or promises more than follows in a file.
    """
    if not (is_binary(source) and source.fill(5)):
        return None
    dtype = _MATRICES.get(source.buffer[source.pos + 2 : source.pos + 5])
    if dtype is None:
        return None
    source.pos += 2
    shape = _read_shape(source)
    source.check_promise(shape[0] * shape[1] * dtype.itemsize)
    return shape, dtype


def _read_shape(source):
    """Rows and columns, after the word for the kind, which is taken too."""
    source.need(13)
    marker, rows, marker2, cols = _SIZES.unpack_from(source.buffer, source.pos + 3)
    source.pos += 13
    _check_size(marker, rows)
    _check_size(marker2, cols)
    if rows and not cols:
        raise DataError(f"malformed header: {rows} rows of no columns")
    return rows, cols


def read_number(source):
    """Read one value that is known to be a single number, as a float: text, or any binary kind of it.

    Kaldi does not store of a four-byte number whether it is an integer; small ones are taken to be.
    """
    if not is_binary(source):
        value = textvalues.read_text(source)
        if value.size != 1:
            raise DataError(f"one number expected, not {value.size}")
        return float(value.reshape(()))
    size = source.take(3)[2]
    if size == 8:
        return struct.unpack("<d", source.take(8))[0]
    if size != 4:
        raise DataError("one number expected")
    data = source.take(4)
    (integer,) = struct.unpack("<i", data)
    # Read as a float, an integer below 2^23 in size would be denormal or NaN: no other reading is sensible.
    return float(integer) if abs(integer) < 1 << 23 else struct.unpack("<f", data)[0]


def encode(array, compression=0):
    """The bytes of a binary value, from NUL B on: a head and a body, the body of a large one not copied.

    array : (N, D) or (N,) float array, kept in its precision (half precision becomes single); (N,)
        integers; or a number
    compression : 1 to 7, Kaldi's methods, for a matrix; 0 for none

    Raises ValueError for another kind of array, DataError for integers beyond 32 bits.
    """
    array = prepare(array)
    if compression and array.ndim == 2:
        return compressed.encode(array, compression), b""
    if array.dtype == np.int32:
        data = np.empty(array.size, _INT)
        data["size"], data["value"] = 4, array
        return b"\0B" + _SIZE.pack(4, array.size), data.tobytes()
    double = array.dtype == np.float64
    array = array.astype("<f8" if double else "<f4", order="C", copy=False)
    body = array.tobytes() if array.nbytes < LARGE_BODY else array.reshape(-1).view(np.uint8).data
    if array.ndim == 0:
        return (b"\0B\10" if double else b"\0B\4"), body
    if array.ndim == 1:
        return (b"\0BDV " if double else b"\0BFV ") + _SIZE.pack(4, len(array)), body
    return matrix_head(array.shape, array.dtype), body


def matrix_head(shape, dtype):
    """The bytes before the numbers of a matrix, from NUL B on."""
    return (b"\0BDM " if dtype == np.float64 else b"\0BFM ") + _SIZES.pack(4, shape[0], 4, shape[1])


def encode_text(array):
    """The text of a value as it stands after the key and a space, with the end of the line, in bytes."""
    return textvalues.format_text(prepare(array)).encode()


def prepare(array):
    """The array in one of the types that tables hold: float32, float64, or (N,) int32."""
    array = np.asarray(array)
    if array.dtype.kind == "f" and array.ndim <= 2:
        return array.astype(np.float32 if array.dtype.itemsize < 8 else np.float64, copy=False)
    if array.dtype.kind in "iub" and array.ndim <= 1:
        if array.size and (array.max() > LARGEST_INT or array.min() < -LARGEST_INT - 1):
            raise DataError("an integer that does not fit in 32 bits")
        return np.atleast_1d(array).astype(np.int32)
    raise ValueError(f"a table holds no array of type {array.dtype} with {array.ndim} dimensions")


def read_matrix(source):
    """Read one value that must be a matrix, float32 or float64 (N, D). Raises WrongKind."""
    text = not is_binary(source)
    array = read_value(source)
    if text and array.shape == (0,) and array.dtype.kind == "f":  # `[ ]` is a matrix as well as a vector
        return array.reshape(0, 0)
    if array.ndim != 2:
        raise WrongKind(f"{kind_name(array)} where a matrix is expected")
    return array


def kind_name(array):
    """What a value is, in words."""
    if array.ndim == 1 and array.dtype.kind == "i":
        return "a vector of integers"
    return ("a number", "a vector", "a matrix")[array.ndim]


def check_finite(array, first=0):
    """Raise DataError if there is NaN or infinity in an array, whose rows are counted from `first`."""
    if array.dtype.kind != "f":
        return
    finite = np.isfinite(array)
    # Looking for a byte that is 0 in a short answer is quicker than all(), by half a microsecond.
    if 0 in finite.tobytes() if finite.size < LARGE_BODY else not finite.all():
        bad = np.argwhere(~finite)
        if array.ndim:
            bad[:, 0] += first
        raise DataError(
            f"{len(bad)} of {array.size} values are NaN or infinite, the first at {bad[0].tolist()}"
        )


def is_binary(source):
    """Whether a binary value follows."""
    # One byte first: a text value may be no longer, and a pipe slow.
    if not (source.fill(1) and source.buffer[source.pos] == 0 and source.fill(2)):
        return False
    return source.buffer[source.pos : source.pos + 2] == b"\0B"


def _refuse(kind):
    if kind in _REFUSED:
        raise DataError(f"{_REFUSED[kind]} in an archive is not read")


def _check_size(marker, size):
    if marker != 4:
        raise DataError("malformed header: no size where one should be")
    if size < 0:
        raise DataError(f"malformed header: negative size {size}")


def _read_ints(source):
    marker, count = _SIZE.unpack(source.take(5))
    _check_size(marker, count)
    items = source.take_array(count, _INT) if source.fill(min(count, 64) * 5) else None
    if items is None or (items["size"] != 4).any():
        raise DataError("not a vector of integers (if it is a single number, it must be read as one)")
    return items["value"].astype(np.int32)


def _read_packed(source, dtype):
    """A symmetric matrix, of which the lower triangle is stored row by row."""
    source.take(3)
    marker, n = _SIZE.unpack(source.take(5))
    _check_size(marker, n)
    lower = source.take_array(n * (n + 1) // 2, dtype)
    matrix = np.zeros((n, n), dtype)
    matrix[np.tril_indices(n)] = lower
    return np.maximum(matrix, matrix.T) if n < 1 else matrix + np.tril(matrix, -1).T
