"""Kaldi's files of Gaussian mixtures, <DiagGMM> and <FullGMM>, text and binary; read.

Formats: Kaldi's gmm/diag-gmm.cc and gmm/full-gmm.cc. What can be computed from the rest (<GCONSTS>) is passed over.
"""

import struct
from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError
from diarkit.io import textvalues, values
from diarkit.io.objects import read_object

LONGEST = 64  # bytes of a token or a number
MOST_TEXT = 1 << 32  # bytes of a matrix


class DiagGmm(NamedTuple):
    """C Gaussians of D dimensions with diagonal covariances, float64: weights (C,), means and variances (C, D)."""

    weights: np.ndarray
    means: np.ndarray
    variances: np.ndarray


class FullGmm(NamedTuple):
    """C Gaussians of D dimensions, float64: weights (C,), means (C, D), precisions (C, D, D), inverse covariances."""

    weights: np.ndarray
    means: np.ndarray
    precisions: np.ndarray


def read_diag_gmm(rxfilename):
    """Read a <DiagGMM>. Raises DataError naming the file, also if it cannot be a model."""
    return read_object(rxfilename, lambda source: _diag(_Words(source)))


def read_full_gmm(rxfilename):
    """Read a <FullGMM>. Raises DataError naming the file, also if it cannot be a model."""
    return read_object(rxfilename, lambda source: _full(_Words(source)))


def _diag(words):
    words.expect("<DiagGMM>", "<DiagGMMBegin>")
    weights, scaled = _weights_and_means(words, "<MEANS_INVVARS>")
    words.expect("<INV_VARS>")
    inverse = words.array(2)
    words.expect("</DiagGMM>", "<DiagGMMEnd>")
    if not weights.shape[0] == scaled.shape[0] or inverse.shape != scaled.shape:
        raise DataError("weights, means and variances do not fit each other")
    if (inverse <= 0).any():
        raise DataError("a variance is not above 0")
    return DiagGmm(weights, scaled / inverse, 1 / inverse)


def _full(words):
    words.expect("<FullGMM>", "<FullGMMBegin>")
    weights, scaled = _weights_and_means(words, "<MEANS_INVCOVARS>")
    words.expect("<INV_COVARS>")
    precisions = words.symmetric_matrices(len(weights), scaled.shape[1])
    words.expect("</FullGMM>", "<FullGMMEnd>")
    if len(weights) != len(scaled):
        raise DataError("weights and means do not fit each other")
    try:
        means = np.linalg.solve(precisions, scaled[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        raise DataError("a covariance is singular") from None
    return FullGmm(weights, means, precisions)


def _weights_and_means(words, token):
    if words.expect("<GCONSTS>", "<WEIGHTS>") == "<GCONSTS>":
        words.array(1, finite=False)
        words.expect("<WEIGHTS>")
    weights = words.array(1)
    if (weights < 0).any() or not weights.sum() > 0:
        raise DataError("the weights of the Gaussians are not those of a mixture")
    words.expect(token)
    return weights, words.array(2)


class _Words:
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
