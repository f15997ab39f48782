"""Kaldi's files of Gaussian mixtures, <DiagGMM> and <FullGMM>, text and binary.

Formats: Kaldi's gmm/diag-gmm.cc and gmm/full-gmm.cc. They hold numbers of single precision. What can be computed from
the rest (<GCONSTS>) is passed over when they are read.
"""

from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError
from diarkit.io.modelpieces import Pieces
from diarkit.io.modelwords import Words
from diarkit.io.objects import read_object


class DiagGmm(NamedTuple):
    """C Gaussians of D dimensions with diagonal covariances, float64: weights (C,), means and variances (C, D)."""

    weights: np.ndarray
    means: np.ndarray
    variances: np.ndarray


class FullGmm(NamedTuple):
    """C Gaussians of D dimensions, float64: weights (C,), means (C, D), precisions (C, D, D), inverse covariances."""

    weights: np.ndarray
    means: np.ndarray
    precisions: np.ndarray


def read_diag_gmm(rxfilename):
    """Read a <DiagGMM>. Raises DataError naming the file, also if it cannot be a model."""
    return read_object(rxfilename, lambda source: _diag(Words(source)))


def read_full_gmm(rxfilename):
    """Read a <FullGMM>. Raises DataError naming the file, also if it cannot be a model."""
    return read_object(rxfilename, lambda source: _full(Words(source)))


def read_gmm(rxfilename):
    """Read a <DiagGMM> or a <FullGMM>. Raises DataError naming the file, also if it cannot be a model."""
    return read_object(rxfilename, _either)


def write_gmm(wxfilename, gmm, text=False):
    """Write a DiagGmm or FullGmm as Kaldi does. Raises DataError if it cannot be a model, or opened."""
    full = isinstance(gmm, FullGmm)
    try:
        weights, scaled, inverse = _in_file(gmm)
        constants = (_full_constants if full else _diag_constants)(weights, scaled, inverse)
    except DataError as error:
        raise DataError(str(error), wxfilename) from None
    pieces = Pieces(text)
    name = "FullGMM" if full else "DiagGMM"
    pieces.token(f"<{name}>")
    pieces.end_line()
    pieces.token("<GCONSTS>")
    pieces.array(constants)
    pieces.token("<WEIGHTS>")
    pieces.array(weights)
    pieces.token("<MEANS_INVCOVARS>" if full else "<MEANS_INVVARS>")
    pieces.array(scaled)
    pieces.token("<INV_COVARS>" if full else "<INV_VARS>")
    if full:
        for matrix in inverse:
            pieces.symmetric(matrix)
    else:
        pieces.array(inverse)
    pieces.token(f"</{name}>")
    pieces.end_line()
    pieces.write(wxfilename)


def as_written(gmm):
    """The model as it is read again from its file, where numbers have single precision."""
    return (_full_model if isinstance(gmm, FullGmm) else _diag_model)(*_in_file(gmm))


def _in_file(gmm):
    """Weights, means times inverse covariances and these, as a file has them, float32."""
    weights, means, last = (np.asarray(part, np.float64) for part in gmm)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        if isinstance(gmm, FullGmm):
            inverse = last.astype(np.float32)
            # of the rounded precisions, so that the means that are read are these
            scaled = np.matmul(inverse.astype(np.float64), means[:, :, None])[:, :, 0].astype(np.float32)
        else:
            inverse = (1 / last).astype(np.float32)
            scaled = (means / last).astype(np.float32)
        weights = weights.astype(np.float32)
    if not all(np.isfinite(part).all() for part in (weights, scaled, inverse)):
        raise DataError("a mixture with numbers that are NaN, infinite or too large for single precision")
    return weights, scaled, inverse


def _single(*parts):
    """Numbers of single precision in double, also where text says more."""
    return (np.asarray(part, np.float32).astype(np.float64) for part in parts)


def _diag_model(weights, scaled, inverse):
    weights, scaled, inverse = _single(weights, scaled, inverse)
    if not weights.shape[0] == scaled.shape[0] or inverse.shape != scaled.shape:
        raise DataError("weights, means and variances do not fit each other")
    if (inverse <= 0).any():
        raise DataError("a variance is not above 0, or too large")
    return DiagGmm(weights, scaled / inverse, 1 / inverse)


def _full_model(weights, scaled, inverse):
    weights, scaled, inverse = _single(weights, scaled, inverse)
    if len(weights) != len(scaled):
        raise DataError("weights and means do not fit each other")
    check_definite(inverse)
    means = np.linalg.solve(inverse, scaled[:, :, None])[:, :, 0]
    return FullGmm(weights, means, inverse)


def _diag_constants(weights, scaled, inverse):
    """Log likelihoods of the Gaussians at 0, float32, rounded where Kaldi rounds them."""
    def log(numbers):  # numpy's in single precision is off by one digit now and then
        with np.errstate(divide="ignore"):
            return np.log(numbers.astype(np.float64)).astype(np.float32)

    result = log(weights) + np.float32(-0.5 * np.log(2 * np.pi) * scaled.shape[1])
    scaled = scaled.astype(np.float64)
    terms = 0.5 * log(inverse).astype(np.float64) - 0.5 * scaled * scaled / inverse
    for column in terms.T:
        result = (result + column).astype(np.float32)
    return result


def _full_constants(weights, scaled, inverse):
    """Log likelihoods of the Gaussians at 0, float32."""
    scaled, inverse = scaled.astype(np.float64), inverse.astype(np.float64)
    check_definite(inverse)
    means = np.linalg.solve(inverse, scaled[:, :, None])[:, :, 0]
    _, logs = np.linalg.slogdet(inverse)
    with np.errstate(divide="ignore"):
        logs = np.log(weights.astype(np.float64)) + (logs - scaled.shape[1] * np.log(2 * np.pi)) / 2
    return (logs - (means * scaled).sum(axis=1) / 2).astype(np.float32)


def check_definite(inverse):
    """Raise DataError unless inverse covariances (C, D, D) are such."""
    try:
        np.linalg.cholesky(inverse)
    except np.linalg.LinAlgError:
        raise DataError("a covariance of a mixture is not positive definite") from None


def _either(source):
    words = Words(source)
    return _full(words) if words.next_is("<FullGMM>", "<FullGMMBegin>") else _diag(words)


def _diag(words):
    words.expect("<DiagGMM>", "<DiagGMMBegin>")
    weights, scaled = _weights_and_means(words, "<MEANS_INVVARS>")
    words.expect("<INV_VARS>")
    inverse = words.array(2)
    words.expect("</DiagGMM>", "<DiagGMMEnd>")
    return _diag_model(weights, scaled, inverse)


def _full(words):
    words.expect("<FullGMM>", "<FullGMMBegin>")
    weights, scaled = _weights_and_means(words, "<MEANS_INVCOVARS>")
    words.expect("<INV_COVARS>")
    inverse = words.symmetric_matrices(len(weights), scaled.shape[1])
    words.expect("</FullGMM>", "<FullGMMEnd>")
    return _full_model(weights, scaled, inverse)


def _weights_and_means(words, token):
    if words.expect("<GCONSTS>", "<WEIGHTS>") == "<GCONSTS>":
        words.array(1, finite=False)
        words.expect("<WEIGHTS>")
    weights = words.array(1)
    if (weights < 0).any() or not weights.sum() > 0:
        raise DataError("the weights of the Gaussians are not those of a mixture")
    words.expect(token)
    return weights, words.array(2)
