"""Utterances block by block: selections, posteriors and likelihoods are those of the whole."""

import numpy as np
import pytest

from diarkit.errors import DataError
from diarkit.ivector.mixtures import FullMixture
from diarkit.ivector.selection import best_of, frame_likelihoods, scaled, select, utterance_posteriors

NUM_GAUSS, DIM, FRAMES = 6, 3, 40


@pytest.fixture(scope="module")
def full():
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(NUM_GAUSS, DIM, DIM)) + 2 * np.eye(DIM)
    return FullMixture(rng.dirichlet(np.ones(NUM_GAUSS)), rng.normal(size=(NUM_GAUSS, DIM)) * 3,
                       factors @ factors.transpose(0, 2, 1))


@pytest.fixture(scope="module")
def frames():
    return (np.random.default_rng(1).normal(size=(FRAMES, DIM)) * 3).astype(np.float32)


@pytest.fixture(scope="module")
def given():
    """One to all of the Gaussians of each frame, in any order."""
    rng = np.random.default_rng(2)
    chosen = [rng.choice(NUM_GAUSS, rng.integers(1, NUM_GAUSS + 1), replace=False) for _ in range(FRAMES)]
    return np.cumsum([0, *map(len, chosen)]), np.concatenate(chosen).astype(np.int32)


def blocks(frames):
    return np.split(frames, [7, 8, 30])


@pytest.mark.parametrize("kind", ["full", "diagonal"])
@pytest.mark.parametrize("limited", [False, True])
def test_selection(full, frames, given, kind, limited):
    mixture = full if kind == "full" else full.diagonal()
    every = mixture.log_likelihoods(frames)
    starts, gaussians, likelihood = select(blocks(frames), mixture, 2, given if limited else None)
    expected, total = [], 0.0
    for t, row in enumerate(every):
        own = given[1][given[0][t] : given[0][t + 1]] if limited else np.arange(NUM_GAUSS)
        expected.append(own[np.argsort(-row[own])][:2].tolist())
        total += np.logaddexp.reduce(row[expected[-1]])
    assert [part.tolist() for part in np.split(gaussians, starts[1:-1])] == expected
    assert gaussians.dtype == np.int32 and likelihood == pytest.approx(total, rel=1e-5)


def test_all_gaussians_are_selected_for_0(full, frames):
    starts, gaussians, _ = select([frames], full.diagonal(), 0)
    assert (np.diff(starts) == NUM_GAUSS).all()
    assert (np.sort(gaussians.reshape(-1, NUM_GAUSS)) == np.arange(NUM_GAUSS)).all()


def test_posteriors_are_the_same_in_any_blocks(full, frames, given):
    for selection in (None, given):
        whole = utterance_posteriors([frames], full, 3, 0.05, selection)
        parts = utterance_posteriors(blocks(frames), full, 3, 0.05, selection)
        assert (whole[0] == parts[0]).all() and (whole[1] == parts[1]).all()
        np.testing.assert_allclose(parts[2], whole[2], rtol=1e-9)
        assert parts[3] == pytest.approx(whole[3])
        assert parts[2].min() >= 0.05 and len(parts[1]) < (given[0][-1] if selection else 3 * FRAMES)


def test_likelihoods(full, frames, given):
    np.testing.assert_allclose(frame_likelihoods(blocks(frames), full),
                               np.logaddexp.reduce(full.log_likelihoods(frames), axis=1))
    some = frame_likelihoods(blocks(frames), full, given)
    each = full.selected_log_likelihoods(frames, *given)
    expected = [np.logaddexp.reduce(part) for part in np.split(each, given[0][1:-1])]
    np.testing.assert_allclose(some, expected)
    assert (frame_likelihoods(blocks(frames), full, given, as_kaldi=True) == some).all()  # only diagonal ones have it
    ranged = np.array([0, 3]), np.array([1, 5, 3], np.int32)
    diagonal = full.diagonal()
    faulty = frame_likelihoods([frames[:1]], diagonal, ranged, as_kaldi=True)
    np.testing.assert_allclose(faulty, np.logaddexp.reduce(diagonal.log_likelihoods(frames[:1])[0, 1:4]), rtol=1e-6)


def test_the_best_of_some():
    starts, gaussians, likelihoods = best_of(np.array([0, 3, 4]), np.array([7, 8, 9, 5]), np.array([0.5, 2, 1, -3]), 2)
    assert (starts.tolist(), gaussians.tolist(), likelihoods.tolist()) == ([0, 2, 3], [8, 9, 5], [2, 1, -3])


def test_scales():
    starts, gaussians, weights = np.array([0, 2]), np.array([1, 2]), np.array([0.75, 0.25], np.float32)
    assert scaled(starts, gaussians, weights, 0.5)[2].tolist() == [0.375, 0.125]
    assert [part.tolist() for part in scaled(starts, gaussians, weights, 0)] == [[0, 0], [], []]
    with pytest.raises(DataError, match="negative"):
        scaled(starts, gaussians, weights, -1)
