"""Eigenvectors by QR steps: those of LAPACK, but for their signs."""

import numpy as np
import pytest

from diarkit.ivector.eigen import eigen, reflection, tridiagonal


@pytest.mark.parametrize("size", [1, 2, 3, 10, 60])
def test_eigenvectors(size):
    rng = np.random.default_rng(size)
    root = rng.normal(size=(size, size))
    for matrix in (root @ root.T, root + root.T, np.diag(rng.normal(size=size)), np.ones((size, size)), np.eye(size)):
        values, vectors = eigen(matrix)
        np.testing.assert_allclose((vectors * values) @ vectors.T, matrix, atol=1e-12 * size**2)
        np.testing.assert_allclose(vectors.T @ vectors, np.eye(size), atol=1e-13 * size)
        np.testing.assert_allclose(np.sort(values), np.linalg.eigvalsh(matrix), atol=1e-12 * size**2)


def test_the_tridiagonal_form(size=7):
    root = np.random.default_rng(0).normal(size=(size, size))
    matrix = root + root.T
    reduced, rotation = tridiagonal(matrix)
    np.testing.assert_allclose(rotation @ matrix @ rotation.T, reduced, atol=1e-12)
    assert not np.triu(reduced, 2).any() and not np.tril(reduced, -2).any()
    assert (np.diag(reduced, 1) >= 0)[1:].all()  # what is beside the diagonal is the length of a row


@pytest.mark.parametrize("row", [[3.0, -4.0], [1.0, 2.0, 5.0], [0.0, -2.0], [1e-9, 1.0]])
def test_a_reflection(row):
    row = np.array(row)
    vector, beta, length = reflection(row)
    np.testing.assert_allclose(row - beta * vector * (vector @ row), [*np.zeros(len(row) - 1), length], atol=1e-12)
