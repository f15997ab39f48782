"""The GE2E d-vector: three LSTM layers over mel spectra.

Wan et al., "Generalized end-to-end loss for speaker verification", ICASSP 2018 (arXiv 1710.10467). Layer
names are those of the published weights (resemblyzer 0.1.4), and the front end is theirs: librosa's power
mel spectrogram, without a logarithm, of sound that is made louder to -30 dB of full scale if it is quieter.
"""

import numpy as np
import torch
from scipy import fft
from torch import nn

SAMPLE_FREQUENCY = 16000  # Hz
FRAME_LENGTH = 400  # samples
FRAME_SHIFT = 160
NUM_MEL_BINS = 40
EMBEDDING_DIM = 256
LOUDNESS = 10 ** (-30 / 20)  # root mean square, of full scale


class GE2E(nn.Module):
    """Mel spectra (B, T, 40) to embeddings of unit length (B, 256)."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(NUM_MEL_BINS, 256, num_layers=3, batch_first=True)
        self.linear = nn.Linear(256, EMBEDDING_DIM)

    def forward(self, x):
        _, (hidden, _) = self.lstm(x)
        y = torch.relu(self.linear(hidden[-1]))
        return y / y.norm(dim=1, keepdim=True).clamp(min=1e-12)


def slaney_mel(frequency):
    """Slaney's mel scale (Auditory Toolbox): linear to 1 kHz, then logarithmic."""
    f = np.asarray(frequency, float)
    return np.where(f < 1000, f * 3 / 200, 15 + np.log(np.maximum(f, 1000) / 1000) * 27 / np.log(6.4))


def slaney_hertz(mel):
    m = np.asarray(mel, float)
    return np.where(m < 15, m * 200 / 3, 1000 * np.exp((np.maximum(m, 15) - 15) * np.log(6.4) / 27))


def slaney_banks():
    """Triangular filters of unit area from 0 to 8 kHz; (201, 40) float32."""
    edges = slaney_hertz(np.linspace(slaney_mel(0), slaney_mel(SAMPLE_FREQUENCY / 2), NUM_MEL_BINS + 2))
    bins = np.fft.rfftfreq(FRAME_LENGTH, 1 / SAMPLE_FREQUENCY)[:, None]
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    triangles = np.maximum(0, np.minimum((bins - left) / (centre - left), (right - bins) / (right - centre)))
    return (triangles * 2 / (right - left)).astype(np.float32)


class MelSpectrogram:
    """Power mel spectra of a signal of 16 kHz, frame t centred at sample 160 t, zeros outside."""

    def __init__(self):
        self.window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME_LENGTH) / FRAME_LENGTH)).astype(np.float32)
        self.banks = slaney_banks()

    def compute(self, signal, first, last):
        """Frames first .. last - 1; (T, 40) float32, of samples from -1 to 1."""
        begin = first * FRAME_SHIFT - FRAME_LENGTH // 2
        samples = signal.read(begin, (last - 1) * FRAME_SHIFT + FRAME_LENGTH // 2) / np.float32(32768)
        frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME_LENGTH)[::FRAME_SHIFT] * self.window
        spectrum = fft.rfft(frames, axis=1)
        return (np.square(spectrum.real) + np.square(spectrum.imag)) @ self.banks


def gain(mean_square):
    """The factor that brings sound of this mean square (full scale 1) to -30 dB, never below 1."""
    return max(1.0, LOUDNESS / np.sqrt(max(mean_square, 1e-12)))
