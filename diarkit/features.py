"""Log-mel filterbank energies (fbank) and mel-frequency cepstral coefficients (MFCC), as Kaldi has them.

Source of every formula: kaldi src/feat/{feature-fbank,feature-mfcc}.cc, and see framing.py and melbanks.py.
Samples are float32 on the int16 scale. Frames are computed in blocks of BLOCK that begin at
multiples of BLOCK, so that a frame has the same bits whether the whole recording or a part of it was
asked for.
"""

from functools import lru_cache

import numpy as np

from diarkit.errors import DataError
from diarkit.framing import BLOCK, LOG_FLOOR, Frames, Spectra, log_energy, read_mirrored, window_function
from diarkit.melbanks import MelFilters, dct_matrix, lifter, mel_banks

__all__ = ["BLOCK", "FeatureExtractor", "Frames", "dither_generator", "log_energy", "read_mirrored", "window_function"]

WARPS_KEPT = 100  # mel filters of so many speakers


class FeatureExtractor:
    """Features of a signal, frame by frame; `opts` is FbankOptions or MfccOptions.

    In all methods `generator` (numpy.random.Generator) makes the dither, without it there is none; `warp`
    is the factor of VTLN, 1 for none.
    """

    def __init__(self, opts):
        self.opts = opts
        self.frames = Frames(opts)
        self.spectra = Spectra(opts, self.frames.length)
        self.filters = lru_cache(WARPS_KEPT)(self.make_filters)
        self.filters(1.0)
        self.cepstra = None
        if hasattr(opts, "num_ceps"):
            if not 1 <= opts.num_ceps <= opts.num_mel_bins:
                raise DataError(f"{opts.num_ceps} cepstra out of {opts.num_mel_bins} mel filters")
            dct = dct_matrix(opts.num_ceps, opts.num_mel_bins)
            dct *= lifter(opts.num_ceps, opts.cepstral_lifter)[:, None]
            self.cepstra = dct.T.astype(np.float32).copy()

    def make_filters(self, warp):
        return MelFilters(mel_banks(self.opts.num_mel_bins, self.spectra.fft_length, self.opts, warp))

    @property
    def dim(self):
        if self.cepstra is not None:
            return self.opts.num_ceps
        return self.opts.num_mel_bins + bool(self.opts.use_energy)

    def blocks(self, signal, first=0, last=None, generator=None, warp=1.0):
        """Yield (t, features of frames t ..) for the blocks that hold frames first .. last - 1, uncut.

        `signal` has num_samples and read(start, stop) -> float32 samples on the int16 scale.
        """
        total = self.frames.count(signal.num_samples)
        last = total if last is None else min(last, total)
        for t in range(first - first % BLOCK, last, BLOCK):
            yield t, self.of_frames(self.frames.view(signal, t, min(t + BLOCK, total)), generator, warp)

    def compute(self, signal, first=0, last=None, generator=None, warp=1.0):
        """Features of frames first .. last - 1 (all that there are); (T, dim) float32."""
        total = self.frames.count(signal.num_samples)
        last = total if last is None else min(last, total)
        parts = [part[max(first - t, 0) : last - t] for t, part in self.blocks(signal, first, last, generator, warp)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dim), np.float32)

    def num_frames(self, signal):
        """How many frames there are; raises DataError if the signal is shorter than one."""
        count = self.frames.count(signal.num_samples)
        if count == 0:
            raise DataError(f"{signal.num_samples} samples are less than one frame of {self.frames.length}")
        return count

    def compute_whole(self, signal, generator=None, warp=1.0):
        """All frames; raises DataError if the signal is shorter than one."""
        self.num_frames(signal)
        return self.compute(signal, generator=generator, warp=warp)

    def stream(self, signal, generator=None, warp=1.0, subtract_mean=False):
        """The shape (N, dim) of the features of all frames, and an iterable of blocks of rows.

        With subtract_mean, of every column its mean, there is one block. Raises DataError as compute_whole does.
        """
        shape = self.num_frames(signal), self.dim
        if subtract_mean:
            features = self.compute(signal, generator=generator, warp=warp)
            return shape, [features - features.mean(axis=0, dtype=np.float64).astype(np.float32)]
        return shape, (block for _, block in self.blocks(signal, generator=generator, warp=warp))

    def of_frames(self, frames, generator=None, warp=1.0):
        """Features of (n, length) float32 frames of samples, n <= BLOCK; (n, dim) float32."""
        opts = self.opts
        power, energy = self.spectra.compute(frames, generator)
        if self.cepstra is None and not opts.use_power:
            np.sqrt(power, out=power)
        features = self.filters(warp).apply(power)
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
