"""Eigenvectors of symmetric matrices with the signs that Kaldi's have.

An eigenvector may as well be its negative. In which of them a program ends hangs on its algorithm, and i-vectors hang
on that: trained with LAPACK's, some of their dimensions would be mirrored against those that Kaldi trains. So this is
the textbook's algorithm, as in Kaldi's matrix/qr.cc: Golub and Van Loan, Matrix Computations, 3rd edition, 8.3.
"""

import numpy as np

from diarkit.errors import DataError

PRECISION = 2.0**-52  # relative, at which a number beside the diagonal is taken for 0


def eigen(matrix):
    """Eigenvalues (R,), in no order, and eigenvectors (R, R), in columns, of a symmetric matrix (R, R)."""
    reduced, rotation = tridiagonal(matrix)
    diagonal, beside = np.diag(reduced).tolist(), np.diag(reduced, -1).tolist()
    for _ in range(500 + 30 * len(matrix)):
        first, last = unfinished(diagonal, beside)
        if first == last:
            return np.array(diagonal), rotation.T
        qr_step(diagonal, beside, rotation, first, last)
    raise DataError("the eigenvectors of i-vectors could not be computed")


def tridiagonal(matrix):
    """T and Q with Q matrix Q' = T, of which only the diagonal and what is beside it is not 0, by Householder's
    reflections of rows, the last first (algorithm 8.3.1)."""
    reduced, rotation = matrix.copy(), np.eye(len(matrix))
    for k in range(len(matrix) - 1, 0, -1):
        vector, beta, length = reflection(reduced[k, :k])
        product = beta * (reduced[:k, :k] @ vector)
        product -= beta / 2 * (product @ vector) * vector
        reduced[:k, :k] -= np.outer(vector, product) + np.outer(product, vector)
        reduced[k, :k] = reduced[:k, k] = 0
        reduced[k, k - 1] = reduced[k - 1, k] = length
        rotation[:k] -= beta * np.outer(vector, vector @ rotation[:k])
    return reduced, rotation


def reflection(row):
    """v, its last number 1, and beta, so that (I - beta v v') row is 0 but for its last number, not negative, which is
    returned as well (algorithm 5.1.1)."""
    rest = row[:-1] @ row[:-1]
    if rest == 0:
        return np.append(row[:-1], 1.0), 0.0, row[-1]
    length = np.sqrt(rest + row[-1] ** 2)
    end = row[-1] - length if row[-1] <= 0 else -rest / (row[-1] + length)
    return np.append(row[:-1] / end, 1.0), 2 * end**2 / (rest + end**2), length


def unfinished(diagonal, beside):
    """The first and the last row of the lowest block that is not diagonal yet; the same row twice if all is."""
    for i, number in enumerate(beside):
        if abs(number) <= PRECISION * (abs(diagonal[i]) + abs(diagonal[i + 1])):
            beside[i] = 0.0
    last = len(beside)
    while last > 0 and beside[last - 1] == 0:
        last -= 1
    first = last
    while first > 0 and beside[first - 1] != 0:
        first -= 1
    return first, last


def qr_step(diagonal, beside, rotation, first, last):
    """An implicit QR step with Wilkinson's shift on a block, in place (algorithm 8.3.2)."""
    half, corner = (diagonal[last - 1] - diagonal[last]) / 2, beside[last - 1]
    shift = diagonal[last] - corner**2 / (half + (1 if half > 0 else -1) * (half**2 + corner**2) ** 0.5)
    x, z = diagonal[first] - shift, beside[first]
    for k in range(first, last):
        c, s = givens(x, z)
        p, q, r = diagonal[k], beside[k], diagonal[k + 1]
        if k > first:
            beside[k - 1] = c * x - s * z
        diagonal[k] = c * c * p - 2 * c * s * q + s * s * r
        diagonal[k + 1] = s * s * p + 2 * c * s * q + c * c * r
        x = beside[k] = c * s * (p - r) + (c * c - s * s) * q
        if k + 1 < last:
            z, beside[k + 1] = -s * beside[k + 1], c * beside[k + 1]
        rotation[k : k + 2] = np.array([[c, -s], [s, c]]) @ rotation[k : k + 2]


def givens(a, b):
    """Cosine and sine of the rotation after which (a, b) has no second number (5.1.8)."""
    if b == 0:
        return 1.0, 0.0
    if abs(b) > abs(a):
        s = 1 / (1 + (a / b) ** 2) ** 0.5
        return -a / b * s, s
    c = 1 / (1 + (b / a) ** 2) ** 0.5
    return c, -b / a * c
