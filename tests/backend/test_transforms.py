"""Transforms applied, and folded into one."""

import numpy as np
import pytest

from diarkit.backend.transforms import apply, fold
from diarkit.errors import DataError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(7, 4)).astype(np.float32)
MEAN = ("mean", {"mean": RNG.normal(size=4)})
LINEAR = ("matrix", {"matrix": RNG.normal(size=(3, 4))})
AFFINE = ("matrix", {"matrix": RNG.normal(size=(3, 5))})
AGAIN = ("matrix", {"matrix": RNG.normal(size=(2, 4))})  # affine for what LINEAR gives


def test_every_stage_by_its_definition():
    x = X[0].astype(float)
    np.testing.assert_allclose(apply([MEAN], x), x - MEAN[1]["mean"])
    np.testing.assert_allclose(apply([LINEAR], x), LINEAR[1]["matrix"] @ x)
    np.testing.assert_allclose(apply([AFFINE], x), AFFINE[1]["matrix"] @ [*x, 1])
    np.testing.assert_allclose(apply([("length", {})], x), x / np.linalg.norm(x) * 2)
    np.testing.assert_allclose(apply([("unit", {})], x), x / np.linalg.norm(x))
    assert apply([], X[0]).dtype == np.float64


def test_a_matrix_of_vectors_is_its_rows():
    chain = [MEAN, ("unit", {}), AFFINE, ("length", {}), AGAIN]
    np.testing.assert_allclose(apply(chain, X), [apply(chain, x) for x in X])


@pytest.mark.parametrize("kind, length", [("unit", 1), ("length", 2)])
def test_lengths_of_vectors_of_zeros_and_of_extreme_ones(kind, length):
    stages = [(kind, {})]
    assert apply(stages, np.zeros(4)).tolist() == [0, 0, 0, 0]
    for size in (1e-300, 1e300, 3e38):
        assert np.linalg.norm(apply(stages, np.full(4, size))) == pytest.approx(length)
    both = apply(stages, np.array([[0, 0, 0, 0], [0, 0, 5, 0]]))
    assert both.tolist() == [[0, 0, 0, 0], [0, 0, length, 0]]
    assert apply(stages, np.zeros((0, 4))).shape == (0, 4)


def test_sizes_that_do_not_fit():
    for stage in (MEAN, LINEAR, AFFINE):
        with pytest.raises(DataError, match="vectors of 7 numbers, but a m"):
            apply([stage], np.ones(7))


@pytest.mark.parametrize("stages, shape", [([LINEAR], (3, 4)), ([AFFINE], (3, 5)), ([MEAN, LINEAR], (3, 5)),
                                           ([LINEAR, AGAIN], (2, 5)), ([MEAN, AFFINE, AGAIN], (2, 5)),
                                           ([MEAN, MEAN, LINEAR], (3, 5)),
                                           ([AFFINE, ("mean", {"mean": X[0, :3]})], (3, 5)),
                                           ([LINEAR, ("matrix", {"matrix": np.ones((2, 3))})], (2, 4))])
def test_a_chain_folded_does_the_same(stages, shape):
    kind, arrays = fold(stages, 4)
    assert kind == "matrix" and arrays["matrix"].shape == shape
    np.testing.assert_allclose(apply([(kind, arrays)], X), apply(stages, X))


def test_folding_means_alone_and_lengths():
    kind, arrays = fold([MEAN, MEAN], 4)
    assert kind == "mean"
    np.testing.assert_allclose(arrays["mean"], 2 * MEAN[1]["mean"])
    with pytest.raises(DataError, match="model folder"):
        fold([MEAN, ("unit", {})], 4)
