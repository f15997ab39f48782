"""Files of the sums over frames that mixtures of Gaussians are trained with: Kaldi's <GMMACCS>, and exact ones.

Kaldi's form: gmm/mle-diag-gmm.cc and gmm/mle-full-gmm.cc. It has single precision when Kaldi writes it, double when
written here, which Kaldi reads as well. An exact sum is kept in two numbers (see diarkit.exactsum), for which that form
has no place; nor has it one for the log likelihood.
"""

import struct
from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError
from diarkit.io.modelpieces import Pieces
from diarkit.io.modelwords import Words
from diarkit.io.objects import read_object

ALL = 7  # Kaldi's flags of sums for weights, means and variances


class GmmSums(NamedTuple):
    """Sums over frames x of D dimensions, weighted by the posteriors of C Gaussians.

    dim : D
    full : whether covariances are full
    parts : (2, C, K) the two parts of exact sums, or (1, C, K) sums as Kaldi has them, float64. Of the K numbers of a
        Gaussian the first is its count of frames, D are the sum of x, and the rest that of x * x, D, or of the lower
        triangle of x x', D (D + 1) / 2, row by row
    totals : (2, 2), the two parts of the number of frames and of their log likelihood, nats; or None
    """

    dim: int
    full: bool
    parts: np.ndarray
    totals: np.ndarray | None


def read_gmm_sums(rxfilename):
    """Read sums in either form. Raises DataError naming the file, also if they do not fit each other."""
    return read_object(rxfilename, _read)


def write_gmm_sums(wxfilename, sums, kaldi=False, text=False):
    """Write sums, exact ones if `kaldi` is not asked for."""
    _, num_gauss, size = sums.parts.shape
    pieces = Pieces(text)
    pieces.token("<GMMACCS>" if kaldi else "<GaussianSums>")
    pieces.token("<VECSIZE>")
    pieces.integer(sums.dim)
    pieces.token("<NUMCOMPONENTS>")
    pieces.integer(num_gauss)
    if kaldi:
        _kaldi_pieces(pieces, sums)
        return pieces.write(wxfilename)
    pieces.token("<FULL>" if sums.full else "<DIAGONAL>")
    pieces.token("<PARTS>")
    for part in (*sums.parts, sums.totals):
        pieces.array(part)
    pieces.token("</GaussianSums>")
    return pieces.write(wxfilename)


def _kaldi_pieces(pieces, sums):
    counts, means, squares = _split(sums.parts.sum(axis=0), sums.dim)
    pieces.token("<FLAGS>")
    pieces.found.append(b"%d " % ALL if pieces.text else struct.pack("<bH", -2, ALL))
    pieces.token("<OCCUPANCY>")
    pieces.array(counts)
    pieces.token("<MEANACCS>")
    pieces.array(means)
    pieces.token("<FULLVARACCS>" if sums.full else "<DIAGVARACCS>")
    if sums.full:
        rows, columns = np.tril_indices(sums.dim)
        for count, mean, lower in zip(counts, means, squares, strict=True):
            matrix = np.zeros((sums.dim, sums.dim))
            matrix[rows, columns] = lower
            pieces.symmetric(matrix - np.outer(mean, mean) / count if count else matrix)
    else:
        pieces.array(squares)
    pieces.token("</GMMACCS>")


def _split(numbers, dim):
    return numbers[:, 0], numbers[:, 1 : dim + 1], numbers[:, dim + 1 :]


def _read(source):
    words = Words(source)
    exact = words.expect("<GaussianSums>", "<GMMACCS>") == "<GaussianSums>"
    words.expect("<VECSIZE>")
    dim = words.integer()
    words.expect("<NUMCOMPONENTS>")
    num_gauss = words.integer()
    if dim < 1 or num_gauss < 1:
        raise DataError(f"sums of {num_gauss} Gaussians of {dim} dimensions")
    return (_exact if exact else _kaldi)(words, dim, num_gauss)


def _exact(words, dim, num_gauss):
    full = words.expect("<FULL>", "<DIAGONAL>") == "<FULL>"
    words.expect("<PARTS>")
    whole, rest, totals = (words.array(2) for _ in range(3))
    words.expect("</GaussianSums>")
    size = 1 + dim + (dim * (dim + 1) // 2 if full else dim)
    if whole.shape != (num_gauss, size) or rest.shape != whole.shape or totals.shape != (2, 2):
        raise DataError("sums of Gaussians that do not fit each other")
    return GmmSums(dim, full, np.stack([whole, rest]), totals)


def _kaldi(words, dim, num_gauss):
    words.expect("<FLAGS>")
    flags = struct.unpack("<bH", words.source.take(3))[1] if words.binary else words.integer()
    if flags != ALL:
        raise DataError("sums of weights, means and variances expected (flags mvw)")
    words.expect("<OCCUPANCY>")
    counts = words.array(1)
    words.expect("<MEANACCS>")
    means = words.array(2)
    if counts.shape != (num_gauss,) or means.shape != (num_gauss, dim):
        raise DataError("sums of Gaussians that do not fit each other")
    full = words.expect("<DIAGVARACCS>", "<FULLVARACCS>") == "<FULLVARACCS>"
    if full:
        squares = words.symmetric_matrices(num_gauss, dim)
        shares = np.divide(1, counts, out=np.zeros(num_gauss), where=counts != 0)
        squares += means[:, :, None] * means[:, None, :] * shares[:, None, None]
        rows, columns = np.tril_indices(dim)
        squares = squares[:, rows, columns]
    else:
        squares = words.array(2)
        if squares.shape != means.shape:
            raise DataError("sums of Gaussians that do not fit each other")
    words.expect("</GMMACCS>")
    return GmmSums(dim, full, np.concatenate([counts[:, None], means, squares], axis=1)[None], None)
