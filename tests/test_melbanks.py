"""Mel filters: warping, the few products that stand for one, the cosine transform."""

import numpy as np
import pytest

from diarkit.errors import DataError
from diarkit.melbanks import MelFilters, dct_matrix, hertz, lifter, mel, mel_banks, warped
from diarkit.options.features import FbankOptions


def test_mel_and_back():
    assert mel(700) == pytest.approx(1127 * np.log(2))
    assert hertz(mel(np.arange(0, 8000, 100.0))) == pytest.approx(np.arange(0, 8000, 100.0))


def test_banks():
    banks = mel_banks(23, 512, FbankOptions())
    assert banks.shape == (23, 256) and banks.dtype == np.float32
    assert (banks >= 0).all() and banks.max() <= 1
    # between the first and the last centre the filters add up to one
    first, last = banks[0].argmax() + 1, banks[-1].argmax()
    assert banks.sum(axis=0)[first:last] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("warp", [0.8, 0.9, 1.1, 1.25])
def test_warping(warp):
    """Continuous, its ends fixed, by 1 / warp in the middle, which reaches as far as vtln_low and vtln_high let it."""
    f = np.linspace(20, 7600, 5001)
    found = warped(f, warp, 20, 7600, 100, 7100)
    assert found[[0, -1]].tolist() == [20, 7600] and (np.diff(found) > 0).all()
    middle = np.isclose(found, f / warp, rtol=1e-9)
    ends = f[middle][[0, -1]]
    assert min(ends[0], ends[0] / warp) == pytest.approx(100, abs=3)
    assert max(ends[1], ends[1] / warp) == pytest.approx(7100, abs=3)


def test_warps_move_the_filters():
    up, down = (mel_banks(23, 512, FbankOptions(), warp).argmax(axis=1) for warp in (0.9, 1.1))
    assert (up >= down).all() and up.sum() > down.sum() + 23


def test_vtln_high_counts_from_the_nyquist_frequency():
    below, plain = FbankOptions(high_freq=-400.0, vtln_high=-900.0), FbankOptions(high_freq=7600.0, vtln_high=7100.0)
    assert np.array_equal(mel_banks(23, 512, below, 0.9), mel_banks(23, 512, plain, 0.9))


@pytest.mark.parametrize("opts, warp", [
    (FbankOptions(), 0.0), (FbankOptions(), -1.0), (FbankOptions(), 100.0),
    (FbankOptions(vtln_low=10.0), 1.1), (FbankOptions(vtln_low=20.0), 0.9),
    (FbankOptions(vtln_high=8000.0), 1.1), (FbankOptions(vtln_high=90.0), 1.1),
])
def test_warps_that_do_not_fit(opts, warp):
    with pytest.raises(DataError, match="VTLN"):
        mel_banks(23, 512, opts, warp)
    mel_banks(23, 512, opts)  # which needs no warping


@pytest.mark.parametrize("num_bins", [3, 16, 17, 23, 80])
def test_filters_are_their_matrix(num_bins):
    banks = mel_banks(num_bins, 512, FbankOptions(low_freq=100.0))
    power = np.random.default_rng(num_bins).random((50, 257), np.float32)
    found = MelFilters(banks).apply(power)
    assert found.dtype == np.float32
    assert found == pytest.approx(power[:, :256].astype(float) @ banks.T.astype(float), rel=1e-5)


def test_cosine_transform_and_lifter():
    assert np.allclose(dct_matrix(23, 23) @ dct_matrix(23, 23).T, np.eye(23))
    assert np.array_equal(lifter(13, 0), np.ones(13))
    assert lifter(13, 22)[[0, 11]].tolist() == [1, 12]
