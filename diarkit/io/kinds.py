"""The kinds of values of tables beside arrays of any kind: single numbers, words, or arrays of one kind only.

A table does not say of what kind its values are: `key 1` may be a number, a vector or a word. Whoever reads
it must know. The kinds are named in KINDS, their forms are those of Kaldi's util/kaldi-holder-inl.h.
"""

import math
import re
import struct
from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError
from diarkit.io import posteriors, textvalues, values
from diarkit.io.values import WrongKind

LONGEST_LINE = 1 << 28  # bytes
SMALLEST_INT, LARGEST_INT = -(2**31), 2**31 - 1
_SPACE = re.compile("[ \t\r\v\f]+")
_WORD = re.compile("[^\0-\x20\x7f]+")
_NUMBERS = {4: struct.Struct("<f"), 8: struct.Struct("<d")}
_INT = struct.Struct("<i")


class Kind(NamedTuple):
    """How values of one kind are read and written.

    read : takes one value from a ByteSource; raises WrongKind for another kind, DataError for damage
    encode : the bytes of a value in a binary archive, after the key and a space
    format : the text of a value in a text archive, after the key and a space, with the end of its line
    """

    read: object
    encode: object
    format: object


def read_int(source):
    """A whole number of 32 bits: an int."""
    if not values.is_binary(source):
        return _only(textvalues.read_text(source), "a whole number", "i")
    return _INT.unpack(_take_number(source, "a whole number", (4,)))[0]


def read_float(source):
    """A number, single or double precision as it is stored: a float."""
    if not values.is_binary(source):
        return float(_only(textvalues.read_text(source), "a number", "if"))
    data = _take_number(source, "a number", (4, 8))
    return _NUMBERS[len(data)].unpack(data)[0]


def read_bool(source):
    """T or F: a bool."""
    if values.is_binary(source):
        source.need(3)
        word = source.buffer[source.pos + 2 : source.pos + 3]
        if word not in b"TF":
            _wrong(source, "true or false")
        source.pos += 3
    else:
        word = _line(source).strip().encode()
    if word not in (b"T", b"F"):
        raise WrongKind(f"T or F expected, not {word[:40].decode()!r}")
    return word == b"T"


def read_token(source):
    """One word: a str."""
    words = read_tokens(source)
    if len(words) != 1:
        raise WrongKind(f"one word expected, not {len(words)}")
    return words[0]


def read_tokens(source):
    """A line of words, perhaps none: a list of str."""
    if values.is_binary(source):
        _wrong(source, "words")
    line = _line(source)
    return line.split() if line.isascii() else [word for word in _SPACE.split(line) if word]


def read_ints(source):
    """Whole numbers of 32 bits: an int32 array (N,)."""
    text = not values.is_binary(source)
    array = values.read_value(source)
    if array.ndim != 1 or array.dtype != np.int32 and not (text and not array.size):
        raise WrongKind(f"{values.kind_name(array)} where a vector of integers is expected")
    return array.astype(np.int32, copy=False)


def read_vector(source):
    """A vector: a float32 or float64 array (N,)."""
    array = values.read_value(source)
    if array.ndim != 1 or array.dtype.kind != "f":
        raise WrongKind(f"{values.kind_name(array)} where a vector is expected")
    return array


def encode_int(value):
    return b"\0B\4" + _INT.pack(_whole(value))


def encode_float(value):
    return b"\0B\4" + _single(value).tobytes()


def encode_double(value):
    return b"\0B\10" + _NUMBERS[8].pack(value)


def encode_bool(value):
    return b"\0BT" if value else b"\0BF"


def format_int(value):
    return f"{_whole(value)} \n"


def format_float(value):
    return textvalues.digits(_single(value).reshape(1)) + " \n"


def format_double(value):
    return textvalues.digits(np.array([value], float)) + " \n"


def format_bool(value):
    return "T \n" if value else "F \n"


def format_token(value):
    return format_tokens([value])


def format_tokens(words):
    for word in words:
        if not _WORD.fullmatch(word):
            raise DataError(f"not a word without white space: {word!r}")
    return " ".join(words) + "\n"


def encode_array(array):
    return b"".join(values.encode(array))


def format_array(array):
    return values.encode_text(array).decode()


def _words(form):
    """Words are text in binary archives too."""
    return lambda value: form(value).encode()


KINDS = {
    "int32": Kind(read_int, encode_int, format_int),
    "float": Kind(read_float, encode_float, format_float),
    "double": Kind(read_float, encode_double, format_double),
    "bool": Kind(read_bool, encode_bool, format_bool),
    "token": Kind(read_token, _words(format_token), format_token),
    "tokens": Kind(read_tokens, _words(format_tokens), format_tokens),
    "int32-vector": Kind(read_ints, encode_array, format_array),
    "vector": Kind(read_vector, encode_array, format_array),
    "matrix": Kind(values.read_matrix, encode_array, format_array),
    "gselect": Kind(posteriors.read_selection, posteriors.encode_selection, posteriors.format_selection),
    "posteriors": Kind(posteriors.read_posteriors, posteriors.encode_posteriors, posteriors.format_posteriors),
}


def find_kind(name):
    """The Kind of a name; ValueError for another name."""
    if name not in KINDS:
        raise ValueError(f"no kind of values is called {name!r}; there are {', '.join(KINDS)}")
    return KINDS[name]


def check_finite(value):
    """Raise DataError for NaN and infinity, in a float or in an array, and for Gaussians that cannot be."""
    if isinstance(value, float | np.floating):
        if not math.isfinite(value):
            raise DataError(f"the number is {value}")
    elif isinstance(value, np.ndarray):
        values.check_finite(value)
    elif isinstance(value, posteriors.Selection):
        value.check()


def _only(array, what, letters):
    if array.size != 1 or array.ndim > 1 or array.dtype.kind not in letters or array.dtype == np.float32:
        raise WrongKind(f"{what} expected, not {values.kind_name(array)}")
    return array.item()


def _take_number(source, what, sizes):
    """The bytes of a binary number of one of these sizes."""
    source.need(3)
    size = source.buffer[source.pos + 2]
    if size not in sizes:
        if size in (4, 8):
            source.pos += 3 + size
            raise WrongKind(f"{what} of {size} bytes where one of {sizes[0]} is expected")
        _wrong(source, what)
    source.pos += 3
    return source.take(size)


def _wrong(source, what):
    """Take a binary value of another kind than is expected, and say so."""
    raise WrongKind(f"{values.kind_name(values.read_value(source))} where {what} is expected")


def _line(source):
    try:
        return source.take_until(b"\n", LONGEST_LINE).decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError:
        raise WrongKind("not UTF-8") from None


def _whole(value):
    number = int(value)
    if number != value:
        raise ValueError(f"not a whole number: {value!r}")
    if not SMALLEST_INT <= number <= LARGEST_INT:
        raise DataError("an integer that does not fit in 32 bits")
    return number


def _single(value):
    with np.errstate(over="ignore"):
        single = np.array(value, "<f4")
    if np.isinf(single) and math.isfinite(value):
        raise DataError(f"{value:g} does not fit in single precision")
    return single
