"""Transforms of vectors: shifts, linear maps and lengths, applied one after the other.

A transform is a list of stages (kind, arrays):

("mean", {"mean": (D,)})       x - mean
("matrix", {"matrix": (K, D)}) matrix x, or of size (K, D + 1), whose last column is added, as in Kaldi's files
("length", {})                 x made sqrt(D) long, as Kaldi's ivector-normalize-length does; a vector of zeros stays
("unit", {})                   x made 1 long, the same otherwise

Kaldi's counterparts: ivector-transform, transform-vec, ivector-subtract-global-mean, ivector-normalize-length. VBx's
transform is mean, unit, matrix, mean, unit.
"""

import numpy as np

from diarkit.errors import DataError


def apply(stages, vectors):
    """The vectors after all stages, float64 (..., K).

    vectors : (..., D) of any precision

    Raises DataError if D is not what a stage is for.
    """
    vectors = np.asarray(vectors, np.float64)
    for kind, arrays in stages:
        vectors = APPLY[kind](vectors, **arrays)
    return vectors


def subtract(vectors, mean):
    """Vectors (..., D) less a mean (D,). Raises DataError where sizes differ."""
    if vectors.shape[-1:] != mean.shape:
        raise DataError(f"vectors of {vectors.shape[-1]} numbers, but a mean of {len(mean)}")
    return vectors - mean


def multiply(vectors, matrix):
    """A linear (K, D) or affine (K, D + 1) map of vectors (..., D). Raises DataError where sizes differ."""
    linear, added = split(matrix, vectors.shape[-1])
    return vectors @ linear.T if added is None else vectors @ linear.T + added


def split(matrix, size):
    """The linear part (K, D) of a matrix for vectors of `size` numbers D, and what is added (K,), or None.

    Raises DataError if the matrix is for vectors of another size.
    """
    if matrix.shape[1] == size:
        return matrix, None
    if matrix.shape[1] == size + 1:
        return matrix[:, :-1], matrix[:, -1]
    raise DataError(f"vectors of {size} numbers, but a matrix of {matrix.shape[0]} x {matrix.shape[1]}: "
                    f"it takes {matrix.shape[1]}, or {matrix.shape[1] - 1} if it is affine")


def scale_to_length(vectors, length=1.0):
    """Vectors (..., D) float made `length` long; vectors of zeros stay as they are."""
    if not vectors.size:
        return vectors
    largest = np.abs(vectors).max(axis=-1, keepdims=True)
    vectors = vectors / np.where(largest > 0, largest, 1)  # the squares of what is left do not overflow
    lengths = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
    return vectors * (length / np.where(lengths > 0, lengths, 1))


APPLY = {
    "mean": subtract,
    "matrix": multiply,
    "length": lambda vectors: scale_to_length(vectors, np.sqrt(vectors.shape[-1])),
    "unit": scale_to_length,
}


def fold(stages, size):
    """All stages in one, for vectors of `size` numbers D: ("mean", ...) if they are nothing else, or ("matrix", ...).

    The matrix is (K, D) where nothing is added, else (K, D + 1). Raises DataError if a stage changes lengths, which
    no matrix does.
    """
    kinds = {kind for kind, _ in stages}
    if not kinds <= {"mean", "matrix"}:
        raise DataError("a chain with a normalisation of lengths is no matrix: it needs a model folder")
    if kinds == {"mean"}:
        return "mean", {"mean": sum(arrays["mean"] for _, arrays in stages)}
    matrix, offset = np.eye(size), None
    for kind, arrays in stages:
        if kind == "mean":
            offset = -arrays["mean"] if offset is None else offset - arrays["mean"]
            continue
        linear, added = split(arrays["matrix"], len(matrix))
        if offset is not None:
            offset = linear @ offset + (0 if added is None else added)
        else:
            offset = added
        matrix = linear @ matrix
    return "matrix", {"matrix": matrix if offset is None else np.column_stack([matrix, offset])}
