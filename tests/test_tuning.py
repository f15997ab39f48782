"""The search for a value, folds, and that nothing is scored twice, on errors that are made up."""

import numpy as np
import pytest

from diarkit import tuning
from diarkit.clustering.similarities import make_similarities
from diarkit.clustering.speakers import find_speakers
from diarkit.errors import DataError, UsageError
from diarkit.io.grouped import Group
from diarkit.io.rttm import Turn
from diarkit.options.clustering import AhcOptions, SpeakersOptions
from diarkit.options.scoring import DerOptions
from diarkit.options.tuning import TuningOptions, number_text
from diarkit.scoring.der import Errors, score
from diarkit.tuningreport import WRITERS, best_text, crossed


@pytest.mark.parametrize("text, expected", [
    ("0.3,-1,.5,0.3", [0.3, -1, 0.5]), ("-0.2:0.2:0.1", [-0.2, -0.1, 0, 0.1, 0.2]), ("0:1:0.4", [0, 0.4, 0.8]),
    ("7", [7]), ("0:3e-12:1e-12", [0, 1e-12, 2e-12, 3e-12]),
])
def test_values(text, expected):
    assert TuningOptions(values=text).numbers == expected


@pytest.mark.parametrize("options", [
    {"values": "0:1"}, {"values": "1:0:0.1"}, {"values": "0:1:0"}, {"values": "0:1:-1"}, {"values": "a"},
    {"values": ""},
    {"values": "0,nan"}, {"values": "1e400"}, {"values": "-1e400,0"}, {"values": "0:1e400:1e399"},
    {"values": "-1e308:1e308", "search": "golden"}, {"values": "1:1", "search": "golden"},
    {"values": "0:1:0.1", "search": "golden"}, {"values": "0:1:1e-9"}, {"values": "0:1:.1:2"}, {"values": "0:1,2"},
    {"folds": 0},
    {"values": "0,1", "search": "golden"}, {"values": "0:1", "search": "golden", "tolerance": 0.0},
    {"folds": 2, "reco2fold": "x"}, {"clustering": "../x"}, {"clustering": "ahc", "options": "--x"},
])
def test_values_that_make_no_sense(options):
    with pytest.raises(UsageError):
        TuningOptions(**options)


class MadeUp(tuning.Tuner):
    """Errors by a function (recording, value) -> seconds of 100."""

    def __init__(self, wrong, recos="abcd"):
        self.trials, self.tried = {}, []
        self.wrong, self.recos = wrong, recos

    def try_value(self, value):
        self.tried.append(value)
        errors = {reco: Errors(scored=100.0, confusion=self.wrong(reco, value)) for reco in self.recos}
        return self.trials.setdefault(value, tuning.Trial({}, errors))


def test_the_first_of_equal_values_is_the_best():
    tuner = MadeUp(lambda reco, value: abs(round(value)))
    assert tuner.best([2, 0.4, -0.3, 0, 1]) == (0.4, 0)


def test_golden_section_finds_the_bottom_of_a_valley():
    for bottom in (0.137, 0.9, 0.002):
        tuner = MadeUp(lambda reco, value, bottom=bottom: 10 * abs(value - bottom))
        value, der = tuner.golden(0, 1, 1e-3)
        assert value == pytest.approx(bottom, abs=2e-3) and der == pytest.approx(10 * abs(value - bottom))
        assert len(tuner.trials) < 25
    tuner = MadeUp(lambda reco, value: 1.0)
    assert tuner.golden(3, 4, 0.5)[1] == 1


def test_golden_section_at_the_ends_and_of_a_flat_bottom():
    assert MadeUp(lambda reco, value: value).golden(0, 1, 1e-3) == (0, 0)
    assert MadeUp(lambda reco, value: 1 - value).golden(0, 1, 1e-3) == (1, 0)
    value, der = MadeUp(lambda reco, value: 10 * max(0.2 - value, 0)).golden(0, 1, 1e-3)
    assert value == pytest.approx(0.2, abs=2e-3) and der < 0.02, "the first of equals"


def test_golden_section_ends_where_values_are_rounded():
    def wrong(reco, value):
        assert len(tuner.tried) < 1000, "without end"
        return 10 * abs(value - 0.137)

    tuner = MadeUp(wrong)
    assert tuner.golden(0, 1, 1e-12)[0] == pytest.approx(0.137, abs=1e-8)


def test_golden_section_of_each_part_is_that_of_the_others():
    bottoms = dict(zip("abcd", (0.2, 0.7, 0.2, 0.7), strict=True))
    tuner = MadeUp(lambda reco, value: 10 * abs(value - bottoms[reco]))
    _, folds = tuning.tune(tuner, TuningOptions(search="golden", values="0:1", tolerance=1e-3, folds=2))
    assert [(fold.recos, fold.value) for fold in folds] == [
        (["a", "c"], pytest.approx(0.7, abs=2e-3)), (["b", "d"], pytest.approx(0.2, abs=2e-3))]
    # of all the values tried on some recordings, the best of these recordings, not of all
    tuner = MadeUp(lambda reco, value: 10 * abs(value - 0.7) * (1 if reco == "a" else 0) + 90 * value * (reco == "b"))
    assert tuner.golden(0, 1, 1e-3, ["a"])[0] == pytest.approx(0.7, abs=2e-3)


