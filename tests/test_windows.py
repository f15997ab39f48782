"""Windows and segments: Kaldi's script, and the same on paper with whole milliseconds and fractions."""

from fractions import Fraction

import numpy as np
import pytest

from diarkit.errors import DataError
from diarkit.io.datadir import read_segments
from diarkit.windows import frame_span, segment_name, subsegment_name, subsegments


@pytest.mark.parametrize("name", ["mfcc_callhome8k", "mfcc_vox16k"])
@pytest.mark.parametrize("period", [0.75, 0.25])
def test_kaldi_s_windows(shared, name, period):
    scripts = shared / "golden/kaldi/scripts"
    golden = scripts / f"subsegments_{name}_1.5_{period}_constant"
    if not golden.exists():
        pytest.skip("this golden file is kept apart")
    expected = {}
    for line in golden.read_text().splitlines():
        _, segment, start, end = line.split()
        expected.setdefault(segment, []).append((float(start), float(end)))
    segments = read_segments(str(scripts / f"segmentation_{name}.segments"))
    assert {segment.utt for segment in segments} == set(expected)
    for utt, _, start, end in segments:
        found = [(round(a - start, 3), round(b - start, 3)) for a, b in subsegments(start, end, 1.5, period, 0.5)]
        assert found == expected[utt]


def on_paper(start, end, window, period, min_segment):
    """Windows in exact fractions of a second."""
    pieces, at = [], start
    while end - at > window:
        pieces.append((at, at + window))
        at += period
    if end - at < min_segment:
        at = max(start, end - window)
    return [*pieces, (at, min(at + window, end))]


def test_windows_on_paper():
    rng = np.random.default_rng(0)
    for _ in range(2000):
        start = Fraction(int(rng.integers(0, 4_000_000)), 1000)
        length = Fraction(int(rng.integers(1, 12_000)), 1000)
        window = Fraction(int(rng.integers(1, 40)), 10)
        period = window * Fraction(int(rng.integers(1, 11)), 10)
        min_segment = Fraction(int(rng.integers(0, 10)), 10)
        found = subsegments(*map(float, (start, start + length, window, period, min_segment)))
        expected = on_paper(start, start + length, window, period, min_segment)
        assert found == [(round(float(a), 3), round(float(b), 3)) for a, b in expected], (start, length, window, period)


def test_windows_of_an_example():
    assert subsegments(0, 4.1) == [(0, 1.5), (0.75, 2.25), (1.5, 3), (2.25, 3.75), (3, 4.1)]
    assert subsegments(10, 10.3) == [(10, 10.3)]
    assert subsegments(10, 11.5) == [(10, 11.5)]
    # what is left, 0.4 s, is shorter than 0.5 s: the last window is moved back to be a whole one
    assert subsegments(0, 3.4, period=1.5) == [(0, 1.5), (1.5, 3), (1.9, 3.4)]
    assert subsegments(0, 3.5, period=1.5) == [(0, 1.5), (1.5, 3), (3, 3.5)]


def test_windows_of_an_hour_do_not_drift():
    pieces = subsegments(0.01, 3600)
    assert pieces[-1][1] == 3600
    assert all(b - a == pytest.approx(0.75) for (a, _), (b, _) in zip(pieces[:-1], pieces[1:-1], strict=False))


def test_windows_that_get_nowhere():
    for settings in (dict(period=0), dict(period=-1), dict(window=0), dict(window=-1), dict(period=0.0001)):
        with pytest.raises(DataError, match="at least a millisecond"):
            subsegments(0, 10, **settings)


def test_frames_of_a_window():
    """Kaldi's extract-feature-segments: the first frame, and the last, which belongs to it."""
    assert frame_span(0, 1.5) == (0, 150)
    assert frame_span(0.75, 2.25) == (75, 225)
    assert frame_span(1.234, 1.236) == (123, 124)
    for ms in range(5, 100_000, 10):  # half a frame is rounded up, whatever its binary fraction
        assert frame_span(ms / 1000, ms / 1000 + 1)[0] == (ms + 5) // 10
    for hundredths in range(0, 100_000, 7):  # no rounding error moves a window
        assert frame_span(hundredths / 100, hundredths / 100 + 1.5) == (hundredths, hundredths + 150)


def test_names_sort_as_times_do():
    times = [(0.5, 1.0), (9.99, 10.5), (10.0, 12.0), (100.0, 101.0), (3600.0, 3601.5), (36000.0, 36001.5)]
    names = [segment_name("r", *pair) for pair in times]
    assert names == sorted(names)
    assert names[0] == "r-0000050-0000100"
    assert subsegment_name("s", 0.75, 2.25) == "s-00000075-00000225"
