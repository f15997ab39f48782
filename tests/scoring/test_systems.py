import pytest

from diarkit.errors import DataError, UsageError
from diarkit.io.rttm import Region, Turn
from diarkit.io.scorefiles import Scores
from diarkit.options.scoring import ComputeDerOptions
from diarkit.scoring.der import score
from diarkit.scoring.systems import distinct, score_systems, scored_systems

REF = [Turn("f1", "1", 0, 10, "A"), Turn("f2", "1", 0, 20, "A"), Turn("f3", "1", 0, 5, "A")]
ALL = [Turn("f1", "1", 0, 9, "x"), Turn("f2", "1", 0, 20, "x")]
SOME = [Turn("f1", "1", 0, 10, "x")]
SCORER = ComputeDerOptions(collar=0.25, scorer="dscore")


def test_rttm_is_scored_as_compute_der_does():
    protocol, systems, notes = score_systems(REF, {"a": ALL, "b": [*ALL, Turn("f9", "1", 0, 1, "x")]}, None, SCORER)
    assert protocol == {"scorer": "dscore", "collar": 0.25, "ignore_overlap": False,
                        "uem": "extent of reference and hypothesis"}
    own = score(REF, ALL, None, 0.25, False, "dscore")
    # f3 is in none of the systems, all missed
    assert {r: e.missed for r, e in systems["a"].items()} == {r: e.missed for r, e in own.files.items()}
    assert list(systems["b"]) == ["f1", "f2", "f3"]  # not f9, which dscore does not count
    assert "not in the hypothesis, all missed: f3" in notes  # of both, once
    assert "b: not in the reference, not counted in the total: f9" in notes


def test_recordings_that_some_lack():
    hyps = {"a": ALL, "b": SOME}
    with pytest.raises(DataError, match="f2: in a, not in b; --common .* --count-missing"):
        score_systems(REF, hyps, None, SCORER)
    _, systems, notes = score_systems(REF, hyps, [Region("f1", "1", 0, 10), Region("f2", "1", 0, 10)], SCORER,
                                      common=True)
    assert list(systems["a"]) == list(systems["b"]) == ["f1"]
    assert notes[0] == "not in all of the systems, left out: f2"
    _, systems, notes = score_systems(REF, hyps, None, SCORER, count_missing=True)
    assert systems["b"]["f2"].missed == systems["b"]["f2"].scored == 19.5
    assert "b: not in the hypothesis, all missed: f2, f3" in notes


def scores(der=10.0, protocol=None, **files):
    rows = {name: {"scored": 10.0, "miss": wrong, "fa": 0.0, "conf": 0.0, "ref_speakers": int(wrong < 9),
                   "hyp_speakers": 1} for name, wrong in files.items()}
    return Scores(protocol or {"scorer": "md-eval", "collar": 0.0}, rows, der)


def test_scores_that_were_made_before():
    protocol, systems, notes = scored_systems({"a": scores(10, f=1, g=1), "b": scores(20, f=1, g=3)})
    assert protocol == {"scorer": "md-eval", "collar": 0.0} and notes == []
    assert systems["b"]["g"].missed == 3 and systems["b"]["g"].der == 30
    _, systems, notes = scored_systems({"a": scores(10, f=1, g=1), "b": scores(20, f=2)}, common=True)
    assert list(systems["a"]) == ["f"] and notes == ["not in all of the systems, left out: g"]
    silence = {"scorer": "dscore", "collar": 0.0}
    _, systems, _ = scored_systems({name: scores(10, silence, f=1, g=9) for name in "ab"})
    assert list(systems["a"]) == ["f"]  # dscore does not count g, where the reference has no speaker


@pytest.mark.parametrize("other, message", [
    (scores(10, {"scorer": "md-eval", "collar": 0.25}, f=1), "collar is 0.0 of a, 0.25 of b"),
    (scores(10, {"scorer": "md-eval", "collar": 0.0, "uem": "given"}, f=1), "uem is None of a, given of b"),
    (scores(20, f=1), "b: its recordings add up to a DER of 10.0000 %, not to the overall 20.0000 %"),
    (scores(10, g=1), "no recording"),
])
def test_scores_that_do_not_fit(other, message):
    with pytest.raises(DataError, match=message):
        scored_systems({"a": scores(f=1), "b": other}, common=True)


def test_names():
    assert distinct(["x/a.rttm", "y/b.rttm"]) == ["a.rttm", "b.rttm"]
    assert distinct(["exp/x/rttm", "exp/y/rttm/", "z"]) == ["x/rttm", "y/rttm", "z"]
    assert distinct(["a", "a"]) == ["a#1", "a#2"]
    assert distinct(["/dev/fd/63", "b"]) == ["/dev/fd/63", "b"]
    assert distinct(["a", "b"], "old,new") == ["old", "new"]
    for names in ("x", "x,x", "x,", "x,y,z"):
        with pytest.raises(UsageError, match="--names"):
            distinct(["a", "b"], names)
