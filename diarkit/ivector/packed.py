"""Symmetric matrices (R, R) as vectors (R (R + 1) / 2,) of their lower triangles, row by row."""

import numpy as np


def lower(size):
    """Where the numbers of a packed matrix stand in the whole one, as indices into it flattened, (P,)."""
    rows, columns = np.tril_indices(size)
    return rows * size + columns


def size_of(length):
    """The number of rows of a matrix of which so many numbers are packed."""
    return int(np.sqrt(2 * length))


def pack(matrices):
    """(..., R, R) to (..., P); the upper triangles are not looked at."""
    size = matrices.shape[-1]
    return matrices.reshape(*matrices.shape[:-2], size * size)[..., lower(size)]


def unpack(packed):
    """(..., P) to symmetric matrices (..., R, R)."""
    size = size_of(packed.shape[-1])
    rows, columns = np.tril_indices(size)
    matrices = np.empty((*packed.shape[:-1], size, size))
    matrices[..., rows, columns] = matrices[..., columns, rows] = packed
    return matrices


def doubled(size):
    """Weights (P,) by which the sum of products of two packed matrices is the trace of the product of the whole."""
    return pack(2 - np.eye(size))
