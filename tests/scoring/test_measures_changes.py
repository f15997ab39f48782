"""Change points against a search through time, pyannote.metrics where its points are the same, and small examples."""

import random

import numpy as np
import pytest

from diarkit.cells import intervals
from diarkit.scoring.measures_changes import change_points, num_matches, part_of, values_of

STEP = 0.25  # s; the times of the random turns are multiples


def sides(*rows):
    return (*intervals(row[:2] for row in rows), [row[2] for row in rows])


def points(rows, *regions):
    return change_points(sides(*rows), intervals(regions)).tolist()


@pytest.mark.parametrize("seed", range(30))
def test_others_talk_after_a_change_point_than_before(seed):
    rng = random.Random(seed)
    starts = [rng.randrange(40) * STEP for _ in range(rng.randrange(8))]
    rows = [(start, start + rng.randrange(12) * STEP, rng.choice("ABC")) for start in starts]
    regions = [(1.0, 4.0), (4.5, 11.0)] if seed % 2 else [(0.0, 14.0)]

    def active(time):
        return {name for start, end, name in rows if start <= time < end}

    def inside(time):
        return any(start < time < end for start, end in regions)

    expected = [time for time in np.arange(0, 15, STEP)
                if inside(time) and active(time - STEP / 2) != active(time + STEP / 2)]
    assert points(rows, *regions) == expected


def test_what_is_a_change_point():
    assert points([(0, 2, "A"), (2, 3, "A")], (0, 3)) == []  # the same goes on
    assert points([(0, 2, "A"), (2, 3, "B")], (0, 3)) == [2]
    assert points([(0, 2, "A"), (1, 3, "B")], (0, 3)) == [1, 2]  # begin and end of the overlap
    assert points([(1, 2, "A")], (0, 3)) == [1, 2]
    assert points([(1, 2, "A")], (1, 2)) == []  # the ends of what is scored are none
    assert points([(1, 1, "A")], (0, 2)) == []
    assert points([], (0, 2)) == []
    assert points([(0, 0.3, "A"), (0.1 + 0.2, 1, "A")], (0, 2)) == [1]  # no gap of 1e-16 s
    assert points([(n, n + 1, f"s{n % 70}") for n in range(140)], (0, 140)) == list(range(1, 140))


def test_each_matches_one_the_nearest_first():
    def matches(true, found, tolerance=0.25):
        return num_matches(np.array(true, float), np.array(found, float), tolerance)

    assert matches([1.0], [0.9, 1.1]) == 1
    assert matches([1.0, 1.1], [1.05]) == 1
    assert matches([1.0, 5.0], [5.2, 9.0]) == 1
    assert matches([1.1], [0.85]) == 1  # no more than the tolerance, although 1.1 - 0.25 is a little more than 0.85
    assert matches([1.1], [1.36]) == 0
    assert matches([0.0, 0.3], [0.2, 0.45]) == 1  # 0.3 has 0.2, and 0.45 is too far from 0; as pyannote.metrics does
    assert matches([1.0, 2.0], [1.0, 2.0], tolerance=0) == 2
    assert matches([], [1.0]) == matches([1.0], []) == matches([], []) == 0


@pytest.mark.parametrize("seed", range(10))
def test_agrees_with_pyannote_where_turns_follow_each_other(seed):
    from pyannote.core import Segment, Timeline
    from pyannote.metrics.segmentation import SegmentationPrecision, SegmentationRecall

    rng, tolerance = random.Random(seed), 0.5

    def side():
        edges = [0.0, *sorted({round(rng.uniform(0.1, 39.9), 3) for _ in range(rng.randrange(40))}), 40.0]
        return sides(*((start, end, "AB"[n % 2]) for n, (start, end) in enumerate(zip(edges, edges[1:], strict=False))))

    metrics = [metric(tolerance=tolerance + 1e-6) for metric in (SegmentationPrecision, SegmentationRecall)]
    parts = []
    for _ in range(3):
        ref, hyp = side(), side()
        parts.append(part_of(ref, hyp, intervals([(0, 40)]), tolerance))
        for metric in metrics:
            metric(*(Timeline([Segment(*pair) for pair in zip(*turns[:2], strict=True)]) for turns in (ref, hyp)))
    found = values_of(parts)
    assert (found["change_precision"], found["change_recall"]) == pytest.approx([abs(metric) for metric in metrics])


def test_values_are_of_sums():
    """1 of 2 points of the hypothesis and 1 of 4 of the reference; with 1 of 1 more, 2 of 3 and 2 of 5."""
    assert values_of([np.array([1, 2, 4])]) == pytest.approx(
        {"change_precision": 0.5, "change_recall": 0.25, "change_f1": 1 / 3})
    assert values_of([np.array([1, 2, 4]), np.array([1, 1, 1])]) == pytest.approx(
        {"change_precision": 2 / 3, "change_recall": 0.4, "change_f1": 0.5})


def test_no_points():
    nothing = {"change_precision": 1.0, "change_recall": 1.0, "change_f1": 1.0}
    assert values_of([np.array([0, 0, 0])]) == nothing
    assert values_of([np.array([0, 0, 3])]) == {"change_precision": 1.0, "change_recall": 0.0, "change_f1": 0.0}
    assert values_of([np.array([0, 3, 0])]) == {"change_precision": 0.0, "change_recall": 1.0, "change_f1": 0.0}
