"""Gaussians of stretches from running sums, against numpy's and scipy's of each stretch."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from diarkit.errors import DataError
from diarkit.gaussians import Gaussians, delta_bic, likelihood_ratio, penalty, symmetric_divergence

both = pytest.mark.parametrize("full", [True, False])
FLOOR = 1e-3


def correlated(rng, frames, dim):
    """Frames that are far from zero, of unlike variances, and correlated."""
    return 100 + rng.normal(size=(frames, dim)) @ rng.normal(size=(dim, dim)) * 10 ** rng.uniform(-2, 2, dim)


def normalised(features):
    return (features - features.mean(0)) / features.std(0)


def covariance(frames, full):
    floor = FLOOR * np.eye(frames.shape[1])
    found = np.cov(frames.T, bias=True).reshape(floor.shape)
    return (found if full else np.diag(np.diag(found))) + floor


@both
def test_moments_and_costs_of_any_stretch(full):
    rng = np.random.default_rng(0)
    for frames, dim, step in ((203, 5, 10), (40, 1, 1), (9, 3, 20), (4000, 13, 3)):
        features = correlated(rng, frames, dim)
        gaussians = Gaussians(features.astype(np.float32), step, full, FLOOR)
        assert gaussians.edges[-1] == frames and len(gaussians) == max(frames // step, 1)
        assert np.array_equal(gaussians.edges[:-1], step * np.arange(len(gaussians)))
        plain = normalised(features.astype(np.float32).astype(float))
        start = rng.integers(0, len(gaussians), 50)
        end = start + 1 + (rng.random(50) * (len(gaussians) - start)).astype(int)
        means, covariances = gaussians.moments(*gaussians.sums(start, end))
        costs = gaussians.cost(start, end)
        for a, b, mean, found, cost in zip(start, end, means, covariances, costs, strict=True):
            stretch = plain[gaussians.edges[a] : gaussians.edges[b]]
            expected = covariance(stretch, full)
            assert mean == pytest.approx(stretch.mean(0), abs=1e-9)
            assert (found if full else np.diag(found)) == pytest.approx(expected, abs=1e-8)
            assert cost == pytest.approx(len(stretch) / 2 * np.linalg.slogdet(expected)[1], rel=1e-6, abs=1e-6)


@both
def test_batches_make_no_difference(full, monkeypatch):
    features = correlated(np.random.default_rng(1), 3000, 4)
    start = np.arange(0, 2000)
    expected = Gaussians(features, 1, full).cost(start, start + 1000)
    monkeypatch.setattr("diarkit.gaussians.BATCH", 37)
    assert Gaussians(features, 1, full).cost(start, start + 1000) == pytest.approx(expected, rel=1e-9)


@both
def test_likelihood_ratio_is_that_of_the_densities(full):
    """The log likelihoods of the frames under the three Gaussians; the floor is too small to be seen."""
    rng = np.random.default_rng(2)
    features = correlated(rng, 300, 4)
    features[170:] += features.std(0)
    gaussians = Gaussians(features, 10, full, floor=1e-12)
    plain = normalised(features)

    def log_likelihood(frames):
        found = np.cov(frames.T, bias=True)
        return multivariate_normal(frames.mean(0), found if full else np.diag(np.diag(found))).logpdf(frames).sum()

    middles = np.arange(5, 26)
    zeros, ends = np.full(21, 2), np.full(21, 29)
    expected = [log_likelihood(plain[20 : 10 * m]) + log_likelihood(plain[10 * m : 290]) - log_likelihood(plain[20:290])
                for m in middles]
    found = likelihood_ratio(gaussians, zeros, middles, ends)
    assert found == pytest.approx(expected, rel=1e-6)
    assert middles[found.argmax()] == 17
    number = 4 + (10 if full else 4)
    assert gaussians.num_parameters == number
    assert penalty(gaussians, 2, 29, 1.5) == pytest.approx(0.75 * number * np.log(270))
    assert delta_bic(gaussians, zeros, middles, ends, 1.5) == pytest.approx(
        np.array(expected) - 0.75 * number * np.log(270), rel=1e-6)


def test_divergence_is_that_of_two_known_gaussians():
    """By the divergences of one from the other, each from its definition."""
    rng = np.random.default_rng(3)
    features = correlated(rng, 200, 3)
    features[80:] *= [1.5, 0.5, 1]
    plain = normalised(features)
    for full in (True, False):
        pairs = [(frames.mean(0), covariance(frames, full)) for frames in (plain[:80], plain[80:])]

        def one_way(p, q):
            (mean1, cov1), (mean2, cov2) = p, q
            inverse = np.linalg.inv(cov2)
            apart = mean2 - mean1
            return (np.trace(inverse @ cov1) + apart @ inverse @ apart - 3
                    + np.log(np.linalg.det(cov2) / np.linalg.det(cov1))) / 2

        expected = one_way(*pairs) + one_way(*pairs[::-1])
        [found] = symmetric_divergence(Gaussians(features, 20, full, FLOOR), np.array([0]), np.array([4]),
                                       np.array([10]))
        assert found == pytest.approx(expected, rel=1e-8)


@both
def test_measures_do_not_depend_on_scale_and_offset(full):
    features = np.random.default_rng(4).normal(size=(500, 6))
    one = Gaussians(features, 10, full)
    other = Gaussians(features * 10.0 ** np.arange(-3, 3) + 100, 10, full)
    start, middle, end = (np.full(1, at) for at in (3, 20, 50))
    for measure in (likelihood_ratio, symmetric_divergence):
        assert measure(other, start, middle, end) == pytest.approx(measure(one, start, middle, end), rel=1e-5)


@both
@pytest.mark.parametrize("features", [
    np.zeros((300, 5)), np.full((300, 5), -15.942385, np.float32), np.repeat([[0.0], [1e6]], 150, axis=0),
    np.eye(60), np.random.default_rng(5).normal(size=(4, 30)), np.full((1, 2), 7.0),
    np.outer(np.random.default_rng(6).normal(size=300), np.ones(5)).astype(np.float32)],
    ids=["zeros", "silence", "step", "one frame each", "fewer frames than dimensions", "one frame", "rank one"])
def test_degenerate_features_have_finite_measures(features, full):
    gaussians = Gaussians(features, 1, full)
    count = len(gaussians)
    middle = np.arange(1, count)
    start, end = np.zeros_like(middle), np.full_like(middle, count)
    for measure in (likelihood_ratio, symmetric_divergence):
        found = measure(gaussians, start, middle, end)
        assert np.isfinite(found).all()
        assert (found > -1e-6 * count).all()
    if len(np.unique(features)) == 1:  # nothing differs from anything
        assert likelihood_ratio(gaussians, start, middle, end) == pytest.approx(0, abs=1e-6)


def test_what_is_no_matrix_of_features():
    for features in (np.zeros(5), np.zeros((0, 3)), np.zeros((3, 0)), np.zeros((2, 2, 2))):
        with pytest.raises(DataError, match="a matrix of features"):
            Gaussians(features)
    for value in (np.nan, np.inf):
        with pytest.raises(DataError, match="NaN or infinity"):
            Gaussians(np.array([[0, 1], [2, value]]))


@both
def test_an_edge_is_moved_to_the_best_frame(full):
    rng = np.random.default_rng(7)
    for _ in range(20):
        features = correlated(rng, 300, 3)
        features[147:] += rng.normal(size=3) * features.std(0)
        gaussians = Gaussians(features, 10, full, FLOOR)
        plain = normalised(features)
        start, middle, end, least = 4, int(rng.integers(7, 20)), 25, int(rng.integers(1, 60))

        def cost(first, last, plain=plain):
            return (last - first) / 2 * np.linalg.slogdet(covariance(plain[first:last], full))[1]

        candidates = [frame for frame in range(10 * middle - 9, 10 * middle + 10)
                      if frame - 40 >= least and 250 - frame >= least]
        best = min(candidates, key=lambda frame: cost(40, frame) + cost(frame, 250), default=10 * middle)
        gaussians.sharpen(start, middle, end, least)
        assert gaussians.edges[middle] == best
        found = gaussians.cost(np.array([start, middle]), np.array([middle, end]))
        assert found == pytest.approx([cost(40, best), cost(best, 250)], rel=1e-6)
