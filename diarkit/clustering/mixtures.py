"""Mixtures of Gaussians with diagonal covariances: likelihoods of frames, and fitting one to them."""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

FLOOR = 1e-2  # of variances, in parts of those of all frames
BLOCK = 1 << 22  # likelihoods that are computed at once
CONSTANT = 1e-12  # features whose deviation is less than this part of their mean are constant but for rounding


class Mixture(NamedTuple):
    """weights (C,), means and variances (C, D)."""

    weights: np.ndarray
    means: np.ndarray
    variances: np.ndarray


def log_likelihoods(mixture, frames):
    """Of frames (T, D) under each Gaussian, its weight included; (T, C), nats."""
    precisions = 1 / mixture.variances
    centre = mixture.means.mean(axis=0)  # without it squares of what is far from 0 are nothing but rounding
    means, frames = mixture.means - centre, frames - centre
    with np.errstate(divide="ignore"):
        constants = np.log(mixture.weights) - 0.5 * (
            (precisions * means**2 + np.log(mixture.variances)).sum(axis=1)
            + frames.shape[1] * np.log(2 * np.pi))
    return frames @ (precisions * means).T - 0.5 * (frames**2 @ precisions.T) + constants


def blocks(count, width):
    """Pairs (first, last) that cut `count` frames into blocks of up to BLOCK numbers, `width` a frame."""
    step = max(1, BLOCK // width)
    return [(first, min(first + step, count)) for first in range(0, count, step)]


def fit(frames, count, iterations, seed):
    """A Mixture of up to `count` Gaussians that makes frames likely, by the EM algorithm from frames taken by chance.

    frames : (T, D), T >= 1; there are no more Gaussians than frames, and of constant features variances are one
    """
    frames = np.asarray(frames, float)
    rng = np.random.default_rng(seed)
    count = min(count, len(frames))
    centre, total = frames.mean(axis=0), frames.var(axis=0)
    total = np.where(total > (CONSTANT * centre) ** 2, total, 1.0)
    mixture = Mixture(np.full(count, 1 / count), frames[rng.choice(len(frames), count, replace=False)] - centre,
                      np.tile(total, (count, 1)))
    for _ in range(iterations):
        weights, first, second = np.zeros(count), 0.0, 0.0
        for start, end in blocks(len(frames), count):
            block = frames[start:end] - centre
            scores = log_likelihoods(mixture, block)
            posteriors = np.exp(scores - logsumexp(scores, axis=1, keepdims=True))
            weights += posteriors.sum(axis=0)
            first = first + posteriors.T @ block
            second = second + posteriors.T @ block**2
        seen = np.maximum(weights, 1e-6)[:, None]
        means = np.where(weights[:, None] > 1e-3, first / seen, mixture.means)
        variances = np.maximum(second / seen - (first / seen) ** 2, FLOOR * total)
        mixture = Mixture(weights / weights.sum(), means, variances)
    return mixture._replace(means=mixture.means + centre)
