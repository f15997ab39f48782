"""The Fourier transform is one, from wherever it comes."""

import subprocess
import sys

import numpy as np
import pytest

from diarkit import fourier


def check():
    rng = np.random.default_rng(0)
    for n, size in ((1, 2), (3, 400), (256, 512), (5, 402)):
        rows = rng.normal(size=(n, size)).astype(np.float32)
        out = np.full((n, size // 2 + 1), np.nan, np.complex64)
        fourier.rfft(rows, out)
        assert abs(out - np.fft.rfft(rows.astype(float))).max() < 1e-4


def test_transform():
    check()


class Strange:
    @staticmethod
    def r2c(rows, axes, forward, inorm, out, threads):
        out[:] = 1


@pytest.mark.parametrize("module", [Strange, object])
def test_a_scipy_that_we_do_not_know_is_asked_in_public(monkeypatch, module):
    monkeypatch.setattr(fourier, "_load", lambda: module)
    monkeypatch.setattr(fourier, "_transform", fourier._choose())
    assert fourier._transform.__name__ == "plain"
    check()


def test_scipy_fft_is_left_alone_and_may_come_later():
    program = ("import sys, numpy as np; import diarkit.features; assert 'scipy.fft' not in sys.modules;"
               "import scipy.fft; x = np.ones((2, 8), np.float32); out = np.empty((2, 5), np.complex64);"
               "from diarkit.fourier import rfft; rfft(x, out); assert (out == scipy.fft.rfft(x)).all()")
    subprocess.run([sys.executable, "-c", program], check=True)
