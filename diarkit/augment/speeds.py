"""Speed perturbation: faster and higher, or slower and deeper (Ko et al. 2015), as sox speed does it."""

from fractions import Fraction
from functools import lru_cache

import numpy as np

from diarkit import signals

FINEST = 1000  # a factor is rounded to a fraction of no larger a denominator


def speed_perturb(samples, factor):
    """Samples played `factor` times as fast: (N,) -> (ceil(N / factor),) float32. Length and pitch change."""
    ratio = Fraction(factor).limit_denominator(FINEST)
    return at_rate(samples, ratio.numerator, ratio.denominator)


def at_rate(samples, rate_in, rate_out):
    """Samples at another sampling rate: (N,) -> (ceil(N rate_out / rate_in),) float32."""
    samples = np.asarray(samples, np.float32)
    if rate_in == rate_out:
        return samples
    resampler = resampler_of(rate_in, rate_out)
    count = resampler.num_outputs(len(samples))
    signal = signals.of_array(samples, rate_in)
    pieces = [resampler.compute(signal, start, min(start + resampler.chunk, count))
              for start in range(0, count, resampler.chunk)]
    return np.concatenate(pieces) if pieces else samples


resampler_of = lru_cache(16)(signals.Resampler)
