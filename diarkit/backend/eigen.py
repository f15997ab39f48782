"""Eigenvectors of covariances, with the signs that Kaldi's programs give them.

An eigenvector may be turned round, and libraries differ in which way they turn it. Kaldi's own routine
(matrix/qr.cc) is Golub and Van Loan's symmetric QR algorithm (Matrix Computations, 3rd edition, 8.3.1 to 8.3.3) taken
from the last index to the first; so its signs can be found again: the same steps are taken here with numbers alone,
for one component of each eigenvector, and what LAPACK gives is turned to agree with that component.
"""

import math

import numpy as np

EPSILON = 2.0**-52


def eigen(matrix):
    """Eigenvalues and eigenvectors of a symmetric matrix.

    matrix : (D, D) float64, of which the lower triangle counts

    Returns values (D,), descending, and vectors (D, D), one a column, of unit length.
    """
    values, vectors = np.linalg.eigh(matrix)
    values, vectors = values[::-1], vectors[:, ::-1]
    signs = np.where(vectors[-1] < 0, -1.0, 1.0) * np.where(last_components(matrix) < 0, -1.0, 1.0)
    return values, vectors * signs


def last_components(matrix):
    """The last component of every eigenvector as Kaldi's routine has it, in descending order of eigenvalues: (D,)."""
    diagonal, beside = tridiagonal(matrix)
    last = np.zeros(len(diagonal))
    last[-1:] = 1  # the reflections leave the last component alone
    diagonal, last = diagonalise(diagonal.tolist(), beside.tolist(), last.tolist())
    return np.array(last)[np.argsort(-np.array(diagonal), kind="stable")]


def tridiagonal(matrix):
    """Reduce a symmetric matrix by Householder reflections, the last row first: its diagonal (D,) and the one beside
    it (D - 1,), of which only the first number can be negative."""
    matrix = np.tril(matrix) + np.tril(matrix, -1).T
    size = len(matrix)
    beside = np.zeros(max(size - 1, 0))
    for k in range(size - 1, 1, -1):
        row = matrix[k, :k]
        scale = np.abs(row).max()
        v = row / (scale or 1)
        beside[k - 1] = scale * np.linalg.norm(v)
        rest, x = v[:-1] @ v[:-1], v[-1]
        if rest > 0:
            length = math.sqrt(x * x + rest)
            v[-1] = x - length if x <= 0 else -rest / (x + length)  # either way x - length, without loss of digits
            beta = 2 * v[-1] ** 2 / (rest + v[-1] ** 2)
            v /= v[-1]
            p = beta * (matrix[:k, :k] @ v)
            outer = np.outer(v, p - beta / 2 * (p @ v) * v)
            matrix[:k, :k] -= outer + outer.T
    beside[:1] = matrix[1, :1] if size > 1 else 0
    return matrix.diagonal().copy(), beside


def diagonalise(diagonal, beside, last):
    """The QR algorithm on a tridiagonal matrix, lists of numbers; `last` is turned with it.

    Returns eigenvalues, in no order, and `last` of each.
    """
    size, epsilon = len(diagonal), EPSILON
    for count in range(500 + 4 * size):
        if count >= 100 + 2 * size and (count - 100 - 2 * size) % 50 == 0:
            epsilon *= 2
        for i in range(size - 1):
            if abs(beside[i]) <= epsilon * (abs(diagonal[i]) + abs(diagonal[i + 1])):
                beside[i] = 0.0
        end = size  # of the last stretch that is not diagonal yet
        while end >= 2 and beside[end - 2] == 0:
            end -= 1
        if end < 2:
            break
        start = end - 2
        while start > 0 and beside[start - 1] != 0:
            start -= 1
        qr_step(diagonal, beside, last, start, end)
    return diagonal, last


def qr_step(diagonal, beside, last, start, end):
    """One implicit step with Wilkinson's shift on the part from `start` up to `end`, in place."""
    d, t = (diagonal[end - 2] - diagonal[end - 1]) / 2, beside[end - 2]
    scale = max(abs(d), abs(t))
    root = math.sqrt((d / scale) ** 2 + (t / scale) ** 2)
    shift = diagonal[end - 1] - scale * (t / scale) ** 2 / (d / scale + (root if d > 0 else -root))
    x, z = diagonal[start] - shift, beside[start]
    for k in range(start, end - 1):
        c, s = givens(x, z)
        p, q, r = diagonal[k], beside[k], diagonal[k + 1]
        diagonal[k] = c * (c * p - s * q) - s * (c * q - s * r)
        beside[k] = s * (c * p - s * q) + c * (c * q - s * r)
        diagonal[k + 1] = s * (s * p + c * q) + c * (s * q + c * r)
        if k > start:
            beside[k - 1] = c * beside[k - 1] - s * z
        last[k], last[k + 1] = c * last[k] - s * last[k + 1], s * last[k] + c * last[k + 1]
        if k < end - 2:
            x, z = beside[k], -s * beside[k + 1]
            beside[k + 1] *= c


def givens(a, b):
    """Cosine and sine of the rotation that takes (a, b) to (r, 0)."""
    if b == 0:
        return 1.0, 0.0
    if abs(b) > abs(a):
        tau = -a / b
        s = 1 / math.sqrt(1 + tau * tau)
        return s * tau, s
    tau = -b / a
    c = 1 / math.sqrt(1 + tau * tau)
    return c, c * tau
