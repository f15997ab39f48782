"""JER against dscore's definition on arrays of frames and all mappings, and against what dscore prints."""

import itertools
import random

import numpy as np
import pytest

from diarkit.cells import intervals
from diarkit.scoring.cooccurrence import Cooccurrence, frame_index
from diarkit.scoring.jer import best_sum, jaccard_errors, jer_of


def random_turns(rng, speakers, count, length=6.0):
    """Times of three decimals, many at multiples of a frame; speakers overlap with others and themselves."""
    starts = [rng.randrange(int(length * 1000)) / 1000 for _ in range(count)]
    ends = [start + rng.choice([0.0, 0.004, 0.28, 0.57, 1.15, rng.randrange(3000) / 1000]) for start in starts]
    return np.array(starts), np.array(ends), [rng.choice(speakers) for _ in range(count)]


def frame_arrays(turns, uem):
    """{speaker: (T,) bool} of the scored frames, as dscore makes them."""
    num_frames = int(max(uem[1]) / 0.01)
    times = 0.01 * np.arange(num_frames)
    keep = np.zeros(num_frames, bool)
    for start, end in zip(*uem, strict=True):
        keep[slice(*np.searchsorted(times, (start, end)))] = True
    arrays = {name: np.zeros(num_frames, bool) for name in sorted(set(turns[2]))}
    for start, end, name in zip(*turns, strict=True):
        arrays[name][slice(*np.searchsorted(times, (start, end)))] = True
    return {name: array[keep] for name, array in arrays.items()}


def plain_jer(ref, hyp, uem):
    """The least mean of the errors over all mappings, in percent."""
    ref, hyp = frame_arrays(ref, uem), frame_arrays(hyp, uem)

    def error(name, partner):
        if partner is None or not (ref[name] | hyp[partner]).any():
            return 1.0
        return 1 - (ref[name] & hyp[partner]).sum() / (ref[name] | hyp[partner]).sum()

    choices = itertools.permutations([*hyp, *[None] * len(ref)], len(ref))
    return 100 * min(np.mean([error(*pair) for pair in zip(ref, choice, strict=True)]) for choice in choices)


@pytest.mark.parametrize("seed", range(60))
def test_jer_is_the_least_over_all_mappings_of_frame_arrays(seed):
    rng = random.Random(seed)
    ref = random_turns(rng, "ABC", rng.randrange(1, 9))
    hyp = random_turns(rng, "wxyz"[: rng.randrange(1, 5)], rng.randrange(10))
    uem = intervals([(0.57, 2.9), (2.9, 4.1), (4.35, 5.8)] if seed % 2 else [(0.0, rng.choice([9.0, 4.35, 1.15]))])
    errors = jaccard_errors(ref, hyp, uem)
    assert sorted(errors) == sorted(set(ref[2]))
    assert all(0 <= error <= 1 for error in errors.values())
    assert jer_of(errors, len(set(hyp[2]))) == pytest.approx(plain_jer(ref, hyp, uem), abs=1e-9)


@pytest.mark.parametrize("num_frames", [0, 1, 58, 5000, 100_000])
def test_frames_begin_where_the_products_do(num_frames):
    """0.01 * 58 is 0.58, but 0.3 + 0.28 is a little more; and 0.01 * 57 is a little less than 0.57."""
    rng = np.random.default_rng(num_frames)
    most = num_frames + 1000
    hundredths, thousandths = rng.integers(0, most, 500) / 100, rng.integers(0, 10 * most, 500) / 1000
    times = np.concatenate([
        hundredths, thousandths, 0.01 * rng.integers(0, most, 500), hundredths + thousandths,
        np.nextafter(hundredths, 0), np.nextafter(hundredths, 99), rng.uniform(0, 60, 500),
        [0.0, 0.58, 0.3 + 0.28, 1e12]])
    assert frame_index(times, num_frames).tolist() == np.searchsorted(0.01 * np.arange(num_frames), times).tolist()


def test_frames_of_a_small_example():
    """At 1 s one turn ends and another begins; frames from 0.5 s on are scored, until the last that begins before 2."""
    ref = np.array([0.0, 1.0]), np.array([1.0, 3.0]), ["A", "B"]
    hyp = np.array([0.9]), np.array([1.2]), ["x"]
    frames = Cooccurrence.in_frames(ref, hyp, intervals([(0.5, 2.0)]))
    assert [total.tolist() for total in frames.totals()] == [[50, 100], [30]]
    assert frames.together().tolist() == [[10], [20]]


@pytest.mark.parametrize("index, expected", [
    ([[0.9, 0.5], [0.8, 0.1]], 1.3),  # both want the first column
    ([[0.9, 0.5], [0.1, 0.6]], 1.5),
    ([[0.9], [0.8]], 0.9),
    ([[0.0, 0.0], [0.0, 0.5]], 0.5),  # who has nothing takes nobody's place
    ([[0.2, 0.0, 0.7]], 0.7),
])
def test_the_best_sum(index, expected):
    assert best_sum(np.array(index)).sum() == pytest.approx(expected)


def test_nobody_on_one_side():
    turns, nobody, uem = (np.array([1.0]), np.array([2.0]), ["A"]), (*intervals([]), []), intervals([(0, 3)])
    assert jaccard_errors(turns, nobody, uem) == {"A": 1.0}
    assert jaccard_errors(nobody, turns, uem) == {}
    assert jer_of({"A": 1.0}, 0) == 100
    assert jer_of({}, 1) == 100
    assert jer_of({}, 0) == 0


def test_a_speaker_of_one_frame():
    short = np.array([1.0]), np.array([1.01]), ["A"]
    assert jaccard_errors(short, short, intervals([(0, 3)])) == {"A": 0.0}


def test_a_speaker_without_a_frame_is_missed():
    short = np.array([1.001]), np.array([1.002]), ["A"]
    assert jaccard_errors(short, short, intervals([(0, 3)])) == {"A": 1.0}


def test_the_mean_is_over_speakers_not_recordings():
    assert jer_of({("a", "A"): 0.0, ("b", "A"): 1.0, ("b", "B"): 0.5}, 3) == pytest.approx(50)


def test_rounding_of_times_would_change_frames():
    """A turn cut at 0.58 ends there; start and duration rounded, each for itself, add up to a little more."""
    uem, hyp = intervals([(0, 3)]), (np.array([0.3]), np.array([0.59]), ["x"])
    assert jaccard_errors((np.array([0.3]), np.array([0.58]), ["A"]), hyp, uem)["A"] == pytest.approx(1 / 29)
    assert jaccard_errors((np.array([0.3]), np.array([0.3 + 0.28]), ["A"]), hyp, uem)["A"] == 0


def test_two_thousand_speakers_of_whom_many_want_the_same():
    """Against scipy on the whole; this is a size at which trying out is no more possible."""
    from scipy.optimize import linear_sum_assignment

    rng = np.random.default_rng(0)
    index = rng.uniform(size=(30, 2000)) * rng.uniform(size=2000)
    assert best_sum(index).sum() == pytest.approx(index[linear_sum_assignment(index, maximize=True)].sum())
