"""Mel filters, the warping of their frequencies for vocal tract lengths (VTLN), and the cosine transform to cepstra.

Source: kaldi src/feat/mel-computations.{h,cc} and src/feat/feature-mfcc.cc.
"""

import numpy as np

from diarkit.errors import DataError

FILTERS_AT_ONCE = 16  # neighbours see about the same part of the spectrum, and most of it not at all


def mel(frequency):
    return 1127.0 * np.log1p(np.asarray(frequency) / 700.0)


def hertz(mel):
    return 700.0 * np.expm1(np.asarray(mel) / 1127.0)


def warped(frequency, warp, low, high, vtln_low, vtln_high):
    """F(f) of VTLN: f / warp in the middle, and linear up to and from there so that F(low) = low, F(high) = high.

    The middle part lies between l and h with min(l, F(l)) = vtln_low and max(h, F(h)) = vtln_high. All in Hz.
    """
    left, right = vtln_low * max(1, warp), vtln_high * min(1, warp)
    if not low < left < right < high:
        raise DataError(f"VTLN by {warp:g} from {vtln_low:g} to {vtln_high:g} Hz does not fit in {low:g} to {high:g}")
    return np.interp(frequency, [low, left, right, high], [low, left / warp, right / warp, high])


def mel_banks(num_bins, fft_length, opts, warp=1.0):
    """Triangular filters, evenly spaced in mel before they are warped; (num_bins, fft_length / 2) float32.

    opts : FrameOptions, of which the frequencies count; a high_freq that is not above 0 and a negative
        vtln_high count from the Nyquist frequency down
    warp : the factor of VTLN, 1 for none

    Raises DataError for frequencies that do not fit, and for more filters than the spectrum has points for.
    """
    if num_bins < 3:
        raise DataError(f"{num_bins} mel filters, of which there must be at least 3")
    if not warp > 0:
        raise DataError(f"a VTLN warp must be above 0, {warp:g} is not")
    nyquist = opts.sample_frequency / 2
    low, high = opts.low_freq, opts.high_freq + (0 if opts.high_freq > 0 else nyquist)
    if not 0 <= low < high <= nyquist:
        raise DataError(f"mel filters from {low:g} to {high:g} Hz do not fit below {nyquist:g} Hz")
    if num_bins > fft_length:  # before there is memory taken for them; a point is in two filters at most
        raise DataError(f"{num_bins} mel filters are too many for a spectrum of {fft_length // 2} points")
    edges = np.linspace(mel(low), mel(high), num_bins + 2)
    if warp != 1:
        vtln_high = opts.vtln_high + (nyquist if opts.vtln_high < 0 else 0)
        edges = mel(warped(hertz(edges), warp, low, high, opts.vtln_low, vtln_high))
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    bins = mel(np.arange(fft_length // 2) * opts.sample_frequency / fft_length)[None, :]
    rising, falling = (bins - left) / (centre - left), (right - bins) / (right - centre)
    banks = np.maximum(np.minimum(rising, falling), 0)
    if not banks.any(axis=1).all():
        raise DataError(f"{num_bins} mel filters are too many for a spectrum of {fft_length // 2} points")
    return banks.astype(np.float32)


class MelFilters:
    """Filters to apply to many spectra: products of small dense matrices, a few neighbouring filters in each."""

    def __init__(self, banks):
        """banks : (num_bins, N) float32, as mel_banks has them."""
        self.num_bins = len(banks)
        self.parts = []
        for first in range(0, self.num_bins, FILTERS_AT_ONCE):
            some = banks[first : first + FILTERS_AT_ONCE]
            [seen] = np.nonzero(some.any(axis=0))
            points = slice(seen[0], seen[-1] + 1)
            self.parts.append((slice(first, first + len(some)), points, some[:, points].T.copy()))

    def apply(self, power):
        """Energies behind the filters of (n, at least N) float32 spectra; (n, num_bins) float32."""
        energies = np.empty((len(power), self.num_bins), np.float32)
        for filters, points, matrix in self.parts:
            energies[:, filters] = power[:, points] @ matrix
        return energies


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
