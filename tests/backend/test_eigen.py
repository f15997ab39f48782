"""Eigenvectors with Kaldi's signs; that they are Kaldi's is seen on golden matrices in tests/bin/test_transforms.py."""

import numpy as np
import pytest

from diarkit.backend.eigen import diagonalise, eigen, last_components, tridiagonal


def covariance(size, seed=0, rank=None):
    vectors = np.random.default_rng(seed).normal(size=(rank or size + 5, size))
    return vectors.T @ vectors / len(vectors)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 17, 60])
def test_they_are_eigenvectors_in_descending_order(size):
    matrix = covariance(size)
    values, vectors = eigen(matrix)
    assert (np.diff(values) <= 0).all()
    np.testing.assert_allclose(vectors * values @ vectors.T, matrix, atol=1e-12)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(size), atol=1e-12)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 17, 60])
def test_the_steps_find_the_component_that_lapack_finds_but_for_its_sign(size):
    matrix = covariance(size, seed=1)
    last = last_components(matrix)
    np.testing.assert_allclose(np.abs(last), np.abs(np.linalg.eigh(matrix)[1][-1, ::-1]), atol=1e-10)
    vectors = eigen(matrix)[1]
    np.testing.assert_allclose(vectors[-1], last, atol=1e-10)


def test_the_tridiagonal_matrix_is_similar_and_not_negative_beside_its_diagonal():
    matrix = covariance(9)
    diagonal, beside = tridiagonal(matrix)
    assert (beside[1:] > 0).all()
    small = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    np.testing.assert_allclose(np.linalg.eigvalsh(small), np.linalg.eigvalsh(matrix), atol=1e-12)
    assert diagonal[-1] == matrix[-1, -1]  # the reflections leave the last dimension alone
    found, _ = diagonalise(diagonal.tolist(), beside.tolist(), [0.0] * 9)
    np.testing.assert_allclose(sorted(found), np.linalg.eigvalsh(matrix), atol=1e-12)


def test_what_is_tridiagonal_already_stays():
    diagonal, beside = tridiagonal(np.array([[1.0, -2, 0], [-2, 3, 5], [0, 5, 4]]))
    assert (diagonal.tolist(), beside.tolist()) == ([1, 3, 4], [-2, 5])


@pytest.mark.parametrize("matrix", [np.zeros((4, 4)), np.eye(5), np.diag([3.0, 1, 2]), np.ones((4, 4)),
                                    covariance(12, rank=3), covariance(6) * 1e-300, covariance(6) * 1e280,
                                    np.array([[1.0, 1e-200], [1e-200, 1]])])
def test_degenerate_matrices_have_eigenvectors_too(matrix):
    values, vectors = eigen(matrix)
    largest = max(np.abs(matrix).max(), 1e-300)
    np.testing.assert_allclose(vectors * values @ vectors.T / largest, matrix / largest, atol=1e-12)


def test_only_the_lower_triangle_counts():
    matrix = covariance(5)
    lower = np.tril(matrix) + np.triu(np.full((5, 5), 9.0), 1)
    np.testing.assert_array_equal(eigen(lower)[1], eigen(matrix)[1])
