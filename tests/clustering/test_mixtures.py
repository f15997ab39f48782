"""Mixtures of Gaussians against scipy's densities, and what fitting does to likelihoods."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from diarkit.clustering import mixtures
from diarkit.clustering.mixtures import Mixture, fit, log_likelihoods


def test_likelihoods_are_the_densities():
    rng = np.random.default_rng(0)
    mixture = Mixture(np.array([0.2, 0.8, 0.0]), rng.normal(size=(3, 4)), rng.uniform(0.1, 2, (3, 4)))
    frames = rng.normal(size=(9, 4))
    found = log_likelihoods(mixture, frames)
    for c in range(2):
        density = multivariate_normal(mixture.means[c], np.diag(mixture.variances[c])).logpdf(frames)
        np.testing.assert_allclose(found[:, c], density + np.log(mixture.weights[c]))
    assert (found[:, 2] == -np.inf).all()


def test_fitting_finds_the_clusters_and_never_loses_likelihood():
    rng = np.random.default_rng(1)
    centres = np.array([[0, 0], [8, 0], [0, 8]])
    frames = centres[rng.integers(0, 3, 600)] + rng.normal(size=(600, 2)) * [1, 0.5]
    totals = [logsumexp(log_likelihoods(fit(frames, 3, i, 2), frames), axis=1).sum() for i in (1, 2, 4, 8, 16)]
    assert (np.diff(totals) > -1e-9).all()
    found = fit(frames, 3, 16, 2)
    order = [np.linalg.norm(found.means - centre, axis=1).argmin() for centre in centres]
    np.testing.assert_allclose(found.means[order], centres, atol=0.3)
    np.testing.assert_allclose(np.sqrt(found.variances), np.tile([1, 0.5], (3, 1)), atol=0.15)
    assert found.weights.sum() == pytest.approx(1)


def test_blocks_change_nothing(monkeypatch):
    frames = np.random.default_rng(0).normal(size=(50, 3))
    whole = fit(frames, 4, 5, 0)
    monkeypatch.setattr(mixtures, "BLOCK", 4 * 7)
    for one, other in zip(whole, fit(frames, 4, 5, 0), strict=True):
        np.testing.assert_allclose(one, other)
    assert mixtures.blocks(50, 4)[0] == (0, 7) and mixtures.blocks(50, 4)[-1] == (49, 50)


@pytest.mark.parametrize("frames", [np.ones((1, 2)), np.ones((5, 2)), np.zeros((3, 2))])
def test_few_or_equal_frames_are_no_trouble(frames):
    found = fit(frames, 4, 5, 0)
    assert len(found.weights) == min(4, len(frames))
    assert all(np.isfinite(part).all() for part in found) and (found.variances > 0).all()
