"""VBx: variational Bayesian inference of who speaks, from embeddings and a PLDA model.

A hidden Markov model whose states are the speakers (clustering.hmm), each a point of a space in which embeddings have
the covariance one around their speaker, and speakers the covariance psi, diagonal: the space of a PLDA model. Where
speakers are, who speaks, and how probable each speaker is are inferred in turn; speakers that are not needed lose
their probability. Source, and the numbers of the equations: Landini, Profant, Diez and Burget 2022, "Bayesian HMM
clustering of x-vector sequences (VBx) in speaker diarization" (arXiv 2012.14952).
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from diarkit.backend.cosine import unit_length
from diarkit.clustering import speakers as agglomerative
from diarkit.clustering import tree as trees
from diarkit.clustering.hmm import forward_backward, infer
from diarkit.errors import DataError
from diarkit.options.clustering import AhcOptions

ALL_PAIRS = 1500  # segments of which all similarities are looked at
MOST_POSTERIORS = 20_000_000  # segments times clusters to begin with: what memory and time allow
HALVINGS = 6  # of Fb


class Voices(NamedTuple):
    """What is known of where S speakers are: means alpha and variances, (S, D), times the root of psi."""

    means: np.ndarray
    variances: np.ndarray


def plda_space(plda, vectors, dim=0):
    """Embeddings, and the variances psi between speakers, in the space of a PLDA model: (N, K) and (K,).

    The model's transform makes the covariance within speakers one and that between speakers psi; K are the `dim`
    dimensions of the largest psi, or all for 0. Raises DataError where the model does not fit.
    """
    vectors = np.asarray(vectors, float)
    if vectors.ndim != 2 or vectors.shape[1] != len(plda.mean):
        raise DataError(f"vectors of {vectors.shape[-1]} numbers, the PLDA model is for {len(plda.mean)}")
    if not np.isfinite(vectors).all():
        raise DataError("vectors have NaN or infinity in them")
    order = np.argsort(-plda.psi, kind="stable")[: dim or None]
    return (vectors - plda.mean) @ plda.transform[order].T, plda.psi[order]


def spherical_space(vectors):
    """Embeddings and variances between speakers, where there is no PLDA model: (N, D), (D,).

    Of vectors of unit length one half is supposed to be the speaker's, the other what varies within, both the same in
    all directions. Chosen with SPHERICAL of options.vbx. Raises DataError for NaN and infinity.
    """
    vectors = unit_length(vectors).astype(float)
    if not np.isfinite(vectors).all():
        raise DataError("vectors have NaN or infinity in them")
    return vectors * np.sqrt(2 * vectors.shape[1]), np.ones(vectors.shape[1])


def smoothed(labels, count, smoothing):
    """Posteriors of segments of which labels are known, (N, count): the softmax of `smoothing` for the label's."""
    other = np.exp(-smoothing)
    found = np.full((len(labels), count), other / (1 + (count - 1) * other))
    found[np.arange(len(labels)), labels] = 1 / (1 + (count - 1) * other)
    return found


def vbx(vectors, psi, posteriors, opts, priors=None, told=None):
    """Infer who speaks.

    Parameters
    ----------
    vectors : (T, D), in time, in the space where their covariance within speakers is one
    psi : (D,), variances between speakers there, not negative
    posteriors : (T, S), how probable each speaker is to begin with, rows sum to 1
    opts : VbxOptions
    priors : (S,) to begin with; None for all the same
    told : called with the number of each iteration and its ELBO

    Returns an Inference.
    """
    vectors = np.asarray(vectors, float)
    rho, constant = prepared(vectors, psi)

    def explained(posteriors):
        voices = estimated(rho, psi, posteriors, opts)
        return scores(rho, psi, constant, voices, opts), opts.fb / 2 * gain(voices)

    return infer(explained, posteriors, priors, opts, told=told)


def prepared(vectors, psi):
    """Embeddings as the model weighs them, rho of (18), (T, D), and what they say whoever speaks, G of (23), (T,)."""
    constant = -0.5 * (np.einsum("td,td->t", vectors, vectors) + vectors.shape[1] * np.log(2 * np.pi))
    return vectors * np.sqrt(psi), constant


def estimated(rho, psi, posteriors, opts):
    """Where the speakers are, given who speaks: Voices."""
    weight = opts.fa / opts.fb
    variances = 1 / (1 + weight * posteriors.sum(axis=0)[:, None] * psi)  # (17)
    return Voices(weight * variances * (posteriors.T @ rho), variances)  # (16)


def scores(rho, psi, constant, voices, opts):
    """Expected log likelihoods of embeddings under speakers, (T, S), (23)."""
    return opts.fa * (rho @ voices.means.T - 0.5 * (voices.variances + voices.means**2) @ psi + constant[:, None])


