"""DER against a scorer that ticks through time, pyannote.metrics, and what md-eval and dscore print."""

import itertools
import json
import random

import numpy as np
import pytest

from diarkit import cells
from diarkit.cells import intervals, union
from diarkit.errors import DataError
from diarkit.io.rttm import Region, Turn, read_rttm, read_uem
from diarkit.scoring.der import errors, score

STEP = 0.25  # s; all times in these tests are multiples


def random_turns(rng, speakers, count, length=30.0):
    """(starts, ends, speakers); speakers overlap with others and themselves, some turns are empty."""
    starts = [rng.randrange(int(length / STEP)) * STEP for _ in range(count)]
    ends = [start + rng.randrange(20) * STEP for start in starts]
    return np.array(starts), np.array(ends), [rng.choice(speakers) for _ in range(count)]


def ticking_scorer(ref, hyp, uem, collar, ignore_overlap):
    """Errors by the definition, one short moment after the other, all mappings tried.

    Returns the scored time, missed, false alarm and the set of confusions over all best mappings.
    """
    moments = np.arange(0, 60, STEP) + STEP / 2
    bounds = [*ref[0], *ref[1]]

    def active(turns, t):
        return {name for start, end, name in zip(*turns, strict=True) if start <= t < end}

    def inside(t):
        return any(start <= t < end for start, end in zip(*uem, strict=True))

    def counts(t):
        near = collar > 0 and any(abs(t - bound) < collar for bound in bounds)
        overlap = sum(start <= t < end for start, end in zip(*ref[:2], strict=True)) > 1
        return inside(t) and not near and not (ignore_overlap and overlap)

    evaluated = [(active(ref, t), active(hyp, t)) for t in moments if inside(t)]
    scored = [(active(ref, t), active(hyp, t)) for t in moments if counts(t)]
    ref_names, hyp_names = sorted(set(ref[2])), sorted(set(hyp[2])) + [None] * len(set(ref[2]))
    choices = itertools.permutations(hyp_names, len(ref_names))
    mappings = [dict(zip(ref_names, choice, strict=True)) for choice in choices]

    def right(mapping, moments):
        return sum(mapping[name] in theirs for own, theirs in moments for name in own) * STEP

    best = max(right(mapping, evaluated) for mapping in mappings)
    could = sum(min(len(own), len(theirs)) for own, theirs in scored) * STEP
    return (
        sum(len(own) for own, _ in scored) * STEP,
        sum(max(len(own) - len(theirs), 0) for own, theirs in scored) * STEP,
        sum(max(len(theirs) - len(own), 0) for own, theirs in scored) * STEP,
        {could - right(m, scored) for m in mappings if right(m, evaluated) == best},
    )


@pytest.mark.parametrize("seed", range(40))
def test_errors_are_those_of_the_ticking_scorer(seed):
    rng = random.Random(seed)
    ref = random_turns(rng, "ABC", rng.randrange(1, 9))
    hyp = random_turns(rng, "xyz"[: rng.randrange(1, 4)], rng.randrange(10))
    uem = intervals([(2.0, 9.0), (9.0, 12.0), (14.0, 40.0)] if seed % 2 else [(0.0, 60.0)])
    collar = (0.0, 0.25, 1.0)[seed % 3]
    ignore_overlap = seed % 5 == 0
    found = errors(ref, hyp, uem, collar=collar, ignore_overlap=ignore_overlap)
    scored, missed, false_alarm, confusions = ticking_scorer(ref, hyp, uem, collar, ignore_overlap)
    assert found.scored == pytest.approx(scored)
    assert found.missed == pytest.approx(missed)
    assert found.false_alarm == pytest.approx(false_alarm)
    assert any(found.confusion == pytest.approx(confusion) for confusion in confusions)


@pytest.mark.parametrize("seed", range(10))
def test_pyannote_agrees_if_its_collar_is_doubled(seed):
    """It counts overlap of a speaker with itself twice and maps after cutting collars: neither is tried."""
    from pyannote.core import Annotation, Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    rng = random.Random(seed)
    length, collar = 40.0, (0.0, 0.25)[seed % 2]

    def conversation(names):
        """Turns of one after the other, each overlapping the next a little."""
        time, turns = 0.0, []
        while time < length:
            end = time + rng.uniform(1.5, 4.0)
            others = [name for name in names if not turns or name != turns[-1][2]]
            turns.append((time, end, rng.choice(others)))
            time = end + rng.uniform(-0.7, 0.7)
        return (*intervals(turn[:2] for turn in turns), [turn[2] for turn in turns])

    ref = conversation("AB")
    # The hypothesis is a clear one, so that the best mapping is the same with and without collars.
    hyp = (ref[0] + 0.3, ref[1] + 0.1, ["xy"["AB".index(name)] for name in ref[2]])

    def annotation(turns):
        result = Annotation()
        for n, (start, end, name) in enumerate(zip(*turns, strict=True)):
            result[Segment(start, end), n] = name
        return result

    metric = DiarizationErrorRate(collar=2 * collar, skip_overlap=seed % 4 > 1)
    theirs = metric(annotation(ref), annotation(hyp), uem=Timeline([Segment(0, length)]), detailed=True)
    found = errors(ref, hyp, intervals([(0.0, length)]), collar=collar, ignore_overlap=seed % 4 > 1)
    assert found.der > 0
    assert found.scored == pytest.approx(theirs["total"])
    assert found.missed == pytest.approx(theirs["missed detection"])
    assert found.false_alarm == pytest.approx(theirs["false alarm"])
    assert found.confusion == pytest.approx(theirs["confusion"])


