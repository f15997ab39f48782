import csv
import itertools
import json
from math import isnan

import numpy as np
import pytest

from diarkit.errors import DataError
from diarkit.options.comparison import CompareOptions
from diarkit.scoring.comparison import MEASURES, compare
from diarkit.scoring.comparison_text import comparison_csv, comparison_json, comparison_table, warnings
from diarkit.scoring.der import Errors
from diarkit.scoring.resampling import confidence_interval, holm, sign_flip_test

PROTOCOL = {"scorer": "md-eval", "collar": 0.25, "ignore_overlap": True, "uem": "given"}


def made_up(rng, n, worse=0.0):
    """{recording: Errors}: recordings 100 s and longer."""
    return {f"r{k}": Errors(100.0 + 10 * k, *(rng.gamma(2, 2, 3) + [worse, 0, 0])) for k in range(n)}


def system(*rows):
    return {f"r{k}": Errors(*row) for k, row in enumerate(rows)}


def test_values_are_the_overall_ones_and_the_mean():
    a = system((100, 10, 5, 0), (300, 0, 3, 6), (0, 0, 0, 0))
    b = system((100, 4, 5, 0), (300, 6, 3, 6), (0, 0, 1, 0))
    found = compare({"a": a, "b": b}, samples=100)
    values = {measure: round(estimate.value, 9) for measure, estimate in found.systems["a"].items()}
    assert values == {"miss": 2.5, "fa": 2, "conf": 1.5, "mean_of_files": 9, "der": 6}
    differences = found.pairs["a", "b"]
    assert differences["miss"].value == pytest.approx(0)
    assert differences["fa"].value == differences["der"].value == pytest.approx(-0.25)
    assert differences["mean_of_files"].value == pytest.approx((15 - 9) / 2 + (3 - 5) / 2)
    assert differences["der"][-3:] == (2, 1, 0)  # first better in r1 and r2, where nothing is scored
    assert differences["mean_of_files"][-3:] == (1, 1, 0)
    assert found.files["r0"] == pytest.approx([15, 9]) and isnan(found.files["r2"][0])
    assert found.seconds["r2"] == [0, 1]


def test_intervals_and_p_are_those_of_the_differences_by_file():
    rng = np.random.default_rng(0)
    a, b = made_up(rng, 12, worse=1.5), made_up(rng, 12)
    found = compare({"a": a, "b": b}, level=0.9, samples=2000, seed=3, interval="bca")
    recos = sorted(a)
    scored = [a[r].scored for r in recos]
    wrong = [np.array([s[r].missed + s[r].false_alarm + s[r].confusion for r in recos]) for s in (a, b)]
    own, difference = found.systems["b"]["der"], found.pairs["a", "b"]["der"]
    more = {"level": 0.9, "samples": 2000, "seed": 3, "method": "bca"}
    assert own[1:] == pytest.approx(confidence_interval(100 * wrong[1], scored, **more))
    assert difference[1:3] == pytest.approx(confidence_interval(100 * (wrong[0] - wrong[1]), scored, **more))
    assert difference.p == sign_flip_test(wrong[0] - wrong[1]).p and difference.exact
    confusion = [a[r].confusion - b[r].confusion for r in recos]
    assert found.pairs["a", "b"]["conf"].p == sign_flip_test(confusion).p
    rates = (wrong[0] - wrong[1]) / scored
    mean = found.pairs["a", "b"]["mean_of_files"]
    assert mean[:3] == pytest.approx((100 * rates.mean(), *confidence_interval(100 * rates, np.ones(12), **more)))


def test_swapping_the_systems_swaps_signs():
    rng = np.random.default_rng(1)
    a, b = made_up(rng, 9), made_up(rng, 9)
    one, other = (compare(pair, samples=3000, interval="percentile") for pair in ({"a": a, "b": b}, {"b": b, "a": a}))
    for measure in MEASURES:
        first, second = one.pairs["a", "b"][measure], other.pairs["b", "a"][measure]
        assert first[:3] == pytest.approx((-second.value, -second.high, -second.low))
        assert first.p == second.p
        assert (first.first_better, first.second_better) == (second.second_better, second.first_better)


def test_all_pairs_with_holms_correction():
    rng = np.random.default_rng(2)
    systems = {name: made_up(rng, 10, worse) for name, worse in (("a", 0), ("b", 3), ("c", 0.5), ("d", 0))}
    found = compare(systems, samples=500)
    assert list(found.pairs) == list(itertools.combinations("abcd", 2))
    for measure in MEASURES:
        differences = [pair[measure] for pair in found.pairs.values()]
        assert [d.p_holm for d in differences] == pytest.approx(holm([d.p for d in differences]))
    two = compare({"a": systems["a"], "b": systems["b"]}, samples=500).pairs["a", "b"]["der"]
    assert two.p_holm == two.p == found.pairs["a", "b"]["der"].p


def test_groups_are_the_units():
    rng = np.random.default_rng(3)
    a, b = made_up(rng, 24), made_up(rng, 24)
    found = compare({"a": a, "b": b}, {reco: f"g{n % 6}" for n, reco in enumerate(sorted(a))}, samples=500)
    assert found.num_groups == 6
    assert found.pairs["a", "b"]["der"].smallest == 2 / 2**6
    assert compare({"a": a, "b": b}, samples=500).pairs["a", "b"]["der"].smallest == 2 / 2**24