def gain(voices):
    """Minus twice the divergence of what is known of the speakers from the prior, the second part of (25)."""
    return float(np.sum(np.log(voices.variances) - voices.variances - voices.means**2 + 1))


def find_speakers(vectors, psi, opts, bounds, similarities, labels=None, told=None):
    """Infer who speaks, with a number of speakers within bounds.

    Parameters
    ----------
    vectors, psi, opts, told : as for vbx
    bounds : Bounds
    similarities : Vectors or Scores of clustering.similarities, of the same T segments: for agglomerative clusters
        to begin with, and where there must be more speakers than are found
    labels : (T,) ints from 0, clusters to begin with instead

    Returns labels (T,), int from 0 in order of appearance, and posteriors (T, number of labels), whose rows sum to 1.
    """
    if labels is None:
        labels = first_labels(similarities, opts, bounds)
    found = vbx(vectors, psi, smoothed(labels, labels.max() + 1, opts.init_smoothing), opts, told=told)
    posteriors = found.posteriors
    if number_of_speakers(posteriors) > bounds.high:
        posteriors = with_fewer(vectors, psi, opts, bounds.high, found)
    if number_of_speakers(posteriors) < bounds.low:
        posteriors = with_more(vectors, psi, opts, bounds.low, similarities, told)
    return in_use(posteriors)


def number_of_speakers(posteriors):
    """How many speakers are anybody's most probable."""
    return len(np.unique(posteriors.argmax(axis=1)))


def first_labels(similarities, opts, bounds):
    """Agglomerative clusters at the threshold where two segments are as likely of one speaker as of two.

    Without a threshold to add, those of cluster-ahc.

    As in VBx the calibration sees all similarities, those of segments to themselves too; of more than ALL_PAIRS
    segments it sees some. There are no more clusters than MOST_POSTERIORS allows, and no fewer than `bounds`.
    """
    if opts.threshold is None:
        return agglomerative.find_speakers(similarities, AhcOptions(refine=True), bounds)
    n = len(similarities)
    pairs = similarities.rows(0, n).ravel() if n <= ALL_PAIRS else similarities.pairs()
    tree = similarities.tree()
    clusters = n - trees.merges_above(tree, agglomerative.calibrated_threshold(pairs) + opts.threshold)
    clusters = max(min(clusters, max(MOST_POSTERIORS // n, 1)), bounds.low)
    return trees.cut(tree, n, n - clusters)


def with_more(vectors, psi, opts, number, similarities, told):
    """Posteriors of `number` speakers: from as many clusters, and with a prior that costs less and less.

    Where even then some of them are lost, the clusters are what is found.
    """
    labels = agglomerative.exactly(similarities, similarities.tree(), number, AhcOptions())
    start = smoothed(labels, number, opts.init_smoothing)
    for _ in range(HALVINGS):
        posteriors = vbx(vectors, psi, start, opts, told=told).posteriors
        if number_of_speakers(posteriors) == number:
            return posteriors
        opts = replace(opts, fb=opts.fb / 2)
    return start


def with_fewer(vectors, psi, opts, number, found):
    """Posteriors of the `number` most probable speakers, to whom the segments of the others go."""
    kept = np.argsort(-found.posteriors.sum(axis=0), kind="stable")[:number]
    posteriors, priors = found.posteriors[:, kept], found.priors[kept] / found.priors[kept].sum()
    rho, constant = prepared(vectors, psi)
    voices = estimated(rho, psi, posteriors, opts)
    return forward_backward(scores(rho, psi, constant, voices, opts), opts.loop_probability, priors).posteriors


def in_use(posteriors):
    """The most probable speakers, (T,) ints in order of appearance, and their posteriors, as columns in this order."""
    best = posteriors.argmax(axis=1)
    labels = trees.in_order_of_appearance(best)
    _, first = np.unique(labels, return_index=True)
    posteriors = posteriors[:, best[first]]
    return labels, posteriors / posteriors.sum(axis=1, keepdims=True)


def without_columns(posteriors, labels, fewer):
    """Posteriors (T, K) of labels that were some more, in the order of the K that are left; rows sum to 1.

    labels : (T,), of which the posteriors are
    fewer : (T,), labels after some were given to the others
    """
    counts = np.zeros((fewer.max() + 1, labels.max() + 1), int)
    np.add.at(counts, (fewer, labels), 1)
    posteriors = np.maximum(posteriors[:, counts.argmax(axis=1)], np.finfo(float).tiny)
    return posteriors / posteriors.sum(axis=1, keepdims=True)
