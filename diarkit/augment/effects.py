"""What is done to samples: (N,) float32 on the int16 scale in, as many out."""

import numpy as np
from scipy import fft

TELEPHONE = (300.0, 3400.0)  # Hz
LONG = 1 << 18  # samples; longer signals are taken block by block, so that they need less memory


def power(samples):
    """The mean square, summed in double precision; 0 of nothing."""
    total = sum(float(np.square(samples[start : start + LONG], dtype=np.float64).sum())
                for start in range(0, len(samples), LONG))
    return total / max(len(samples), 1)


def as_loud_as(samples, level):
    """Samples scaled to the power `level`; silence stays silence."""
    return samples * np.float32(np.sqrt(level / max(power(samples), 1e-9)))


def convolved(samples, response):
    """The convolution of samples (N,) and a response (M,) by FFT: (N + M - 1,) float32."""
    length = len(samples) + len(response) - 1
    response = np.asarray(response, np.float32)
    block = len(samples) if len(samples) <= LONG else LONG
    size = fft.next_fast_len(block + len(response) - 1, real=True)
    spectrum = fft.rfft(response, size)
    if block == len(samples):
        return fft.irfft(fft.rfft(samples, size) * spectrum, size)[:length]
    output = np.zeros(length, np.float32)  # overlap-add
    for start in range(0, len(samples), block):
        part = samples[start : start + block]
        end = start + len(part) + len(response) - 1
        output[start:end] += fft.irfft(fft.rfft(part, size) * spectrum, size)[: end - start]
    return output


def band_limited(samples, rate, low, high):
    """Samples without what is below `low` or above `high` Hz, as through a telephone."""
    spectrum = fft.rfft(samples)
    frequencies = np.arange(len(spectrum)) * rate / len(samples)
    spectrum[(frequencies < low) | (frequencies > high)] = 0
    return fft.irfft(spectrum, len(samples))


def coloured(samples, rate, rng, strength):
    """Samples through an equaliser: a smooth curve of gains, by `strength` dB up or down an octave or so apart."""
    spectrum = fft.rfft(samples)
    octaves = np.log2(np.maximum(np.arange(len(spectrum)) * rate / len(samples), 50) / 50)
    gains = np.interp(octaves, np.arange(10), rng.normal(0, strength, 10))
    return fft.irfft(spectrum * (10 ** (gains / 20)).astype(np.float32), len(samples))


def clipped(samples, rng, most):
    """Samples cut off at a level that is up to `most` dB below their peak, and as loud as before."""
    peak = np.abs(samples).max(initial=0)
    level = np.float32(peak * 10 ** (-rng.uniform(0, most) / 20))
    return as_loud_as(np.clip(samples, -level, level), power(samples))
