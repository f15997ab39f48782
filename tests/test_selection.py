"""Frames selected: every n-th, the voiced ones, those of a segment."""

import numpy as np
import pytest

from diarkit.errors import DataError, UsageError
from diarkit.options.transforms import FeatureSegmentOptions, SubsampleOptions
from diarkit.selection import segment_frames, select_voiced, subsample

MATRIX = np.arange(46.0).reshape(23, 2)


def whole(result):
    blocks, shape = result
    found = np.concatenate(list(blocks))
    assert found.shape == tuple(shape)
    return found


@pytest.mark.parametrize("parts", [1, 2, 5, 23])
@pytest.mark.parametrize("n", [1, 2, 3, 5, 30])
@pytest.mark.parametrize("offset", [0, 1, 4, 22])
def test_every_nth_frame(parts, n, offset):
    found = whole(subsample(np.array_split(MATRIX, parts), MATRIX.shape, SubsampleOptions(n, offset)))
    assert np.array_equal(found, MATRIX[offset::n])


def test_a_negative_n_repeats():
    found = whole(subsample([MATRIX[:2], MATRIX[2:3]], (3, 2), SubsampleOptions(-3)))
    assert np.array_equal(found, MATRIX[[0, 0, 0, 1, 1, 1, 2, 2, 2]])


def test_nothing_left():
    with pytest.raises(DataError, match="no frame is left"):
        subsample([MATRIX], MATRIX.shape, SubsampleOptions(1, 23))
    with pytest.raises(DataError, match="no frames"):
        subsample([], (0, 2), SubsampleOptions(-2))


@pytest.mark.parametrize("n, offset", [(0, 0), (1, -1), (-2, 1)])
def test_wrong_options_of_subsampling(n, offset):
    with pytest.raises(UsageError, match="--"):
        SubsampleOptions(n, offset)


@pytest.mark.parametrize("parts", [1, 4, 23])
def test_the_voiced_frames(parts):
    decisions = np.random.default_rng(0).integers(0, 2, 23).astype(np.float32)
    found = whole(select_voiced(np.array_split(MATRIX, parts), MATRIX.shape, decisions))
    assert np.array_equal(found, [row for row, voiced in zip(MATRIX, decisions, strict=True) if voiced])


@pytest.mark.parametrize("decisions, reason", [
    (np.ones(22), "22 decisions, 23 frames"),
    (np.zeros(23), "no frame is voiced"),
    (np.r_[np.ones(22), 0.5], "0 or 1"),
    (np.r_[np.ones(22), np.nan], "0 or 1"),
    (np.ones((23, 1)), "23 decisions"),
])
def test_decisions_that_do_not_fit(decisions, reason):
    with pytest.raises(DataError, match=reason):
        select_voiced([MATRIX], MATRIX.shape, decisions)


@pytest.mark.parametrize("start, end, options, expected", [
    (0, 1, {}, (0, 98)),  # two frames would reach past the end
    (0, 1, {"snip_edges": False}, (0, 100)),
    (0, 1, {"frame_length": 30}, (0, 98)),
    (0, 1, {"frame_length": 31}, (0, 97)),
    (0, 1, {"frame_length": 10}, (0, 100)),
    (1.005, 1.504, {"snip_edges": False}, (100, 150)),  # 1.005 is less than it says, in binary
    (0.125, 0.5, {"snip_edges": False}, (13, 50)),  # a half is rounded up, to an odd number
    (0.145, 0.5, {"snip_edges": False}, (15, 50)),
    (1, 2, {"frame_shift": 12.5, "snip_edges": False}, (80, 160)),
    (1.5, None, {}, (150, 200)),
    (1.5, 2.02, {}, (150, 200)),  # with its last two frames left out, it ends with the features
    (1.5, 2.04, {"max_overshoot": 0.05}, (150, 200)),
    (1, 1.11, {"snip_edges": False}, (100, 111)),
    (1, 1.06, {"snip_edges": False, "min_segment_length": 0.055}, (100, 106)),  # 0.055 is less, in single precision
    (1, 1.02, {"snip_edges": False, "min_segment_length": 0.01}, (100, 102)),
])
def test_the_frames_of_a_segment(start, end, options, expected):
    assert segment_frames(start, end, 200, FeatureSegmentOptions(**options)) == expected


@pytest.mark.parametrize("start, end, options, reason", [
    (2, 3, {}, "starts at frame 200"),
    (1.5, 2.03, {}, "ends at frame 201"),
    (1.5, 2.07, {"max_overshoot": 0.05}, "ends at frame 205"),
    (1, 1.12, {}, "too short, 10"),
    (1, 1.1, {"snip_edges": False}, "too short, 10"),
    (1.9, None, {}, "too short, 10"),
    (1, 1.01, {}, "too short, 0"),
    (1, 1.05, {"snip_edges": False, "min_segment_length": 0.055}, "too short, 5"),
])
def test_segments_that_are_refused(start, end, options, reason):
    with pytest.raises(DataError, match=reason):
        segment_frames(start, end, 200, FeatureSegmentOptions(**options))


def test_the_defaults_are_kaldi_s():
    assert SubsampleOptions() == SubsampleOptions(n=1, offset=0)
    assert FeatureSegmentOptions() == FeatureSegmentOptions(
        min_segment_length=0.1, max_overshoot=0.0, frame_shift=10, frame_length=25, snip_edges=True)


def test_a_frame_shift_of_nothing_is_wrong_usage():
    with pytest.raises(UsageError, match="--frame-shift"):
        FeatureSegmentOptions(frame_shift=0)
