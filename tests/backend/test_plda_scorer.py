"""Scores normalised by a cohort, against the definition pair by pair."""

import numpy as np
import pytest

from diarkit.backend.plda import Model, transformed
from diarkit.backend.plda_scorer import PldaScorer
from diarkit.backend.plda_scoring import PairScorer, recording_projection
from diarkit.errors import DataError
from diarkit.options.calibration import NormOptions
from diarkit.options.plda import LengthOptions, ProjectionOptions

TOP = 4


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def plda(rng):
    return Model(rng.normal(size=5), rng.normal(size=(5, 5)), np.array([7.0, 3, 1, 0.5, 0]))


def ratio_of(plda, x, y, lengths, count=1):
    """The log likelihood ratio of one pair of vectors, of which x is the mean of `count`."""
    train, test = transformed(plda, x[None], lengths, np.array([count])), transformed(plda, y[None], lengths)
    return PairScorer(plda.psi, train, test, np.array([count]))([0], [0])[0]


def deviations(score, against):
    best = sorted(against, reverse=True)[:TOP]
    return (score - np.mean(best)) / np.std(best)


@pytest.mark.parametrize("norm", ["s", "z", "t"])
@pytest.mark.parametrize("energy", [0.4, 1.0])
@pytest.mark.parametrize("lengths", [LengthOptions(), LengthOptions(normalize_length=False)])
def test_a_recording(rng, plda, norm, energy, lengths):
    vectors, strangers = rng.normal(size=(6, 5)), rng.normal(size=(9, 5))
    opts = ProjectionOptions(energy)
    found = np.concatenate(list(PldaScorer(plda, opts, lengths, strangers, NormOptions("x", norm, TOP)).rows(vectors)))
    projection, model = recording_projection(plda, vectors, opts)
    if projection is not None:
        vectors, strangers = vectors @ projection.T, strangers @ projection.T
    for i, x in enumerate(vectors):
        for j, y in enumerate(vectors):
            score = ratio_of(model, x, y, lengths)
            sides = [deviations(score, [ratio_of(model, side, other, lengths) for other in strangers])
                     for side in (x, y)]
            assert found[i, j] == pytest.approx({"z": sides[0], "t": sides[1], "s": sum(sides) / 2}[norm], rel=1e-4)
    assert np.array_equal(found, found.T) or norm != "s"


@pytest.mark.parametrize("norm", ["s", "z", "t"])
@pytest.mark.parametrize("lengths", [LengthOptions(), LengthOptions(normalize_length=False)])
def test_pairs_of_means(rng, plda, norm, lengths):
    counts = np.array([3, 1, 8])
    means, vectors, strangers = rng.normal(size=(3, 5)), rng.normal(size=(4, 5)), rng.normal(size=(9, 5))
    scorer = PldaScorer(plda, ProjectionOptions(), lengths, strangers, NormOptions("x", norm, TOP))
    first, second = np.array([0, 2, 1]), np.array([3, 0, 0])
    for value, i, j in zip(scorer.pairs(means, vectors, counts)(first, second), first, second, strict=True):
        score = ratio_of(plda, means[i], vectors[j], lengths, counts[i])
        sides = [deviations(score, [ratio_of(plda, means[i], other, lengths, counts[i]) for other in strangers]),
                 deviations(score, [ratio_of(plda, vectors[j], other, lengths) for other in strangers])]
        assert value == pytest.approx({"z": sides[0], "t": sides[1], "s": sum(sides) / 2}[norm])


def test_two_vectors_are_normalised_and_one_is_not(rng, plda):
    strangers = rng.normal(size=(9, 5))
    settings = plda, ProjectionOptions(1.0), LengthOptions()
    for count in (1, 2):
        vectors = rng.normal(size=(count, 5))
        plain = np.concatenate(list(PldaScorer(*settings).rows(vectors)))
        found = np.concatenate(list(PldaScorer(*settings, strangers).rows(vectors)))
        assert found.shape == (count, count) and np.allclose(found, plain) == (count == 1)


def test_a_cohort_that_does_not_fit(rng, plda):
    with pytest.raises(DataError, match="strangers: vectors of 4 numbers, but a PLDA model of 5"):
        PldaScorer(plda, ProjectionOptions(), LengthOptions(), rng.normal(size=(3, 4)), NormOptions("strangers"))
