"""Log-mel filterbank energies (fbank) and mel-frequency cepstral coefficients (MFCC), as Kaldi has them.

Source of every formula: kaldi src/feat/{feature-window,mel-computations,feature-fbank,feature-mfcc}.cc.
Samples are float32 on the int16 scale. Frames are computed in blocks of BLOCK that begin at
multiples of BLOCK, so that a frame has the same bits whether the whole recording or a part of it was
asked for.
"""

import numpy as np
from scipy import fft

from diarkit.errors import DataError

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


def mel(frequency):
    return 1127.0 * np.log1p(np.asarray(frequency) / 700.0)


def mel_banks(num_bins, fft_length, sample_frequency, low_freq=20.0, high_freq=0.0):
    """Triangular filters, evenly spaced in mel; (num_bins, fft_length / 2) float32.

    A high_freq that is not above 0 counts from the Nyquist frequency down.
    """
    if num_bins < 1:
        raise DataError(f"{num_bins} mel filters")
    nyquist = sample_frequency / 2
    high = high_freq if high_freq > 0 else nyquist + high_freq
    if not 0 <= low_freq < high <= nyquist:
        raise DataError(f"mel filters from {low_freq:g} to {high:g} Hz do not fit below {nyquist:g} Hz")
    edges = np.linspace(mel(low_freq), mel(high), num_bins + 2)
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    bins = mel(np.arange(fft_length // 2) * sample_frequency / fft_length)[None, :]
    rising, falling = (bins - left) / (centre - left), (right - bins) / (right - centre)
    banks = np.maximum(np.minimum(rising, falling), 0)
    if not banks.any(axis=1).all():
        raise DataError(f"{num_bins} mel filters are too many for a spectrum of {fft_length // 2} points")
    return banks.astype(np.float32)


def dct_matrix(num_ceps, num_bins):
    """The orthonormal DCT-II of Kaldi's ComputeDctMatrix; (num_ceps, num_bins)."""
    k, n = np.arange(num_ceps)[:, None], np.arange(num_bins)[None, :]
    dct = np.sqrt(2 / num_bins) * np.cos(np.pi / num_bins * (n + 0.5) * k)
    dct[0] = np.sqrt(1 / num_bins)
    return dct


def lifter(num_ceps, cepstral_lifter):
    """HTK's sine window over the cepstra; (num_ceps,)."""
    if cepstral_lifter == 0:
        return np.ones(num_ceps)
    return 1 + 0.5 * cepstral_lifter * np.sin(np.pi * np.arange(num_ceps) / cepstral_lifter)


class Frames:
    """How a signal is cut into frames: lengths in samples and the place of every frame.

    With snip_edges only whole frames count; without, frame t is centred at (t + 1/2) shifts and the
    signal is mirrored at both ends.
    """

    def __init__(self, opts):
        self.shift = int(opts.sample_frequency * 0.001 * opts.frame_shift)
        self.length = int(opts.sample_frequency * 0.001 * opts.frame_length)
        self.snip_edges = opts.snip_edges
        if self.shift < 1 or self.length < 2:
            raise DataError(f"frames of {opts.frame_length:g} ms every {opts.frame_shift:g} ms are too short")

    def count(self, num_samples):
        if self.snip_edges:
            return max(0, 1 + (num_samples - self.length) // self.shift)
        return (num_samples + self.shift // 2) // self.shift

    def start(self, frame):
        """The first sample of a frame; may lie before 0 when edges are mirrored."""
        if self.snip_edges:
            return frame * self.shift
        return frame * self.shift + self.shift // 2 - self.length // 2

    def cut(self, signal, first, last):
        """Frames first .. last - 1 of a signal (read(start, stop), num_samples); (n, length) float32, writable."""
        begin, end = self.start(first), self.start(last - 1) + self.length
        samples = read_mirrored(signal, begin, end)
        view = np.lib.stride_tricks.sliding_window_view(samples, self.length)
        return view[:: self.shift].copy()


def read_mirrored(signal, begin, end):
    """Samples begin .. end - 1; those outside the signal are mirrored at its ends, again and again."""
    total = signal.num_samples
    if begin >= 0 and end <= total:
        return signal.read(begin, end)
    places = np.arange(begin, end) % (2 * total)
    places = np.where(places < total, places, 2 * total - 1 - places)
    low = places.min()
    return signal.read(low, places.max() + 1)[places - low]


class FeatureExtractor:
    """Features of a signal, frame by frame; `opts` is FbankOptions or MfccOptions."""

    def __init__(self, opts):
        self.opts = opts
        self.frames = Frames(opts)
        length = self.frames.length
        self.fft_length = 1 << (length - 1).bit_length() if opts.round_to_power_of_two else length + length % 2
        self.window = window_function(opts.window_type, length, opts.blackman_coeff).astype(np.float32)
        self.banks = mel_banks(
            opts.num_mel_bins, self.fft_length, opts.sample_frequency, opts.low_freq, opts.high_freq).T.copy()
        self.cepstra = None
        if hasattr(opts, "num_ceps"):
            if not 1 <= opts.num_ceps <= opts.num_mel_bins:
                raise DataError(f"{opts.num_ceps} cepstra out of {opts.num_mel_bins} mel filters")
            dct = dct_matrix(opts.num_ceps, opts.num_mel_bins)
            dct *= lifter(opts.num_ceps, opts.cepstral_lifter)[:, None]
            self.cepstra = dct.T.astype(np.float32).copy()

    @property
    def dim(self):
        if self.cepstra is not None:
            return self.opts.num_ceps
        return self.opts.num_mel_bins + bool(self.opts.use_energy)

    def blocks(self, signal, first=0, last=None, generator=None):
        """Yield (t, features of frames t ..) for the blocks that hold frames first .. last - 1, uncut.

        `signal` has num_samples and read(start, stop) -> float32 samples on the int16 scale.
        `generator` (numpy.random.Generator) makes the dither; without it there is none.
        """
        total = self.frames.count(signal.num_samples)
        last = total if last is None else min(last, total)
        for t in range(first - first % BLOCK, last, BLOCK):
            yield t, self.of_frames(self.frames.cut(signal, t, min(t + BLOCK, total)), generator)

    def compute(self, signal, first=0, last=None, generator=None):
        """Features of frames first .. last - 1 (all that there are); (T, dim) float32."""
        total = self.frames.count(signal.num_samples)
        last = total if last is None else min(last, total)
        parts = [part[max(first - t, 0) : last - t] for t, part in self.blocks(signal, first, last, generator)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dim), np.float32)

    def compute_whole(self, signal, generator=None):
        """All frames; raises DataError if the signal is shorter than one."""
        if self.frames.count(signal.num_samples) == 0:
            raise DataError(f"{signal.num_samples} samples are less than one frame of {self.frames.length}")
        return self.compute(signal, generator=generator)

    def of_frames(self, frames, generator=None):
        """Features of (n, length) float32 frames of samples, which are overwritten; (n, dim) float32."""
        opts = self.opts
        if generator is not None and opts.dither:
            frames += opts.dither * generator.standard_normal(frames.shape, dtype=np.float32)
        if opts.remove_dc_offset:
            frames -= frames.mean(axis=1, keepdims=True)
        energy = log_energy(frames) if opts.use_energy and opts.raw_energy else None
        if opts.preemphasis_coefficient:
            frames[:, 1:] -= opts.preemphasis_coefficient * frames[:, :-1]
            frames[:, 0] *= 1 - opts.preemphasis_coefficient
        frames *= self.window
        if opts.use_energy and energy is None:
            energy = log_energy(frames)
        spectrum = fft.rfft(frames, self.fft_length, axis=1)[:, :-1]
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        if self.cepstra is None and not opts.use_power:
            np.sqrt(power, out=power)
        features = power @ self.banks
        if self.cepstra is not None or opts.use_log_fbank:
            np.log(np.maximum(features, LOG_FLOOR, out=features), out=features)
        if self.cepstra is not None:
            features = features @ self.cepstra
        if opts.use_energy:
            features = self.with_energy(features, energy)
        if self.cepstra is not None and opts.htk_compat:
            features = self.in_htk_order(features)
        return features

    def with_energy(self, features, energy):
        if self.opts.energy_floor > 0:
            energy = np.maximum(energy, np.float32(np.log(self.opts.energy_floor)))
        if self.cepstra is not None:  # in place of C0
            features[:, 0] = energy
            return features
        column = energy[:, None]
        return np.hstack([features, column] if self.opts.htk_compat else [column, features])

    def in_htk_order(self, features):
        """Energy or C0 last; a C0 that is no energy is scaled as HTK scales it."""
        first = features[:, :1] * (1 if self.opts.use_energy else np.float32(np.sqrt(2)))
        return np.hstack([features[:, 1:], first])


def dither_generator(opts, key):
    """The random numbers of a recording's dither, from the seed and its key alone; None if there is none."""
    if opts.seed < 0:
        raise DataError(f"a seed must not be negative, {opts.seed} is")
    return np.random.default_rng([opts.seed, *key.encode()]) if opts.dither else None


def log_energy(frames):
    """Log of the sum of squares of each frame; (n,) float32."""
    return np.log(np.maximum(np.einsum("ij,ij->i", frames, frames), LOG_FLOOR))
