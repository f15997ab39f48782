"""Affinities and their refinement against definitions by loops."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from diarkit.clustering.affinities import affinity_map, refined
from diarkit.clustering.similarities import Scores, make_similarities
from diarkit.errors import UsageError
from diarkit.options.spectral import SpectralOptions

MATRIX = np.array([[1.0, 0.8, 0.1], [0.6, 1.0, 0.3], [0.2, 0.4, 1.0]])


def steps(names, **settings):
    return refined(MATRIX, replace(SpectralOptions(), refinement=names, **settings))


def test_each_step():
    assert steps("crop").tolist() == [[0.8, 0.8, 0.1], [0.6, 0.6, 0.3], [0.2, 0.4, 0.4]]
    assert steps("threshold", row_threshold=0.5, soft=0.1) == pytest.approx(
        np.array([[1, 0.8, 0.01], [0.6, 1, 0.03], [0.02, 0.04, 1]]))
    assert steps("symmetrize-max").tolist() == np.maximum(MATRIX, MATRIX.T).tolist()
    assert steps("symmetrize-average") == pytest.approx((MATRIX + MATRIX.T) / 2)
    assert steps("diffuse") == pytest.approx(MATRIX @ MATRIX.T)
    assert steps("crop,normalize") == pytest.approx(np.array([[1, 1, 0.125], [1, 1, 0.5], [0.5, 1, 1]]))
    assert steps("") is MATRIX


def test_blur_is_a_gaussian_of_that_width():
    point = np.zeros((41, 41))
    point[20, 20] = 1
    found = refined(point, replace(SpectralOptions(), refinement="blur", blur=2.0))
    shape = norm.pdf(np.arange(-8, 9), scale=2)
    assert found[12:29, 12:29] == pytest.approx(np.outer(shape, shape) / shape.sum() ** 2, abs=1e-6)


def test_wang_is_their_sequence_in_any_order_that_is_asked_for():
    whole = "crop,blur,threshold,symmetrize-max,diffuse,normalize"
    assert steps("wang").tolist() == steps(whole).tolist()
    assert SpectralOptions(refinement=" diffuse, crop ").steps() == ["diffuse", "crop"]
    assert steps("diffuse,crop").tolist() != steps("crop,diffuse").tolist()
    with pytest.raises(UsageError, match="no step smooth"):
        SpectralOptions(refinement="crop,smooth").check()


def test_degenerate_matrices():
    for matrix in (np.ones((1, 1)), np.zeros((3, 3))):
        found = refined(matrix, SpectralOptions(refinement="wang"))
        assert found.shape == matrix.shape and np.isfinite(found).all()


def test_cosines_are_cut_at_zero_and_other_scores_rise_whatever_their_scale():
    rng = np.random.default_rng(0)
    assert affinity_map(make_similarities(rng.normal(size=(5, 3)), True))(np.array([-0.5, 0.25, 1.001])).tolist() == [
        0, 0.25, 1]
    who = np.arange(40) % 2
    scores = np.where(who[:, None] == who, 20.0, -40.0) + rng.normal(size=(40, 40))
    found = affinity_map(Scores(scores))(scores)
    assert (np.diff(found.ravel()[np.argsort(scores.ravel())]) >= 0).all() and found.min() >= 0 and found.max() <= 1
    assert (found[who[:, None] == who] > 0.5).all() and (found[who[:, None] != who] < 0.5).all()
    moved = 7 * scores + 300
    assert affinity_map(Scores(moved))(moved) == pytest.approx(found, abs=1e-4)
    assert np.isfinite(affinity_map(Scores(np.full((3, 3), 5.0)))(np.full(3, 5.0))).all()