def test_as_many_parts_as_recordings():
    assert tuning.in_turn(list("abc"), 3) == {"1": ["a"], "2": ["b"], "3": ["c"]}
    assert tuning.in_turn(list("abcde"), 2) == {"1": ["a", "c", "e"], "2": ["b", "d"]}


def test_a_value_is_clustered_once():
    values = []
    tuner = tuning.Tuner(lambda value: values.append(value) or clustered(value), turns_of, turns_of("r1", "aabbbb"),
                         None, DerOptions())
    assert tuner.try_value(1) is tuner.try_value(1) and tuner.try_value(2).der() < tuner.try_value(1).der()
    assert values == [1, 2]


def test_each_part_is_tuned_on_the_others():
    bottoms = {"a": 1, "b": 2, "c": 1, "d": 2}
    tuner = MadeUp(lambda reco, value: 10 * abs(value - bottoms[reco]))
    opts = TuningOptions(values="0,1,2", folds=2)
    found, folds = tuning.tune(tuner, opts)
    assert found == (1, 5)
    assert folds == [tuning.Fold("1", ["a", "c"], 2, 0, 10), tuning.Fold("2", ["b", "d"], 1, 0, 10)]
    assert crossed(tuner, folds) == 10 and best_text(found, folds) == "1 2\n2 1\n" and best_text(found, []) == "1\n"

    _, folds = tuning.tune(tuner, opts, lambda recos: {"x": ["a"], "y": ["b", "c", "d"]})
    assert [(fold.name, fold.value, fold.der_of_others, fold.der) for fold in folds] == [
        ("x", 2, pytest.approx(10 / 3), 10), ("y", 1, 0, pytest.approx(20 / 3))]
    with pytest.raises(DataError, match="--folds=5: more than there are recordings to score, 4"):
        tuning.tune(tuner, TuningOptions(values="0", folds=5))


def turns_of(reco, labels):
    return [Turn(reco, "1", float(i), 1.0, str(label)) for i, label in enumerate(labels)]


def clustered(value):
    """The first segments are of one speaker, up to the value; a recording of two does not change."""
    return {"r1": np.array([0] * value + [1] * (6 - value)), "r2": np.array([0, 1, 1, 0]), "new": np.array([0, 1])}


@pytest.mark.parametrize("scorer", ["md-eval", "dscore"])
def test_errors_are_those_of_scoring_everything(scorer, monkeypatch):
    reference = turns_of("r1", "aabbbb") + turns_of("r2", "abab") + turns_of("other", "ab")
    opts = DerOptions(collar=0.1, scorer=scorer)
    calls = []

    def counting(ref, hyp, *args):
        calls.append(sorted({turn.reco for turn in hyp}))
        return score(ref, hyp, *args)

    monkeypatch.setattr(tuning, "score", counting)
    tuner = tuning.Tuner(clustered, turns_of, reference, None, opts)
    for value in (1, 2, 5, 2):
        hypothesis = [turn for reco, labels in clustered(value).items() for turn in turns_of(reco, labels)]
        expected = score(reference, hypothesis, None, 0.1, False, scorer)
        assert tuner.try_value(value).der() == pytest.approx(expected.total.der)
    assert calls == [["new", "r1", "r2"], ["r1"], ["r1"]]
    assert list(tuner.try_value(1).errors) == ["r1", "r2", "other"]
    assert any("not in the hypothesis, all missed: other" in note for note in tuner.score.notes)


def test_a_recording_without_speech_in_the_reference():
    reference = turns_of("r1", "aabbbb")
    tuner = tuning.Tuner(lambda value: {"r1": np.zeros(6, int), "r2": np.arange(4) % value}, turns_of, reference, None,
                         DerOptions())
    assert tuner.try_value(2).der() == tuner.try_value(3).der() == pytest.approx(100 / 3)
    with pytest.raises(DataError, match="no recording"):
        tuning.Tuner(lambda value: {}, turns_of, reference, None, DerOptions()).try_value(1)
    with pytest.raises(DataError, match="no speech"):
        tuner.try_value(2).der([])
    with pytest.raises(DataError, match="in the recordings that are clustered"):
        tuning.Tuner(lambda value: {"r2": np.zeros(4, int)}, turns_of, reference, None, DerOptions()).try_value(1)


def test_labels_of_each_fold_are_by_its_value():
    reference = turns_of("r1", "aabbbb") + turns_of("r2", "abab") + turns_of("other", "ab")
    tuner = tuning.Tuner(clustered, turns_of, reference, None, DerOptions())
    folds = [tuning.Fold("1", ["r1", "other"], 5, 0, 0), tuning.Fold("2", ["r2"], 1, 0, 0)]
    found = tuning.best_labels(tuner, (2, 0), folds)  # the recording that is not clustered has none
    assert {reco: labels.tolist() for reco, labels in found.items()} == {
        "r1": [0] * 5 + [1], "r2": [0, 1, 1, 0], "new": [0, 1]}
    assert tuner.try_value(2).labels["r1"].tolist() == [0, 0, 1, 1, 1, 1], "those of the value stay"


