"""Errors of speech activity: second by second on a grid, and pyannote.metrics."""

import json

import numpy as np
import pytest

from diarkit.errors import DataError
from diarkit.io.rttm import Region, Turn
from diarkit.scoring.detection import detection_json, detection_table, score_detection


def turns(reco, *times):
    return [Turn(reco, "1", start, end - start, f"s{n % 2}") for n, (start, end) in enumerate(times)]


def random_turns(rng, reco, count, longest=100):
    starts = rng.integers(0, longest, count)
    return turns(reco, *[(int(s), int(s + d)) for s, d in zip(starts, rng.integers(1, 15, count), strict=True)])


def on_a_grid(ref, hyp, uem, collar):
    """(speech, missed, false alarm) in whole seconds, each second looked at by itself."""
    def covered(spans, t):
        return any(start <= t and t + 1 <= end for start, end in spans)

    counts = np.zeros(3)
    for t in range(-20, 200):
        near = any(bound - collar <= t and t + 1 <= bound + collar for turn in ref for bound in (turn.start, turn.end))
        if near or not covered([(r.start, r.end) for r in uem], t):
            continue
        is_ref, is_hyp = (covered([(x.start, x.end) for x in side], t) for side in (ref, hyp))
        counts += is_ref, is_ref and not is_hyp, is_hyp and not is_ref
    return counts


def test_second_by_second():
    rng = np.random.default_rng(0)
    for _ in range(100):
        ref, hyp = random_turns(rng, "a", 5), random_turns(rng, "a", 6)
        cut = int(rng.integers(10, 90))
        uem = [Region("a", "1", 2, cut), Region("a", "1", cut + 3, 110)]
        for collar in (0, 2):
            found = score_detection(ref, hyp, uem, collar).total
            assert [found.scored, found.missed, found.false_alarm] == on_a_grid(ref, hyp, uem, collar).tolist()
            assert found.confusion == 0
        whole = [Region("a", "1", min(t.start for t in ref + hyp), max(t.end for t in ref + hyp))]
        found = score_detection(ref, hyp).total
        assert [found.scored, found.missed, found.false_alarm] == on_a_grid(ref, hyp, whole, 0).tolist()


@pytest.mark.filterwarnings("ignore")
def test_pyannote():
    core = pytest.importorskip("pyannote.core")
    from pyannote.metrics.detection import DetectionErrorRate

    rng = np.random.default_rng(1)
    for collar in (0.0, 0.3):
        metric = DetectionErrorRate(collar=2 * collar)
        ref, hyp, uem = [], [], []
        for reco in "abc":
            sides = []
            for side in (ref, hyp):
                own = [turn._replace(start=turn.start / 7, duration=turn.duration / 7)
                       for turn in random_turns(rng, reco, 12)]
                side += own
                annotation = core.Annotation(uri=reco)
                for n, turn in enumerate(own):
                    annotation[core.Segment(turn.start, turn.end), n] = turn.speaker
                sides.append(annotation)
            uem.append(Region(reco, "1", 0.5, 14.25))
            metric(*sides, uem=core.Timeline([core.Segment(0.5, 14.25)], uri=reco))
        found = score_detection(ref, hyp, uem, collar).total
        assert found.scored == pytest.approx(metric["total"]) and found.scored > 5
        assert found.missed == pytest.approx(metric["miss"]) and found.missed > 1
        assert found.false_alarm == pytest.approx(metric["false alarm"]) and found.false_alarm > 1


def test_recordings_of_one_side():
    ref, hyp = turns("a", (0, 4)) + turns("b", (0, 1)), turns("a", (2, 5)) + turns("c", (0, 9))
    score = score_detection(ref, hyp)
    assert list(score.files) == ["a", "b"]
    assert (score.total.missed, score.total.false_alarm, score.total.scored) == (3, 1, 5)
    assert set(score.notes) == {"no speech in the hypothesis: b", "not in the reference, ignored: c"}
    score = score_detection(ref, hyp, [Region("a", "x", 0, 3), Region("c", "2", 1, 3)])
    assert list(score.files) == ["a", "c"]
    assert (score.total.missed, score.total.false_alarm, score.total.scored) == (2, 2, 3)
    assert set(score.notes) == {"not in the UEM, not scored: b", "no speech in the reference: c"}
    with pytest.raises(DataError, match="nothing to score"):
        score_detection([], hyp)


def test_what_is_printed():
    uem = [Region("a", "1", 0, 9), Region("quiet", "1", 0, 9)]
    score = score_detection(turns("a", (0, 4)), turns("a", (2, 5)), uem)
    lines = detection_table(score, 0.25).splitlines()
    assert lines[0] == "# collar 0.25 s on each side; UEM given; 2 recordings"
    assert lines[2].split() == ["a", "75.00", "50.00", "25.00", "4.00", "2.00", "1.00"]
    assert lines[3].split() == ["quiet", "-", "-", "-", "0.00", "0.00", "0.00"]
    assert lines[4].split() == ["TOTAL", "75.00", "50.00", "25.00", "4.00", "2.00", "1.00"]
    assert len({len(line) for line in lines[1:]}) == 1
    content = json.loads(detection_json(score, 0.25))
    assert content["protocol"] == {"collar": 0.25, "uem": "given"}
    assert content["overall"]["error"] == 75 and content["files"]["quiet"]["error"] is None
    assert content["files"]["a"]["false_alarm_seconds"] == 1
