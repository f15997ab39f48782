"""GE2E: its front end by the sum of the Fourier transform, its network by torch's own cells."""

import numpy as np
import pytest
import torch

from diarkit import signals
from diarkit.embeddings.ge2e import GE2E, MelSpectrogram, gain, slaney_banks, slaney_hertz, slaney_mel


def slow_mel(f):
    return f / (200 / 3) if f < 1000 else 15 + 27 * np.log(f / 1000) / np.log(6.4)


def slow_hertz(m):
    return m * 200 / 3 if m < 15 else 1000 * 6.4 ** ((m - 15) / 27)


def slow_banks():
    edges = [slow_hertz(slow_mel(8000) * i / 41) for i in range(42)]
    banks = np.zeros((201, 40))
    for b in range(40):
        left, centre, right = edges[b : b + 3]
        for k in range(201):
            f = k * 40.0
            height = (f - left) / (centre - left) if f < centre else (right - f) / (right - centre)
            banks[k, b] = max(0, height) * 2 / (right - left)
    return banks


def test_slaney_scale():
    frequencies = np.array([0, 40, 999.9, 1000, 1000.1, 6400, 8000])
    assert np.allclose(slaney_mel(frequencies), [slow_mel(f) for f in frequencies])
    assert np.allclose(slaney_hertz(slaney_mel(frequencies)), frequencies)
    assert slaney_mel(6400) == pytest.approx(42)  # the Auditory Toolbox: 27 steps of a factor 6.4 from 1 kHz


def test_slaney_filters():
    assert np.allclose(slaney_banks(), slow_banks(), atol=1e-7)
    assert slaney_banks().shape == (201, 40)


def test_mel_spectrogram_by_the_definition():
    rng = np.random.default_rng(0)
    samples = rng.normal(0, 3000, 2000).astype(np.float32)
    found = MelSpectrogram().compute(signals.of_array(samples, 16000), 0, 1 + 2000 // 160)
    assert found.shape == (13, 40) and found.dtype == np.float32
    n = np.arange(400)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / 400)
    transform = np.exp(-2j * np.pi * np.arange(201)[:, None] * n / 400)
    banks = slow_banks()
    for t in range(13):
        frame = [samples[i] / 32768 if 0 <= i < 2000 else 0 for i in range(160 * t - 200, 160 * t + 200)]
        power = abs(transform @ (window * frame)) ** 2
        assert np.allclose(found[t], power @ banks, rtol=1e-4, atol=1e-9)


def test_mel_spectrogram_in_parts():
    samples = np.random.default_rng(1).normal(0, 3000, 16000).astype(np.float32)
    whole = MelSpectrogram().compute(signals.of_array(samples, 16000), 0, 101)
    part = MelSpectrogram().compute(signals.of_array(samples, 16000), 30, 61)
    assert np.allclose(part, whole[30:61], rtol=1e-5)


def test_gain_makes_quiet_sound_louder_only():
    for mean_square in (1e-4, 1e-6):
        assert np.sqrt(mean_square) * gain(mean_square) == pytest.approx(10**-1.5)
    assert gain(0.01) == 1  # is louder than -30 dB
    assert np.isfinite(gain(0.0))


def test_network_is_three_lstms_and_a_layer():
    torch.manual_seed(0)
    network = GE2E().eval()
    with torch.no_grad():
        network.linear.bias -= 0.02  # so that the ReLU has something to do
        x = torch.randn(2, 30, 40)
        found = network(x)
        y = x
        for layer in range(3):
            cell = torch.nn.LSTMCell(y.shape[-1], 256)
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                getattr(cell, name).copy_(getattr(network.lstm, f"{name}_l{layer}"))
            state, outputs = None, []
            for t in range(30):
                state = cell(y[:, t], state)
                outputs.append(state[0])
            y = torch.stack(outputs, dim=1)
        expected = torch.nn.functional.normalize(torch.relu(network.linear(y[:, -1])))
    assert found.shape == (2, 256)
    assert torch.allclose(found, expected, atol=1e-6)
    assert (found == 0).any() and (found > 0).any()
    assert set(network.state_dict()) == {
        *(f"lstm.{kind}_{io}_l{i}" for kind in ("weight", "bias") for io in ("ih", "hh") for i in range(3)),
        "linear.weight", "linear.bias"}
