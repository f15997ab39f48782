"""Training of transforms: means, principal components (PCA), whitening, linear discriminant analysis (LDA).

Kaldi's counterparts: bin/est-pca.cc, ivectorbin/ivector-compute-lda.cc; matrices agree with theirs, signs too.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from diarkit.backend.eigen import eigen
from diarkit.backend.transforms import apply, multiply
from diarkit.errors import DataError

LEAST_VARIANCE = 1e-15  # est-pca
ROUNDING = 1e-12  # share of the greatest variance below which there is none: vectors are in single precision
LENGTHS = ("length", "unit")


class Moments(NamedTuple):
    """Of N vectors x of D dimensions and S speakers, all float64.

    count : N
    mean : (D,)
    total : (D, D), covariance of all, divided by N
    between : (D, D), covariance of the means of speakers, each counted as often as it has vectors; None without them
    speakers : S, 0 without them
    """

    count: int
    mean: np.ndarray
    total: np.ndarray
    between: np.ndarray | None = None
    speakers: int = 0

    def noise(self):
        """A variance that may come of rounding alone, where all vectors are the same."""
        return (1e-12 * np.abs(self.mean).max()) ** 2

    def after(self, stage):
        """Those of the vectors that a stage of no length normalisation gives."""
        kind, arrays = stage
        if kind == "mean":
            return self._replace(mean=self.mean - arrays["mean"])
        matrix = arrays["matrix"]
        linear = matrix[:, : len(self.mean)]
        between = None if self.between is None else linear @ self.between @ linear.T
        return self._replace(mean=multiply(self.mean, matrix), total=linear @ self.total @ linear.T, between=between)


def moments(blocks):
    """The Moments of vectors that come in blocks (vectors (n, D), speakers (n,) ints from 0, or None)."""
    count, labels = 0, None
    for vectors, labels in blocks:
        vectors = np.asarray(vectors, np.float64)
        if not count:
            origin = vectors.mean(axis=0)  # far means would cost digits of the covariances
            total, summed = np.zeros((vectors.shape[1],) * 2), np.zeros(vectors.shape[1])
            sums, counts = np.zeros((0, vectors.shape[1])), np.zeros(0)
        vectors = vectors - origin
        count += len(vectors)
        summed += vectors.sum(axis=0)
        total += vectors.T @ vectors
        if labels is not None:
            more = max(labels.max() + 1 - len(sums), 0)
            if more:
                more = max(more, len(sums))  # twice as many, so that this happens seldom
                sums, counts = np.pad(sums, ((0, more), (0, 0))), np.pad(counts, (0, more))
            np.add.at(sums, labels, vectors)
            np.add.at(counts, labels, 1)
    if not count:
        raise DataError("there is no vector to train on")
    mean = summed / count
    total = total / count - np.outer(mean, mean)
    if labels is None:
        return Moments(count, origin + mean, total)
    sums, counts = sums[counts > 0], counts[counts > 0, None]
    apart = (sums / counts - mean) * np.sqrt(counts / count)
    return Moments(count, origin + mean, total, apart.T @ apart, len(counts))


def passes(chain):
    """How often `train` goes through the vectors: at the start, and after every normalisation of lengths."""
    kinds = [LENGTHS[0], *(kind for kind, _ in chain)]
    return sum(before in LENGTHS and kind not in LENGTHS for before, kind in pairwise(kinds))


def train(chain, blocks, opts, report=lambda line: None):
    """Train the stages of a chain, each on what those before it give.

    Parameters
    ----------
    chain : list of (kind, number of dimensions or 0), see options.vectors.TransformOptions
    blocks : what `moments` takes; gone through `passes(chain)` times
    opts : the TransformOptions
    report : called with lines that say what was found

    Returns the stages, see transforms.py. Raises DataError where the vectors are too few, or all the same, for what
    is asked.
    """
    stages, now = [], None
    for kind, size in chain:
        if kind in LENGTHS:
            stages.append((kind, {}))
            now = None
            continue
        if now is None:  # matrices change moments as they change vectors, lengths do not
            now = moments((apply(stages, vectors), speakers) for vectors, speakers in blocks)
        stages.append(TRAIN[kind](now, size, opts, report))
        now = now.after(stages[-1])
    return stages


def train_mean(moments, size, opts, report):
    return "mean", {"mean": moments.mean}


def train_pca(moments, size, opts, report, whiten=False):
    """The directions of greatest variance; with `whiten`, or opts.normalize_variance, the variances made one."""
    name = "whiten" if whiten else "pca"
    whiten = whiten or opts.normalize_variance
    full = len(moments.mean)
    size = size or full
    if size > full:
        raise DataError(f"{name}:{size} of vectors of {full} numbers: there are no more than {full} dimensions")
    variances, directions = eigen(moments.total)
    rows = directions[:, :size].T
    if whiten:
        spanned = int((variances > max(ROUNDING * variances[0], moments.noise())).sum())
        if size > spanned:
            words = f"{name}: {moments.count} vectors span {spanned} of {full} dimensions"
            if not opts.floor_variances:
                raise DataError(f"{words}; " + (f"whiten:{spanned} keeps those" if spanned else "all are the same"))
            report(f"warning: {words}, and the others are taken to have a variance of {LEAST_VARIANCE:g} at least")
        rows = rows / np.sqrt(np.maximum(variances[:size, None], LEAST_VARIANCE))
    report(f"{name}: {size} of {full} dimensions have {share(variances, size):.2f} % of the variance")
    return "matrix", {"matrix": centred(rows, moments.mean) if opts.normalize_mean else rows}


def train_whiten(moments, size, opts, report):
    return train_pca(moments, size, opts, report, whiten=True)


def train_lda(moments, size, opts, report):
    """The directions in which the means of speakers are furthest apart for the spread of their vectors.

    Affine: what comes out has the mean 0. For sources and what is made one see options.vectors.
    """
    full = len(moments.mean)
    size = size or min(full, max(moments.speakers - 1, 1))
    if size > full:
        raise DataError(f"lda:{size} of vectors of {full} numbers: there are no more than {full} dimensions")
    if moments.between is None:
        raise DataError("lda needs to know the speakers: give utt2spk")
    if moments.speakers < 2:
        raise DataError("lda needs vectors of two speakers or more")
    if moments.count == moments.speakers:
        raise DataError(f"lda: each of {moments.count} speakers has one vector only, so how much the vectors of a "
                        "speaker differ is not known")
    if moments.count < full:
        raise DataError(f"lda: {moments.count} vectors of {full} dimensions are too few; "
                        f"pca:{moments.count - moments.speakers} before it makes them enough")
    factor = opts.total_covariance_factor
    within = moments.total - moments.between
    values, directions = eigen(factor * moments.total + (1 - factor) * within)
    if values[0] <= max(ROUNDING * np.trace(moments.total), moments.noise()):
        raise DataError("lda: all vectors are the same" if factor else "lda: the vectors of each speaker are all the "
                        "same; a --total-covariance-factor above 0 takes what differs between speakers, too")
    floor = opts.covariance_floor * values[0]
    floored = int((values < floor).sum())
    if floored:
        report(f"warning: lda: {floored} of {full} eigenvalues of the covariance are taken to be {floor:g}, as "
               f"--covariance-floor says; more vectors, or pca:{full - floored} before lda, would do without")
    if values[-1] <= 0 and not floor:
        raise DataError("lda: the covariance is singular; a --covariance-floor above 0 would do")
    if size > moments.speakers - 1:
        report(f"warning: lda: of {size} dimensions only the first {moments.speakers - 1} tell "
               f"{moments.speakers} speakers apart")
    one = directions.T / np.sqrt(np.maximum(values, floor))[:, None]
    apart, turn = eigen(one @ moments.between @ one.T)
    report(f"lda: variances between speakers for one within: {' '.join(f'{value:.4g}' for value in apart[:size])}")
    return "matrix", {"matrix": centred(turn[:, :size].T @ one, moments.mean)}


TRAIN = {"mean": train_mean, "pca": train_pca, "whiten": train_whiten, "lda": train_lda}


def centred(matrix, mean):
    """The affine map (K, D + 1) that subtracts the mean (D,) before a linear one (K, D)."""
    return np.column_stack([matrix, -matrix @ mean])


def share(variances, size):
    """How much of the variance the first `size` dimensions have, in percent."""
    whole = variances.sum()
    return 100 * variances[:size].sum() / whole if whole > 0 else 100.0
