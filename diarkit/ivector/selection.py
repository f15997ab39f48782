"""Utterances, block by block: the Gaussians selected for their frames, posteriors of these, and likelihoods.

Blocks are (n, D) arrays, one after the other; Gaussians of frames are `starts` and `gaussians` as in mixtures.py.
"""

import numpy as np

from diarkit.errors import DataError
from diarkit.ivector.mixtures import FullMixture, highest
from diarkit.ivector.posteriors import frame_posteriors, kaldi_ranges, posteriors, prune
from diarkit.ivector.tiles import checked_gaussians


def with_selection(blocks, selection, num_gauss):
    """Each block with its part of a selection: (n, D) array, starts (n + 1,) and gaussians, or None twice.

    selection : starts and gaussians of all frames, or None

    Raises DataError if there are no frames, or others than are selected for, and for Gaussians that there are not.
    """
    starts, gaussians = (None, None) if selection is None else (np.asarray(part) for part in selection)
    done = 0
    for block in blocks:
        if starts is None:
            yield block, None, None
        else:
            if len(starts) <= done + len(block):
                raise DataError(f"Gaussians are selected for {len(starts) - 1} frames, there are more")
            own = starts[done : done + len(block) + 1]
            chosen = gaussians[own[0] : own[-1]]
            checked_gaussians(own - own[0], chosen, len(block), num_gauss)
            yield block, own - own[0], chosen
        done += len(block)
    if not done:
        raise DataError("has no frames")
    if starts is not None and done != len(starts) - 1:
        raise DataError(f"Gaussians are selected for {len(starts) - 1} frames, there are {done}")


def select(blocks, mixture, count, selection=None):
    """The `count` Gaussians of a mixture, 0 for all, that most likely made each frame: starts, gaussians, best first.

    selection : the Gaussians among which they are searched, or None

    Returns also the log likelihood of the utterance by these Gaussians, nats.
    """
    count = min(count or mixture.num_gauss, mixture.num_gauss)
    counts, found, likelihood = [], [], 0.0
    for block, starts, gaussians in with_selection(blocks, selection, mixture.num_gauss):
        if starts is not None:
            likelihoods = mixture.selected_log_likelihoods(block, starts, gaussians)
            own, gaussians, likelihoods = best_of(starts, gaussians, likelihoods, count)
        else:
            if isinstance(mixture, FullMixture):
                gaussians, likelihoods = highest(mixture.log_likelihoods(block), count)
            else:
                gaussians, likelihoods = mixture.select(block, count)
            own = np.arange(len(block) + 1) * count
        counts.append(np.diff(own))
        found.append(gaussians.reshape(-1))
        likelihood += posteriors(likelihoods.reshape(-1), own)[1].sum()
    return _starts(counts), np.concatenate(found), likelihood


def best_of(starts, gaussians, likelihoods, count):
    """Of the Gaussians of each frame the `count` of highest likelihood, in order: starts, gaussians and likelihoods."""
    counts = np.diff(starts)
    frames = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((-likelihoods, frames))
    kept = order[np.arange(len(order)) - starts[:-1][frames] < count]
    return _starts([np.minimum(counts, count)]), gaussians[kept].astype(np.int32), likelihoods[kept]


def utterance_posteriors(blocks, mixture, count, min_post=0.0, selection=None):
    """Starts, gaussians and weights of the posteriors of an utterance, and its log likelihood, nats.

    count : Gaussians of a frame, the most likely by variances alone, 0 for all
    selection : these Gaussians instead, or None
    min_post : see posteriors.prune
    """
    count = count or mixture.num_gauss
    preselector = mixture.diagonal() if isinstance(mixture, FullMixture) and selection is None else mixture
    counts, found, weights, likelihood = [], [], [], 0.0
    for block, starts, gaussians in with_selection(blocks, selection, mixture.num_gauss):
        if starts is None:
            starts, gaussians, own, totals = frame_posteriors(block, mixture, preselector, count, min_post)
        else:
            own, totals = posteriors(mixture.selected_log_likelihoods(block, starts, gaussians), starts)
            starts, gaussians, own = prune(starts, gaussians, own, min_post)
        counts.append(np.diff(starts))
        found.append(gaussians)
        weights.append(own)
        likelihood += totals.sum()
    return _starts(counts), np.concatenate(found), np.concatenate(weights), likelihood


def frame_likelihoods(blocks, mixture, selection=None, as_kaldi=False):
    """The log likelihoods of the frames of an utterance, (T,) float64 nats, by all Gaussians or by a selection.

    as_kaldi : see posteriors.kaldi_ranges
    """
    found = []
    for block, starts, gaussians in with_selection(blocks, selection, mixture.num_gauss):
        if starts is None:
            likelihoods = mixture.log_likelihoods(block)
            starts = np.arange(len(block) + 1) * mixture.num_gauss
        else:
            if as_kaldi and not isinstance(mixture, FullMixture):
                gaussians = kaldi_ranges(starts, gaussians)
            likelihoods = mixture.selected_log_likelihoods(block, starts, gaussians)
        found.append(posteriors(likelihoods.reshape(-1), starts)[1])
    return np.concatenate(found)


def scaled(starts, gaussians, weights, scale):
    """Posteriors times a scale: starts, gaussians and weights; none at all for a scale of 0. Kaldi's ScalePosterior.

    Raises DataError for a scale below 0.
    """
    if not scale >= 0:
        raise DataError(f"a scale of {scale:g} is negative")
    if scale == 0:
        return np.zeros_like(starts), gaussians[:0], weights[:0]
    return starts, gaussians, weights * np.float32(scale)


def _starts(counts):
    return np.concatenate([[0], np.cumsum(np.concatenate(counts))])