def test_equal_systems():
    a = made_up(np.random.default_rng(4), 8)
    for difference in compare({"a": a, "b": dict(a)}, samples=200).pairs["a", "b"].values():
        assert difference[:5] == (0, 0, 0, 1, 1) and difference[-3:] == (0, 0, 8)


@pytest.mark.parametrize("other, message", [
    (system((100, 1, 0, 0)), "r1: in a, not in b"),
    (system((100, 1, 0, 0), (200, 0, 0, 0), (1, 0, 0, 0)), "r2: in b, not in a"),
    (system((100, 1, 0, 0), (201, 0, 0, 0)), "r1: 200.000 s of speech scored in a, 201.000 s in b"),
])
def test_what_cannot_be_compared(other, message):
    with pytest.raises(DataError, match=message):
        compare({"a": system((100, 1, 2, 3), (200, 1, 1, 1)), "b": other})


def test_nothing_scored():
    silent = system((0, 0, 1, 0), (0, 0, 0, 0))
    with pytest.raises(DataError, match="no speech"):
        compare({"a": silent, "b": silent})


TABLE = """\
# md-eval; collar 0.25 s on each side; overlap not scored; UEM given; 2 recordings
# in percent of speech; 95 % intervals: bootstrap-t over recordings, 10000 samples, seed 0; p: all ways to swap the \
two within recordings
system   DER  low  high  miss%   fa%  conf%  mean_of_files
a       3.00    -     -   1.00  1.00   1.00           4.00
bb      1.50    -     -   1.00  0.50   0.00           3.00

difference     first  second  points  low  high       p  first_better  second_better  equal
miss           a      bb       +0.00    -     -  1.0000             0              0      2
fa             a      bb       +0.50    -     -  1.0000             0              1      1
conf           a      bb       +1.00    -     -  1.0000             0              1      1
mean_of_files  a      bb       +1.00    -     -  1.0000             0              1      1
DER            a      bb       +1.50    -     -  1.0000             0              1      1

recording  DER_a  DER_bb  wrong_s_a  wrong_s_bb
r1          2.00    0.00       6.00        0.00
TOTAL       3.00    1.50      12.00        6.00

a - bb = 1.50 points of DER, p = 1.0000: no difference is shown
"""


def of_one_group():
    a, b = system((100, 4, 2, 0), (300, 0, 2, 4)), system((100, 4, 2, 0), (300, 0, 0, 0))
    return compare({"a": a, "bb": b}, {"r0": "g", "r1": "g"})


def test_the_table():
    assert comparison_table(of_one_group(), PROTOCOL, CompareOptions(), top=1) == TABLE
    assert "recording  " not in comparison_table(of_one_group(), PROTOCOL, CompareOptions(), top=0)


def test_the_sentence_says_who_is_better():
    rng = np.random.default_rng(5)
    systems = {"good": made_up(rng, 8), "bad": made_up(rng, 8, worse=20)}
    found = compare(systems)
    last = comparison_table(found, PROTOCOL, CompareOptions(), 0).splitlines()[-1]
    low, high = sorted(abs(end) for end in found.pairs["good", "bad"]["der"][1:3])
    assert last.startswith("bad - good = ")
    assert last.endswith(f"p = 0.0078: good is better, from {low:.2f} to {high:.2f}")
    strict = comparison_table(found, PROTOCOL, CompareOptions(level=99.9), 0)
    assert strict.endswith("no difference is shown\n")
    systems["third"] = made_up(rng, 8)
    more = comparison_table(compare(systems), PROTOCOL, CompareOptions(), 0)
    assert "bad - good = " in more and "p = 0.0234: good is better" in more  # three times as much, by Holm


def test_json_and_csv():
    found = of_one_group()
    content = json.loads(comparison_json(found, PROTOCOL, CompareOptions(groups="g")))
    assert content["protocol"] == PROTOCOL
    assert content["method"]["groups"] == 1 and content["method"]["recordings"] == 2
    assert content["systems"]["a"]["der"] == {"value": 3, "low": None, "high": None}
    [pair] = content["pairs"]
    assert (pair["first"], pair["second"], pair["der"]["value"], pair["miss"]["p"]) == ("a", "bb", 1.5, 1)
    assert content["files"]["r1"] == {"a": pytest.approx(2), "bb": 0}
    rows = list(csv.DictReader(comparison_csv(found, PROTOCOL).splitlines()))
    assert len(rows) == 5 * 3 and list(rows[0])[:6] == ["first", "second", "measure", "value", "low", "high"]
    assert list(rows[4].values()) == ["a", "", "der", "3.0", *[""] * 9, "md-eval", "0.25", "True", "given"]
    assert list(rows[14].values())[:7] == ["a", "bb", "der", "1.5", "", "", "1.0"]
    assert list(rows[14].values())[7:13] == ["1.0", "True", "1.0", "0", "1", "1"]


@pytest.mark.parametrize("n, text", [(5, "no p can be below 0.062"), (6, "more often than said"), (10, None)])
def test_warnings(n, text):
    rng = np.random.default_rng(6)
    lines = list(warnings(compare({"a": made_up(rng, n), "b": made_up(rng, n)}, samples=50), CompareOptions()))
    assert len(lines) == (text is not None) and (not text or text in lines[0])
