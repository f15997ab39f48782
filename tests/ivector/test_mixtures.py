"""Likelihoods and posteriors of mixtures, and statistics of frames, against their definitions."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from diarkit.errors import DataError
from diarkit.ivector import mixtures, tiles
from diarkit.ivector.mixtures import DiagMixture, FullMixture, highest
from diarkit.ivector.posteriors import frame_posteriors, posteriors, prune, scatter, weigh

NUM_GAUSS, DIM = 7, 5


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(mixtures, "BLOCK", 16)
    monkeypatch.setattr(tiles, "MEMORY", 200)
    monkeypatch.setattr(tiles, "ROWS", (2, 8))


def parameters(rng, far=100):
    """Weights, means far from 0, covariances; and frames."""
    factors = rng.normal(size=(NUM_GAUSS, DIM, DIM)) + 2 * np.eye(DIM)
    covariances = factors @ factors.transpose(0, 2, 1)
    means = rng.normal(size=(NUM_GAUSS, DIM)) * 3 + far
    features = (rng.normal(size=(50, DIM)) * 4 + far).astype(np.float32)
    return rng.dirichlet(np.ones(NUM_GAUSS)), means, covariances, features


def definition(weights, means, covariances, features):
    return np.stack([np.log(weight) + multivariate_normal(mean, covariance).logpdf(features)
                     for weight, mean, covariance in zip(weights, means, covariances, strict=True)], axis=1)


def some_gaussians(rng, num_frames):
    counts = rng.integers(1, NUM_GAUSS + 1, num_frames)
    chosen = [rng.choice(NUM_GAUSS, count, replace=False) for count in counts]
    return np.concatenate([[0], np.cumsum(counts)]), np.concatenate(chosen).astype(np.int32)


def test_likelihoods_of_a_diagonal_mixture(rng):
    weights, means, covariances, features = parameters(rng)
    variances = np.einsum("cdd->cd", covariances)
    mixture = DiagMixture(weights, means, variances)
    expected = definition(weights, means, [np.diag(one) for one in variances], features)
    np.testing.assert_allclose(mixture.log_likelihoods(features), expected, rtol=1e-6, atol=2e-5)
    starts, gaussians = some_gaussians(rng, len(features))
    frames = np.repeat(np.arange(len(features)), np.diff(starts))
    np.testing.assert_allclose(mixture.selected_log_likelihoods(features, starts, gaussians),
                               expected[frames, gaussians], rtol=1e-6, atol=2e-5)


def test_likelihoods_of_a_full_mixture(rng):
    weights, means, covariances, features = parameters(rng)
    mixture = FullMixture(weights, means, np.linalg.inv(covariances))
    expected = definition(weights, means, covariances, features)
    np.testing.assert_allclose(mixture.log_likelihoods(features), expected, rtol=1e-9)
    starts, gaussians = some_gaussians(rng, len(features))
    frames = np.repeat(np.arange(len(features)), np.diff(starts))
    np.testing.assert_allclose(mixture.selected_log_likelihoods(features, starts, gaussians),
                               expected[frames, gaussians], rtol=1e-9)
    diagonal = mixture.diagonal()
    np.testing.assert_allclose(diagonal.variances, np.einsum("cdd->cd", covariances))
    assert diagonal.means is mixture.means


@pytest.mark.parametrize("count", [1, 3, NUM_GAUSS, NUM_GAUSS + 5])
def test_selection_is_the_most_likely_first(rng, count):
    weights, means, covariances, features = parameters(rng)
    mixture = DiagMixture(weights, means, np.einsum("cdd->cd", covariances))
    gaussians, likelihoods = mixture.select(features, count)
    every = mixture.log_likelihoods(features)
    expected = np.argsort(-every, axis=1, kind="stable")[:, :count]
    assert gaussians.dtype == np.int32 and (gaussians == expected).all()
    assert (likelihoods == np.take_along_axis(every, expected, axis=1)).all()


def test_highest_with_ties():
    columns, values = highest(np.array([[1.0, 2, 2, 2], [0, 0, 0, 0], [4, 3, 2, 1]]), 2)
    assert columns.shape == (3, 2) and values.tolist() == [[2, 2], [0, 0], [4, 3]]
    assert all(len(set(row)) == 2 for row in columns.tolist()) and columns[2].tolist() == [0, 1]


def test_gaussians_of_no_weight_come_last():
    mixture = DiagMixture([0, 0.5, 0.5], np.zeros((3, 1)), np.ones((3, 1)))
    gaussians, likelihoods = mixture.select(np.zeros((2, 1)), 3)
    assert (gaussians[:, 2] == 0).all() and np.isneginf(likelihoods[:, 2]).all()
    weights, _ = posteriors(likelihoods.reshape(-1), np.array([0, 3, 6]))
    assert weights.tolist() == [0.5, 0.5, 0, 0.5, 0.5, 0]


def test_posteriors(rng):
    starts, gaussians = some_gaussians(rng, 20)
    likelihoods = rng.normal(size=len(gaussians)) * 300
    weights, totals = posteriors(likelihoods, starts)
    for frame, (first, last) in enumerate(zip(starts[:-1], starts[1:], strict=True)):
        assert totals[frame] == pytest.approx(logsumexp(likelihoods[first:last]))
        np.testing.assert_allclose(weights[first:last], np.exp(likelihoods[first:last] - totals[frame]), atol=1e-15)


def test_pruning():
    starts, gaussians = np.array([0, 3, 5, 6]), np.array([4, 5, 6, 1, 2, 0])
    weights = np.array([0.6, 0.3, 0.1, 0.15, 0.15, 1.0])
    pruned = prune(starts, gaussians, weights, 0.2)
    assert pruned[0].tolist() == [0, 2, 4, 5] and pruned[1].tolist() == [4, 5, 1, 2, 0]
    np.testing.assert_allclose(pruned[2], [2 / 3, 1 / 3, 0.5, 0.5, 1])
    assert prune(starts, gaussians, weights, 0)[2] is weights


def test_pruning_of_what_is_small_beside_the_highest():
    """0.125 is below 0.18 of 0.7; of the sum of the others 0.175 is 0.2, which stays."""
    starts, gaussians, weights = np.array([0, 3]), np.array([4, 5, 6]), np.array([0.7, 0.175, 0.125])
    assert prune(starts, gaussians, weights, 0.18)[1].tolist() == [4]
    _, kept, found = prune(starts, gaussians, weights, 0.18, of_highest=True)
    assert kept.tolist() == [4, 5]
    np.testing.assert_allclose(found, [0.8, 0.2])


def test_posteriors_of_frames(rng):
    weights, means, covariances, features = parameters(rng)
    mixture = FullMixture(weights, means, np.linalg.inv(covariances))
    starts, gaussians, found, totals = frame_posteriors(features, mixture, mixture.diagonal(), 3, 0.1)
    every = definition(weights, means, covariances, features)
    best = mixture.diagonal().select(features, 3)[0]
    for t in range(len(features)):
        chosen = np.exp(every[t, best[t]] - logsumexp(every[t, best[t]]))
        kept = chosen >= min(0.1, chosen.max())
        assert gaussians[starts[t] : starts[t + 1]].tolist() == best[t][kept].tolist()
        np.testing.assert_allclose(found[starts[t] : starts[t + 1]], chosen[kept] / chosen[kept].sum())
        assert totals[t] == pytest.approx(logsumexp(every[t, best[t]]))
    diagonal = mixture.diagonal()
    of_itself = frame_posteriors(features, diagonal, diagonal, 3)
    np.testing.assert_allclose(of_itself[2].reshape(-1, 3).sum(axis=1), 1)


def test_statistics(rng):
    features = rng.normal(size=(50, DIM)).astype(np.float32)
    starts, gaussians = some_gaussians(rng, 50)
    gaussians[gaussians == 3] = 2  # one of which no frame is, and one that is there twice
    weights = rng.random(len(gaussians))
    frames = np.repeat(np.arange(50), np.diff(starts))
    counts, sums = weigh(features, starts, gaussians, weights, NUM_GAUSS)
    squares = scatter(features, starts, gaussians, weights, NUM_GAUSS)
    for gauss in range(NUM_GAUSS):
        of = gaussians == gauss
        rows, own = features[frames[of]].astype(float), weights[of]
        assert counts[gauss] == pytest.approx(own.sum())
        np.testing.assert_allclose(sums[gauss], own @ rows, atol=1e-12)
        np.testing.assert_allclose(squares[gauss], (rows * own[:, None]).T @ rows, atol=1e-12)
    again = scatter(features, starts, gaussians, weights, NUM_GAUSS, squares.copy())
    np.testing.assert_allclose(again, 2 * squares, rtol=1e-14)


def test_what_cannot_be(rng):
    weights, means, covariances, features = parameters(rng)
    mixture = DiagMixture(weights, means, np.einsum("cdd->cd", covariances))
    with pytest.raises(DataError, match="3 dimensions, a mixture of 5"):
        mixture.select(features[:, :3], 2)
    with pytest.raises(DataError, match="no frames"):
        mixture.log_likelihoods(features[:0])
    with pytest.raises(DataError, match="too far"):
        mixture.log_likelihoods(np.full((1, DIM), 1e30))
    for starts, gaussians, message in (([0, 1], [0], "for 1 frames, there are 2"), ([0, 1, 2], [0, 7], "Gaussian 7"),
                                       ([0, 1, 1], [0], "for frame 1")):
        for one in (mixture, FullMixture(weights, means, np.linalg.inv(covariances))):
            with pytest.raises(DataError, match=message):
                one.selected_log_likelihoods(features[:2], np.array(starts), np.array(gaussians))
    with pytest.raises(DataError, match="positive definite"):
        FullMixture(weights, means, -covariances)
    with pytest.raises(DataError, match="not above 0"):
        DiagMixture(weights, means, np.zeros((NUM_GAUSS, DIM)))
