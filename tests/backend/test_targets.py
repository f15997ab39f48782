"""Speakers of segments by a reference, and pairs, against plain loops."""

import numpy as np
import pytest

from diarkit.backend.targets import pairs_of, speakers_of

TURNS = [(0.0, 1.2, "b"), (1.1, 2.5, "a"), (1.3, 2.0, "a"), (2.5, 2.5, "c"), (4.0, 5.0, "c")]


def test_who_talks_most():
    times = [(0, 1), (1, 2), (0.6, 1.6), (3, 3.9), (3.5, 4.2), (3.5, 4.5), (4, 5)]
    assert speakers_of(times, TURNS).tolist() == [1, 0, 1, -1, -1, 2, 2]
    assert speakers_of(times, TURNS, 0.2).tolist() == [1, 0, 1, -1, 2, 2, 2]
    assert speakers_of(times, TURNS, 0.95).tolist() == [1, -1, -1, -1, -1, -1, 2]
    assert speakers_of([(3, 3.9), (1, 2)], TURNS, 0).tolist() == [-1, 0], "somebody has to talk"
    assert speakers_of([(0.4, 0.6)], [(0.1, 0.3, "a"), (0.4, 0.6, "a")], 1).tolist() == [0], "sums are rounded"
    assert speakers_of(times, []).tolist() == [-1] * 7
    assert speakers_of([], TURNS).tolist() == []


def test_against_counting_milliseconds():
    rng = np.random.default_rng(0)
    for _ in range(20):
        starts = rng.integers(0, 900, 12)
        turns = [(s / 100, (s + d) / 100, "xyz"[k]) for s, d, k in zip(starts, rng.integers(0, 80, 12),
                                                                      rng.integers(0, 3, 12), strict=True)]
        times = np.sort(rng.integers(0, 1000, (15, 2)), axis=1) / 100
        found = speakers_of(times, turns, 0.3)
        names = sorted({name for *_, name in turns})
        for (start, end), number in zip(times, found, strict=True):
            ticks = np.arange(round(start * 100), round(end * 100)) + 0.5
            heard = [sum(any(s * 100 < tick < e * 100 for s, e, own in turns if own == name) for tick in ticks)
                     for name in names]
            enough = max(heard) > 0 and max(heard) >= 0.3 * len(ticks) - 1e-6
            assert number == -1 if not enough else heard[number] == max(heard)


@pytest.mark.parametrize("most", [100, 9, 5, 4, 1])
def test_pairs_are_those_above_the_diagonal(most):
    rng = np.random.default_rng(1)
    scores = [rng.normal(size=(6, 6)), rng.normal(size=(6, 6))]
    speakers = [0, 1, -1, 0, 1, 1]
    every = [(scores[0][i, j], scores[1][i, j], speakers[i] == speakers[j])
             for i in range(6) for j in range(i + 1, 6) if speakers[i] >= 0 and speakers[j] >= 0]
    step = -(-len(every) // most)
    assert list(zip(*pairs_of(scores, speakers, most), strict=True)) == every[::step]


def test_no_pairs():
    for speakers in ([], [0], [-1, 0, -1]):
        one, is_target = pairs_of([np.zeros((len(speakers),) * 2)], speakers)
        assert len(one) == len(is_target) == 0 and is_target.dtype == bool