def expected_der(reference, labels, collar):
    hypothesis = [turn for reco, own in labels.items() for turn in turns_of(reco, own)]
    return pytest.approx(score(reference, hypothesis, None, collar).total.der)


def test_a_recording_whose_speech_lies_in_the_collars():
    reference = turns_of("r1", "aaabbb") + [Turn("r2", "1", 0.0, 0.5, "a"), Turn("r2", "1", 2.0, 0.5, "b")]
    by_value = {value: {"r1": np.array([0, 0, 1, 1, 1, 1]), "r2": np.arange(3) % value} for value in (1, 2, 3)}
    tuner = tuning.Tuner(by_value.get, turns_of, reference, None, DerOptions(collar=0.3))
    for value, labels in by_value.items():
        assert tuner.try_value(value).der() == expected_der(reference, labels, 0.3)


@pytest.mark.parametrize("values", [(1, 2, 3), (2, 1, 3), (3, 2, 1)])
def test_a_recording_that_some_values_lack_is_missed_there_only(values):
    reference = turns_of("r1", "aabbbb") + turns_of("r2", "abab")
    tuner = tuning.Tuner(lambda value: {reco: labels for reco, labels in clustered(value).items()
                                        if reco != "r2" or value != 2}, turns_of, reference, None, DerOptions())
    for value in values:
        assert tuner.try_value(value).der() == expected_der(reference, tuner.try_value(value).labels, 0)
        assert list(tuner.try_value(value).errors) in (["r1", "r2"], ["r2", "r1"])


@pytest.mark.parametrize("vectors", [False, True])
@pytest.mark.parametrize("opts, parameter, values", [
    (AhcOptions(), "threshold", (-0.5, 0.1, 0.3, 2)), (AhcOptions(linkage="complete"), "threshold", (-0.5, 0.1)),
    (AhcOptions(refine=True), "threshold", (0.1, 0.3)), (AhcOptions(), "margin", (0, 0.1)),
    (AhcOptions(), "min-cluster-size", (1, 9)),
])
def test_trees_that_are_cut_again_give_what_clustering_anew_gives(opts, parameter, values, vectors):
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(4, 10))
    arrays = {reco: (centres[rng.integers(0, 4, n)] + 0.8 * rng.normal(size=(n, 10))).astype(np.float32)
              for reco, n in (("r1", 50), ("r2", 1), ("r3", 30))}
    if not vectors:
        arrays = {reco: make_similarities(array, True).rows(0, len(array)) for reco, array in arrays.items()}
    speakers = SpeakersOptions(min_speakers=2, max_speakers=6)
    trees = tuning.Trees(opts, parameter, speakers)
    for reco, array in arrays.items():
        trees.add(Group(reco, ["x"] * len(array), array, None), make_similarities(array, vectors, None, opts.linkage))
    for value in values:
        changed = AhcOptions(**vars(opts) | {parameter.replace("-", "_"): value})
        found = trees(value)
        for reco, array in arrays.items():
            similarities = make_similarities(array, vectors, None, opts.linkage)
            anew = find_speakers(similarities, changed, speakers.bounds(len(array)))
            assert np.array_equal(found[reco], anew)
        assert 2 <= len(set(found["r1"])) <= 6 and len(set(found["r2"])) == 1
    trees.add(Group("empty", [], np.zeros((0, 0)), None), None)
    assert "empty" not in trees(values[0])


def test_parameters_that_are_no_numbers():
    for name in ("linkage", "refine", "no-such"):
        with pytest.raises(UsageError, match=f"no --{name}"):
            tuning.Trees(AhcOptions(), name, SpeakersOptions())
    with pytest.raises(UsageError, match="whole number"):
        tuning.Trees(AhcOptions(), "reassign", SpeakersOptions())(0.5)


def test_a_value_is_written_so_that_it_is_read_again_as_it_is():
    assert [number_text(value) for value in (0.3, 2.0, -1e-5, 0.12345678901234)] == [
        "0.3", "2", "-1e-05", "0.12345678901234"]


def test_reports_have_every_value_in_order():
    tuner = MadeUp(lambda reco, value: 10 * abs(value - 1))
    tuner.opts, tuner.score = DerOptions(), score(turns_of("r", "ab"), turns_of("r", "ab"))
    opts = TuningOptions(values="2,0,1", folds=2)
    results = tuning.tune(tuner, opts)
    table = WRITERS["table"](tuner, opts, *results).splitlines()
    assert [line.split() for line in table if line[0] != "#"] == [
        ["value", "der", "der_1", "der_2"], ["0", *["10.0000"] * 3], ["1", *["0.0000"] * 3], ["2", *["10.0000"] * 3]]
    assert any(line.startswith("# md-eval; collar 0 s") for line in table)
    lines = WRITERS["csv"](tuner, opts, *results).splitlines()
    assert lines[0] == "value,der,der_1,der_2,clustering,parameter,scorer,collar,ignore_overlap,uem" and len(lines) == 4
