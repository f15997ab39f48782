"""Affinities from 0 to 1 out of similarities, and the steps that refine a matrix of them."""

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.special import expit

from diarkit.clustering.speakers import calibrated_threshold


def affinity_map(similarities):
    """A function of similarities that rises from 0 to 1.

    Cosines below 0 become 0. Others, such as log likelihood ratios, go through a logistic function whose middle is
    where the calibration tells one speaker from two, and whose scale is their standard deviation, so that affinities
    do not depend on shift and scale of the scores.
    """
    if similarities.cosine:
        return lambda scores: np.clip(scores, 0, 1)
    pairs = similarities.pairs()
    middle, scale = calibrated_threshold(pairs), float(np.std(pairs, dtype=float)) if len(pairs) else 1.0
    return lambda scores: expit((scores - middle) / max(scale, 1e-6))


def refined(affinities, opts):
    """The steps of Wang et al. 2018, "Speaker diarization with LSTM", in the order of opts.steps(); (N, N) -> (N, N).

    The result may not be symmetric: the mean of it and its transpose is what a graph takes.
    """
    for name in opts.steps():
        affinities = STEPS[name](affinities, opts)
    return affinities


def crop(affinities, opts):
    """The diagonal becomes the maximum of the rest of its row."""
    found = affinities.copy()
    np.fill_diagonal(found, -np.inf)
    np.fill_diagonal(found, found.max(axis=1) if len(found) > 1 else 1)
    return found


def blur(affinities, opts):
    """A Gaussian filter over neighbours in time."""
    return gaussian_filter(affinities, opts.blur)


def threshold(affinities, opts):
    """What is small beside the maximum of its row becomes smaller."""
    small = affinities < opts.row_threshold * affinities.max(axis=1, keepdims=True)
    return np.where(small, opts.soft * affinities, affinities)


def diffuse(affinities, opts):
    return affinities @ affinities.T


def normalize(affinities, opts):
    """Rows over their maximum."""
    highest = affinities.max(axis=1, keepdims=True)
    return affinities / np.where(highest > 0, highest, 1)


STEPS = {
    "crop": crop,
    "blur": blur,
    "threshold": threshold,
    "symmetrize-max": lambda affinities, opts: np.maximum(affinities, affinities.T),
    "symmetrize-average": lambda affinities, opts: (affinities + affinities.T) / 2,
    "diffuse": diffuse,
    "normalize": normalize,
}
