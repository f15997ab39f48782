"""Who is it: decisions against all assignments there are, windows against a loop."""

from itertools import permutations

import numpy as np
import pytest

from diarkit.backend.identification import BLOCK, UNKNOWN, Matcher, Windows, decide, identified, ranked, union
from diarkit.backend.plda_scorer import PldaScorer
from diarkit.errors import DataError
from diarkit.io.plda import Plda
from diarkit.options.plda import LengthOptions, ProjectionOptions


@pytest.mark.parametrize("shape", [(3, 5), (4, 2), (1, 1), (3, 3)])
def test_one_to_one_has_the_highest_sum_above_the_threshold(shape):
    rng = np.random.default_rng(0)
    for _ in range(30):
        scores, threshold = rng.normal(size=shape), 0.2
        found = decide(scores, threshold)
        known = found[found != UNKNOWN]
        assert len(set(known)) == len(known)
        gain = sum(scores[i, j] - threshold for i, j in enumerate(found) if j != UNKNOWN)
        wide = np.maximum(np.pad(scores, ((0, 0), (0, shape[0])), constant_values=threshold) - threshold, 0)
        orders = permutations(range(wide.shape[1]), shape[0])
        best = max(sum(wide[i, j] for i, j in enumerate(order)) for order in orders)
        assert gain == pytest.approx(best)
        assert all(scores[i, j] >= threshold for i, j in enumerate(found) if j != UNKNOWN)


def test_decisions():
    scores = [[0.9, 0.1], [0.8, 0.4], [0.1, 0.3]]
    assert decide(scores, 0.4).tolist() == [0, 1, UNKNOWN]  # 0.4 reaches it
    assert decide(scores, 0.4, one_to_one=False).tolist() == [0, 0, UNKNOWN]
    assert decide(scores, 0.41).tolist() == [0, UNKNOWN, UNKNOWN]
    assert decide([], 0.5).tolist() == []
    assert ranked(np.array([0.1, 0.9, 0.9]), 2) == [(1, 0.9), (2, 0.9)]


def test_scores_are_those_of_the_tools_of_trials():
    rng = np.random.default_rng(1)
    profiles, vectors, counts = rng.normal(size=(3, 4)), rng.normal(size=(5, 4)), np.array([1, 2, 9])
    unit = [array / np.linalg.norm(array, axis=1, keepdims=True) for array in (vectors, profiles)]
    assert np.allclose(Matcher(profiles, counts)(vectors), unit[0] @ unit[1].T, atol=1e-6)
    plda = Plda(rng.normal(size=4), rng.normal(size=(4, 4)), np.array([3.0, 2, 1, 0]))
    pairs = PldaScorer(plda, ProjectionOptions(), LengthOptions()).pairs(profiles, vectors, counts)
    found = Matcher(profiles, counts, plda)(vectors)
    assert np.allclose(found, [[pairs(np.array([j]), np.array([i]))[0] for j in range(3)] for i in range(5)])
    calibrated = Matcher(profiles, counts, plda, ([0.5], -1.0))(vectors)
    assert np.allclose(calibrated, 0.5 * found - 1, atol=1e-5)
    with pytest.raises(DataError, match="a PLDA model of 4"):
        Matcher(profiles[:, :3], counts, plda)


def mean_by_loop(times, vectors, turns):
    """Seconds shared by steps of 1 ms, which the times are multiples of."""
    spoken = {ms for start, end in turns for ms in range(round(start * 1000), round(end * 1000))}
    shared = [sum(ms in spoken for ms in range(round(s * 1000), round(e * 1000))) / 1000 for s, e in times]
    half = [i for i, (s, e) in enumerate(times) if shared[i] >= (e - s) / 2 - 1e-9 and shared[i]]
    weights = np.array([float(i in half) for i in range(len(times))]) if half else np.array(shared)
    if not weights.sum():
        return None
    mean = weights @ (vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    return mean / np.linalg.norm(mean)


def test_windows_against_a_loop():
    rng = np.random.default_rng(2)
    kinds = set()
    for _ in range(40):
        starts = rng.integers(0, 4000, 6) / 1000
        times = np.stack([starts, starts + rng.integers(100, 1500, 6) / 1000], axis=1)
        vectors = rng.normal(size=(6, 3)) * 10
        turns = [(a, a + d) for a, d in rng.integers(1, 900, (int(rng.integers(1, 4)), 2)) / 1000 * [5, 1]]
        expected, found = mean_by_loop(times, vectors, turns), Windows(times, vectors).mean(turns)
        kinds.add(expected is None)
        assert (found is None) == (expected is None)
        assert expected is None or np.allclose(found, expected, atol=1e-5)
    assert kinds == {True, False}


def test_no_windows_and_no_turns():
    assert Windows(np.zeros((0, 2)), np.zeros((0, 3))).mean([(0, 1)]) is None
    assert Windows([(0, 1)], np.ones((1, 3))).mean([]) is None
    assert union([(2, 3), (0, 1), (1, 1.5), (2.5, 2.6)]) == [(0, 1.5), (2, 3)]


def test_the_highest_of_many_are_those_of_a_sort():
    rng = np.random.default_rng(3)
    for length in (1, 2, 3, 40):
        scores = rng.integers(0, 5, length).astype(float)
        expected = sorted(range(length), key=lambda n: (-scores[n], n))
        for number in (1, 2, 3):
            assert ranked(scores, number) == [(n, scores[n]) for n in expected[:number]]


def test_blocks_of_vectors_are_compared_as_all_at_once():
    rng = np.random.default_rng(4)
    profiles, vectors = rng.normal(size=(5, 4)), list(rng.normal(size=(2 * BLOCK + 3, 4)))
    matcher, sizes = Matcher(profiles, np.ones(5)), []

    def counting(some):
        sizes.append(len(some))
        return matcher(some)

    found = list(identified(counting, vectors, 0.5, one_to_one=False))
    assert sizes == [BLOCK, BLOCK, 3]
    assert [number for number, _ in found] == decide(matcher(vectors), 0.5, one_to_one=False).tolist()
    assert np.allclose([scores for _, scores in found], matcher(vectors))
    once = list(identified(matcher, vectors[:20], 0.0))
    assert [number for number, _ in once] == decide(matcher(vectors[:20]), 0.0).tolist()
    assert list(identified(matcher, [], 0.0)) == []
