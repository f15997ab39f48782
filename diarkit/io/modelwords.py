"""The tokens and values of Kaldi's model files, read one after the other, text or binary; modelpieces.py writes them.

Formats: Kaldi's base/io-funcs.cc, matrix/packed-matrix.cc.
"""

import struct

import numpy as np

from diarkit.errors import DataError
from diarkit.io import textvalues, values

LONGEST = 64  # bytes of a token or a number
MOST_TEXT = 1 << 32  # bytes of a matrix


class Words:
    """The tokens and values of a file, one after the other."""

    def __init__(self, source):
        self.source = source
        self.binary = values.is_binary(source)
        if self.binary:
            source.take(2)

    def word(self):
        """The next word of text, with the space after it taken."""
        self.source.skip_space()
        taken = b""
        while len(taken) < LONGEST and self.source.fill(1):
            byte = self.source.take(1)
            if byte in b" \t\r\n":
                break
            taken += byte
        return taken.decode("ascii", "replace")

    def expect(self, *tokens):
        """Take the next token, which must be one of these; returns it."""
        found = self.word()
        if found not in tokens:
            raise DataError(f"{tokens[0]} expected: not Kaldi's file of that kind, or damaged")
        return found

    def next_is(self, *tokens):
        """Whether one of these tokens follows, which is not taken."""
        self.source.skip_space()
        self.source.fill(LONGEST)
        words = self.source.buffer[self.source.pos : self.source.pos + LONGEST].split(maxsplit=1)
        return bool(words) and words[0].decode("ascii", "replace") in tokens

    def array(self, ndim, finite=True):
        """The next matrix or vector of floats, as float64."""
        if self.binary:
            found = values.read_binary(self.source)
        else:
            self.source.skip_space()
            found = textvalues.read_text(self.source, np.float64)
        if found.ndim == 1 and ndim == 2 and not found.size:
            found = found.reshape(0, 0)
        if found.dtype.kind != "f" or found.ndim != ndim:
            raise DataError(f"a {'vector' if ndim == 1 else 'matrix'} of numbers expected")
        if finite:
            values.check_finite(found)
        return found.astype(np.float64)

    def symmetric_matrices(self, count, size):
        """`count` symmetric matrices, (count, size, size)."""
        found = []
        for _ in range(count):
            found.append(self.array(2) if self.binary else self.lower_triangle())
            if found[-1].shape != (size, size):
                raise DataError(f"a symmetric matrix of {size} rows expected, not {found[-1].shape}")
        return np.stack(found)

    def lower_triangle(self):
        """A symmetric matrix as text: rows up to the diagonal."""
        self.source.skip_space()
        text = self.source.take_until(b"]", MOST_TEXT).decode("ascii", "replace").split()
        if text[:1] != ["["] or text[-1:] != ["]"]:
            raise DataError("a symmetric matrix in brackets expected")
        try:
            numbers = np.array([float(word) for word in text[1:-1]])
        except ValueError as error:
            raise DataError(f"not a number: {str(error).split(':')[-1].strip()}") from None
        size = int(np.sqrt(2 * len(numbers)))
        if size * (size + 1) // 2 != len(numbers):
            raise DataError(f"{len(numbers)} numbers are not the lower triangle of a matrix")
        values.check_finite(numbers)
        matrix = np.zeros((size, size))
        matrix[np.tril_indices(size)] = numbers
        return matrix + np.tril(matrix, -1).T

    def integer(self):
        if self.binary:
            marker, number = struct.unpack("<bi", self.source.take(5))
            if marker != 4:
                raise DataError("a whole number expected")
            return number
        word = self.word()
        if not word.isascii() or not word.isdigit() or len(word) > 9:
            raise DataError(f"not a whole number: {word!r}")
        return int(word)

    def number(self):
        if self.binary:
            size = self.source.take(1)[0]
            if size not in (4, 8):
                raise DataError("a number expected")
            found = struct.unpack("<f" if size == 4 else "<d", self.source.take(size))[0]
        else:
            word = self.word()
            try:
                found = float(word)
            except ValueError:
                raise DataError(f"not a number: {word!r}") from None
        if not np.isfinite(found):
            raise DataError(f"not a number: {found}")
        return found
