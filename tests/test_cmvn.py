"""Mean and variance normalisation, against the definitions written out frame by frame."""

from dataclasses import asdict

import numpy as np
import pytest

from diarkit.cmvn import SLIDING_FLOOR, Normaliser, cmvn_stats, normaliser, sliding_cmvn, sliding_window
from diarkit.errors import DataError, UsageError
from diarkit.options.transforms import CmvnOptions, SlidingCmvnOptions


def blocks_of(matrix, size=700):
    return (matrix[t : t + size].copy() for t in range(0, len(matrix), size))


def whole(result):
    blocks, shape = result
    found = np.concatenate(list(blocks))
    assert found.shape == tuple(shape) and found.dtype == np.float32
    return found


def sliding(matrix, size=700, **options):
    return whole(sliding_cmvn(blocks_of(matrix, size), matrix.shape, SlidingCmvnOptions(**options)))


def window_of(t, total, size, least, center):
    """First and last frame of the window of frame t, in the words of Kaldi's help."""
    if center:
        frames = list(range(t - size // 2, t - size // 2 + size))
        while frames[0] < 0 or frames[-1] >= total:  # shifted to fit, and cut if it cannot
            if len(frames) > total:
                frames = list(range(total))
            step = 1 if frames[0] < 0 else -1 if frames[-1] >= total else 0
            frames = [frame + step for frame in frames]
        return frames[0], frames[-1]
    first, last = max(t - size, 0), max(t, least - 1)
    if last >= total:
        first, last = max(first - (last - total + 1), 0), total - 1
    return first, last


def plain_sliding(matrix, size, least, center, norm_vars):
    """The definition, in extended precision."""
    out = []
    for t, frame in enumerate(matrix.astype(np.longdouble)):
        first, last = window_of(t, len(matrix), size, least, center)
        window = matrix[first : last + 1].astype(np.longdouble)
        value = frame - window.mean(axis=0)
        if norm_vars:
            value /= np.sqrt(np.maximum(window.var(axis=0), SLIDING_FLOOR))
            value *= len(window) > 1
        out.append(value)
    return np.array(out, np.float64)


@pytest.mark.parametrize("total", [1, 2, 7, 50, 300])
@pytest.mark.parametrize("size, least", [(1, 1), (2, 1), (5, 3), (6, 20), (40, 100), (301, 40), (600, 100)])
@pytest.mark.parametrize("center", [False, True])
def test_sliding_is_the_definition(total, size, least, center):
    matrix = np.random.default_rng(total).normal(3, 2, (total, 4)).astype(np.float32)
    for norm_vars in (False, True):
        expected = plain_sliding(matrix, size, least, center, norm_vars)
        found = sliding(matrix, 11, cmn_window=size, min_cmn_window=least, center=center, norm_vars=norm_vars)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("center", [False, True])
def test_over_a_long_recording_nothing_drifts(center):
    """200,000 frames with large offsets, against windows summed anew, everywhere around where pieces are cut."""
    rng = np.random.default_rng(1)
    matrix = (rng.normal(0, 1, (200000, 3)) + [0, 1e4, -1e5]).astype(np.float32)
    found = {norm_vars: sliding(matrix, 65536, cmn_window=300, center=center, norm_vars=norm_vars)
             for norm_vars in (False, True)}
    opts = SlidingCmvnOptions(cmn_window=300, center=center)
    for t in [0, 149, 151, 2047, 2048, *rng.integers(0, 200000, 100), 199849, 199850, 199999]:
        first, last = sliding_window(t, len(matrix), opts)
        window = matrix[first:last].astype(float)
        value = matrix[t] - window.mean(axis=0)
        np.testing.assert_allclose(found[False][t], value, rtol=0, atol=1e-6)
        np.testing.assert_allclose(found[True][t], value / window.std(axis=0), rtol=0, atol=1e-6)


def test_the_bytes_do_not_depend_on_how_the_rows_come():
    matrix = np.random.default_rng(2).normal(1e3, 1, (5000, 3)).astype(np.float32)
    whole = sliding(matrix, 5000, norm_vars=True)
    assert all(np.array_equal(whole, sliding(matrix, size, norm_vars=True)) for size in (1, 999, 2048))


def test_where_the_window_is_constant_the_variance_is_floored_and_counted():
    matrix = np.float32([[0.1, t % 2] for t in range(50)])
    opts, floored = SlidingCmvnOptions(cmn_window=10, min_cmn_window=10, norm_vars=True), []
    found = whole(sliding_cmvn([matrix], matrix.shape, opts, floored.append))
    assert abs(found[:, 0]).max() < 1e-6 < abs(found[:, 1]).max()
    assert floored == [50]
    whole(sliding_cmvn([matrix[:, 1:]], (50, 1), opts, floored.append))
    assert floored == [50]


@pytest.mark.parametrize("deviation, expected", [(1e-4, 1), (1e-6, 0.1)])
def test_the_floor_is_kaldi_s(deviation, expected):
    """1e-10 of the variance, 1e-5 of the deviation."""
    matrix = np.float32([[deviation], [-deviation]] * 10)
    found = sliding(matrix, cmn_window=20, center=True, norm_vars=True)
    np.testing.assert_allclose(found, expected * np.sign(matrix), rtol=1e-5)


def test_a_window_of_one_frame_gives_zero_and_is_no_constant_one():
    rng = np.random.default_rng(7)
    matrix = (rng.normal(size=(100, 2)) * 10 ** rng.uniform(-9, 9, (100, 2))).astype(np.float32)  # no exact sums
    opts, floored = SlidingCmvnOptions(cmn_window=1, center=True, norm_vars=True), []
    assert np.array_equal(whole(sliding_cmvn([matrix], matrix.shape, opts, floored.append)), np.zeros((100, 2)))
    assert np.array_equal(sliding(matrix[:1], norm_vars=True), [[0, 0]])
    assert floored == []


@pytest.mark.parametrize("size, least", [(5, 3000), (2500, 100), (3000, 3000), (1, 1)])
@pytest.mark.parametrize("center", [False, True])
def test_windows_longer_than_the_pieces_that_are_worked_on(size, least, center):
    matrix = np.random.default_rng(8).normal(3, 2, (6000, 1)).astype(np.float32)
    found = sliding(matrix, 1024, cmn_window=size, min_cmn_window=least, center=center)
    for t in (0, 1, 2047, 2048, 2999, 3000, 5000, 5999):
        first, last = window_of(t, 6000, size, least, center)
        np.testing.assert_allclose(found[t], matrix[t] - matrix[first : last + 1].mean(axis=0, dtype=float), atol=1e-6)


def test_the_defaults_are_kaldi_s():
    assert asdict(SlidingCmvnOptions()) == {
        "cmn_window": 600, "min_cmn_window": 100, "center": False, "norm_vars": False, "max_warnings": 5}
    assert asdict(CmvnOptions()) == {
        "utt2spk": "", "norm_means": True, "norm_vars": False, "reverse": False, "skip_dims": ""}


@pytest.mark.parametrize("shape, reason", [((0, 3), "no frames"), ((0, 0), "no frames"), ((3,), "not a matrix")])
def test_no_frames_are_refused(shape, reason):
    with pytest.raises(DataError, match=reason):
        sliding_cmvn([], shape, SlidingCmvnOptions())
    with pytest.raises(DataError, match=reason):
        cmvn_stats([], shape)


def test_a_window_of_nothing_is_wrong_usage():
    with pytest.raises(UsageError, match="--cmn-window"):
        SlidingCmvnOptions(cmn_window=0)


def test_sums():
    matrix = np.random.default_rng(3).normal(4, 3, (5000, 3)).astype(np.float32)
    stats = cmvn_stats(blocks_of(matrix), matrix.shape)
    exact = matrix.astype(float)
    assert stats.shape == (2, 4) and stats[0, 3] == 5000 and stats[1, 3] == 0
    np.testing.assert_allclose(stats[:, :3], [exact.sum(axis=0), (exact**2).sum(axis=0)], rtol=1e-8)
    assert np.array_equal(stats, cmvn_stats(blocks_of(matrix, 999), matrix.shape))


def test_weighted_sums():
    rng = np.random.default_rng(4)
    matrix, weights = rng.normal(4, 3, (3000, 2)).astype(np.float32), rng.integers(0, 3, 3000).astype(np.float32)
    repeated = matrix.repeat(weights.astype(int), axis=0)
    stats = cmvn_stats(blocks_of(matrix), matrix.shape, weights)
    np.testing.assert_allclose(stats, cmvn_stats([repeated], repeated.shape), rtol=1e-12)
    with pytest.raises(DataError, match="2999 weights, 3000 frames"):
        cmvn_stats(blocks_of(matrix), matrix.shape, weights[1:])


def apply(matrix, stats, **options):
    return whole(normaliser(stats, CmvnOptions(**options)).stream(blocks_of(matrix), matrix.shape))


def test_normalising_by_sums_and_back():
    matrix = np.random.default_rng(5).normal([1, -20, 300], [1, 5, 0.1], (2000, 3)).astype(np.float32)
    stats = cmvn_stats([matrix], matrix.shape)
    exact = matrix.astype(float)
    np.testing.assert_allclose(apply(matrix, stats), exact - exact.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(apply(matrix, stats[:1]), exact - exact.mean(axis=0), atol=1e-5)
    normal = apply(matrix, stats, norm_vars=True)
    np.testing.assert_allclose(normal, (exact - exact.mean(axis=0)) / exact.std(axis=0), atol=1e-3)
    np.testing.assert_allclose(apply(normal, stats, norm_vars=True, reverse=True), matrix, atol=1e-4)
    np.testing.assert_allclose(apply(apply(matrix, stats), stats, reverse=True), matrix, atol=1e-4)


@pytest.mark.parametrize("options", [{}, {"norm_vars": True}, {"norm_vars": True, "reverse": True}])
def test_skipped_columns_stay(options):
    matrix = np.random.default_rng(6).normal(7, 2, (100, 4)).astype(np.float32)
    stats = cmvn_stats([matrix], matrix.shape)
    found = apply(matrix, stats, skip_dims="0:2", **options)
    assert np.array_equal(found[:, [0, 2]], matrix[:, [0, 2]])
    assert np.array_equal(found[:, [1, 3]], apply(matrix, stats, **options)[:, [1, 3]])


def test_a_constant_column_is_floored():
    matrix = np.float32([[0.1, 1], [0.1, 2], [0.1, 4]])
    normal = normaliser(cmvn_stats([matrix.astype(np.float32)], matrix.shape), CmvnOptions(norm_vars=True))
    exact = normaliser([[3, 1, 3], [3, 1, 0]], CmvnOptions(norm_vars=True))
    assert exact.floored == 1 and normal.floored in (0, 1)
    assert np.isfinite(normal.scale).all()


@pytest.mark.parametrize("stats, options, reason", [
    (np.zeros((3, 4)), {}, r"not \(3, 4\)"),
    (np.zeros(4), {}, r"not \(4,\)"),
    ([[1.0, 0.5]], {}, "0.5 frames are too few"),
    ([[1.0, 0.0]], {}, "0 frames are too few"),
    ([[1.0, np.nan]], {}, "too few"),
    ([[1.0, 2.0]], {"norm_vars": True}, "squares"),
    ([[1.0, 2.0], [1.0, 0.0]], {"skip_dims": "1"}, "there are 1 columns"),
])
def test_sums_that_cannot_be_used(stats, options, reason):
    with pytest.raises(DataError, match=reason):
        normaliser(stats, CmvnOptions(**options))


def test_sums_of_other_columns():
    with pytest.raises(DataError, match="3 columns, and sums of 2"):
        Normaliser(np.ones(2), np.zeros(2)).stream([], (5, 3))


@pytest.mark.parametrize("options", [{"norm_means": False, "norm_vars": True}, {"skip_dims": "1,2"},
                                     {"skip_dims": "-1"}, {"skip_dims": "1::2"}])
def test_wrong_options_of_normalising(options):
    with pytest.raises(UsageError, match="--"):
        CmvnOptions(**options)
