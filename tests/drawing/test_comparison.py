import numpy as np
import pytest

from diarkit.drawing.comparison import compare
from diarkit.drawing.timeline import KINDS
from diarkit.io.rttm import Region, Turn
from diarkit.scoring.der import score


def turns(text, reco="m"):
    """'A 0 4, B 2 8' -> turns from 0 to 4 and from 2 to 8."""
    parts = [part.split() for part in text.split(",") if part.strip()]
    return [Turn(reco, "1", float(start), float(end) - float(start), name) for name, start, end in parts]


def only(*args, **kwargs):
    _, [timeline] = compare(*args, **kwargs)
    return timeline


def spans(times):
    return list(zip(*map(list, times), strict=True))


def test_mistakes_and_who_makes_them():
    timeline = only(turns("A 0 4, B 4 8, C 9 10"), turns("x 0 3, y 3 7, x 7 9"))
    assert [(lane.name, lane.reference.name) for lane in timeline.lanes] == [("x", "A"), ("y", "B")]
    assert [lane.name for lane in timeline.unmapped] == ["C"]
    assert timeline.mistakes == [
        ("confusion", 3, 4, 1, ("A",), ("y",)),
        ("confusion", 7, 8, 1, ("B",), ("x",)),
        ("false alarm", 8, 9, 1, (), ("x",)),
        ("missed", 9, 10, 1, ("C",), ()),
    ]
    assert timeline.errors.der == pytest.approx(100 * 4 / 9)
    assert spans(timeline.of_kind("confusion")) == [(3, 4), (7, 8)]


def test_pairs_come_first():
    timeline = only(turns("A 2 6, B 6 9, C 9 10"), turns("z 0 1, x 2 6, y 6 9"))
    assert [lane.name for lane in timeline.lanes] == ["x", "y", "z"]
    assert [lane.name for lane in timeline.unmapped] == ["C"]


def test_overlap_leaves_open_who_is_missed():
    """y is the right one for neither A nor B: one of them is missed, one is taken for y."""
    timeline = only(turns("A 0 10, B 8 10"), turns("x 0 8, y 8 10"))
    assert [(lane.name, lane.reference.name) for lane in timeline.lanes] == [("x", "A"), ("y", "B")]
    timeline = only(turns("A 0 10, B 6 10, C 8 10"), turns("x 0 8, y 6 8, z 8 9"))
    assert timeline.mistakes == [
        ("missed", 8, 9, 2, ("A", "B"), ()),
        ("missed", 9, 10, 3, ("A", "B", "C"), ()),
    ]
    timeline = only(turns("A 0 10, B 0 10"), turns("x 0 10, y 0 2, z 5 6"))
    assert timeline.mistakes == [("missed", 2, 5, 1, ("B",), ()), ("confusion", 5, 6, 1, ("B",), ("z",)),
                                 ("missed", 6, 10, 1, ("B",), ())]


def test_what_is_not_scored():
    ref, hyp = turns("A 2 8"), turns("x 0 10")
    assert spans(only(ref, hyp).unscored) == [(0, 2), (8, 10)]
    assert spans(only(ref, hyp, collar=0.5).unscored) == [(0, 2.5), (7.5, 10)]
    uem = [Region("m", "1", 1.0, 4.0), Region("m", "1", 6.0, 12.0)]
    timeline = only(ref, hyp, uem)
    assert (timeline.first, timeline.last) == (1, 12)
    assert spans(timeline.unscored) == [(0, 1), (4, 6)]
    assert spans(timeline.lanes[0].times) == [(0, 10)] and timeline.lanes[0].seconds == 7
    overlapped = only(turns("A 0 6, B 4 10"), turns("x 0 10"), ignore_overlap=True)
    assert spans(overlapped.unscored) == [(4, 6)]


def test_recordings_that_one_side_lacks():
    ref, hyp = [*turns("A 0 5", "both"), *turns("A 0 5", "ref")], [*turns("x 0 5", "both"), *turns("x 0 5", "hyp")]
    score, found = compare(ref, hyp)
    assert [(timeline.reco, timeline.errors and timeline.errors.der) for timeline in found] == [
        ("both", 0), ("ref", 100), ("hyp", None)]
    assert spans(found[2].unscored) == [(0, 5)] and found[2].mistakes == []
    assert score.total.der == 50
    _, found = compare(ref, hyp, scorer="dscore")
    assert [timeline.errors.der for timeline in found] == [0, 100, 100]


def test_channels_are_kept_apart_by_md_eval():
    def on(channel, name, start, end):
        return Turn("m", channel, start, end - start, name)

    ref = [on("1", "A", 0.0, 4.0), on("2", "A", 2.0, 8.0)]
    hyp = [on("1", "x", 0.0, 4.0), on("2", "x", 2.0, 6.0), on("2", "y", 6.0, 8.0)]
    timeline = only(ref, hyp)
    assert [(lane.name, lane.reference and lane.reference.name) for lane in timeline.lanes] == [
        ("x (channel 1)", "A (channel 1)"), ("x (channel 2)", "A (channel 2)"), ("y (channel 2)", None)]
    assert timeline.mistakes == [("confusion", 6, 8, 1, ("A (channel 2)",), ("y (channel 2)",))]
    assert [lane.name for lane in only(ref, hyp, scorer="dscore").lanes] == ["x", "y"]


@pytest.mark.parametrize("scorer", ["md-eval", "dscore"])
@pytest.mark.parametrize("seed", range(24))
def test_mistakes_add_up_to_the_errors_of_the_score(seed, scorer):
    rng = np.random.default_rng(seed)

    digits = 3 if seed < 12 else 0  # whole seconds: turns touch, and begin where regions do

    def drawn(names):
        return [Turn(reco, "1", round(float(start), digits), round(float(length), digits), f"{names}{who}")
                for reco in ("a", "b") for start, length, who in
                zip(rng.uniform(0, 30, 15), rng.exponential(2, 15), rng.integers(0, 4, 15), strict=True)]

    ref, hyp = drawn("r"), drawn("h")
    uem = [Region(reco, "1", 5.0, 12.5) for reco in ("a", "b")] + [Region("a", "1", 20.0, 29.0)] if seed % 6 else None
    options = dict(collar=[0, 0, 0.25, 0.4][seed % 4], ignore_overlap=seed % 3 == 0, scorer=scorer)
    expected = score(ref, hyp, uem, **options)
    result, found = compare(ref, hyp, uem, **options)
    assert result.total == expected.total
    for timeline in found:
        errors = expected.files[timeline.reco]
        for kind in KINDS:
            total = sum(m.count * (m.end - m.start) for m in timeline.mistakes if m.kind == kind)
            assert total == pytest.approx(getattr(errors, kind.replace(" ", "_")), abs=1e-9)
        gaps = timeline.unscored
        for mistake in timeline.mistakes:  # none where nothing is scored
            assert not ((gaps[0] < mistake.end - 1e-9) & (gaps[1] > mistake.start + 1e-9)).any()
