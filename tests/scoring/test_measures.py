"""JER and measures of several recordings: what is scored, how it adds up, and what dscore prints."""

import json

import pytest

from diarkit.errors import DataError, UsageError
from diarkit.io.rttm import Region, Turn, read_rttm, read_uem
from diarkit.options.measures import GROUPS, JerOptions
from diarkit.scoring.measures import NAMES, groups_of, measure
from diarkit.scoring.measures_text import measures_csv, measures_json, measures_table


def turns(*rows, reco="m", channel="1"):
    return [Turn(reco, channel, start, end - start, name) for start, end, name in rows]


REF = turns((0, 10, "A"), (10, 20, "B"))


def test_jer_is_the_mean_over_all_speakers_of_the_reference():
    """m: A has 0, B 1/2; n: C 1."""
    hyp = turns((0, 10, "x"), (10, 15, "y"))
    result = measure(REF + turns((0, 4, "C"), reco="n"), hyp, [Region(reco, "1", 0.0, 20.0) for reco in "mn"])
    assert result.files["m"].speakers == pytest.approx({"A": 0, "B": 50})
    assert result.files["n"].speakers == {"C": 100}
    assert (result.files["m"].jer, result.files["n"].jer) == pytest.approx((25, 100))
    assert result.total.jer == pytest.approx(50)
    assert result.notes == ["not in the hypothesis, all missed: n"]
    assert result.uem_source == "given"


def test_recordings_without_speech_of_the_reference_are_rows_but_not_in_the_mean():
    uem = [Region(reco, "1", 0.0, 20.0) for reco in ("m", "noise", "silence")]
    result = measure(REF, REF + turns((0, 1, "x"), reco="noise"), uem)
    assert {name: found.jer for name, found in result.files.items()} == {"m": 0, "noise": 100, "silence": 0}
    assert result.total.jer == 0
    assert (result.total.ref_speakers, result.total.hyp_speakers) == (2, 3)


def test_numbers_of_speakers():
    other = turns((0, 5, "A"), reco="n")
    result = measure(REF + other, turns((0, 9, "x"), (0, 9, "y"), (3, 20, "z"), (30, 40, "w")) + other,
                     [Region("m", "1", 0.0, 20.0), Region("n", "1", 0.0, 5.0)])
    found = result.files["m"]
    assert (found.ref_speakers, found.hyp_speakers) == (2, 3)  # w is not in the UEM
    assert (found.count_error, found.count_right) == (1, 0)
    assert (result.files["n"].count_error, result.files["n"].count_right) == (0, 1)
    assert (result.total.count_error, result.total.count_right) == (0.5, 0.5)
    few = measure(REF, turns((0, 20, "x")))
    assert (few.total.count_error, few.total.count_right) == (1, 0)


def test_the_uem_is_dscores_channels_are_passed_over():
    hyp = turns((0, 10, "x"), (10, 40, "y"), channel="2")
    result = measure(REF, hyp)
    assert result.uem_source == "extent of reference and hypothesis"
    assert result.files["m"].speakers == pytest.approx({"A": 0, "B": 100 * 2 / 3})


def test_times_are_not_rounded():
    """The frame that begins at 0.57 is still in a turn that ends at 0.5704."""
    result = measure(turns((0.3, 0.7, "A")), turns((0.3, 0.5704, "x")), [Region("m", "1", 0.0, 2.0)])
    assert result.total.jer == pytest.approx(100 * (1 - 28 / 40))


def test_measures_are_asked_for_in_groups():
    hyp = turns((0, 12, "x"), (12, 20, "y"))
    assert measure(REF, hyp).total.values == {}
    everything = measure(REF, hyp, groups=GROUPS).total.values
    assert list(everything) == [name for group in GROUPS for name in NAMES[group]]
    assert all(0 <= value < 2 for value in everything.values())
    for group, names in NAMES.items():
        assert measure(REF, hyp, groups=(group,)).total.values == {name: everything[name] for name in names}
    assert measure(REF, hyp, groups=("changes",)).total.values["change_recall"] == 0
    assert measure(REF, hyp, groups=("changes",), tolerance=2).total.values["change_recall"] == 1


def test_measures_add_up_over_recordings():
    """Purity: 10 of 12 s, and 20 of 20. B-cubed takes silence of each recording apart, which makes it better."""
    ref = turns((0, 10, "A"), (10, 12, "B")) + turns((0, 20, "A"), reco="n")
    hyp = turns((0, 12, "x")) + turns((0, 20, "x"), reco="n")
    values = measure(ref, hyp, groups=("purity", "bcubed")).total.values
    assert values["purity"] == pytest.approx(30 / 32)
    assert values["b3_precision"] == pytest.approx((12 * (100 + 4) / 144 + 20) / 32)


def test_names_of_groups():
    assert groups_of("") == ()
    assert groups_of("all") == groups_of(" ALL ") == GROUPS
    assert groups_of("all,purity") == GROUPS
    assert groups_of("changes, Purity") == ("purity", "changes")
    with pytest.raises(UsageError, match="no measures nmi, f1; there are purity, "):
        groups_of("nmi,purity,f1")


def test_nothing_to_score():
    for arguments in (([], REF), ([], []), (REF, REF, [Region("m", "1", 20.0, 30.0)])):
        with pytest.raises(DataError, match="no speech of the reference"):
            measure(*arguments)
    with pytest.raises(ValueError, match="tolerance"):
        measure(REF, REF, tolerance=-1)


def test_what_is_not_defined_is_a_dash_nothing_or_null():
    """A recording that is too short for a frame."""
    tiny = turns((0, 0.004, "A"), reco="tiny")
    result, opts = measure(REF + tiny, REF + tiny, groups=("information",)), JerOptions()
    assert measures_table(result, opts).splitlines()[3].split() == "tiny 100.00 1 1 0.00 1.00 - -".split()
    assert measures_csv(result, opts).splitlines()[2].startswith("tiny,100.0,1,1,0,1.0,,,dscore,0.01,")
    assert json.loads(measures_json(result, opts))["files"]["tiny"]["mi"] is None


def test_what_dscore_prints(shared):
    """JER of every case that is not about damaged files, of recordings and in total."""
    folder = shared / "scoring" / "cases"
    compared = 0
    for case in json.loads((folder / "cases.json").read_text()):
        truth = case["dscore"]
        if truth["rc"] or not truth["overall"]:
            continue
        try:
            ref, hyp = (read_rttm(str(folder / case[side]), all_types=True) for side in ("ref", "hyp"))
            uem = read_uem(str(folder / case["uem"])) if case["uem"] else None
        except DataError:
            continue
        result = measure(ref, hyp, uem)
        assert set(result.files) == set(truth["files"])
        for expected, found in [(truth["overall"], result.total),
                                *((row, result.files[reco]) for reco, row in truth["files"].items())]:
            assert found.jer == pytest.approx(expected["jer"], abs=1e-9), case["id"]
            compared += 1
    assert compared > 400
