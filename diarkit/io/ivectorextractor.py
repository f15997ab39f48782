"""Kaldi's files of an i-vector extractor, <IvectorExtractor>, and of sums to train one, text and binary.

Format: Kaldi's ivector/ivector-extractor.cc. What can be computed from the rest is not kept. Of the sums, weights of
the Gaussians that depend on the i-vector (<Q>, <G>) are not there.
"""

import os
from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError
from diarkit.io.gmm import check_definite
from diarkit.io.modelpieces import Pieces
from diarkit.io.modelwords import Words
from diarkit.io.objects import read_object


class IvectorExtractor(NamedTuple):
    """An i-vector x ~ N(offset e1, I) of R dimensions moves the means of C Gaussians of D dimensions to M x.

    projections : M, (C, D, R)
    precisions : (C, D, D), inverse covariances of the Gaussians
    weights : (C,), or where `weight_projections` (C, R) are not empty, to be computed from these and the i-vector
    offset : of the mean of the first dimension of i-vectors
    """

    projections: np.ndarray
    precisions: np.ndarray
    weights: np.ndarray
    weight_projections: np.ndarray
    offset: float


class IvectorSums(NamedTuple):
    """What the training of an extractor sums over utterances, whose i-vectors have the mean x and the covariance V.

    objective : the log likelihood of all frames, a lower bound of it, nats
    counts : (C,), frames of each Gaussian, by their posteriors
    projected : (C, D, R), of (sum of frames) x'
    scatters : (C, R (R + 1) / 2), of frames times V + x x', lower triangles row by row
    squares : (C, D, D), of frames y y'; or (0, 0, 0), where covariances are not trained
    num_ivectors : how many utterances
    ivector_sum, ivector_scatter : (R,) and (R, R), of x, and of V + x x'
    """

    objective: float
    counts: np.ndarray
    projected: np.ndarray
    scatters: np.ndarray
    squares: np.ndarray
    num_ivectors: float
    ivector_sum: np.ndarray
    ivector_scatter: np.ndarray


def find_extractor(name):
    """The file of an extractor: that of this name, or final.ie in a folder of this name."""
    return os.path.join(name, "final.ie") if os.path.isdir(name) else name


def find_ubm(extractor):
    """The background model beside an extractor, which may be a folder; DataError if there is none."""
    folder = extractor if os.path.isdir(extractor) else os.path.dirname(extractor)
    for name in ("final.ubm", "final.dubm"):
        if os.path.exists(os.path.join(folder, name)):
            return os.path.join(folder, name)
    raise DataError("no final.ubm or final.dubm is beside the extractor; --ubm names one", extractor)


def read_ivector_extractor(rxfilename):
    """Read an <IvectorExtractor>. Raises DataError naming the file, also if it cannot be a model."""
    return read_object(rxfilename, lambda source: _extractor(Words(source)))


def write_ivector_extractor(wxfilename, model, text=False):
    """Write an <IvectorExtractor>. Raises DataError for what cannot be opened."""
    pieces = Pieces(text)
    pieces.token("<IvectorExtractor>")
    pieces.token("<w>")
    pieces.array(model.weight_projections)
    pieces.token("<w_vec>")
    pieces.array(model.weights)
    pieces.token("<M>")
    pieces.integer(len(model.projections))
    for part in model.projections:
        pieces.array(part)
    pieces.token("<SigmaInv>")
    for part in model.precisions:
        pieces.symmetric(part)
    pieces.token("<IvectorOffset>")
    pieces.number(model.offset)
    pieces.token("</IvectorExtractor>")
    pieces.write(wxfilename)


def read_ivector_sums(rxfilename):
    """Read a file of <IvectorExtractorStats>: a list of the sums, and where they were written exactly, of the rests.

    Raises DataError naming the file, also if they cannot be sums of one model.
    """
    def read(source):
        words = Words(source)
        found = [_sums(words)]
        words.source.skip_space()
        if words.source.fill(1):
            found.append(_sums(words))
        return found

    return read_object(rxfilename, read)


