"""Clustering measures against their definitions frame by frame, and against numbers of dscore's formulas."""

import math
import random
from collections import Counter

import numpy as np
import pytest

from diarkit.cells import intervals
from diarkit.scoring.cooccurrence import Cooccurrence
from diarkit.scoring.measures_clusters import NAMES, Table, joined, part_of, values_of


def random_recording(rng):
    """Turns and regions of 6 s; speakers overlap with others and themselves, some turns have no frame."""
    def side(speakers, count):
        starts = [rng.randrange(500) / 100 for _ in range(count)]
        ends = [start + rng.choice([0.002, 0.4, rng.randrange(1500) / 1000]) for start in starts]
        return np.array(starts), np.array(ends), [rng.choice(speakers) for _ in range(count)]

    uem = intervals([(0.5, 2.0), (2.5, 6.0)] if rng.random() < 0.5 else [(0.0, 6.0)])
    return side("ABC"[: rng.randrange(1, 4)], rng.randrange(7)), side("wxyz", rng.randrange(9)), uem


def frame_classes(ref, hyp, uem):
    """[(speakers of the reference, speakers of the hypothesis)] of every scored frame."""
    times = 0.01 * np.arange(int(max(uem[1]) / 0.01))

    def active(turns, time):
        return frozenset(name for start, end, name in zip(*turns, strict=True) if start <= time < end)

    inside = [t for t in times if any(start <= t < end for start, end in zip(*uem, strict=True))]
    return [(active(ref, t), active(hyp, t)) for t in inside]


def plain_values(frames):
    """The measures from a list of (class, class), one a frame."""
    def entropy(items):
        counts = Counter(items)
        return -sum(n / len(items) * math.log2(n / len(items)) for n in counts.values())

    def b_cubed(own, other):
        """Mean over frames: of those in the same class of `own`, how many are in the same class of `other`."""
        both, alone = Counter(zip(own, other, strict=True)), Counter(own)
        return sum(both[pair] / alone[pair[0]] for pair in zip(own, other, strict=True)) / len(own)

    def variation(items):
        return 1 - sum((n / len(items)) ** 2 for n in Counter(items).values())

    def tau(guide, told):
        if len(set(told)) == 1:
            return 1.0
        within = sum(n / len(told) * variation([b for a, b in zip(guide, told, strict=True) if a == key])
                     for key, n in Counter(guide).items())
        return 1 - within / variation(told)

    ref, hyp = zip(*frames, strict=True)
    precision, recall = b_cubed(hyp, ref), b_cubed(ref, hyp)
    h_ref, h_hyp, h_both = entropy(ref), entropy(hyp), entropy(frames)
    one = len(set(ref)) == 1, len(set(hyp)) == 1
    nmi = float(all(one)) if any(one) else (h_ref + h_hyp - h_both) / math.sqrt(h_ref * h_hyp)
    return (precision, recall, 2 / (1 / precision + 1 / recall), tau(ref, hyp), tau(hyp, ref),
            h_both - h_hyp, h_both - h_ref, h_ref + h_hyp - h_both, nmi)


def compare(found, expected):
    assert list(found) == list(NAMES)
    assert list(found.values()) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("seed", range(25))
def test_values_are_those_of_the_definitions(seed):
    recording = random_recording(random.Random(seed))
    compare(values_of([part_of(*recording)]), plain_values(frame_classes(*recording)))


@pytest.mark.parametrize("seed", range(5))
def test_recordings_together_have_no_class_in_common(seed):
    rng = random.Random(100 + seed)
    recordings = [random_recording(rng) for _ in range(4)]
    frames = [((n, a), (n, b)) for n, recording in enumerate(recordings) for a, b in frame_classes(*recording)]
    compare(values_of([part_of(*recording) for recording in recordings]), plain_values(frames))


def sides(*rows):
    return (*intervals(row[:2] for row in rows), [row[2] for row in rows])


ONE = (sides((0.0, 4.0, "A"), (3.5, 7.25, "B")), sides((0.2, 3.8, "x"), (3.8, 7.5, "y"), (6.9, 7.1, "x")),
       intervals([(0.0, 8.0)]))
TWO = (sides((1.0, 3.0, "A")), sides((1.0, 2.0, "x"), (2.0, 3.0, "y")), intervals([(0.5, 3.25)]))


@pytest.mark.parametrize("recordings, expected", [
    ([ONE], (0.7939285714, 0.8342673993, 0.8135982847, 0.7227682581, 0.6733480761,
        0.5596480894, 0.4205167064, 1.060240262, 0.6845731455)),
    ([TWO], (1, 0.6363636364, 0.7777777778, 0.45, 1,
        0, 0.7272727273, 0.8453509366, 0.7331724138)),
    ([ONE, TWO], (0.8466445183, 0.7836408553, 0.8139252737, 0.7134654634, 0.7971714694,
        0.4164822991, 0.4989891768, 1.825632217, 0.7996653548)),
])
def test_golden_values(recordings, expected):
    """Made by the formulas of dscore's scorelib/metrics.py, written down on dense arrays of frames and classes."""
    compare(values_of([part_of(*recording) for recording in recordings]), expected)


def test_one_class_on_a_side():
    silence, uem = (*intervals([]), []), intervals([(0.0, 1.0)])
    talk, half = sides((0.0, 1.0, "A")), sides((0.0, 0.5, "A"))
    compare(values_of([part_of(talk, talk, uem)]), (1, 1, 1, 1, 1, 0, 0, 0, 1))
    compare(values_of([part_of(silence, silence, uem)]), (1, 1, 1, 1, 1, 0, 0, 0, 1))
    compare(values_of([part_of(half, talk, uem)]), (0.5, 1, 2 / 3, 1, 0, 1, 0, 0, 0))
    compare(values_of([part_of(talk, half, uem)]), (1, 0.5, 2 / 3, 0, 1, 0, 1, 0, 0))


def test_no_frames():
    short = part_of(sides((0.0, 1.0, "A")), sides((0.0, 1.0, "A")), intervals([(0.0, 0.005)]))
    assert values_of([short]) == values_of([]) == dict.fromkeys(NAMES)
    whole = part_of(*ONE)
    assert values_of([short, whole, short]) == values_of([whole])


def test_more_speakers_than_bits():
    """Speakers 1 to 150, each 10 ms: in numbers of 32 or 64 bits some sets would be the same."""
    many = sides(*((n / 100, (n + 1) / 100, f"s{n}") for n in range(150)))
    table = part_of(many, many, intervals([(0.0, 1.5)]))
    assert len(table.frames) == 150 and values_of([table])["nmi"] == pytest.approx(1)
    pairs = sides(*((0.0, 1.0, f"s{n}") for n in range(70)), (0.5, 1.0, "t"))
    assert np.ptp(Cooccurrence.in_frames(pairs, many, intervals([(0.0, 1.0)])).sets()[0]) == 1


def test_tables_are_put_block_after_block():
    first = Table(np.array([3.0, 1.0]), np.array([0, 1]), np.array([0, 0]))
    both = joined([first, first])
    assert both.frames.tolist() == [3, 1, 3, 1]
    assert both.ref.tolist() == [0, 1, 2, 3] and both.hyp.tolist() == [0, 0, 1, 1]
