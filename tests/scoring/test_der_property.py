"""DER of any reference and hypothesis against a scorer that looks at every millisecond and tries every mapping."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from diarkit.cells import intervals
from diarkit.scoring.der import errors

LENGTH = 6000  # ms


def turns_of(names, most):
    turn = st.tuples(st.integers(0, LENGTH), st.integers(0, 2000), st.sampled_from(names))
    return st.lists(turn, max_size=most).map(
        lambda turns: [(start, min(start + duration, LENGTH), name) for start, duration, name in turns])


REGIONS = st.lists(st.integers(0, LENGTH), min_size=2, max_size=6, unique=True).map(
    lambda cuts: list(zip(*[iter(sorted(cuts))] * 2, strict=False)))


def arrays(turns):
    return (*(side / 1000 for side in intervals(turn[:2] for turn in turns)), [turn[2] for turn in turns])


def frames_of(turns, names):
    """(speakers, LENGTH) bool, one column a millisecond."""
    active = np.zeros((len(names), LENGTH), bool)
    for start, end, name in turns:
        active[names.index(name), start:end] = True
    return active


def by_milliseconds(ref, hyp, regions, collar, ignore_overlap):
    """(scored, missed, false alarm) in ms and the set of confusions over all mappings that are best."""
    inside = np.zeros(LENGTH, bool)
    for start, end in regions:
        inside[start:end] = True
    scored = inside.copy()
    middle = np.arange(LENGTH) + 0.5
    talking = np.zeros(LENGTH, int)
    for start, end, _ in ref:
        talking[start:end] += 1
        if collar:
            scored &= (abs(middle - start) > collar) & (abs(middle - end) > collar)
    if ignore_overlap:
        scored &= talking < 2
    ref_names, hyp_names = sorted({turn[2] for turn in ref}), sorted({turn[2] for turn in hyp})
    r, h = frames_of(ref, ref_names), frames_of(hyp, hyp_names)
    num_ref, num_hyp = r.sum(axis=0), h.sum(axis=0)
    sums = {}
    for choice in itertools.permutations([*range(len(hyp_names)), *[None] * len(ref_names)], len(ref_names)):
        right = np.zeros(LENGTH, int)
        for own, other in enumerate(choice):
            if other is not None:
                right += r[own] & h[other]
        sums.setdefault(int(right[inside].sum()), set()).add(
            int((np.minimum(num_ref, num_hyp) - right)[scored].sum()))
    return (int(num_ref[scored].sum()), int(np.maximum(num_ref - num_hyp, 0)[scored].sum()),
            int(np.maximum(num_hyp - num_ref, 0)[scored].sum()), sums[max(sums)])


def milliseconds(found):
    return [round(1000 * value, 6) for value in (found.scored, found.missed, found.false_alarm, found.confusion)]


@settings(max_examples=150, deadline=None)
@given(turns_of("ABC", 8), turns_of("xyz", 8), REGIONS, st.sampled_from([0, 0, 250, 100]), st.booleans())
def test_any_turns(ref, hyp, regions, collar, ignore_overlap):
    uem = tuple(side / 1000 for side in intervals(regions))
    arguments = {"collar": collar / 1000, "ignore_overlap": ignore_overlap}
    found = errors(arrays(ref), arrays(hyp), uem, **arguments)
    scored, missed, false_alarm, confusions = by_milliseconds(ref, hyp, regions, collar, ignore_overlap)
    assert milliseconds(found)[:3] == [scored, missed, false_alarm]
    assert milliseconds(found)[3] in confusions
    correct = scored - missed - milliseconds(found)[3]
    assert correct >= 0, "missed + correct + confusion = scored"

    renamed = [(start, end, {"A": "q", "B": "a", "C": "z"}[name]) for start, end, name in ref]
    other = errors(arrays(renamed), arrays(hyp), uem, **arguments)
    if len(confusions) == 1:  # among equal mappings the choice is by name
        assert milliseconds(other) == milliseconds(found)
    assert milliseconds(errors(arrays(ref[::-1]), arrays(hyp[::-1]), uem, **arguments)) == milliseconds(found)


@settings(max_examples=50, deadline=None)
@given(turns_of("ABC", 8), REGIONS)
def test_a_reference_has_no_errors_against_itself(ref, regions):
    uem = tuple(side / 1000 for side in intervals(regions))
    found = errors(arrays(ref), arrays(ref), uem)
    assert milliseconds(found)[1:] == [0, 0, 0]
    assert milliseconds(found)[0] == by_milliseconds(ref, [], regions, 0, False)[0]
