"""Speed perturbation: length and pitch, against the definition."""

import numpy as np
import pytest

from diarkit import signals
from diarkit.augment.speeds import at_rate, speed_perturb


@pytest.mark.parametrize("factor", [0.9, 1.1, 0.5, 1.25, 0.955])
def test_a_tone_becomes_higher_and_shorter(factor):
    t = np.arange(16000) / 16000
    found = speed_perturb((1000 * np.sin(2 * np.pi * 440 * t)).astype(np.float32), factor)
    assert found.dtype == np.float32 and len(found) == np.ceil(16000 / factor)
    expected = 1000 * np.sin(2 * np.pi * 440 * factor * np.arange(len(found)) / 16000)
    assert np.abs(found - expected)[50:-50].max() < 3


def test_long_and_short_signals(monkeypatch):
    """In several pieces as in one; no samples and one."""
    samples = np.random.default_rng(0).standard_normal(3000).astype(np.float32)
    whole = speed_perturb(samples, 1.1)
    small = signals.Resampler(11, 10)
    small.chunk = small.ups
    monkeypatch.setattr("diarkit.augment.speeds.resampler_of", lambda *rates: small)
    assert len(whole) > 10 * small.chunk
    assert np.allclose(speed_perturb(samples, 1.1), whole, atol=1e-5)
    monkeypatch.undo()
    assert speed_perturb(samples[:0], 1.1).shape == (0,)
    assert speed_perturb(samples[:1], 1.1).shape == (1,)
    assert np.array_equal(speed_perturb(samples, 1), samples)


def test_rates():
    t = np.arange(4410) / 44100
    found = at_rate(np.sin(2 * np.pi * 200 * t), 44100, 8000)
    assert len(found) == 800
    assert np.allclose(found[20:-20], np.sin(2 * np.pi * 200 * np.arange(800) / 8000)[20:-20], atol=0.01)
