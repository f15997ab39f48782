import numpy as np
import pytest

from diarkit.cells import intervals
from diarkit.drawing.timeline import clock, filled, make_timeline, ticks, timelines
from diarkit.io.rttm import Region, Turn


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


def test_recordings_in_order_and_regions_of_the_uem():
    turns = [Turn("b", "1", 0.0, 4.0, "x"), Turn("a", "1", 1.0, 2.0, "y"), Turn("b", "1", 6.0, 1.0, "z")]
    assert [timeline.reco for timeline in timelines(turns)] == ["b", "a"]
    [only] = timelines(turns, [Region("b", "1", 5.0, 9.0), Region("b", "1", 1.0, 2.0)])
    assert (only.reco, only.first, only.last, [lane.name for lane in only.lanes]) == ("b", 1, 9, ["x", "z"])
    assert only.speech == 2


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
    assert 5 <= len(ticks(0, 1e12, 8)[0]) <= 9  # s: more than 10 million days
    assert clock(3675.4) == "1:01:15"
