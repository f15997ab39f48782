"""Sums of frames for each Gaussian: of an utterance, of a block of them, and of windows that overlap.

Posteriors are those of io.posteriors: `starts` (T + 1,), `gaussians` (N,) and `weights` (N,), those of frame t at
starts[t] to starts[t + 1].
"""

import numpy as np
from scipy.sparse import csr_array

from diarkit.errors import DataError
from diarkit.ivector.posteriors import scatter, weigh


def check(feats, posteriors, num_gauss, feat_dim):
    """Raise DataError if features (T, D) and posteriors do not go with a model of so many Gaussians and dimensions."""
    if feats.ndim != 2 or feats.shape[1] != feat_dim:
        raise DataError(f"features of {feats.shape[-1]} dimensions, the model has {feat_dim}")
    if not len(feats):
        raise DataError("has no frames")
    if len(posteriors.starts) != len(feats) + 1:
        raise DataError(f"posteriors of {len(posteriors.starts) - 1} frames, features of {len(feats)}")
    if posteriors.gaussians.size and posteriors.gaussians.max() >= num_gauss:
        raise DataError(f"a posterior of Gaussian {posteriors.gaussians.max()}, the model has {num_gauss}")


def sums_of_utterance(feats, posteriors, num_gauss):
    """Frames of each Gaussian by their posteriors (C,), and sums of them (C, D): single precision, which is stored."""
    counts, sums = weigh(feats, posteriors.starts, posteriors.gaussians, posteriors.weights, num_gauss)
    return counts.astype(np.float32), sums.astype(np.float32)


def squares_of_block(utterances, num_gauss):
    """Sums of y y' for each Gaussian, (C, D, D), over the frames of [(features, posteriors)]."""
    frames = np.concatenate([feats for feats, _ in utterances])
    gaussians, weights, counts = (np.concatenate(parts) for parts in zip(*(
        (posteriors.gaussians, posteriors.weights, np.diff(posteriors.starts)) for _, posteriors in utterances),
        strict=True))
    starts = np.concatenate([[0], np.cumsum(counts[counts > 0])])  # of some frames there may be no posterior
    return scatter(frames[counts > 0], starts, gaussians, weights, num_gauss)


def sums_of_windows(extractor, feats, posteriors, windows):
    """What i-vectors of windows are inferred from: counts (W, C), and linear (W, R), see Extractor.infer.

    windows : (W, 2) int, frames, the first and the one after the last; feats, posteriors : of the whole recording

    Frames are summed once for each stretch between two edges of windows, however many windows share it.
    """
    edges = np.unique(windows)
    if len(edges) < 2:
        return np.zeros((len(windows), extractor.num_gauss)), np.zeros((len(windows), extractor.dim))
    counts, linear = _sums_of_stretches(extractor, feats, posteriors, edges)
    first, last = np.searchsorted(edges, windows[:, 0]), np.searchsorted(edges, windows[:, 1])
    starts = np.concatenate([[0], np.cumsum(last - first)])
    stretches = np.arange(starts[-1]) + np.repeat(first - starts[:-1], last - first)
    shared = csr_array((np.ones(len(stretches)), stretches, starts), shape=(len(windows), len(edges) - 1))
    return shared @ counts, shared @ linear


def _sums_of_stretches(extractor, feats, posteriors, edges):
    """Counts (K, C) and linear (K, R) of the K stretches of frames between edges (K + 1,)."""
    first, last = posteriors.starts[edges[[0, -1]]]
    sizes = np.diff(posteriors.starts[edges[0] : edges[-1] + 1])
    frames = np.repeat(np.arange(len(sizes)), sizes)
    stretches = np.repeat(np.arange(len(edges) - 1), np.diff(posteriors.starts[edges]))
    weights = posteriors.weights[first:last].astype(np.float64)
    # pairs of a stretch and a Gaussian: one after the other, those of a stretch side by side
    pairs, of = np.unique(stretches * extractor.num_gauss + posteriors.gaussians[first:last], return_inverse=True)
    counts = np.zeros((len(edges) - 1, extractor.num_gauss))
    counts.reshape(-1)[pairs] = np.bincount(of, weights, len(pairs))
    shape = (len(pairs), len(sizes))
    sums = csr_array((weights, (of, frames)), shape=shape) @ feats[edges[0] : edges[-1]].astype(np.float64)
    gaussians = pairs % extractor.num_gauss
    order = np.argsort(gaussians, kind="stable")
    bounds = np.searchsorted(gaussians[order], np.arange(extractor.num_gauss + 1))
    products = np.empty((len(pairs), extractor.dim))
    linear = extractor.linear.reshape(extractor.num_gauss, -1, extractor.dim)
    for c in np.flatnonzero(np.diff(bounds)):
        mine = order[bounds[c] : bounds[c + 1]]
        products[mine] = sums[mine] @ linear[c]
    starts = np.searchsorted(pairs, np.arange(len(edges)) * extractor.num_gauss)
    together = csr_array((np.ones(len(pairs)), np.arange(len(pairs)), starts), shape=(len(edges) - 1, len(pairs)))
    return counts, together @ products
