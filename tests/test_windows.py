"""Windows and segments: Kaldi's script, and the same on paper with whole milliseconds and fractions."""

from fractions import Fraction

import numpy as np
import pytest

from diarkit.errors import DataError
from diarkit.io.datadir import read_segments
from diarkit.windows import frame_span, ms, segment_name, subsegment_name, subsegments, uniform_windows


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
        found = [(round(a - start, 3), round(b - start, 3)) for a, b in subsegments(start, end, period=period)]
        assert found == expected[utt]


def on_paper(start, end, window, period, min_segment, constant_duration, hard_min):
    """Windows in exact fractions of a second."""
    pieces, at = [], start
    while end - at > (window if constant_duration else window + min_segment):
        pieces.append((at, at + window))
        at += period
    if at < end or at == end and constant_duration and min_segment:
        if constant_duration:
            if end - at < min_segment:
                at = max(start, end - window)
            end = min(at + window, end)
        pieces.append((at, end))
    return [piece for piece in pieces if not hard_min or piece[1] - piece[0] >= min_segment]


@pytest.mark.parametrize("constant_duration", [True, False])
@pytest.mark.parametrize("hard_min", [True, False])
def test_windows_on_paper(constant_duration, hard_min):
    """In eighths of a second, which floating point adds exactly."""
    rng = np.random.default_rng(0)
    flags = (constant_duration, hard_min)
    for _ in range(1000):
        start, length, window, period, min_segment = (
            Fraction(int(rng.integers(*limits)), 8) for limits in ((0, 30_000), (1, 100), (1, 30), (1, 40), (0, 10)))
        settings = (start, start + length, window, period, min_segment)
        found = subsegments(*map(float, settings[:2]), **dict(zip(
            ("window", "period", "min_segment", "constant_duration", "hard_min"),
            (*map(float, settings[2:]), *flags), strict=True)))
        expected = on_paper(*settings, *flags)
        assert found == [(ms(a), ms(b)) for a, b in expected], settings


def test_sums_are_those_of_the_script():
    """2.25 s is a window and one period, but to floating point it can be a little more."""
    assert 9.89 - 7.64 > 2.25 and subsegments(7.64, 9.89) == [(7.64, 9.14), (8.39, 9.89), (9.14, 9.89)]
    assert 9.87 - 7.62 < 2.25 and subsegments(7.62, 9.87) == [(7.62, 9.12), (8.37, 9.87)]


def test_windows_of_an_example():
    assert subsegments(0, 4.1) == [(0, 1.5), (0.75, 2.25), (1.5, 3), (2.25, 3.75), (3, 4.1)]
    assert subsegments(10, 10.3) == [(10, 10.3)]
    assert subsegments(10, 11.5) == [(10, 11.5)]
    # what is left, 0.4 s, is shorter than 0.5 s: the last window is moved back to be a whole one
    assert subsegments(0, 3.4, period=1.5) == [(0, 1.5), (1.5, 3), (1.9, 3.4)]
    assert subsegments(0, 3.5, period=1.5) == [(0, 1.5), (1.5, 3), (3, 3.5)]
    # or it is added to the last window
    assert subsegments(0, 3.4, period=1.5, constant_duration=False) == [(0, 1.5), (1.5, 3.4)]
    assert subsegments(0, 2, constant_duration=False) == [(0, 2)]
    # a period longer than the window can leave nothing, or too little
    assert subsegments(0, 7, window=3, period=10) == [(0, 3)]
    assert subsegments(0, 11, window=3, period=10, min_segment=1.5) == [(0, 3), (8, 11)]
    assert subsegments(5, 5.4, hard_min=True) == [] and subsegments(5, 5.5, hard_min=True) == [(5, 5.5)]


def test_windows_of_an_hour_do_not_drift():
    pieces = subsegments(0.01, 3600)
    assert pieces[-1][1] == 3600
    assert all(b - a == pytest.approx(0.75) for (a, _), (b, _) in zip(pieces[:-1], pieces[1:-1], strict=False))


def test_windows_that_get_nowhere():
    for settings in (dict(period=0), dict(period=-1), dict(window=0), dict(window=-1), dict(period=0.0001)):
        with pytest.raises(DataError, match="at least a millisecond"):
            subsegments(0, 10, **settings)


def test_what_is_no_length_of_a_segment():
    for end in (1e8, 1e300):
        with pytest.raises(DataError, match=r"s are too long for windows every 0.75 s"):
            subsegments(0, end)


def test_frames_of_a_window():
    """Kaldi's extract-feature-segments: the first frame, and the last, which belongs to it."""
    assert frame_span(0, 1.5) == (0, 150)
    assert frame_span(0.75, 2.25) == (75, 225)
    assert frame_span(1.234, 1.236) == (123, 124)
    for half in range(5, 100_000, 10):  # half a frame is rounded up, whatever its binary fraction
        assert frame_span(half / 1000, half / 1000 + 1)[0] == (half + 5) // 10
    for hundredths in range(0, 100_000, 7):  # no rounding error moves a window
        assert frame_span(hundredths / 100, hundredths / 100 + 1.5) == (hundredths, hundredths + 150)


def test_names_sort_as_times_do():
    times = [(0.5, 1.0), (9.99, 10.5), (10.0, 12.0), (100.0, 101.0), (3600.0, 3601.5), (36000.0, 36001.5)]
    names = [segment_name("r", *pair) for pair in times]
    assert names == sorted(names)
    assert names[0] == "r-0000050-0000100"


def test_names_of_windows():
    """0.38 + 0.75 - 0.38 is less than 0.75: the name has 74 unless it is to be exact, or is the last."""
    windows = uniform_windows(0.38, 3.88)
    assert [subsegment_name("s", window) for window in windows] == [
        "s-00000000-00000150", "s-00000074-00000225", "s-00000150-00000300", "s-00000225-00000350"]
    assert [subsegment_name("s", window, exact=True) for window in windows][1] == "s-00000075-00000225"
    [whole] = uniform_windows(0.38, 1.13)
    assert subsegment_name("s", whole) == "s-00000000-00000075"