def read_all_ivector_sums(names):
    """Iterate over what files of sums hold, rests too: (name, IvectorSums). Raises DataError as read_ivector_sums."""
    for name in names:
        for sums in read_ivector_sums(name):
            yield name, sums


def write_ivector_sums(wxfilename, sums, rests=None, text=False):
    """Write <IvectorExtractorStats>; unlike Kaldi, scatters in double precision, which Kaldi reads as well.

    rests : IvectorSums of what the sums lack to be exact, which follow; Kaldi does not look at them
    """
    pieces = Pieces(text)
    for part in [sums, rests] if rests else [sums]:
        _write_sums(pieces, part)
    pieces.write(wxfilename)


def _write_sums(pieces, sums):
    pieces.token("<IvectorExtractorStats>")
    pieces.token("<TotAuxf>")
    pieces.number(sums.objective)
    pieces.token("<gamma>")
    pieces.array(sums.counts)
    pieces.token("<Y>")
    pieces.integer(len(sums.projected))
    for part in sums.projected:
        pieces.array(part)
    pieces.token("<R>")
    pieces.array(sums.scatters)
    for name in ("<Q>", "<G>"):
        pieces.token(name)
        pieces.array(np.zeros((0, 0)))
    pieces.token("<S>")
    pieces.integer(len(sums.squares))
    for part in sums.squares:
        pieces.symmetric(part)
    pieces.token("<NumIvectors>")
    pieces.number(sums.num_ivectors)
    pieces.token("<IvectorSum>")
    pieces.array(sums.ivector_sum)
    pieces.token("<IvectorScatter>")
    pieces.symmetric(sums.ivector_scatter)
    pieces.token("</IvectorExtractorStats>")


def _extractor(words):
    words.expect("<IvectorExtractor>")
    words.expect("<w>")
    weight_projections = words.array(2)
    words.expect("<w_vec>")
    weights = words.array(1)
    projections = _matrices(words, "<M>")
    count, size, _ = projections.shape
    if count not in (len(weights), len(weight_projections)):
        raise DataError(f"{count} Gaussians with {len(weights)} weights")
    words.expect("<SigmaInv>")
    precisions = words.symmetric_matrices(count, size)
    check_definite(precisions)
    words.expect("<IvectorOffset>")
    offset = words.number()
    words.expect("</IvectorExtractor>")
    return IvectorExtractor(projections, precisions, weights, weight_projections, offset)


def _sums(words):
    words.expect("<IvectorExtractorStats>")
    words.expect("<TotAuxf>")
    objective = words.number()
    words.expect("<gamma>")
    counts = words.array(1)
    projected = _matrices(words, "<Y>")
    count, size, dim = projected.shape
    words.expect("<R>")
    scatters = words.array(2)
    for name in ("<Q>", "<G>"):
        words.expect(name)
        if words.array(2).size:
            raise DataError("sums of weights that depend on the i-vector are not read; init with --use-weights=false")
    words.expect("<S>")
    number = words.integer()
    if number not in (0, count) or counts.shape != (count,) or scatters.shape != (count, dim * (dim + 1) // 2):
        raise DataError("sums of Gaussians that do not fit each other")
    squares = words.symmetric_matrices(number, size) if number else np.zeros((0, 0, 0))
    words.expect("<NumIvectors>")
    num_ivectors = words.number()
    words.expect("<IvectorSum>")
    ivector_sum = words.array(1)
    words.expect("<IvectorScatter>")
    (ivector_scatter,) = words.symmetric_matrices(1, dim)
    words.expect("</IvectorExtractorStats>")
    if ivector_sum.shape != (dim,):
        raise DataError("sums of i-vectors that do not fit each other")
    return IvectorSums(objective, counts, projected, scatters, squares, num_ivectors, ivector_sum, ivector_scatter)


def _matrices(words, token):
    """Matrices of one shape, one a Gaussian, their number before them: (C, N, D), none of these 0."""
    words.expect(token)
    count = words.integer()
    if count < 1:
        raise DataError(f"{count} Gaussians")
    found = [words.array(2) for _ in range(count)]
    if len({part.shape for part in found}) != 1 or not found[0].size:
        raise DataError(f"the matrices {token} of the Gaussians do not fit each other")
    return np.stack(found)
