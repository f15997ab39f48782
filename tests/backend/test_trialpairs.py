"""Pairs of trials, against a list of all that the rules let through."""

from itertools import combinations

import numpy as np
import pytest

from diarkit.backend.trialpairs import Pairs

RNG = np.random.default_rng(0)
SPEAKERS = RNG.integers(0, 6, 30)
SESSIONS = SPEAKERS * 3 + RNG.integers(0, 3, 30)
GENDERS = np.array([0, 1, 0, 1, 0, 1])


def drawn(pairs, numbers, seed=0):
    return [(i, int(j), bool(kind)) for i, others, kinds in pairs.draw(numbers, seed)
            for j, kind in zip(others, kinds, strict=True)]


@pytest.mark.parametrize("genders, across", [(None, False), (GENDERS, False), (GENDERS, True)])
@pytest.mark.parametrize("sessions", [None, SESSIONS])
def test_all_pairs(sessions, genders, across):
    expected = []
    for i, j in combinations(range(30), 2):
        target = SPEAKERS[i] == SPEAKERS[j]
        same_gender = genders is None or genders[SPEAKERS[i]] == genders[SPEAKERS[j]]
        if (sessions is None or sessions[i] != sessions[j]) and (target or same_gender != across):
            expected.append((i, j, bool(target)))
    pairs = Pairs(SPEAKERS, None, sessions, genders, across)
    targets = sum(kind for _, _, kind in expected)
    assert pairs.counts == (targets, len(expected) - targets)
    assert drawn(pairs, pairs.counts) == expected


def test_models():
    pairs = Pairs(SPEAKERS, np.array([2, 4]), taken={0: [3, 5]})
    expected = [(m, j, bool(SPEAKERS[j] == s)) for m, s in enumerate((2, 4)) for j in range(30)
                if not (m == 0 and j in (3, 5))]
    assert drawn(pairs, pairs.counts) == expected


def test_a_sample():
    pairs = Pairs(SPEAKERS)
    everything = drawn(pairs, pairs.counts)
    few = drawn(pairs, (7, 20))
    assert [kind for _, _, kind in few].count(True) == 7 and len(few) == 27
    assert few == [pair for pair in everything if pair in set(few)]  # in order, none twice
    assert few == drawn(pairs, (7, 20)) != drawn(pairs, (7, 20), seed=1)
    assert [pair for pair in drawn(pairs, (7, pairs.counts[1])) if pair[2]] == [pair for pair in few if pair[2]]
    counts = dict.fromkeys(everything, 0)
    for seed in range(300):
        for pair in drawn(pairs, (7, 20), seed):
            counts[pair] += 1
    share = np.array([n for pair, n in counts.items() if not pair[2]]) / 300 * pairs.counts[1] / 20
    assert abs(share.mean() - 1) < 1e-9 and 0.2 < share.min() and share.max() < 2  # about as often each
