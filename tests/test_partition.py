"""Pieces and parts of lists against the rules of Kaldi's scripts, followed one step after the other."""

import random

import pytest

from diarkit.partition import balanced_runs, even_runs, evenly, random_groups, spread


def test_even_runs():
    assert even_runs(7, 3) == [0, 0, 0, 1, 1, 2, 2]
    assert even_runs(3, 3) == [0, 1, 2] and even_runs(4, 1) == [0] * 4


def moved_one_by_one(sizes, pieces):
    """The rule with real lists of groups, each move made by taking one out and putting it in."""
    runs = [[] for _ in range(pieces)]
    for group in range(len(sizes)):
        runs[group * pieces // len(sizes)].append(group)

    def total(run):
        return sum(sizes[group] for group in run)

    changed = True
    while changed:
        changed = False
        for i in range(pieces):
            if i < pieces - 1 and runs[i]:
                size, first, second = sizes[runs[i][-1]], total(runs[i]), total(runs[i + 1])
                if abs(second + size - (first - size)) < abs(second - first):
                    runs[i + 1].insert(0, runs[i].pop())
                    changed = True
            if i > 0 and runs[i]:
                size, first, second = sizes[runs[i][0]], total(runs[i - 1]), total(runs[i])
                if abs(second - size - (first + size)) < abs(second - first):
                    runs[i - 1].append(runs[i].pop(0))
                    changed = True
    return [i for i, run in enumerate(runs) for _ in run]


def test_balanced_runs_against_the_plain_rule():
    rng = random.Random(1)
    for _ in range(300):
        sizes = [rng.choice([1, 2, 3, 10, 50]) for _ in range(rng.randrange(1, 25))]
        pieces = rng.randrange(1, len(sizes) + 1)
        found = balanced_runs(sizes, pieces)
        assert found == moved_one_by_one(sizes, pieces)
        assert found == sorted(found) and set(found) == set(range(pieces))
    assert balanced_runs([1, 1, 1, 1, 8, 1], 2) == [0, 0, 0, 0, 1, 1]
    assert balanced_runs([5] * 1000, 7) == [i * 7 // 1000 for i in range(1000)]


def halves(items, wanted):
    if len(items) == 1:
        return items if wanted else []
    middle = len(items) // 2
    return halves(items[:middle], wanted // 2) + halves(items[middle:], wanted - wanted // 2)


@pytest.mark.parametrize("count", [1, 2, 3, 10, 37])
def test_evenly(count):
    for wanted in range(count + 1):
        assert evenly(count, wanted) == halves(list(range(count)), wanted)
        assert len(evenly(count, wanted)) == wanted


def test_spread():
    items = list("abcdefg")
    assert spread(items, 1) == ["a"] and spread(items, 2) == ["a", "d"] and spread(items, 3) == ["a", "c", "e"]
    assert spread(items, 4) == list("abcd") and spread(items, 7) == items and spread(items, 9) == items


def test_random_groups():
    sizes = [3, 1, 4, 1, 5, 9, 2, 6]
    assert random_groups(sizes, 31, 0) == list(range(8)) and random_groups(sizes, 0, 0) == []
    seen = set()
    for seed in range(20):
        chosen = random_groups(sizes, 10, seed)
        assert chosen == sorted(set(chosen)) == random_groups(sizes, 10, seed)
        total = sum(sizes[i] for i in chosen)
        assert total >= 10 and any(total - sizes[i] < 10 for i in chosen)
        seen.add(tuple(chosen))
    assert len(seen) > 5
