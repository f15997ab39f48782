"""Profiles, held against loops that do what the definitions say."""

import numpy as np
import pytest

from diarkit.backend.enrolment import (
    alike,
    consistency,
    covered,
    lengthened,
    make_profile,
    merged,
    weighted_mean,
    without_outliers,
)
from diarkit.errors import DataError
from diarkit.options.enrolment import EnrolmentOptions


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def voice(rng, number, size=16, noise=0.3):
    mean = rng.normal(size=size)
    return mean + noise * rng.normal(size=(number, size))


def test_consistency_is_the_cosine_with_the_mean_of_the_others():
    vectors = np.random.default_rng(0).normal(size=(7, 5)) * np.arange(1, 8)[:, None]
    unit = [vector / np.linalg.norm(vector) for vector in vectors]
    expected = [cosine(unit[i], np.mean([unit[j] for j in range(7) if j != i], axis=0)) for i in range(7)]
    assert np.allclose(consistency(vectors), expected)
    assert consistency(vectors[:1]).tolist() == [1]
    assert consistency(np.array([[1.0, 0], [1, 0], [-1, 0]]))[2] == pytest.approx(-1)
    assert consistency(np.array([[0, 1.0], [1, 0], [-1, 0]]))[0] == 0  # the others cancel each other


def test_lengths():
    vectors = np.array([[3.0, 4], [0, 2]])
    assert np.allclose(lengthened(vectors, "unit"), [[0.6, 0.8], [0, 1]])
    assert np.allclose(np.linalg.norm(lengthened(vectors, "sqrt"), axis=1), np.sqrt(2))
    assert lengthened(vectors, "none").tolist() == vectors.tolist()
    with pytest.raises(DataError, match="zeros"):
        lengthened(np.zeros((1, 2)), "none")


def test_outliers_go_one_after_the_other():
    rng = np.random.default_rng(1)
    mine, other = voice(rng, 8), voice(rng, 2)
    vectors = np.concatenate([mine[:3], other, mine[3:]])
    kept, outliers = without_outliers(vectors, 0.6, 0.4)
    assert kept.tolist() == [0, 1, 2, 5, 6, 7, 8, 9] and sorted(row for row, _ in outliers) == [3, 4]
    assert all(value < 0.6 for _, value in outliers)
    assert without_outliers(mine, 0.6, 0.4)[1] == []
    with pytest.raises(DataError, match="10 vectors are not of one voice.*cosine below 0.6"):
        without_outliers(vectors, 0.6, 0.1)


def test_of_two_that_disagree_nobody_knows_which_is_right():
    rng = np.random.default_rng(2)
    two = np.concatenate([voice(rng, 1), voice(rng, 1)])
    with pytest.raises(DataError, match="not of one voice"):
        without_outliers(two, 0.9, 0.99)
    assert len(without_outliers(two, -1, 0)[0]) == 2


def test_a_profile_counts_by_duration_and_says_what_is_too_little():
    vectors = voice(np.random.default_rng(3), 3)
    spans = [("r", 0.0, 1.0), ("r", 0.5, 3.5), ("s", 0.0, 2.0)]
    profile, count, outliers = make_profile(vectors, spans, EnrolmentOptions())
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert np.allclose(profile, (unit[0] + 3 * unit[1] + 2 * unit[2]) / 6) and (count, outliers) == (3, [])
    assert np.allclose(make_profile(vectors, [], EnrolmentOptions())[0], unit.mean(axis=0))
    assert covered(spans) == 5.5 and covered([]) == 0
    enough = EnrolmentOptions(segments="x", min_duration=5.5)
    assert make_profile(vectors, spans, enough)[1] == 3
    with pytest.raises(DataError, match="5.50 s of sound, less than 5.6"):
        make_profile(vectors, spans, EnrolmentOptions(segments="x", min_duration=5.6))
    with pytest.raises(DataError, match="3 vectors, fewer than 4"):
        make_profile(vectors, [], EnrolmentOptions(min_vectors=4))
    with pytest.raises(DataError, match="last 0 s"):
        weighted_mean(vectors, [0, 0, 0])


def test_merging_is_enrolling_together():
    unit = lengthened(voice(np.random.default_rng(4), 9), "unit")
    both = merged(unit[:6].mean(axis=0), 6, unit[6:].mean(axis=0), 3, 0.3)
    assert np.allclose(both, unit.mean(axis=0))
    with pytest.raises(DataError, match="not the voice"):
        merged(unit[0], 1, -unit[1], 1, 0.3)
    with pytest.raises(DataError, match="numbers"):
        merged(unit[0], 1, unit[1][:5], 1, 0.3)


def test_who_may_be_one_person():
    rng = np.random.default_rng(5)
    profiles = rng.normal(size=(600, 8))  # more than one block of rows
    profiles[590] = 2 * profiles[3]
    expected = sorted(((i, j, cosine(profiles[i], profiles[j])) for i in range(600) for j in range(i + 1, 600)),
                      key=lambda pair: -pair[2])
    found, number = alike(profiles, 0.9, 10**6)
    assert found[0][:2] == (3, 590) and found[0][2] == pytest.approx(1)
    assert {pair[:2] for pair in found} == {pair[:2] for pair in expected if pair[2] >= 0.9}
    assert number == len(found) and alike(profiles, 0.9, 3) == (found[:3], number)
