"""Operations on turns, against frames of a second counted one by one, on random turns."""

import random
from collections import Counter
from decimal import Decimal

import pytest

from diarkit.errors import DataError
from diarkit.io.rttm import Turn
from diarkit.io.turnfiles.records import Record
from diarkit.turnops import (
    cropped,
    in_order,
    joined,
    moved,
    names_of_reference,
    numbers,
    overlap,
    union,
    without_overlap,
)

SECONDS = range(40)


def random_turns(rng, count=12, zero=True):
    """Turns of whole seconds, half of them of no length with `zero`."""
    return [Turn(rng.choice("mn"), rng.choice("12"), rng.randrange(30),
                 0 if zero and rng.random() < 0.5 else rng.randrange(1, 10), rng.choice("abc")) for _ in range(count)]


def frames(turns):
    """{(recording, channel, second): who speaks how many times}"""
    return {(reco, channel, second): Counter(t.speaker for t in turns
                                             if (t.reco, t.channel) == (reco, channel) and t.start <= second < t.end)
            for reco in "mn" for channel in "12" for second in SECONDS}


@pytest.fixture(params=range(30))
def rng(request):
    return random.Random(request.param)


def test_cropped(rng):
    turns = random_turns(rng)
    regions = [(start, start + rng.randrange(8)) for start in rng.sample(range(35), 4)]
    found = list(cropped(turns, regions))
    inside = {second for start, end in regions for second in range(start, end)}
    assert frames(found) == {key: who if key[2] in inside else Counter() for key, who in frames(turns).items()}
    merged = union(regions)
    points = [turn for turn in turns if turn.duration == 0]
    assert [t for t in found if t.duration == 0] == [t for t in points if any(a <= t.start <= b for a, b in merged)]
    assert {second for start, end in merged for second in range(start, end)} == inside
    assert all(before[1] < after[0] for before, after in zip(merged, merged[1:], strict=False))


def test_joined(rng):
    turns = random_turns(rng)
    gap = rng.randrange(4)
    found = joined(turns, gap)
    wanted = []
    for key in {(t.reco, t.channel, t.speaker) for t in turns}:
        own = [t for t in turns if (t.reco, t.channel, t.speaker) == key]
        groups = [{turn} for turn in own]  # those that are near enough, put together again and again
        while pair := next(((a, b) for a in groups for b in groups if a is not b and near(a, b, gap)), None):
            groups = [group for group in groups if group not in pair] + [pair[0] | pair[1]]
        wanted += [(*key, min(t.start for t in group), max(t.end for t in group)) for group in groups]
    assert sorted((t.reco, t.channel, t.speaker, t.start, t.end) for t in found) == sorted(wanted)
    assert found == in_order(found)


def near(a, b, gap):
    first, second = sorted([(min(t.start for t in group), max(t.end for t in group)) for group in (a, b)])
    return second[0] - first[1] <= gap


@pytest.mark.parametrize("rule", ["first", "last", "longest"])
def test_without_overlap(rng, rule):
    turns = random_turns(rng, zero=False)
    best = {"first": lambda t: (t.start, -t.duration), "last": lambda t: (-t.start, -t.duration),
            "longest": lambda t: (-t.duration, t.start)}[rule]
    found = without_overlap(turns, rule)
    assert found == in_order(found)
    for (reco, channel, second), who in frames(found).items():
        going = [t for t in turns if (t.reco, t.channel) == (reco, channel) and t.start <= second < t.end]
        assert list(who.elements()) == ([min(going, key=best).speaker] if going else [])


def test_time_of_nobody(rng):
    turns = random_turns(rng, zero=False)
    for key, who in frames(without_overlap(turns, "nobody")).items():
        before = frames(turns)[key]
        assert who == (Counter(list(before)) if len(before) == 1 else Counter())


def test_pieces_are_whole_where_they_can_be():
    """A turn is not cut where it keeps its time, and comes back after the interruption."""
    long, short, later = (Turn("m", "1", *fields) for fields in [(0, 10, "a"), (2, 3, "b"), (8, 4, "c")])
    assert without_overlap([later, long, short]) == [long, later._replace(start=10, duration=2)]
    assert without_overlap([long, short, later], "last") == [
        long._replace(duration=2), short, long._replace(start=5, duration=3), later]
    assert without_overlap([long, short], "nobody") == [long._replace(duration=2), long._replace(start=5, duration=5)]
    zero = Turn("m", "1", 3, 0, "z")
    assert without_overlap([long, zero]) == [long, zero]
    with pytest.raises(ValueError, match="no such rule"):
        without_overlap([], "loudest")


def test_exact_times_and_other_lines():
    turn = Record("SPEAKER", "m", "1", Decimal("0.1"), Decimal("0.2"), speaker="a", confidence="0.9")
    info = Record("SPKR-INFO", "m", "1", None, None, speaker="a", subtype="adult")
    word = Record("LEXEME", "m", "1", Decimal("0.3"), None, "hi", "lex", "a")
    [found] = cropped([turn], [(Decimal("0.2"), Decimal(1))])
    assert found == turn._replace(start=Decimal("0.2"), duration=Decimal("0.1"))
    assert list(cropped([info, word], [(Decimal("0.3"), Decimal(1))])) == [info, word]
    assert list(cropped([info, word], [(Decimal("0.31"), Decimal(1))])) == [info]
    assert joined([word, turn, info, info, turn._replace(start=Decimal("0.3"))]) == [
        info, turn._replace(duration=Decimal("0.4")), word]
    assert without_overlap([word, turn, info]) == [info, turn, word]
    assert moved(turn, Decimal("-0.1"), 2) == turn._replace(start=Decimal("0.1"), duration=Decimal("0.4"))
    assert moved(info, 5) == info and moved(word, 1).duration is None
    with pytest.raises(DataError, match="what a has at 0.1 s would be at -0.1 s"):
        moved(turn, Decimal("-0.2"))


def test_numbers():
    turns = [Turn("n", "1", 0, 1, "b"), Turn("m", "1", 5, 9, "b"), Turn("m", "1", 0, 1, "c"), Turn("m", "1", 2, 5, "a"),
             Turn("n", "1", 1, 20, "a"), Turn("m", "1", 0, 0, "info", "SPKR-INFO")]
    assert numbers(turns) == {("m", "c"): 1, ("m", "a"): 2, ("m", "b"): 3, ("n", "b"): 1, ("n", "a"): 2}
    assert numbers(turns, "longest") == {("m", "b"): 1, ("m", "a"): 2, ("m", "c"): 3, ("n", "a"): 1, ("n", "b"): 2}
    assert numbers(turns, "longest", across=True) == {
        ("m", "a"): 1, ("n", "a"): 1, ("m", "b"): 2, ("n", "b"): 2, ("m", "c"): 3}


def test_names_of_the_reference_are_given_once():
    assert names_of_reference({"A": "1", "B": "2"}, ["1", "2", "A", "A_", "x"]) == {
        "1": "A", "2": "B", "A": "A_", "A_": "A__", "x": "x"}
    assert names_of_reference({"A": "B", "B": "A"}, ["A", "B"]) == {"A": "B", "B": "A"}


def test_overlap_is_where_two_speak():
    rng = random.Random(0)
    for _ in range(200):
        starts = [rng.randrange(20) for _ in range(rng.randrange(8))]
        spans = [(start, start + rng.randrange(6), rng.choice("abc")) for start in starts]
        often = [len({who for start, end, who in spans if start <= t < end}) for t in range(30)]
        found = overlap(spans)
        assert {t for start, end in found for t in range(start, end)} == {t for t, n in enumerate(often) if n > 1}
        assert found == union(found)
