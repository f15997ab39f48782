"""Normalisation by a cohort against the definition, pair by pair."""

import numpy as np
import pytest

from diarkit.backend.cosine import product_rows
from diarkit.backend.snorm import (
    ProductCohort,
    Statistics,
    cohort_statistics,
    normalised,
    normalised_pairs,
    normalised_rows,
)
from diarkit.errors import DataError


def plain(x, y, cohort, top_n, norm):
    sides = []
    for vector in (x, y):
        best = sorted((float(vector @ stranger) for stranger in cohort), reverse=True)[: top_n or None]
        sides.append((float(x @ y) - np.mean(best)) / np.std(best))
    return {"z": sides[0], "t": sides[1], "s": sum(sides) / 2}[norm]


@pytest.mark.parametrize("norm", ["s", "z", "t"])
@pytest.mark.parametrize("top_n", [0, 2, 7, 29, 30, 99])
def test_is_the_definition(norm, top_n):
    rng = np.random.default_rng(0)
    vectors, cohort = rng.normal(size=(9, 5)), rng.normal(size=(30, 5))
    expected = np.array([[plain(x, y, cohort, top_n, norm) for y in vectors] for x in vectors])
    statistics = ProductCohort(cohort, top_n)(vectors)
    blocks = (vectors[first : first + 4] @ vectors.T for first in range(0, 9, 4))
    rows = list(normalised_rows(blocks, statistics, norm))
    assert [len(block) for block in rows] == [4, 4, 1] and rows[0].dtype == np.float32
    assert np.concatenate(rows) == pytest.approx(expected, rel=1e-4, abs=1e-5)

    score = normalised_pairs(lambda a, b: np.sum(vectors[a] * vectors[b], axis=1), [statistics] * 2, norm)
    first, second = np.array([0, 3, 8]), np.array([5, 3, 1])
    assert score(first, second) == pytest.approx(expected[first, second])


def test_many_vectors_are_compared_in_blocks():
    rng = np.random.default_rng(1)
    vectors, cohort = rng.normal(size=(600, 3)), rng.normal(size=(20, 3))
    seen = []

    def score(first, last):
        seen.append((first, last))
        return vectors[first:last] @ cohort.T

    found = cohort_statistics(score, 600, 5)
    best = np.sort(vectors @ cohort.T, axis=1)[:, -5:]
    assert found.mean == pytest.approx(best.mean(axis=1)) and found.deviation == pytest.approx(best.std(axis=1))
    assert seen[0] == (0, 256) and seen[-1] == (512, 600)


def test_symmetric_to_the_bit():
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(700, 8)).astype(np.float32)
    statistics = ProductCohort(rng.normal(size=(40, 8)).astype(np.float32), 10)(vectors)
    scores = np.concatenate(list(normalised_rows(product_rows(vectors), statistics)))
    assert np.array_equal(scores, scores.T)


def test_a_vector_of_zeros_scores_zero():
    rng = np.random.default_rng(3)
    vectors = np.vstack([rng.normal(size=(2, 3)), np.zeros((1, 3))])
    cohort = ProductCohort(rng.normal(size=(6, 3)) + 1)
    statistics = cohort(vectors)
    assert statistics.deviation[2] == pytest.approx(1e-3 * statistics.deviation.max())
    found = normalised(vectors[2] @ vectors[2], statistics.take(2), statistics.take(2))
    assert found == 0
    assert len(cohort(vectors[:0]).mean) == 0


@pytest.mark.parametrize("cohort, message", [
    (np.ones((5, 3)), "all scores against the cohort are equal"),
    (np.full((7, 3), 0.1), "all scores against the cohort are equal"),  # but for rounding
    (np.ones((1, 3)), "a cohort of 1 vector: two"),
    (np.ones((5, 2)), "vectors of 3 numbers, those of the cohort have 2"),
    (np.full((5, 3), np.nan), "NaN"),
])
def test_a_cohort_that_cannot_be_used_is_one_line(cohort, message):
    with pytest.raises(DataError, match=message):
        ProductCohort(cohort)(np.arange(6.0).reshape(2, 3))


def test_a_cohort_of_which_the_scores_differ_little():
    found = cohort_statistics(lambda first, last: np.array([[1000.0, 1001, 1002]]), 1)
    assert found.mean.tolist() == [1001] and found.deviation == pytest.approx([(2 / 3) ** 0.5])
    two = cohort_statistics(lambda first, last: np.array([[1.0, 3]]), 1)
    assert two.mean.tolist() == [2] and two.deviation.tolist() == [1]


def test_without_a_cohort_nothing_changes():
    blocks = [np.eye(2)]
    assert list(normalised_rows(blocks, None)) == blocks
    assert normalised_pairs(max, None) is max
    assert Statistics(np.arange(3), np.ones(3)).take([2]).mean.tolist() == [2]
