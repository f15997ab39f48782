"""Purity, coverage, homogeneity and completeness against pyannote.metrics, and small examples."""

import random

import pytest

from diarkit.cells import intervals, union
from diarkit.scoring.measures_seconds import NAMES, part_of, values_of

WITHIN = intervals([(2.0, 9.0), (12.0, 28.0)])  # s, what is scored in the random recordings


def random_side(rng, speakers):
    """Turns within the UEM; speakers overlap with others but not with themselves, as pyannote.metrics wants them."""
    rows = []
    for name in speakers:
        starts = [rng.uniform(0, 28) for _ in range(rng.randrange(6))]
        turns = [(start, start + rng.uniform(0.1, 5)) for start in starts]
        for start, end in zip(*union(*intervals(turns)), strict=True):
            parts = [(max(start, low), min(end, high), name) for low, high in zip(*WITHIN, strict=True)]
            rows += [part for part in parts if part[1] - part[0] > 1e-3]
    return sides(*rows)


def sides(*rows):
    return (*intervals(row[:2] for row in rows), [row[2] for row in rows])


@pytest.mark.filterwarnings("ignore")
def test_agrees_with_pyannote():
    """Each recording, and all of them accumulated; among them some with no speech on one side or both."""
    from pyannote.core import Annotation, Segment, Timeline
    from pyannote.metrics import diarization

    def annotation(turns):
        result = Annotation()
        for n, (start, end, name) in enumerate(zip(*turns, strict=True)):
            result[Segment(start, end), n] = name
        return result

    metrics = {name: getattr(diarization, f"Diarization{name.capitalize()}")()
               for name in ("purity", "coverage", "homogeneity", "completeness")}
    uem = Timeline([Segment(*pair) for pair in zip(*WITHIN, strict=True)])
    rng, parts = random.Random(0), []
    nobody = sides()
    for n in range(30):
        ref = nobody if n in (3, 5) else random_side(rng, "ABC"[: 1 + n % 3])
        hyp = nobody if n in (4, 5) else random_side(rng, "wxyz"[: 1 + n % 4])
        parts.append(part_of(ref, hyp, WITHIN))
        found = values_of(parts[-1:])
        theirs = {name: metric(annotation(ref), annotation(hyp), uem=uem) for name, metric in metrics.items()}
        assert {name: found[name] for name in theirs} == pytest.approx(theirs, abs=1e-9), n
    together = values_of(parts)
    assert list(together) == list(NAMES)
    assert {name: together[name] for name in metrics} == pytest.approx(
        {name: abs(metric) for name, metric in metrics.items()}, abs=1e-9)
    assert 0.2 < together["purity"] < 0.9 and 0.1 < together["homogeneity"] < 0.9


def test_a_small_example():
    """x is 6 s of A and 2 s of B, y is 2 s of B and 1 s of nobody; B talks 1 s more."""
    ref = sides((0, 6, "A"), (6, 11, "B"))
    hyp = sides((0, 8, "x"), (8, 10, "y"), (11, 12, "y"))
    found = values_of([part_of(ref, hyp, intervals([(0, 12)]))])
    assert (found["purity"], found["coverage"]) == pytest.approx((8 / 11, 8 / 11))
    assert found["purity_coverage_f"] == pytest.approx(8 / 11)
    # B's 4 s within the hypothesis are half x; of A's there is nothing but x
    assert found["completeness"] == pytest.approx(1 - 0.4 * 1.0 / 0.7219280949)  # bits: 4 of 10 s at 1, H(8:2)
    assert found["homogeneity"] == pytest.approx(1 - 0.8 * 0.8112781245 / 0.9709505945)  # 8 of 10 s at H(6:2), H(6:4)
    assert found["v_measure"] == pytest.approx(
        2 * found["completeness"] * found["homogeneity"] / (found["completeness"] + found["homogeneity"]))


def test_speech_out_of_the_uem_does_not_count():
    ref, hyp = sides((0, 4, "A"), (4, 8, "B")), sides((0, 8, "x"))
    assert values_of([part_of(ref, hyp, intervals([(0, 8)]))])["purity"] == pytest.approx(0.5)
    assert values_of([part_of(ref, hyp, intervals([(0, 5)]))])["purity"] == pytest.approx(0.8)


def test_sums_are_taken_before_ratios():
    long = part_of(sides((0, 9, "A")), sides((0, 9, "x")), intervals([(0, 9)]))
    half = part_of(sides((0, 1, "A")), sides((0, 2, "x")), intervals([(0, 9)]))
    assert values_of([long, half])["purity"] == pytest.approx(10 / 11)


def test_nobody():
    silence, talk, uem = sides(), sides((0, 1, "A")), intervals([(0, 2)])
    assert values_of([part_of(silence, silence, uem)]) == dict.fromkeys(NAMES, 1.0)
    found = values_of([part_of(talk, silence, uem)])
    assert (found["purity"], found["coverage"], found["purity_coverage_f"]) == (1, 0, 0)
