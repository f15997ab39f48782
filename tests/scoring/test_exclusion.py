"""What md-eval leaves out, and how exactly it sums: small recordings, and what md-eval-22 and dscore print for them.

Of both programs, the part that scores diarization was run, alone.
"""

import numpy as np
import pytest

from diarkit.cells import NOTHING, intervals
from diarkit.io.rttm import Region, Turn
from diarkit.scoring.der import score
from diarkit.scoring.exclusion import left, overlap, plainly_left, zones


def lines(text, kind="SPEAKER"):
    """Turns of 'start duration name, ...'."""
    rows = [row.split() for row in text.split(",") if row]
    return [Turn("m", "1", float(start), float(duration), name, kind) for start, duration, name in rows]


def of(result):
    """Scored, missed, false alarm, confusion as md-eval-22 prints them."""
    seconds = (result.total.scored, result.total.missed, result.total.false_alarm, result.total.confusion)
    return " ".join(f"{abs(value):.6f}" for value in seconds)


MD_EVAL = {  # reference, hypothesis; other lines of the reference {type: lines}; UEM; collar; -1; what is printed
    "two laughs after the last turn": (
        "15.25 3.5 A, 10.75 0.25 B", "", {"NON-LEX": "11 0.25 A, 7.75 1.5 A"}, "", 1, True,
        "1.750000 1.750000 0.000000 0.000000"),
    "laughs that no word is near to": (
        "0 7.2 A", "5.3 24.55 A", {"NON-LEX": "43.75 3.1 A, 19.35 0.05 A"}, "", 0, False,
        "7.200000 5.300000 21.600000 0.000000"),
    "laughs that grow together, and one apart": (
        "0 4 A, 8 2 B", "0 9 x", {"NON-LEX": "4.5 0.5 A, 5.25 0.5 A, 7 0.25 A"}, "", 0, False,
        "6.000000 1.000000 0.500000 1.000000"),
    "a laugh between words, one after all": (
        "0 10 A", "1 15 x", {"NON-LEX": "5 1 A, 11 1 A", "LEXEME": "3 1.8 A, 6.2 0.8 A"}, "0 20", 0, False,
        "8.600000 1.000000 0.500000 0.000000"),
    "no score where overlap ends": (
        "6 14 A, 8 1 A, 6 1 B", "", {"NOSCORE": "7 5 A"}, "", 0, True, "9.000000 9.000000 0.000000 0.000000"),
    "overlap that ends with the UEM": (
        "2 3 A, 4 1 B, 7 1 C, 9 1 C, 9 1 D", "2 2 x, 6 2 x", {}, "4 5", 0, True,
        "1.000000 0.000000 1.000000 1.000000"),
    "a tie that the rounding of sums decides": (
        "8.5 0.4 C, 7.9 0.4 C, 8.4 3 A, 2.6 2.2 B",
        "2.8 0.3 a, 8.5 0.2 d, 8.7 0.2 b, 7.9 0.4 d, 8.4 2.7 c, 3.4 0.7 d", {}, "", 0.1, False,
        "4.900000 1.200000 0.000000 0.600000"),
    "a tie of two halves under a collar": (
        "0 1.2 A, 0.894516 3.380808 B", "2.58492 1.690404 c, 0.894516 1.690404 b, 0.064612 1.306138 a", {}, "", 1, True,
        "1.075324 0.000000 0.000000 0.384920"),
    "a tie with noise in the ends": (
        "0.0600000000000004 0.6699999999999996 B, 0.4740000000000004 0.981 A",
        "0.6990000000000005 0.230000000000001 b, 0.929 0.230000000000001 c, 0 0.614 a", {}, "", 0, True,
        "1.139000 0.296000 0.000000 0.230000"),
}


@pytest.mark.parametrize("name", MD_EVAL)
def test_what_md_eval_prints(name):
    ref, hyp, others, uem, collar, ignore_overlap, printed = MD_EVAL[name]
    ref = lines(ref) + [line for kind, text in others.items() for line in lines(text, kind)]
    uem = [Region("m", "1", *map(float, uem.split()))] if uem else None
    assert of(score(ref, lines(hyp), uem, collar, ignore_overlap)) == printed


@pytest.mark.parametrize(("ref", "hyp", "collar", "ignore_overlap", "printed"), [
    ("0 1.8081 A", "0 2.5235 x", 0, False, 39.54646017699115),  # half a millisecond, up or down
    ("0 1.8081 A", "0 2.5235 x", 0.25, False, 35.55045871559633),
    ("0 1.2345 A, 2.0005 0.5 A", "0 1.2355 x, 2.0015 0.7 x", 0, False, 11.764705882352942),
    ("0 4 A, 0 4 A, 5 1 B", "0 3 x, 5 1.5 y", 0, True, 30.0),  # a turn that is there twice is no overlap
])
def test_what_dscore_prints(ref, hyp, collar, ignore_overlap, printed):
    result = score(lines(ref), lines(hyp), None, collar, ignore_overlap, "dscore")
    assert result.total.der == pytest.approx(printed, abs=1e-9)


def pairs(intervals_left):
    return list(zip(*(side.tolist() for side in intervals_left), strict=True))


def test_what_is_left_of_regions():
    regions = intervals([(0, 5), (6, 9)])
    assert pairs(left(regions, NOTHING)) == pairs(regions)
    for function in (left, plainly_left):
        assert pairs(function(regions, intervals([(1, 2), (4, 7)]))) == [(0, 1), (2, 4), (7, 9)]
    # The zone begins with the region: md-eval scores until something ends.
    assert pairs(left(regions, intervals([(6, 9.5)]))) == [(0, 5), (6, 9)]
    assert pairs(plainly_left(regions, intervals([(6, 9.5)]))) == [(0, 5)]
    # It ends with a region: md-eval goes on to the next zone, outside of the region.
    assert pairs(left(regions, intervals([(4, 5), (5.5, 7)]))) == [(0, 4), (5, 5.5), (7, 9)]
    assert pairs(left(regions, intervals([(8, np.inf)]))) == [(0, 5), (6, 8)]


def test_zones_of_overlap():
    starts, ends = intervals([(0, 4), (1, 3), (3, 5), (2, 2), (8, 9), (9, 10)])
    assert pairs(overlap(starts, ends)) == [(1, 3), (3, 4)]


def test_zones_grow_up_to_turns_and_words_and_last_if_nothing_follows():
    around = [*lines("0 10 A"), *lines("3 1.8 A, 6.2 0.8 A", "LEXEME")]
    assert pairs(zones([*around, *lines("5 1 A, 11 1 A", "NON-LEX")], ("NON-LEX",), 0.5)) == [
        (4.8, 6.2), (10.5, np.inf)]
    inside = [*lines("0 10 A"), *lines("1 5 A", "LEXEME"), *lines("2 1 A", "NOSCORE")]
    assert pairs(zones(inside, ("NOSCORE",), 0.5)) == [(2, 3)]
