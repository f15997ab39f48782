"""Log likelihood ratios of a PLDA model: are these two vectors of one speaker, or of two?

In the space of the model (plda.transformed) the ratio of a test vector y to the mean x of n vectors of a speaker is,
summed over dimensions,

    log N(y; a x, 1 + psi / (n psi + 1)) - log N(y; 0, 1 + psi)    with a = n psi / (n psi + 1),

which is a sum of x y, x x, y y and a constant, each with its own weight (Ratio): scores are matrix products.
"""

from typing import NamedTuple

import numpy as np

from diarkit.backend import plda as models
from diarkit.errors import DataError
from diarkit.options.plda import LengthOptions, ProjectionOptions

BLOCK = 512  # rows of scores at once
NOTHING = 1e-12  # a part of the squares that is rounding and no variance


class Ratio(NamedTuple):
    """Weights (..., D) of x y, x x and y y, and the constant (...), of log likelihood ratios."""

    cross: np.ndarray
    train: np.ndarray
    test: np.ndarray
    constant: np.ndarray


def ratio(psi, counts=1):
    """The Ratio of a model whose covariance between speakers is `psi` (D,).

    counts : of how many vectors x is the mean, a number or (M, 1)

    For one vector each, the weights of x x and y y are the same, and the ratio is symmetric.
    """
    part = counts * psi / (counts * psi + 1)
    given_speaker, given_none = 1 + psi / (counts * psi + 1), 1 + psi
    return Ratio(part / given_speaker, -0.5 * part**2 / given_speaker, 0.5 * (1 / given_none - 1 / given_speaker),
                 0.5 * np.log(given_none / given_speaker).sum(axis=-1))


def principal_components(vectors, opts):
    """The directions of a recording that are kept, Kaldi's rule: (K, D) float64, one a row, of unit length.

    Parameters
    ----------
    vectors : (N, D)
    opts : ProjectionOptions

    Where vectors span fewer than K dimensions, the directions that are left are of the axes, made orthogonal: Kaldi
    takes what its rounding gives. Of one vector, or of equal ones, the first axis is kept, as by Kaldi.
    """
    size = vectors.shape[1]
    centred = vectors - vectors.mean(axis=0)
    energies, directions = np.linalg.eigh(centred.T @ centred)
    energies, directions = energies[::-1], directions[:, ::-1]
    rank = int((energies > NOTHING * np.vdot(vectors, vectors)).sum())
    kept = kept_dimensions(energies[:rank], opts, size)
    if kept > rank:
        directions = np.linalg.qr(np.hstack([directions[:, :rank], np.eye(size)]))[0]
    return directions[:, :kept].T


def kept_dimensions(energies, opts, size):
    """How many principal components, of energies that descend, are kept, out of `size`."""
    share = np.cumsum(energies) / energies.sum() if len(energies) else np.zeros(0)
    if opts.exact_energy:  # the fewest that have it
        wanted = 1 + int((share < opts.target_energy - NOTHING).sum())
    else:  # Kaldi counts on once more after the first that has more
        wanted = 2 + int((share[:-1] <= opts.target_energy).sum()) if len(energies) else 1
    return min(max(wanted, opts.min_dim), size)


def recording_projection(plda, vectors, opts, both=None):
    """What a recording is projected to, (K, D) or None where all dimensions are kept, and the model projected so.

    Parameters
    ----------
    vectors : of the recording, (N, D), N >= 1
    opts : ProjectionOptions
    both : covariances(plda), where they are known

    Raises DataError for another D than the model's, for NaN and infinity, and for a model that is singular there.
    """
    vectors = np.asarray(vectors, np.float64)
    models.check_size(plda, vectors.shape[1])
    if not np.isfinite(vectors).all():
        raise DataError("vectors have NaN or infinity in them")
    if opts.keeps_all:
        return None, plda
    projection = principal_components(vectors, opts)
    return projection, models.projected(plda, projection, both)


def bilinear(plda, vectors, opts=None, length_opts=None, both=None, recording=None):
    """What gives the scores of every two vectors of a recording: score(i, j) = u_i . u_j + q_i + q_j + c.

    Vectors are projected to the recording's own principal components, without their mean being subtracted, and scaled
    to the length that the model expects. The other parameters, and the errors, are those of recording_projection, with
    default options where there are none; length_opts is a LengthOptions. recording : vectors of the recording that
    `vectors`, strangers of a cohort, are to be compared with; None: they are the recording.

    Returns u (N, K), q (N,) and c, a number; float64.
    """
    recording = vectors if recording is None else recording
    projection, plda = recording_projection(plda, recording, opts or ProjectionOptions(), both)
    vectors = vectors if projection is None else np.asarray(vectors, np.float64) @ projection.T
    found = models.transformed(plda, vectors, length_opts or LengthOptions())
    used = plda.psi > 0  # in other dimensions speakers do not differ
    weights = ratio(plda.psi[used])
    found = found[:, used]
    return found * np.sqrt(weights.cross), found**2 @ weights.train, float(weights.constant)


def score_rows(scaled, biases, constant, rows=BLOCK, dtype=np.float32):
    """Scores of every two vectors in blocks of rows, from what bilinear gives: (n, N) of a dtype, N rows in all.

    The whole is symmetric to the bit: what lies below the diagonal comes from the same products as what lies above.
    """
    starts = range(0, len(scaled), rows)
    parts = [(scaled[first : first + rows], biases[first : first + rows, None]) for first in starts]
    for i, (mine, my_bias) in enumerate(parts):
        block = np.empty((len(mine), len(scaled)), dtype)
        for j, (others, other_bias) in enumerate(parts):
            tile = mine @ others.T if i <= j else (others @ mine.T).T
            tile += my_bias + other_bias.T + constant
            block[:, j * rows : j * rows + len(others)] = tile
        yield block


def score_matrix(plda, vectors, opts=None, length_opts=None, both=None):
    """Scores of every two vectors of a recording, (N, N) float32, symmetric; parameters are those of bilinear."""
    return np.concatenate(list(score_rows(*bilinear(plda, vectors, opts, length_opts, both))))


def scores_between(psi, left, right, counts=1):
    """Scores of every vector of one set with every one of another, both transformed: (M, D), (N, D) -> (M, N).

    counts : of how many vectors each of `left` is the mean, a number or (M,)
    """
    weights = ratio(psi, np.reshape(counts, (-1, 1)))
    return (left * weights.cross) @ right.T + (weights.test @ (right**2).T) + (
        (left**2 * weights.train).sum(axis=1) + weights.constant)[:, None]


class PairScorer:
    """Scores of pairs out of two sets of transformed vectors; a call gives those of the pairs it is asked for.

    Parameters
    ----------
    psi : of the model, (D,)
    train, test : (M, D) and (N, D)
    counts : of how many vectors each of `train` is the mean, (M,)
    """

    def __init__(self, psi, train, test, counts):
        kinds, self._kind = np.unique(counts, return_inverse=True)
        weights = ratio(psi, kinds[:, None])
        self._test, self._test_weights = test, weights.test
        self._cross = train * weights.cross[self._kind]
        self._bias = (train**2 * weights.train[self._kind]).sum(axis=1) + weights.constant[self._kind]

    def __call__(self, first, second):
        """Scores of the pairs (train[first], test[second]), arrays of numbers (P,); (P,) float64."""
        test, kind = self._test[second], self._kind[first]
        return np.einsum("pd,pd->p", test, self._cross[first] + test * self._test_weights[kind]) + self._bias[first]
