import numpy as np
import pytest

from diarkit.cells import intervals
from diarkit.drawing.timeline import clock, filled, make_timeline, ticks


def test_lanes_shares_and_overlap():
    turns = (np.array([5.0, 0.0, 4.0]), np.array([8.0, 3.0, 6.0]), ["b", "a", "a"])
    timeline = make_timeline("m", turns)
    assert [lane.name for lane in timeline.lanes] == ["a", "b"]
    assert [lane.seconds for lane in timeline.lanes] == [5, 3]
    assert [lane.share for lane in timeline.lanes] == [5 / 8, 3 / 8]
    assert (timeline.first, timeline.last, timeline.speech, timeline.overlap) == (0, 8, 7, 1)


def test_a_region_cuts_turns_and_leaves_speakers_out():
    turns = (np.array([0.0, 2.0]), np.array([10.0, 3.0]), ["a", "b"])
    timeline = make_timeline("m", turns, region=intervals([(4, 5), (6, 8)]))
    assert [lane.name for lane in timeline.lanes] == ["a"]
    assert [side.tolist() for side in timeline.lanes[0].times] == [[4, 6], [5, 8]]
    assert (timeline.first, timeline.last, timeline.lanes[0].share) == (4, 8, 1)


def test_differences_from_a_reference():
    ref = (np.array([0.0, 4.0, 9.0]), np.array([4.0, 8.0, 10.0]), ["A", "B", "C"])
    hyp = (np.array([0.0, 3.0, 7.0]), np.array([3.0, 7.0, 9.0]), ["x", "y", "x"])
    timeline = make_timeline("m", hyp, ref)
    assert [lane.reference.name for lane in timeline.lanes] == ["A", "B"]
    assert [lane.name for lane in timeline.unmapped] == ["C"]
    found = {kind: list(zip(*map(list, times), strict=True)) for kind, times in timeline.differences.items()}
    assert found == {"missed": [(9, 10)], "false alarm": [(8, 9)], "confusion": [(3, 4), (7, 8)]}
    assert timeline.der == pytest.approx(100 * 4 / 9)


def test_an_empty_hypothesis():
    ref = (np.array([1.0]), np.array([2.0]), ["A"])
    timeline = make_timeline("m", (*intervals([]), []), ref)
    assert timeline.lanes == [] and timeline.der == 100 and timeline.last == 2


@pytest.mark.parametrize("seed", range(5))
def test_filled_is_the_share_of_each_column(seed):
    rng = np.random.default_rng(seed)
    edges = np.sort(rng.uniform(0, 20, 10))
    times = (edges[::2], edges[1::2])
    fine = np.linspace(2, 17, 15 * 4000, endpoint=False) + 15 / 60000 / 2
    active = ((fine[:, None] >= times[0]) & (fine[:, None] < times[1])).any(axis=1)
    expected = active.reshape(30, -1).mean(axis=1)
    assert filled(times, 2.0, 17.0, 30) == pytest.approx(expected, abs=2e-3)
    assert filled(intervals([]), 0.0, 1.0, 3).tolist() == [0, 0, 0]


def test_ticks_are_round_times():
    positions, texts = ticks(0, 100, 8)
    assert positions.tolist() == [0, 15, 30, 45, 60, 75, 90]
    assert texts == ["0:00", "0:15", "0:30", "0:45", "1:00", "1:15", "1:30"]
    assert list(ticks(59, 301, 5)[0]) == [60, 120, 180, 240, 300]
    assert clock(3675.4) == "1:01:15"
