"""Logistic regression against scipy's minimiser, and what calibrated scores mean."""

import numpy as np
import pytest
from scipy.optimize import minimize

from diarkit.backend.calibration import Calibration, separates, train
from diarkit.errors import DataError
from diarkit.scoring.verification import cllr


def trials(seed, systems, targets=60, nontargets=200):
    rng = np.random.default_rng(seed)
    is_target = np.arange(targets + nontargets) < targets
    scale, shift = rng.uniform(-3, 3, (2, systems))
    columns = [scale[k] * (rng.normal(size=len(is_target)) + 1.5 * is_target) + 10 * shift[k] for k in range(systems)]
    return columns, is_target


def cross_entropy(w, columns, is_target, prior, ridge):
    """The definition, of weights for the scores as they are."""
    columns = np.stack(columns)
    llr = w[:-1] @ columns + w[-1] + np.log(prior / (1 - prior))
    cost = prior * np.logaddexp(0, -llr[is_target]).mean() + (1 - prior) * np.logaddexp(0, llr[~is_target]).mean()
    return cost + ridge / 2 * ((w[:-1] * columns.std(axis=1)) ** 2).sum()


@pytest.mark.parametrize("systems, prior, ridge", [(1, 0.5, 1e-6), (1, 0.02, 0.3), (2, 0.5, 0.1), (3, 0.9, 1e-6)])
def test_is_the_minimum_that_scipy_finds(systems, prior, ridge):
    for seed in range(5):
        columns, is_target = trials(seed, systems)
        found = train(columns, is_target, prior, ridge)
        cost = cross_entropy(np.append(*found), columns, is_target, prior, ridge)
        start = np.append(found.weights * 0.5, 0)
        best = minimize(cross_entropy, start, (columns, is_target, prior, ridge), method="BFGS", tol=1e-10)
        assert cost <= best.fun + 1e-9
        for direction in np.eye(systems + 1):
            for step in (-1e-3, 1e-3):
                assert cross_entropy(np.append(*found) + step * direction, columns, is_target, prior, ridge) > cost


@pytest.mark.parametrize("prior", [0.01, 0.001])
@pytest.mark.parametrize("seed", [3, 5, 6, 13])
def test_a_step_that_is_too_long_is_halved(seed, prior):
    """The first step of few scores, with outliers, and a low prior makes the cost higher."""
    is_target = np.arange(12) < 4
    scores = np.random.default_rng(seed).standard_cauchy(12) + 3 * is_target
    found = train([scores], is_target, prior)
    cost = cross_entropy(np.append(*found), [scores], is_target, prior, 1e-6)
    for start in ([0.0, 0.0], np.append(*found) / 2):
        best = minimize(cross_entropy, start, ([scores], is_target, prior, 1e-6), method="Nelder-Mead")
        assert cost <= best.fun + 1e-9


def test_scores_that_are_log_likelihood_ratios_stay_what_they_are():
    rng = np.random.default_rng(1)
    is_target = np.arange(60_000) < 20_000
    llr = rng.normal(np.where(is_target, 2, -2), 2)  # of variance twice the mean: they are ratios
    found = train([llr], is_target)
    assert found.weights == pytest.approx([1], abs=0.03) and abs(found.offset) < 0.05
    moved = train([5 - 3 * llr], is_target)
    assert moved.weights * -3 == pytest.approx(found.weights)
    assert moved.apply(5 - 3 * llr) == pytest.approx(found.apply(llr), abs=1e-5)


def test_calibration_lowers_cllr_and_two_systems_are_better_than_one():
    columns, is_target = trials(7, 2, 500, 2000)
    costs = [cllr(scores[is_target], scores[~is_target]) for scores in
             (columns[0], train(columns[:1], is_target).apply(columns[0]), train(columns, is_target).apply(*columns))]
    assert costs[0] > costs[1] > costs[2]


def test_apply_is_elementwise_in_single_precision():
    found = Calibration(np.array([2.0, -1.0]), 0.5).apply(np.array([[1.0, 2], [3, 4]]), np.ones((2, 2), np.float32))
    assert found.dtype == np.float32 and found.tolist() == [[1.5, 3.5], [5.5, 7.5]]
    with pytest.raises(ValueError, match="argument"):
        Calibration(np.array([2.0, -1.0]), 0.5).apply(np.ones(3))
    for scores in ([1e20], [1e20, 0.0], [np.nan, 0.0]):
        with pytest.raises(DataError, match="too large"):
            Calibration(np.array([1e30]), 0.0).apply(np.array(scores))


def test_separable_scores_get_a_finite_scale_and_equal_ones_no_weight():
    is_target = np.array([1, 1, 0, 0, 0], bool)
    found = train([np.array([3.0, 2, 1, 0, -1])], is_target)
    assert 1 < found.weights[0] < 100 and separates(found.apply(np.arange(3.0, -2, -1)), is_target)
    assert train([np.array([3.0, 2, 1, 0, -1])], is_target, ridge=1e-3).weights[0] < found.weights[0] / 2
    found = train([np.full(5, 0.1), np.array([3.0, 0, 1, 0, -1])], is_target)
    assert found.weights[0] == 0 and found.weights[1] > 0
    rounded = np.full(6, 0.1)
    assert rounded.std() > 0, "by rounding only"
    found = train([rounded, np.array([3.0, 0, 1, 0, -1, 2])], np.append(is_target, False))
    assert found.weights[0] == 0 and found.weights[1] > 0
    equal = train([np.full(5, 0.1)], is_target)
    assert equal.weights == [0] and equal.offset == pytest.approx(0)
    far = train([1e7 + 1e-3 * np.array([3.0, 2, 0, 1, -1])], is_target, ridge=1e-3)
    near = train([np.array([3.0, 2, 0, 1, -1])], is_target, ridge=1e-3)
    assert far.weights[0] == pytest.approx(1e3 * near.weights[0], rel=1e-4), "a small part of large scores counts"
    assert not separates(np.array([1.0, 1]), np.array([True, False]))


@pytest.mark.parametrize("scores, is_target, message", [
    ([1.0, 2], [True, True], "no nontargets among 2"),
    ([1.0, 2], [False, False], "no targets among 2"),
    ([], [], "no targets among 0"),
    ([1.0, np.nan], [True, False], "NaN"),
])
def test_bad_input_is_one_line(scores, is_target, message):
    with pytest.raises(DataError, match=message):
        train([np.array(scores)], np.array(is_target, bool))
