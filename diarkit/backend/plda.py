"""Probabilistic linear discriminant analysis (PLDA) as two covariances, within and between speakers.

A vector is x = mean + b + w, with b ~ N(0, B) the same for all vectors of a speaker and w ~ N(0, W) of each vector. A
model is kept as what makes both diagonal: T (x - mean) has the covariance one within speakers and psi between them.
The functions take any object that has these three fields; they are Kaldi's (ivector/plda.cc), after Ioffe 2006.
"""

from typing import NamedTuple

import numpy as np

from diarkit.backend.eigen import eigen
from diarkit.errors import DataError

SINGULAR = ("the covariance within speakers is singular: reduce the dimensions of the vectors first, such as by "
            "train-transform --chain=lda")


class Model(NamedTuple):
    """mean (D,), transform (D, D) and psi (D,), descending and not negative; float64."""

    mean: np.ndarray
    transform: np.ndarray
    psi: np.ndarray


def covariances(plda):
    """The covariances of a model within and between speakers, in the space of the vectors: (D, D), (D, D)."""
    back = inverse(plda)
    return back @ back.T, (back * plda.psi) @ back.T


def inverse(plda):
    """The inverse of the transform; DataError if it has none."""
    try:
        return np.linalg.inv(plda.transform)
    except np.linalg.LinAlgError:
        raise DataError("the transform of the PLDA model is singular") from None


def from_covariances(mean, within, between, signs=False):
    """The Model that has these covariances, W (D, D) and B (D, D). Raises DataError if W is singular.

    signs : turn the rows of the transform as Kaldi's programs do, which takes time, for models that go into files
    """
    try:
        root = np.linalg.cholesky(within)
    except np.linalg.LinAlgError:
        raise DataError(SINGULAR) from None
    to_unit = np.linalg.inv(root)
    projected_between = to_unit @ between @ to_unit.T
    psi, directions = decompose((projected_between + projected_between.T) / 2, signs)
    return Model(mean, directions.T @ to_unit, np.maximum(psi, 0))


def decompose(matrix, signs):
    """Eigenvalues of a symmetric matrix, descending, and eigenvectors, one a column."""
    if signs:
        return eigen(matrix)
    values, vectors = np.linalg.eigh(matrix)
    return values[::-1], vectors[:, ::-1]


def projected(plda, projection, both=None):
    """The Model of vectors that have been multiplied by `projection` (K, D), K <= D.

    both : covariances(plda), where they are known
    """
    within, between = both or covariances(plda)
    return from_covariances(
        projection @ plda.mean, projection @ within @ projection.T, projection @ between @ projection.T)


def smoothed(plda, part):
    """The Model with this part of the covariance between speakers added to the one within."""
    within = 1 + part * plda.psi
    return Model(plda.mean, plda.transform / np.sqrt(within)[:, None], plda.psi / within)


def transformed(plda, vectors, opts, counts=1):
    """Vectors in the space of the model, where their covariance is psi + 1 / counts; (N, D) float64.

    Parameters
    ----------
    vectors : (N, D)
    opts : LengthOptions; a vector that is the mean of the model has no length to scale
    counts : of how many vectors each is the mean, a number or (N,)

    Raises DataError for another D than the model's.
    """
    vectors = np.asarray(vectors, np.float64)
    check_size(plda, vectors.shape[1])
    found = (vectors - plda.mean) @ plda.transform.T
    if opts.normalize_length:
        variances = np.ones_like(plda.psi) if opts.simple_length_normalization else (
            plda.psi + 1 / np.atleast_1d(counts)[:, None])
        # for both, the mean square over dimensions in units of what is expected
        lengths = np.sqrt((found**2 / variances).mean(axis=1, keepdims=True))
        found /= np.where(lengths > 0, lengths, 1)
    return found


def check_size(plda, size):
    """Raise DataError if vectors of `size` numbers do not fit the model."""
    if size != len(plda.mean):
        raise DataError(f"vectors of {size} numbers, but a PLDA model of {len(plda.mean)}")