def turns(*rows, reco="m", channel="1"):
    return [Turn(reco, channel, start, end - start, name) for start, end, name in rows]


REF = turns((0, 10, "A"), (10, 20, "B"))


def test_the_mapping_is_made_before_the_collar():
    """x is with A for 2 s, of which the collar leaves nothing; y is with A for 1.5 s in the middle."""
    ref = turns((0, 10, "A"))
    hyp = turns((0, 1, "x"), (9, 10, "x"), (5, 6.5, "y"))
    found = score(ref, hyp, collar=1.0).total
    assert found.mapping == {"A": "x"}
    assert (found.scored, found.missed, found.confusion) == pytest.approx((8, 6.5, 1.5))


def test_defaults_of_the_two_scorers_differ_in_what_is_scored():
    hyp = turns((0, 10, "x"), (10, 25, "y"))
    assert score(REF, hyp).total.der == 0
    assert score(REF, hyp, scorer="dscore").total.der == pytest.approx(25)
    assert "reference" in score(REF, hyp).uem_source
    assert "hypothesis" in score(REF, hyp, scorer="dscore").uem_source


def test_dscore_puts_collars_where_the_uem_cuts():
    uem = [Region("m", "1", 5.0, 15.0)]
    assert score(REF, REF, uem, collar=1.0).total.scored == pytest.approx(8)
    assert score(REF, REF, uem, collar=1.0, scorer="dscore").total.scored == pytest.approx(6)


def test_only_speakers_who_talk_together_are_mapped():
    found = score(REF, turns((0, 10, "x"), (20, 30, "y")), [Region("m", "1", 0.0, 30.0)]).total
    assert found.mapping == {"A": "x"}
    assert (found.missed, found.false_alarm, found.confusion) == (10, 10, 0)


def test_lines_of_other_types_extend_what_md_eval_scores():
    hyp = turns((0, 10, "x"), (10, 20, "y"), (25, 30, "x"))
    segment = Turn("m", "1", 0.0, 28.0, "<NA>", "SEGMENT")
    assert score(REF, hyp).total.false_alarm == 0
    assert score([*REF, segment], hyp).total.false_alarm == pytest.approx(3)
    noise = Turn("m", "1", 0.0, 28.0, "<NA>", "NON-SPEECH")
    assert score([*REF, noise], hyp).total.false_alarm == 0


def test_dscore_rounds_turns_and_uem_to_milliseconds():
    uem = [Region("m", "1", 0.0, 4.9996)]
    assert score(REF, REF, uem, scorer="dscore").total.scored == pytest.approx(5.0, abs=1e-9)
    assert score(REF, REF, uem).total.scored == pytest.approx(4.9996, abs=1e-9)


def test_missing_recordings():
    other = turns((0, 10, "A"), reco="other")
    missed = score(REF + other, REF)
    assert (missed.total.scored, missed.total.missed) == (30, 10)
    assert missed.files["other"].der == 100
    assert missed.notes == ["not in the hypothesis, all missed: other"]
    ignored = score(REF, REF + other)
    assert list(ignored.files) == ["m"] and ignored.total.der == 0
    assert ignored.notes == ["not in the reference, ignored: other"]
    apart = score(REF, REF + other, scorer="dscore")
    assert apart.files["other"].der == 100 and apart.total.der == 0


def test_recordings_not_in_the_uem():
    other = turns((0, 10, "A"), reco="other")
    uem = [Region("m", "1", 0.0, 20.0)]
    whole = score(REF + other, REF + other, uem)
    assert whole.total.scored == 30
    assert whole.notes == ["not in the UEM, scored over the extent of the reference: other"]
    left_out = score(REF + other, REF + other, uem, scorer="dscore")
    assert left_out.total.scored == 20 and list(left_out.files) == ["m"]
    assert left_out.notes == ["not in the UEM, not scored: other"]


