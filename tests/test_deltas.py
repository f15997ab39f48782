"""Deltas and spliced frames, against the definitions written out frame by frame."""

import numpy as np
import pytest

from diarkit.deltas import add_deltas, splice
from diarkit.errors import DataError, UsageError
from diarkit.options.transforms import DeltaOptions, SpliceOptions


def whole(result):
    blocks, shape = result
    blocks = list(blocks)
    assert all(block.flags.c_contiguous and block.flags.writeable for block in blocks)
    found = np.concatenate(blocks)
    assert found.shape == tuple(shape) and found.dtype == np.float32
    return found


def features(total, dim=3):
    return np.random.default_rng(total).normal(5, 10, (total, dim)).astype(np.float32)


def plain_deltas(matrix, order, window):
    """Filters convolved with filters, applied to features whose ends are repeated."""
    slope = np.arange(-window, window + 1) / sum(j * j for j in range(-window, window + 1))
    columns, scales = [], np.ones(1)
    for _ in range(order + 1):
        half = len(scales) // 2
        frames = np.clip(np.arange(-half, half + 1) + np.arange(len(matrix))[:, None], 0, len(matrix) - 1)
        columns.append(np.einsum("tjd,j->td", matrix.astype(float)[frames], scales))
        scales = np.convolve(scales, slope)
    return np.hstack(columns)


@pytest.mark.parametrize("total", [1, 2, 3, 9, 100, 2048, 2049, 5000])
@pytest.mark.parametrize("order, window", [(0, 2), (1, 1), (1, 3), (2, 2), (2, 3), (3, 2)])
def test_deltas_are_the_definition(total, order, window):
    matrix = features(total)
    opts = DeltaOptions(delta_order=order, delta_window=window)
    found = whole(add_deltas(np.array_split(matrix, 7), matrix.shape, opts))
    np.testing.assert_allclose(found, plain_deltas(matrix, order, window), atol=2e-5)
    assert np.array_equal(found[:, :3], matrix)


def test_deltas_of_a_ramp():
    """Features that rise by 2 a frame: the first delta is +2, not -2, the second 0."""
    ramp = 2 * np.arange(30, dtype=np.float32)[:, None]
    found = whole(add_deltas([ramp], ramp.shape, DeltaOptions()))
    np.testing.assert_allclose(found[10:20, 1:], [[2, 0]] * 10, atol=1e-5)


def test_truncation_comes_first():
    matrix = features(50, 5)
    found = whole(add_deltas([matrix], matrix.shape, DeltaOptions(truncate=2)))
    assert np.array_equal(found, whole(add_deltas([matrix[:, :2]], (50, 2), DeltaOptions())))
    with pytest.raises(DataError, match="5 columns"):
        add_deltas([matrix], matrix.shape, DeltaOptions(truncate=6))


@pytest.mark.parametrize("left, right", [(0, 0), (4, 4), (3, 0), (0, 2), (9, 1)])
@pytest.mark.parametrize("total", [1, 2, 5, 60, 2048, 4097])
def test_spliced_frames_are_side_by_side(total, left, right):
    matrix = features(total)
    found = whole(splice(np.array_split(matrix, 5), matrix.shape, SpliceOptions(left, right)))
    frames = np.clip(np.arange(-left, right + 1) + np.arange(total)[:, None], 0, total - 1)
    assert np.array_equal(found, matrix[frames].reshape(total, -1))


def test_double_precision_becomes_single():
    matrix = features(10).astype(float)
    whole(add_deltas([matrix], matrix.shape, DeltaOptions()))
    whole(splice([matrix], matrix.shape, SpliceOptions()))


@pytest.mark.parametrize("function, opts", [(add_deltas, DeltaOptions()), (splice, SpliceOptions())])
@pytest.mark.parametrize("shape", [(0, 3), (0, 0), (3,)])
def test_no_frames_are_refused(function, opts, shape):
    with pytest.raises(DataError, match="frames|matrix"):
        function([], shape, opts)


def test_the_defaults_are_kaldi_s():
    assert DeltaOptions() == DeltaOptions(delta_order=2, delta_window=2, truncate=0)
    assert SpliceOptions() == SpliceOptions(left_context=4, right_context=4)


@pytest.mark.parametrize("make", [
    lambda: DeltaOptions(delta_order=-1), lambda: DeltaOptions(delta_order=1000), lambda: DeltaOptions(delta_window=0),
    lambda: DeltaOptions(truncate=-1), lambda: SpliceOptions(left_context=-1), lambda: SpliceOptions(right_context=-1)])
def test_wrong_options(make):
    with pytest.raises(UsageError, match="--"):
        make()
