"""From decisions to segments: loops by the definition, and a strip on which speech is painted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diarkit.activity import equal_parts, hysteresis, runs, speech_segments
from diarkit.errors import DataError


@given(st.lists(st.sampled_from([0.0, 0.1, 0.3, 0.35, 0.5, 0.9, 1.0]), max_size=40), st.floats(0.05, 0.95),
       st.floats(0.0, 1.0))
def test_hysteresis_loop(probabilities, onset, ratio):
    offset = onset * ratio
    active, expected = False, []
    for p in probabilities:
        active = p >= onset or (active and p >= offset)
        expected.append(active)
    assert hysteresis(np.array(probabilities), onset, offset).tolist() == expected


def test_runs():
    rng = np.random.default_rng(1)
    for _ in range(200):
        flags = rng.random(int(rng.integers(0, 30))) < 0.5
        expected, open_at = [], None
        for i, flag in enumerate([*flags, False]):
            if flag and open_at is None:
                open_at = i
            elif not flag and open_at is not None:
                expected.append([open_at, i])
                open_at = None
        assert runs(flags).tolist() == expected


def segments_on_paper(decisions, min_silence, min_speech, pad_start, pad_end):
    """The same, in frames of 10 ms, on a strip on which speech is painted."""
    strip = [bool(d) for d in decisions]
    total = len(strip)

    def stretches(value):
        found, at = [], 0
        while at < total:
            stop = at
            while stop < total and strip[stop] == strip[at]:
                stop += 1
            if strip[at] == value:
                found.append((at, stop))
            at = stop
        return found

    for a, b in stretches(False):
        if a > 0 and b < total and b - a < min_silence:
            strip[a:b] = [True] * (b - a)
    for a, b in stretches(True):
        if b - a < min_speech:
            strip[a:b] = [False] * (b - a)
    for a, b in stretches(True):
        a, b = max(0, a - pad_start), min(total, b + pad_end)
        strip[a:b] = [True] * (b - a)
    return stretches(True)


def test_segments_on_paper():
    rng = np.random.default_rng(2)
    for _ in range(500):
        total = int(rng.integers(0, 300))
        decisions = np.repeat(rng.random(total) < 0.5, rng.integers(1, 12, total))[:total]
        settings = [int(n) for n in rng.integers(0, [25, 25, 15, 15])]
        found = speech_segments(decisions.astype(np.float32), 0.01, 0.5, 0.5, *(n / 100 for n in settings))
        expected = segments_on_paper(decisions, *settings)
        assert found == [(round(a / 100, 3), round(b / 100, 3)) for a, b in expected]


def test_silences_are_filled_before_speech_is_dropped():
    decisions = np.zeros(100)
    decisions[10:15] = decisions[17:22] = 1
    assert speech_segments(decisions, min_silence=0.03, min_speech=0.1, pad_start=0) == [(0.1, 0.22)]
    assert speech_segments(decisions, min_silence=0.02, min_speech=0.1, pad_start=0) == []


def test_pads_end_at_the_ends_of_the_recording():
    decisions = np.ones(150)
    assert speech_segments(decisions, pad_start=1, pad_end=1) == [(0, 1.5)]
    assert speech_segments([], pad_start=1, pad_end=1) == []
    assert speech_segments(np.ones(150), frame_shift=0.02, pad_start=0) == [(0, 3)]


def test_probabilities():
    p = np.repeat([0.2, 0.4, 0.6, 0.5, 0.4, 0.6], 20)
    assert speech_segments(p, min_silence=0, pad_start=0) == [(0.4, 0.8), (1, 1.2)]
    assert speech_segments(p, min_silence=0, pad_start=0, offset=0.45) == [(0.4, 0.8), (1, 1.2)]
    assert speech_segments(p, min_silence=0, pad_start=0, offset=0.4) == [(0.4, 1.2)]
    assert speech_segments(p, min_silence=0, pad_start=0, onset=0.4, offset=0.4) == [(0.2, 1.2)]
    assert speech_segments(p, onset=0.7) == []


def test_what_makes_no_sense_is_refused():
    for settings in (dict(frame_shift=0), dict(onset=0.4)):
        with pytest.raises(DataError, match="--frame-shift" if "frame_shift" in settings else "--offset"):
            speech_segments(np.ones(10), **settings)
    with pytest.raises(DataError, match="vector"):
        speech_segments(np.ones((10, 2)))


@pytest.mark.parametrize("length, most, count", [(10, 3, 4), (9, 3, 3), (0.3, 0.1, 3), (5, 0, 1), (3, 3, 1)])
def test_long_segments_are_cut_into_equal_parts(length, most, count):
    parts = equal_parts(2, 2 + length, most)
    assert len(parts) == count
    assert parts[0][0] == 2 and parts[-1][1] == 2 + length
    assert all(a[1] == b[0] for a, b in zip(parts, parts[1:], strict=False))
    assert all(b - a == pytest.approx(length / count, abs=0.0011) for a, b in parts)
    if count > 1:
        assert speech_segments(np.ones(round(length * 100)), pad_start=0, max_segment_length=most) == [
            (round(a - 2, 3), round(b - 2, 3)) for a, b in parts]
