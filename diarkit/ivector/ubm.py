"""Training of mixtures of Gaussians by expectation and maximisation: Kaldi's gmm/mle-diag-gmm.cc and mle-full-gmm.cc.

A model is a tuple of weights (C,), means (C, D) and variances (C, D), or precisions (C, D, D), such as io.gmm's. The
statistics of its C Gaussians are (C, K): counts of frames, sums of x, and sums of x * x or of the lower triangle of
x x', as io.gmmsums.GmmSums has them.
"""

from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError
from diarkit.exactsum import ExactSum
from diarkit.ivector.mixtures import BLOCK, DiagMixture, FullMixture, checked_features
from diarkit.ivector.packed import pack, unpack
from diarkit.ivector.posteriors import frame_posteriors, kaldi_ranges, posteriors, scatter, weigh
from diarkit.ivector.selection import with_selection

FRAMES = 4096  # of an utterance that are worked on at once
MIN_COUNT = {False: 10.0, True: 100.0}  # frames of a Gaussian, by whether covariances are full, as Kaldi has them


def is_full(model):
    """Whether the covariances of a model are full."""
    return np.ndim(model[2]) == 3


def mixture_of(model):
    """The DiagMixture or FullMixture of a model."""
    return (FullMixture if is_full(model) else DiagMixture)(*model)


def full_of(model):
    """The model with full covariances that a diagonal one is; Kaldi's gmm-global-to-fgmm."""
    weights, means, variances = model
    return weights, means, np.eye(means.shape[1]) / np.asarray(variances)[:, None, :]


def diagonal_of(model):
    """The diagonal model that has the variances of a full one; Kaldi's fgmm-global-to-gmm."""
    weights, means, precisions = model
    return weights, means, np.einsum("cdd->cd", np.linalg.inv(precisions))


