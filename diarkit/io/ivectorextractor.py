"""Kaldi's file of an i-vector extractor, <IvectorExtractor>, text and binary; read.

Format: Kaldi's ivector/ivector-extractor.cc. What can be computed from the rest is not kept.
"""

from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError
from diarkit.io.gmm import _Words
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


def read_ivector_extractor(rxfilename):
    """Read an <IvectorExtractor>. Raises DataError naming the file, also if it cannot be a model."""
    return read_object(rxfilename, lambda source: _extractor(_Words(source)))


def _extractor(words):
    words.expect("<IvectorExtractor>")
    words.expect("<w>")
    weight_projections = words.array(2)
    words.expect("<w_vec>")
    weights = words.array(1)
    words.expect("<M>")
    count = words.integer()
    if count < 1 or count not in (len(weights), len(weight_projections)):
        raise DataError(f"{count} Gaussians with {len(weights)} weights")
    projections = [words.array(2) for _ in range(count)]
    if len({part.shape for part in projections}) != 1 or not projections[0].size:
        raise DataError("the projections <M> of the Gaussians do not fit each other")
    words.expect("<SigmaInv>")
    precisions = words.symmetric_matrices(count, projections[0].shape[0])
    words.expect("<IvectorOffset>")
    offset = words.number()
    words.expect("</IvectorExtractor>")
    return IvectorExtractor(np.stack(projections), precisions, weights, weight_projections, offset)
