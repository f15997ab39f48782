import numpy as np
import pytest

from diarkit.elementwise import resized, transformed

MATRIX = np.array([[1, -2, 0], [4, 0.5, 3]])


def test_each_of_them():
    for matrix in (MATRIX, MATRIX.astype("f4")):
        before = matrix.copy()
        assert transformed(matrix).dtype == np.float32
        np.testing.assert_allclose(transformed(matrix), MATRIX)
        np.testing.assert_allclose(transformed(matrix, scale=-3), -3 * MATRIX)
        np.testing.assert_allclose(transformed(matrix, apply_exp=True), np.exp(MATRIX), rtol=1e-6)
        np.testing.assert_allclose(transformed(matrix, apply_log=True), np.log(np.maximum(MATRIX, 1e-20)), rtol=1e-6)
        softmax = np.exp(MATRIX) / np.exp(MATRIX).sum(1, keepdims=True)
        np.testing.assert_allclose(transformed(matrix, apply_softmax_per_row=True), softmax, rtol=1e-6)
        np.testing.assert_allclose(transformed(matrix, apply_power=2), MATRIX**2, rtol=1e-6)
        assert np.array_equal(matrix, before)


def test_their_order():
    """Scale, logarithm or exponential, softmax, power."""
    expected = np.exp(2 * MATRIX) / 1
    expected = np.exp(expected - expected.max(1, keepdims=True))
    expected = (expected / expected.sum(1, keepdims=True)) ** 0.5
    got = transformed(MATRIX, scale=2, apply_exp=True, apply_softmax_per_row=True, apply_power=0.5)
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-30)


def test_edges():
    assert transformed(np.zeros((0, 3)), apply_softmax_per_row=True).shape == (0, 3)
    assert transformed(np.full((1, 2), 1e4), apply_softmax_per_row=True).tolist() == [[0.5, 0.5]]
    assert np.isinf(transformed([[1e4]], apply_exp=True)).all() and np.isnan(transformed([[-1.0]], apply_power=0.5))
    assert np.isinf(transformed([[1e300]])).all()


@pytest.mark.parametrize(
    "size, expected", [(-1, [2, 4, 6]), (0, []), (2, [2, 4]), (3, [2, 4, 6]), (5, [2, 4, 6, 0, 0])])
def test_resized(size, expected):
    vector = resized(np.array([1.0, 2, 3]), size, 2)
    assert vector.tolist() == expected and vector.dtype == np.float32
