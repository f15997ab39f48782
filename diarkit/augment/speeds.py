"""Speed perturbation: faster and higher, or slower and deeper (Ko et al. 2015), as sox speed does it."""

from fractions import Fraction
from functools import lru_cache

import numpy as np

from diarkit import signals

FINEST = 1000  # a factor is rounded to a fraction of no larger a denominator


def speed_perturb(samples, factor):
    """Samples played `factor` times as fast: (N,) -> (ceil(N / factor),) float32. Length and pitch change."""
    samples = np.asarray(samples, np.float32)
    if factor == 1:
        return samples
    resampler = resampler_of(factor)
    count = resampler.num_outputs(len(samples))
    signal = signals.of_array(samples, resampler.rate_in)
    return np.concatenate([resampler.compute(signal, start, min(start + resampler.chunk, count))
                           for start in range(0, count, resampler.chunk)] or [samples])


@lru_cache(16)
def resampler_of(factor):
    ratio = Fraction(factor).limit_denominator(FINEST)
    return signals.Resampler(ratio.numerator, ratio.denominator)
