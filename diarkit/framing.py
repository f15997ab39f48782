"""Frames of a signal: where they lie, and what is done to the samples of each before its spectrum is taken.

Source: kaldi src/feat/feature-window.cc. Samples are float32 on the int16 scale.
"""

import threading

import numpy as np

from diarkit.errors import DataError
from diarkit.fourier import rfft

BLOCK = 256  # frames; the arrays of a block stay in the processor's cache
LOG_FLOOR = np.finfo(np.float32).eps  # Kaldi's floor under every logarithm


def window_function(kind, length, blackman_coeff=0.42):
    """The analysis window; (length,) float64. "povey" is a Hann window to the power 0.85."""
    x = 2 * np.pi * np.arange(length) / max(length - 1, 1)
    hann = 0.5 - 0.5 * np.cos(x)
    windows = {
        "hanning": lambda: hann,
        "sine": lambda: np.sin(x / 2),
        "hamming": lambda: 0.54 - 0.46 * np.cos(x),
        "povey": lambda: hann**0.85,
        "rectangular": lambda: np.ones(length),
        "blackman": lambda: blackman_coeff - 0.5 * np.cos(x) + (0.5 - blackman_coeff) * np.cos(2 * x),
    }
    return windows[kind]()

LONGEST = 1 << 22  # samples of a frame, a minute and more at any usual rate


class Frames:
    """How a signal is cut into frames: lengths in samples and the place of every frame.

    With snip_edges only whole frames count; without, frame t is centred at (t + 1/2) shifts and the
    signal is mirrored at both ends.
    """

    def __init__(self, opts):
        # Kaldi keeps options in single precision, and cuts off: 2.3 ms are 22 samples at 10 kHz.
        rate, shift, length = map(float, np.float32([opts.sample_frequency, opts.frame_shift, opts.frame_length]))
        self.shift = int(rate * 0.001 * shift)
        self.length = int(rate * 0.001 * length)
        self.snip_edges = opts.snip_edges
        if self.shift < 1 or self.length < 2:
            raise DataError(f"frames of {opts.frame_length:g} ms every {opts.frame_shift:g} ms are too short")
        if max(self.shift, self.length) > LONGEST:
            raise DataError(f"frames of {opts.frame_length:g} ms every {opts.frame_shift:g} ms, at {rate:g} Hz, are "
                            f"longer than {LONGEST} samples")

    def count(self, num_samples):
        if self.snip_edges:
            return max(0, 1 + (num_samples - self.length) // self.shift)
        return (num_samples + self.shift // 2) // self.shift

    def start(self, frame):
        """The first sample of a frame; may lie before 0 when edges are mirrored."""
        if self.snip_edges:
            return frame * self.shift
        return frame * self.shift + self.shift // 2 - self.length // 2

    def view(self, signal, first, last):
        """Frames first .. last - 1 of a signal (read(start, stop), num_samples); (n, length) float32.

        They overlap in memory and are not to be written to.
        """
        begin, end = self.start(first), self.start(last - 1) + self.length
        samples = read_mirrored(signal, begin, end)
        step = samples.strides[0]
        # What sliding_window_view makes, which takes longer than to sum all of the samples.
        return np.ndarray((last - first, self.length), samples.dtype, samples, strides=(self.shift * step, step))

    def cut(self, signal, first, last):
        """The same frames, to be written to."""
        return self.view(signal, first, last).copy()


def read_mirrored(signal, begin, end):
    """Samples begin .. end - 1; those outside the signal are mirrored at its ends, again and again."""
    total = signal.num_samples
    if begin >= 0 and end <= total:
        return signal.read(begin, end)
    places = np.arange(begin, end) % (2 * total)
    places = np.where(places < total, places, 2 * total - 1 - places)
    low = places.min()
    return signal.read(low, places.max() + 1)[places - low]


def log_energy(frames):
    """Log of the sum of squares of each frame; (n,) float32."""
    return np.log(np.maximum(np.einsum("ij,ij->i", frames, frames), LOG_FLOOR))


class Spectra(threading.local):
    """Power spectra of the frames of a block: DC offset, preemphasis, window, Fourier transform.

    The arrays in between are kept, for fresh ones would cost more than what is computed in them. Rows are
    as long as the transform, so that a step is one run over memory and not one a frame; what is beyond
    the frame is zero. Every thread has arrays of its own.
    """

    def __init__(self, opts, length):
        self.opts = opts
        self.length = length
        size = self.fft_length = 1 << (length - 1).bit_length() if opts.round_to_power_of_two else length + length % 2
        self.frames = np.zeros((BLOCK, size), np.float32)
        self.other = np.empty((BLOCK, size), np.float32)
        self.window = np.zeros((BLOCK, size), np.float32)
        self.window[:, :length] = window_function(opts.window_type, length, opts.blackman_coeff)
        self.spectra = np.empty((BLOCK, size // 2 + 1), np.complex64)
        self.power = np.empty((BLOCK, size // 2 + 1), np.float32)

    def compute(self, view, generator=None):
        """The spectra of up to BLOCK frames, good until the next call, and their log energies or None.

        view : (n, length) float32, is left as it is
        generator : numpy.random.Generator of the dither; without it there is none

        Returns (n, fft_length / 2 + 1) and (n,) float32.
        """
        n, opts = len(view), self.opts
        rows, other = self.frames[:n], self.other[:n]
        frames = rows[:, : self.length]
        if generator is not None and opts.dither:
            noise = generator.standard_normal(view.shape, dtype=np.float32)
            noise *= opts.dither
            view = np.add(view, noise, out=noise)
        if opts.remove_dc_offset:
            np.subtract(view, np.add.reduce(view, axis=1, keepdims=True) / self.length, out=frames)
        else:
            frames[:] = view
        energy = log_energy(rows) if opts.use_energy and opts.raw_energy else None
        if opts.preemphasis_coefficient:
            first = rows[:, 0] * (1 - opts.preemphasis_coefficient)
            np.multiply(rows, opts.preemphasis_coefficient, out=other)
            flat = rows.reshape(-1)[1:]
            np.subtract(flat, other.reshape(-1)[:-1], out=flat)
            rows[:, 0] = first  # from which the end of the row before was subtracted
        np.multiply(rows, self.window[:n], out=rows)  # and zeroes what preemphasis put behind the frame
        if opts.use_energy and energy is None:
            energy = log_energy(rows)
        spectra, power = self.spectra[:n], self.power[:n]
        rfft(rows, spectra)
        parts = spectra.view(np.float32).reshape(-1)
        np.square(parts, out=parts)
        np.add(parts[0::2], parts[1::2], out=power.reshape(-1))
        return power, energy
