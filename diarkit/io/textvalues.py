"""Values of tables in Kaldi's text form.

key  [ 1 2.5 3 ]          a vector
key  [                    a matrix
  1 2.5 3
  4 5 6 ]
key 1 2 3                 integers
key 1.5                   a number
"""

import re

import numpy as np

from diarkit.errors import DataError

LARGEST = 1 << 32  # bytes of one value
_NUMBERS = re.compile(rb"[0-9eE+\-.\s]*")
_SPECIAL = re.compile(rb"[+-]?(nan|inf|infinity)", re.IGNORECASE)


def read_text(source, dtype=np.float32):
    """Read one text value from a ByteSource: of `dtype` if in brackets, else int32 or one float64."""
    line = source.take_until(b"\n", LARGEST)
    body = line.strip()
    if not body.startswith(b"["):
        return _read_plain(body)
    if b"]" not in body:
        body += b"\n" + source.take_until(b"]", LARGEST)
        if not body.endswith(b"]"):
            raise DataError("the data end before the closing bracket (truncated)")
        rest = source.take_until(b"\n", LARGEST)
        if rest.strip():
            raise DataError(f"unexpected {_shown(rest)} after the closing bracket")
    elif body.find(b"]") != len(body) - 1:
        raise DataError(f"unexpected {_shown(body[body.find(b']') + 1 :])} after the closing bracket")
    body = body[1:-1]
    rows = [row for row in body.replace(b";", b"\n").split(b"\n") if row.strip()]
    if b"\n" not in body and b";" not in body:
        return _numbers(body, dtype)
    if not rows:
        return np.zeros((0,), dtype)
    matrix = [_numbers(row, dtype) for row in rows]
    for i, row in enumerate(matrix):
        if len(row) != len(matrix[0]):
            raise DataError(f"row {i + 1} has {len(row)} numbers, the first has {len(matrix[0])}")
    return np.stack(matrix)


def _read_plain(body):
    """Integers, or one number, without brackets."""
    tokens = body.split()
    try:
        if all(re.fullmatch(rb"[+-]?[0-9]+", token) for token in tokens):
            return np.array([int(token) for token in tokens], np.int32)
    except (OverflowError, ValueError):  # the latter for thousands of digits
        raise DataError("an integer that does not fit in 32 bits") from None
    if len(tokens) == 1:
        return np.array(float(body)) if _SPECIAL.fullmatch(body) else _one(body)
    raise DataError(f"not a matrix, vector or list of integers: {_shown(body)}")


def _one(token):
    if not _NUMBERS.fullmatch(token):
        raise DataError(f"not a number: {_shown(token)}")
    try:
        return np.array(float(token))
    except ValueError:
        raise DataError(f"not a number: {_shown(token)}") from None


def _numbers(row, dtype):
    """An array from the bytes of a row of numbers."""
    tokens = row.split()
    if not _NUMBERS.fullmatch(row):  # float() would take 1_0 and digits of other scripts
        for token in tokens:
            if not _NUMBERS.fullmatch(token) and not _SPECIAL.fullmatch(token):
                raise DataError(f"not a number: {_shown(token)}")
    try:
        with np.errstate(over="ignore"):
            return np.array([float(token) for token in tokens], np.float64).astype(dtype)
    except ValueError as error:
        raise DataError(f"not a number: {str(error).split(':')[-1].strip()}") from None


def _shown(data):
    text = data.strip()[:40].decode("utf-8", "backslashreplace")
    return repr(text)


def format_text(array):
    """The text of a value as it stands after the key and a space, with the end of the line.

    Numbers have as many digits as it takes to read the same number again.
    """
    if array.dtype.kind == "i":
        return "".join(f"{value} " for value in array.tolist()) + "\n"
    if array.ndim == 0:
        return digits(array.reshape(1)) + " \n"
    if array.ndim == 1:
        return f" [ {digits(array)} ]\n" if array.size else " [ ]\n"
    if not array.size:
        return " [ ]\n"
    return " [\n  " + format_rows(array) + " ]\n"


def format_rows(matrix):
    """The rows of a matrix as they stand between the brackets."""
    return " \n  ".join(map(digits, matrix))


def digits(row):
    """Numbers in the fewest digits that give the same number again; whole ones without a point."""
    if row.dtype == np.float64:
        texts = map(repr, row.tolist())
    else:
        texts = row.astype("U32").tolist()
    return " ".join(text.removesuffix(".0") for text in texts)
