"""SpecAugment: which parts are masked, how often, how wide."""

import numpy as np
import pytest

from diarkit.augment.spectrum import spec_augment
from diarkit.errors import UsageError
from diarkit.options.augment import SpecAugmentOptions


def masks(opts, shape, count):
    """Which frames and which columns are masked, in `count` examples of distinct numbers."""
    features = np.random.default_rng(0).standard_normal(shape).astype(np.float32) + 5
    for i in range(count):
        found = spec_augment(features, np.random.default_rng(i), opts)
        changed = found != features
        assert found.dtype == np.float32 and np.all(found[changed] == features.mean())
        frames, columns = changed.all(axis=1), changed.all(axis=0)
        assert np.array_equal(changed, frames[:, None] | columns[None, :])
        yield frames, columns


def test_one_stretch_of_each():
    opts = SpecAugmentOptions(time_mask=10, frequency_mask=4, time_mask_part=1.0)
    widths, starts = [], []
    for frames, columns in masks(opts, (50, 20), 400):
        widths.append((frames.sum(), columns.sum()))
        for mask in (frames, columns):
            assert np.count_nonzero(np.diff(mask.astype(int))) <= 2  # one stretch
        if frames.any():
            starts.append(np.argmax(frames))
    assert {width for width, _ in widths} == set(range(11)) and {width for _, width in widths} == set(range(5))
    assert min(starts) == 0 and max(starts) > 45


def test_limits():
    opts = SpecAugmentOptions(time_masks=3, time_mask=100, time_mask_part=0.1, frequency_masks=2, frequency_mask=2)
    shares = [frames.sum() for frames, _ in masks(opts, (60, 5), 200)]
    assert 6 < max(shares) <= 18  # three of up to 6 frames
    none = SpecAugmentOptions(time_masks=0, frequency_masks=0)
    assert all(not frames.any() and not columns.any() for frames, columns in masks(none, (9, 5), 3))
    empty = np.zeros((0, 5), np.float32)
    assert spec_augment(empty, np.random.default_rng(0), SpecAugmentOptions()).shape == (0, 5)


@pytest.mark.parametrize("wrong", [dict(time_masks=-1), dict(frequency_mask=-2), dict(time_mask_part=1.5)])
def test_wrong_options(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong)).replace("_", "-")):
        SpecAugmentOptions(**wrong)
