"""SpecAugment: stretches of time and frequency of the features are masked (Park et al. 2019, section 2)."""

import numpy as np


def spec_augment(features, rng, opts):
    """Features with stretches of frames and of columns replaced by their mean; a new array.

    features : (T, F) array, log mel energies or cepstra
    rng : numpy Generator
    opts : SpecAugmentOptions
    """
    masked = np.array(features)
    frames, columns = masked.shape
    mean = masked.mean() if masked.size else 0
    widest = min(opts.time_mask, int(opts.time_mask_part * frames))
    for _ in range(opts.time_masks):
        first, last = stretch(frames, widest, rng)
        masked[first:last] = mean
    for _ in range(opts.frequency_masks):
        first, last = stretch(columns, min(opts.frequency_mask, columns), rng)
        masked[:, first:last] = mean
    return masked


def stretch(length, widest, rng):
    """A stretch of 0 to `widest` places out of `length`: (first, behind the last)."""
    width = int(rng.integers(0, widest + 1))
    first = int(rng.integers(0, length - width + 1))
    return first, first + width
