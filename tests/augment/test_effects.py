"""Effects on samples: an equaliser, a telephone, rooms, clipping; the fast convolution against numpy's."""

import numpy as np
import pytest

from diarkit.augment import effects
from diarkit.augment.effects import band_limited, clipped, coloured, convolved, power
from diarkit.augment.rooms import in_a_room, in_response


def test_an_equaliser():
    """Smooth over the octaves, of the strength asked for, and never twice the same."""
    click = np.zeros(8000, np.float32)
    click[100] = 1000
    rng = np.random.default_rng(7)
    found = [20 * np.log10(np.abs(np.fft.rfft(coloured(click, 16000, rng, 5.0))) / 1000) for _ in range(200)]
    at = np.array(found)[:, [50, 100, 200, 400, 800]]  # 100 to 1600 Hz
    assert np.allclose(at.mean(axis=0), 0, atol=1.5) and np.allclose(at.std(axis=0), 5, atol=1)
    assert np.abs(np.corrcoef(at.T) - np.eye(5)).max() < 0.3
    assert np.abs(np.diff(found, axis=1)[:, 100:]).max() < 0.5
    assert np.allclose(coloured(click, 16000, rng, 0.0), click, atol=1e-3)


def test_band():
    t = np.arange(16000) / 16000
    low, inside, high = (np.sin(2 * np.pi * f * t).astype(np.float32) for f in (200, 1000, 4000))
    found = band_limited(low + inside + high, 16000, 300, 3400)
    assert np.abs(found - inside).max() < 1e-3 and found.dtype == np.float32


def test_a_room_makes_sounds_last():
    rng = np.random.default_rng(3)
    samples = np.zeros(16000, np.float32)
    samples[4000:4400] = 1000
    found = in_a_room(samples, 16000, rng)
    assert found.shape == samples.shape and found.dtype == np.float32
    assert power(found) == pytest.approx(power(samples), rel=1e-3)
    assert np.abs(found[:4000]).max() < 1e-2  # nothing before the sound, something after it, less and less
    assert power(found[4500:6000]) > 10 * power(found[8000:9500]) > 0
    assert np.array_equal(in_a_room(0 * samples, 16000, rng), 0 * samples)


@pytest.mark.parametrize(("length", "taps"), [(1, 1), (5, 9), (1000, 37), (997, 400), (64, 1)])
def test_convolution(length, taps, monkeypatch):
    rng = np.random.default_rng(5)
    samples, response = rng.standard_normal(length).astype("f4"), rng.standard_normal(taps)
    expected = np.convolve(samples, response)
    for block in (1 << 18, 100, 7):  # whole, and overlap-add
        monkeypatch.setattr(effects, "LONG", block)
        found = convolved(samples, response)
        assert found.dtype == np.float32 and found.shape == expected.shape
        assert np.allclose(found, expected, atol=1e-4)


def test_an_impulse_response_shifts_nothing_and_keeps_the_level():
    """By the definition: the convolution from the peak on, in the loudness that there was."""
    rng = np.random.default_rng(8)
    samples = (1000 * rng.standard_normal(4000)).astype(np.float32)
    response = 0.01 * rng.standard_normal(500) * np.exp(-np.arange(500) / 100)
    response[60] = -3.0
    found = in_response(samples, response)
    expected = np.convolve(samples, response)[60:4060]
    expected *= np.sqrt(power(samples) / power(expected))
    assert found.dtype == np.float32 and np.allclose(found, expected, atol=0.1)
    cut = in_response(samples, response, 40)
    expected = np.convolve(samples, response[:100])[60:4060]
    assert np.allclose(cut, expected * np.sqrt(power(samples) / power(expected)), atol=0.1)
    click = np.zeros(7, np.float32)
    click[2] = 1
    assert np.allclose(in_response(samples, click), samples, atol=1e-2)


def test_clipping():
    rng = np.random.default_rng(9)
    samples = (1000 * rng.standard_normal(8000)).astype(np.float32)
    shares = []
    for _ in range(50):
        found = clipped(samples, rng, 12)
        assert power(found) == pytest.approx(power(samples), rel=1e-4)
        shares.append(np.mean(np.isclose(np.abs(found), np.abs(found).max(), rtol=1e-6)))
    assert min(shares) < 0.01 and max(shares) > 0.2  # 12 dB below the peak is about the standard deviation
    assert np.allclose(clipped(samples, rng, 0), samples, rtol=1e-5)
