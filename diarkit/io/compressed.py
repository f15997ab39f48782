"""Kaldi's compressed matrices, kinds CM, CM2 and CM3: a byte or two for each value.

A header holds the least value and the range. CM2 and CM3 spread the values evenly over it, in two bytes
or one. CM keeps, for each column, its least value, its quartiles and its greatest value in two bytes each,
and one byte for each value: 0 to 64 between the first two, to 192 between the quartiles, to 255 above.
Format: Kaldi's matrix/compressed-matrix.cc.
"""

import io
import struct

import numpy as np

from diarkit.errors import DataError
from diarkit.io.source import ByteSource

_HEADER = struct.Struct("<ffii")  # least value, range, rows, columns
_STEPS = np.array([0, 64, 192, 255])  # the bytes of CM that stand for least, quartiles, greatest
_ONE_BYTE, _TWO_BYTES = np.dtype("u1"), np.dtype("<u2")
_f = np.float32


def read_compressed(source):
    """Read a compressed matrix from a ByteSource, NUL B having been taken: (N, D) float32."""
    source.fill(5)
    kind = source.buffer[source.pos : source.pos + 5].split(b" ")[0]
    if kind not in (b"CM", b"CM2", b"CM3"):
        raise DataError(f"unknown kind of value {kind!r}")
    source.take(len(kind) + 1)
    least, width, rows, cols = _HEADER.unpack(source.take(_HEADER.size))
    if rows < 0 or cols < 0:
        raise DataError(f"malformed header: negative size {rows} x {cols}")
    if not np.isfinite([least, width]).all():
        raise DataError("malformed header: the range of a compressed matrix is NaN or infinite")
    least, width = _f(least), _f(width)
    if kind == b"CM2":
        codes = source.take_array(rows * cols, _TWO_BYTES).reshape(rows, cols)
        return least + codes.astype(_f) * _f(float(width) / 65535)
    if kind == b"CM3":
        codes = source.take_array(rows * cols, _ONE_BYTE).reshape(rows, cols)
        return least + codes.astype(_f) * _f(float(width) / 255)
    data = source.take_array(cols * (8 + rows), _ONE_BYTE)
    marks = data[: 8 * cols].view("<u2").reshape(cols, 4)
    marks = least + width * _f(1 / 65535) * marks.astype(_f)  # (cols, 4)
    codes = data[8 * cols :].reshape(cols, rows)
    return _decode_columns(codes, marks).T.copy()


def _decode_columns(codes, marks):
    """(cols, rows) values from bytes and (cols, 4) values of the marks."""
    code = np.arange(256)
    part = (code > _STEPS[1]).astype(int) + (code > _STEPS[2])  # between which two marks a byte lies
    step = (code - _STEPS[part]).astype(_f)
    rise = np.diff(marks)[:, part] * step  # (cols, 256)
    # In double here, as Kaldi does, so that the values come out the same to the last bit.
    values = marks[:, part] + rise.astype(float) / np.diff(_STEPS)[part]
    return np.take_along_axis(values.astype(_f), codes, axis=1)


def encode(matrix, method):
    """The bytes of a matrix compressed by one of Kaldi's methods, from NUL B on.

    matrix : (N, D) finite floats
    method : 1 CM, or CM2 for 8 rows and fewer; 2 CM; 3 CM2; 4 CM2 for integers of 16 bits; 5 CM3;
        6 CM3 for integers from 0 to 255; 7 CM3 for values from 0 to 1. Values outside are cut off
    """
    if method not in range(1, 8):
        raise ValueError(f"compression method {method}, not 1 to 7")
    matrix = np.asarray(matrix, _f)
    rows, cols = matrix.shape
    if method == 1:
        method = 2 if rows > 8 else 3
    if not matrix.size:
        return b"\0B" + _kind(method) + _HEADER.pack(0, 0, 0, 0)
    if method == 4:
        least, width = _f(-32768), _f(65535)
    elif method in (6, 7):
        least, width = _f(0), _f(255 if method == 6 else 1)
    else:
        flat = matrix.reshape(-1)
        least, greatest = flat[flat.argmin()], flat[flat.argmax()]  # of 0 and -0 the first
        if greatest == least:
            greatest = _f(float(least) + (1 + abs(float(least))))
        width = _f(greatest - least)
    head = b"\0B" + _kind(method) + _HEADER.pack(least, width, rows, cols)
    if method in (3, 4):
        return head + _spread(matrix, least, width, 65535).astype("<u2").tobytes()
    if method in (5, 6, 7):
        return head + _spread(matrix, least, width, 255).astype("u1").tobytes()
    marks = _column_marks(matrix, least, width)  # (cols, 4)
    values = least + width * _f(1 / 65535) * marks.astype(_f)
    return head + marks.astype("<u2").tobytes() + _encode_columns(matrix, values).tobytes()


def decode(data):
    """The matrix that `encode` has made these bytes of, with what the compression has left of it."""
    return read_compressed(ByteSource(io.BytesIO(data[2:])))


def _kind(method):
    return {2: b"CM ", 3: b"CM2 ", 4: b"CM2 "}.get(method, b"CM3 ")


def _spread(values, least, width, top):
    """Values as whole numbers from 0 to `top`, over the range of the header."""
    part = np.clip((values - least) / width, _f(0), _f(1))
    return ((part * _f(top)).astype(float) + 0.499).astype(np.int64)


def _column_marks(matrix, least, width):
    """(cols, 4) codes of least value, quartiles and greatest value of each column, each above the last."""
    rows, cols = matrix.shape
    at = [0, rows // 4, 3 * (rows // 4), rows - 1] if rows >= 5 else list(range(rows))
    found = np.empty((cols, len(at)), _f)
    for c in range(cols):
        found[c] = np.partition(matrix[:, c], at)[at]
    codes = _spread(found, least, width, 65535)
    marks = np.zeros((cols, 4), np.int64)
    for i in range(4):
        lowest = marks[:, i - 1] + 1 if i else np.zeros(cols, np.int64)
        code = codes[:, i] if i < len(at) else lowest
        marks[:, i] = np.minimum(np.maximum(code, lowest), 65532 + i)
    return marks


def _encode_columns(matrix, marks):
    """(cols, rows) bytes: where between the marks of its column each value lies."""
    out = np.empty(matrix.shape[::-1], np.uint8)
    for c in range(matrix.shape[1]):
        column = matrix[:, c].copy()
        below = column < marks[c, 1], column < marks[c, 2]
        for part, chosen in enumerate((below[0], below[1] & ~below[0], ~below[1] & ~below[0])):
            low, high = marks[c, part], marks[c, part + 1]
            first, last = _STEPS[part], _STEPS[part + 1]
            with np.errstate(all="ignore"):  # marks may be the same number
                share = (column[chosen] - low) / (high - low) * _f(last - first)
            # In double from here, as Kaldi does; where it overflows an integer it comes out at the lower end.
            share = share.astype(float) + 0.5
            share[~(np.abs(share) < 2**31)] = 0
            out[c, chosen] = np.clip(first + np.trunc(share), first, last)
    return out