def test_channels():
    hyp = turns((0, 10, "x"), (10, 20, "y"), channel="0")
    assert score(REF, hyp).total.der == 100
    assert any("channel" in note for note in score(REF, hyp).notes)
    assert score(REF, hyp, scorer="dscore").total.der == 0
    uem = [Region("m", "2", 0.0, 5.0)]
    assert score(REF, REF, uem).total.scored == 20
    assert any("another channel" in note for note in score(REF, REF, uem).notes)
    assert score(REF, REF, [Region("m", "NA", 0.0, 5.0)]).total.scored == 5
    two = score(REF + turns((0, 4, "A"), channel="2"), REF)
    assert two.files["m"].scored == 24 and two.files["m"].missed == 4


def test_names_in_a_uem():
    assert score(REF, REF, [Region("/data/m.sph", "1", 0.0, 5.0)]).total.scored == 5
    dotted = turns((0, 10, "A"), reco="m.Mix-Headset")
    with pytest.raises(DataError, match="Mix-Headset.*dscore"):
        score(dotted, dotted, [Region("m.Mix-Headset", "1", 0.0, 5.0)])
    assert score(dotted, dotted, [Region("m.Mix-Headset", "1", 0.0, 5.0)], scorer="dscore").total.scored == 5


def test_what_is_said_of_turns():
    ref = turns((0, 10, "A"), (5, 12, "A"), (3, 3, "B"))
    notes = score(ref, REF).notes
    assert any("zero-length turns in the reference" in note for note in notes)
    assert any("overlaps with itself" in note for note in notes)
    assert score(REF, REF).notes == []


def test_no_speech_to_score():
    with pytest.raises(DataError, match="no speech"):
        score(turns((0, 1, "A")), REF, collar=1.0)
    with pytest.raises(DataError, match="no speech"):
        score([], REF)


def test_a_recording_without_scored_speech_has_no_der():
    result = score(REF + turns((0, 1, "A"), reco="short"), REF, collar=1.0)
    assert np.isnan(result.files["short"].der)
    assert result.total.der == 0


def test_laughter_is_not_scored_and_grows_by_half_a_second_within_the_turn():
    laughter = Turn("m", "1", 9.8, 0.1, "A", "NON-LEX")
    assert score(REF + [laughter], REF).total.scored == pytest.approx(20 - 0.7)
    noscore = Turn("m", "1", 5.0, 2.0, "A", "NOSCORE")
    assert score(REF + [noscore], REF).total.scored == pytest.approx(18)


def test_union_of_intervals():
    starts, ends = union(*intervals([(5, 6), (0, 2), (1, 3), (3, 4), (7, 7)]))
    assert starts.tolist() == [0, 5] and ends.tolist() == [4, 6]
    assert [len(side) for side in union(*intervals([]))] == [0, 0]


@pytest.fixture(scope="module")
def cases(shared):
    folder = shared / "scoring" / "cases"
    return folder, json.loads((folder / "cases.json").read_text())


@pytest.mark.parametrize("scorer", ["md-eval", "dscore"])
def test_what_the_scorer_prints(cases, scorer):
    """Every case that is not about damaged files, ties of the mapping and slips of md-eval's -1 included."""
    folder, all_cases = cases
    compared = 0
    for case in all_cases:
        truth = case[scorer.replace("-", "")]
        if truth["rc"] or not truth["overall"] or (scorer == "dscore" and "dotted_id" in case["name"]):
            continue  # for a dotted name dscore falls back to the extent of the reference, silently
        try:
            ref, hyp = (read_rttm(str(folder / case[side]), all_types=True) for side in ("ref", "hyp"))
            uem = read_uem(str(folder / case["uem"])) if case["uem"] else None
        except DataError:
            continue
        result = score(ref, hyp, uem, case["collar"], case["ignore_overlap"], scorer)
        for expected, found in [(truth["overall"], result.total),
                                *((row, result.files[reco]) for reco, row in truth["files"].items())]:
            printed = float(expected["der2"] if scorer == "dscore" else expected["der"])
            assert abs(found.der - printed) <= 0.005 + 1e-6, case["id"]
            if scorer == "md-eval":
                seconds = (found.scored, found.missed, found.false_alarm, found.confusion)
                theirs = [expected[name] for name in ("scored", "miss", "fa", "conf")]
                assert seconds == pytest.approx(theirs, abs=0.0051)
            compared += 1
    assert compared > 400


def test_too_many_at_once_are_refused_before_they_fill_the_memory(monkeypatch):
    crowd = turns(*((n, 40 + n, f"s{n}") for n in range(20)))
    assert score(crowd, crowd).total.der == 0
    monkeypatch.setattr(cells, "MOST", 1000)
    with pytest.raises(DataError, match="^m: so many speak at once"):
        score(crowd, crowd)
