"""Posteriors of the Gaussians of frames, from log likelihoods, and the statistics of frames that they weigh.

Gaussians of frames are given by `starts` and `gaussians` as in mixtures.py.
"""

import numpy as np
import scipy.sparse

from diarkit.ivector.tiles import Tiles


def posteriors(likelihoods, starts):
    """Posteriors (N,) of the Gaussians of each frame, of sum 1 a frame, and log likelihoods of frames (T,).

    likelihoods : (N,) log likelihoods of frame and Gaussian
    """
    starts = np.asarray(starts)
    counts = np.diff(starts)
    highest = np.maximum.reduceat(likelihoods, starts[:-1])
    result = np.exp(likelihoods - np.repeat(highest, counts), dtype=np.float64)
    sums = np.add.reduceat(result, starts[:-1])
    result /= np.repeat(sums, counts)
    return result, highest + np.log(sums)


def prune(starts, gaussians, weights, min_post, of_highest=False):
    """Leave out posteriors below `min_post`, but the highest of a frame, and scale the others to a sum of 1.

    of_highest : leave out first those below this part of the highest of the frame, which are no part of its sum then,
        as Kaldi's gmm-global-get-post does, and fgmm-global-gselect-to-post does not

    Returns starts, gaussians and weights.
    """
    if min_post <= 0:
        return starts, gaussians, weights
    counts = np.diff(starts)
    frames = np.repeat(np.arange(len(counts)), counts)
    highest = np.maximum.reduceat(weights, starts[:-1])
    kept = weights > min_post * highest[frames] if of_highest else weights >= np.minimum(min_post, highest)[frames]
    starts = np.concatenate([[0], np.cumsum(np.bincount(frames[kept], minlength=len(counts)))])
    gaussians, weights = gaussians[kept], weights[kept]
    weights = weights / np.repeat(np.add.reduceat(weights, starts[:-1]), np.diff(starts))
    return prune(starts, gaussians, weights, min_post) if of_highest else (starts, gaussians, weights)


def kaldi_ranges(starts, gaussians):
    """The Gaussians whose likelihoods some of Kaldi's programs take for those of the Gaussians selected for a frame.

    They are the same, but where the last number less the first is the number of Gaussians less one: then Kaldi
    (DiagGmm::LogLikelihoodsPreselect) takes the range from the first to the last, in that order, for the selection,
    which is in order of likelihood, so that most of its likelihoods are those of other Gaussians.
    """
    counts = np.diff(starts)
    frames = np.repeat(np.arange(len(counts)), counts)
    firsts = gaussians[starts[:-1]]
    taken = gaussians[starts[1:] - 1] + 1 - firsts == counts
    return np.where(taken[frames], firsts[frames] + np.arange(len(gaussians)) - starts[:-1][frames], gaussians)


def frame_posteriors(features, mixture, preselector, count, min_post=0.0):
    """Starts, gaussians and weights of the posteriors of frames (T, D), and log likelihoods of frames (T,).

    mixture : DiagMixture or FullMixture, of which the posteriors are
    preselector : the DiagMixture that selects `count` Gaussians for each frame; may be the mixture itself
    min_post : see prune
    """
    gaussians, likelihoods = preselector.select(features, count)
    starts = np.arange(len(gaussians) + 1) * gaussians.shape[1]
    gaussians = gaussians.reshape(-1)
    if mixture is preselector:
        likelihoods = likelihoods.reshape(-1)
    else:
        likelihoods = mixture.selected_log_likelihoods(features, starts, gaussians)
    weights, totals = posteriors(likelihoods, starts)
    return *prune(starts, gaussians, weights, min_post, of_highest=mixture is preselector), totals


def weigh(features, starts, gaussians, weights, num_gauss):
    """Counts (C,) and sums (C, D) of frames (T, D), each counted for its Gaussians by these weights; float64."""
    matrix = scipy.sparse.csr_array((np.asarray(weights, np.float64), np.asarray(gaussians), np.asarray(starts)),
                                    shape=(len(features), num_gauss)).T
    return matrix.sum(axis=1), matrix @ np.asarray(features, np.float64)


def scatter(features, starts, gaussians, weights, num_gauss, result=None):
    """Sums of x x' of frames (T, D), each counted for its Gaussians by these weights: (C, D, D) float64.

    result : of another call, which is added to
    """
    size = features.shape[1]
    if result is None:
        result = np.zeros((num_gauss, size, size))
    for part in Tiles(starts, gaussians, len(features), num_gauss).parts(size):
        rows = part.rows_of(features)
        weighted = rows * part.take(weights)[:, :, None]
        owners, sums = part.sum_by_owner(np.matmul(weighted.transpose(0, 2, 1), rows))
        result[owners] += sums
    return result
