"""Scores with what compute-der's options add: JER, intervals, reports, pyannote's rules."""

import json
from dataclasses import replace

import pytest

from diarkit.io.rttm import Region, Turn, read_rttm, read_uem
from diarkit.options.scoring import ComputeDerOptions
from diarkit.scoring.resampling import confidence_interval
from diarkit.scoring.scorers import LEVEL, USUAL, evaluate, in_the_total

OPTIONS = ComputeDerOptions()


def turns(*rows, reco="m", channel="1"):
    return [Turn(reco, channel, start, end - start, name) for start, end, name in rows]


REF = turns((0, 10, "A"), (10, 20, "B"))
HYP = turns((0, 11, "x"), (11, 20, "y"))
OTHER = turns((0, 8, "A"), (8, 10, "B"), reco="n"), turns((0, 10, "x"), reco="n")


def test_jer_only_where_it_is_asked_for():
    assert evaluate(REF, HYP, None, OPTIONS).total.jer is None
    for options in (replace(OPTIONS, jer=True), replace(OPTIONS, scorer="dscore"),
                    replace(OPTIONS, scorer="pyannote", jer=True)):
        assert evaluate(REF, HYP, None, options).total.jer == pytest.approx(100 * (1 / 11 + 1 / 10) / 2)


def test_jer_is_the_mean_over_all_speakers_not_over_recordings():
    result = evaluate(REF + OTHER[0], HYP + OTHER[1], None, replace(OPTIONS, jer=True))
    errors = [1 / 11, 1 / 10, 2 / 10, 1]  # A of m, B of m, A of n, B of n, who is nobody
    assert result.files["n"].jer == pytest.approx(100 * 1.2 / 2)
    assert result.total.jer == pytest.approx(100 * sum(errors) / 4)
    names = [Turn(turn.reco + "x", *turn[1:]) for turn in REF]  # as many speakers, of the same names
    more = evaluate(REF + names, HYP, None, replace(OPTIONS, jer=True))
    assert more.total.jer == pytest.approx(100 * (1 / 11 + 1 / 10 + 2) / 4)


def test_jer_is_what_dscore_prints(shared):
    """Its times are not rounded to 1 ms, as those of DER are."""
    folder, compared = shared / "scoring" / "cases", 0
    for case in json.loads((folder / "cases.json").read_text()):
        truth = case["dscore"]
        if case["group"] != "real1" or truth["rc"] or not truth["overall"] or compared > 60:
            continue
        ref, hyp = (read_rttm(str(folder / case[side]), all_types=True) for side in ("ref", "hyp"))
        uem = read_uem(str(folder / case["uem"])) if case["uem"] else None
        options = replace(OPTIONS, scorer="dscore", collar=case["collar"], ignore_overlap=case["ignore_overlap"])
        found = evaluate(ref, hyp, uem, options)
        assert found.total.jer == pytest.approx(truth["overall"]["jer"], abs=1e-9), case["id"]
        compared += 1
    assert compared > 50


def test_times_are_not_rounded_for_jer():
    """Frames 0 to 1000 begin before 10.0004 s, 0 to 999 before 10 s; dscore's DER has 10 s for both."""
    ref, hyp = turns((0, 10.0004, "A"), (19, 20, "A")), turns((0, 10, "x"), (19, 20, "x"))
    found = evaluate(ref, hyp, None, replace(OPTIONS, scorer="dscore"))
    assert found.total.der == 0
    assert found.total.jer == pytest.approx(100 * (1 - 1100 / 1101))


def test_the_interval_is_of_all_recordings_in_the_total():
    options = replace(OPTIONS, ci=True)
    result = evaluate(REF + OTHER[0], HYP + OTHER[1], None, options)
    low, high = confidence_interval([1, 2], [20, 10], LEVEL)
    assert result.ci == pytest.approx((100 * low, 100 * high))
    silent = turns((0, 5, "x"), reco="silent")
    dscore = evaluate(REF + OTHER[0], HYP + OTHER[1] + silent, None, replace(options, scorer="dscore"))
    assert dscore.ci == pytest.approx(result.ci) and dscore.files["silent"].der == 100
    assert set(in_the_total(dscore.files, "dscore")) == {"m", "n"}


def test_a_report_where_it_is_asked_for_or_classes_are_told():
    assert evaluate(REF, HYP, None, OPTIONS).report is None
    assert evaluate(REF, HYP, None, replace(OPTIONS, format="md-eval")).report is not None
    told = [*REF, Turn("m", "1", 0, 0, "A", "SPKR-INFO", "child")]
    assert evaluate(told, HYP, None, OPTIONS).report.classes()["child"]["scored"] == 10


def test_pyannote():
    """Twice its collar; the UEM cuts; a recording outside of it is not scored; turns of no length are nothing."""
    options = replace(OPTIONS, scorer="pyannote", collar=0.5)
    ref, hyp = REF + OTHER[0] + turns((3, 3, "A")), HYP + OTHER[1]
    found = evaluate(ref, hyp, [Region("m", "1", 0.0, 12.0)], options)
    assert list(found.files) == ["m"] and found.uem_source == "given"
    assert found.notes == ["zero-length turns in the reference, taken for no speech: m",
                           "not in the UEM, not scored: n"]
    assert found.total.scored == pytest.approx(9 + 1.5)  # 0.5-9.5 and 10.5-12
    assert found.total.confusion == pytest.approx(0.5)
    assert found.total.mapping == {"A": "x", "B": "y"}
    lost = evaluate(ref, [], None, replace(options, ignore_overlap=True))
    assert lost.total.der == 100 and "not in the hypothesis, all missed: m, n" in lost.notes


def test_channels_of_any_case_are_one():
    ref, hyp = turns((0, 10, "A"), channel="a"), turns((0, 10, "x"), channel="A")
    assert evaluate(ref, hyp, None, OPTIONS).total.der == 0


def test_rounding_is_no_overlap_of_a_speaker_with_itself():
    ref = [Turn("m", "1", 0.1, 0.2, "A"), Turn("m", "1", 0.3, 1.0, "A")]  # 0.1 + 0.2 is more than 0.3
    assert 0.1 + 0.2 > 0.3 and evaluate(ref, ref, None, OPTIONS).notes == []


def test_the_usual_four():
    assert sorted(USUAL) == [(0, False), (0, True), (0.25, False), (0.25, True)]
