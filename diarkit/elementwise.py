"""What is done to matrices and vectors while they are copied, number by number; as Kaldi's copy-matrix, copy-vector."""

import numpy as np

LEAST = 1e-20  # what logarithms are taken of where a number is less (copy-matrix)


def transformed(matrix, scale=1.0, apply_log=False, apply_exp=False, apply_softmax_per_row=False, apply_power=1.0):
    """A matrix (N, D) in single precision, with what is asked for done to it in the order of the parameters.

    What overflows, and powers of negative numbers, come out as infinity and NaN.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        matrix = np.asarray(matrix).astype(np.float32)
        if scale != 1:
            matrix *= np.float32(scale)
        if apply_log:
            matrix = np.log(np.maximum(matrix, np.float32(LEAST)))
        if apply_exp:
            matrix = np.exp(matrix)
        if apply_softmax_per_row and matrix.size:
            matrix = np.exp(matrix - matrix.max(axis=1, keepdims=True))
            matrix /= matrix.sum(axis=1, keepdims=True)
        if apply_power != 1:
            matrix = np.power(matrix, np.float32(apply_power))
    return matrix


def resized(vector, size=-1, scale=1.0):
    """A vector in single precision, cut or filled up with zeros to `size` numbers (unless it is negative), scaled."""
    with np.errstate(over="ignore"):
        vector = np.asarray(vector).astype(np.float32)
        if scale != 1:
            vector *= np.float32(scale)
    if size < 0:
        return vector
    return np.concatenate([vector[:size], np.zeros(max(size - len(vector), 0), np.float32)])