class MixtureSums:
    """Statistics of many utterances, and the number and log likelihood of their frames, summed exactly.

    parts, totals : of GmmSums, to begin with
    """

    def __init__(self, num_gauss, dim, full, parts=None, totals=None):
        self.dim, self.full = dim, full
        shape = (num_gauss, 1 + dim + (dim * (dim + 1) // 2 if full else dim))
        exact = parts is not None and len(parts) == 2
        self.statistics = ExactSum(shape, parts if exact else None)
        self.totals = ExactSum(2, totals)
        if parts is not None and not exact:
            self.statistics.add(parts[0])

    def add(self, statistics, num_frames, likelihood):
        """Add those of one utterance."""
        at = np.flatnonzero(statistics[:, 0])
        self.statistics.add(statistics[at], at)
        self.totals.add([num_frames, likelihood])

    def merge(self, other):
        """Add other MixtureSums; DataError if they are not of the same kind."""
        if other.statistics.parts.shape != self.statistics.parts.shape or other.full != self.full:
            raise DataError("are not sums of this mixture: other numbers of Gaussians or dimensions")
        self.statistics.merge(other.statistics)
        self.totals.merge(other.totals)

    def per_frame(self):
        """The log likelihood a frame, nats, and the number of frames; NaN where it is not known."""
        frames, likelihood = self.totals.value()
        return likelihood / frames if frames else np.nan, int(frames)


class Expectation:
    """What frames add to the statistics of a model.

    num_gselect : Gaussians that a frame may belong to, the most likely by variances alone; 0 for all
    as_kaldi : of Gaussians of a diagonal mixture that are selected by others, see posteriors.kaldi_ranges
    """

    def __init__(self, model, num_gselect=0, as_kaldi=False):
        self.mixture = mixture_of(model)
        self.full = is_full(model)
        self.preselector = self.mixture.diagonal() if self.full and num_gselect else self.mixture
        self.num_gselect = num_gselect if num_gselect < self.mixture.num_gauss else 0
        self.as_kaldi = as_kaldi and not self.full

    def sums(self):
        """MixtureSums of nothing yet."""
        return MixtureSums(self.mixture.num_gauss, self.mixture.dim, self.full)

    def of(self, blocks, selection=None):
        """Statistics of an utterance, of its number of frames and of their log likelihood: what MixtureSums.add takes.

        blocks : (n, D) arrays, one after the other
        selection : starts and gaussians of all frames (see mixtures.py), instead of the most likely Gaussians

        Raises DataError for features and Gaussians that do not fit.
        """
        dim, num_gauss = self.mixture.dim, self.mixture.num_gauss
        counts, sums = np.zeros(num_gauss), np.zeros((num_gauss, dim))
        squares = np.zeros((num_gauss, dim, dim) if self.full else (num_gauss, dim))
        num_frames, likelihood = 0, 0.0
        for block, starts, gaussians in with_selection(blocks, selection, num_gauss):
            block = np.asarray(checked_features(block, dim), np.float64)
            starts, gaussians, weights, totals = self._posteriors(block, starts, gaussians)
            if gaussians is None:
                counts += weights.sum(axis=0)
                sums += weights.T @ block
                squares += weights.T @ (block * block)
            elif self.full:
                added = weigh(block, starts, gaussians, weights, num_gauss)
                counts, sums = counts + added[0], sums + added[1]
                scatter(block, starts, gaussians, weights, num_gauss, squares)
            else:
                added = weigh(np.concatenate([block, block * block], axis=1), starts, gaussians, weights, num_gauss)
                counts += added[0]
                sums += added[1][:, :dim]
                squares += added[1][:, dim:]
            num_frames, likelihood = num_frames + len(block), likelihood + totals.sum(dtype=np.float64)
        if self.full:
            squares = pack(squares)
        return np.concatenate([counts[:, None], sums, squares], axis=1), num_frames, likelihood

    def _posteriors(self, block, starts, gaussians):
        """Starts, gaussians, weights and log likelihoods; of all of a diagonal mixture None, None, weights (n, C)."""
        if starts is not None:
            likely = kaldi_ranges(starts, gaussians) if self.as_kaldi else gaussians
            likelihoods = self.mixture.selected_log_likelihoods(block, starts, likely)
            return starts, gaussians, *posteriors(likelihoods, starts)
        if self.num_gselect:
            return frame_posteriors(block, self.mixture, self.preselector, self.num_gselect)
        likelihoods = self.mixture.log_likelihoods(block)
        if not self.full:
            return None, None, *softmax(likelihoods)
        starts = np.arange(len(block) + 1) * self.mixture.num_gauss
        gaussians = np.tile(np.arange(self.mixture.num_gauss, dtype=np.int32), len(block))
        return starts, gaussians, *posteriors(likelihoods.reshape(-1), starts)


def softmax(likelihoods):
    """Posteriors (T, C), float64, and log likelihoods (T,) of frames, from log likelihoods (T, C) of Gaussians."""
    highest = likelihoods.max(axis=1)
    weights = np.empty(likelihoods.shape)
    for start in range(0, len(likelihoods), BLOCK):
        part = slice(start, start + BLOCK)
        weights[part] = np.exp(likelihoods[part] - highest[part, None])
    sums = weights.sum(axis=1)
    weights /= sums[:, None]
    return weights, highest + np.log(sums)


def total_of(files, model=None):
    """MixtureSums of some of them in files.

    files : pairs of a name and io.gmmsums.GmmSums
    model : of which they must be

    Raises DataError, with the name, for sums that are not of the same kind.
    """
    total = None
    if model is not None:
        total = MixtureSums(*np.shape(model[1]), is_full(model))
    for name, sums in files:
        try:
            found = MixtureSums(sums.parts.shape[1], sums.dim, sums.full, sums.parts, sums.totals)
            if total is None:
                total = found
            else:
                total.merge(found)
        except DataError as error:
            raise DataError(str(error), name) from error
    return total


class Update(NamedTuple):
    """A new model, the number of Gaussians that were removed and of those that had too few frames and stay as they
    were, and the number of variances, or eigenvalues of covariances, that were raised to the least."""

    model: tuple
    removed: int
    kept: int
    floored: int

    def remarks(self, before=""):
        """What is to be told, after `before`; or nothing."""
        told = [f"{number} {what}" for number, what in (
            (self.removed, "Gaussians had too few frames and were removed"),
            (self.kept, "Gaussians have too few frames and stay as they were"),
            (self.floored, "variances raised to the least")) if number]
        return before + ", ".join(told) if told else ""


def update(model, statistics, opts, remove=True):
    """The model that is most likely given statistics (C, K), an Update.

    opts : UbmUpdateOptions
    remove : Gaussians with too few frames; else they stay as they are, of the least weight at least

    Raises DataError if there are no frames.
    """
    weights, means, last = (np.array(part, np.float64) for part in model)
    num_gauss, dim = means.shape
    counts = statistics[:, 0]
    if not counts.sum() > 0:
        raise DataError("there is no frame to train on")
    least = MIN_COUNT[is_full(model)] if opts.min_gaussian_occupancy is None else opts.min_gaussian_occupancy
    shares = counts / counts.sum()
    enough = (counts > least) & (shares > opts.min_gaussian_weight)
    weights = np.where(enough, shares, np.maximum(shares, opts.min_gaussian_weight))
    means[enough] = statistics[enough, 1 : dim + 1] / counts[enough, None]
    squares = statistics[enough, dim + 1 :] / counts[enough, None]
    if is_full(model):
        covariances = unpack(squares) - means[enough, :, None] * means[enough, None, :]
        covariances, floored = _floored(covariances, opts)
        last[enough] = np.linalg.inv(covariances)
    else:
        variances = squares - means[enough] ** 2
        floored = int((variances < opts.min_variance).sum())
        last[enough] = np.maximum(variances, opts.min_variance)
    stays = enough.copy()
    if not remove:
        stays[:] = True
    elif not enough.any():
        stays[np.argmax(counts)] = True
    if not stays.all():
        weights = weights / weights[stays].sum()
    removed = num_gauss - int(stays.sum())
    return Update((weights[stays], means[stays], last[stays]), removed, int((stays & ~enough).sum()), floored)


def _floored(covariances, opts):
    """Covariances with no eigenvalue below the least, or below the largest by more than the condition allows."""
    values, vectors = np.linalg.eigh(covariances)
    floors = np.maximum(opts.min_variance, np.abs(values).max(axis=1, initial=0) / opts.max_condition)[:, None]
    low = values < floors
    changed = low.any(axis=1)
    raised = vectors[changed] * np.maximum(values, floors)[changed, None, :]
    covariances[changed] = raised @ vectors[changed].transpose(0, 2, 1)
    return covariances, int(low.sum())
