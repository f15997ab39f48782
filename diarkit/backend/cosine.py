"""Cosine similarity between embeddings, and their plain products."""

import numpy as np

from diarkit.backend.plda_scoring import score_rows
from diarkit.errors import DataError


def unit_length(vectors):
    """Each row divided by its length; a row of zeros stays. (N, D) float32."""
    vectors = np.asarray(vectors, np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    beyond = ~((lengths > 1e-15) & (lengths < np.inf))[:, 0]  # whose squares single precision cannot hold
    if beyond.any():
        lengths = lengths.astype(np.float64)
        lengths[beyond] = np.linalg.norm(vectors[beyond].astype(np.float64), axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32, copy=False)


def prepared(vectors, subtract_mean=False, dot_product=False):
    """Vectors whose products are the scores: (N, D) float32, of unit length unless `dot_product`.

    Raises DataError for another shape, NaN and infinity.
    """
    vectors = np.asarray(vectors, np.float32)
    if vectors.ndim != 2:
        raise DataError(f"embeddings must be (windows, dimensions), not {vectors.shape}")
    if not np.isfinite(vectors).all():
        raise DataError("embeddings have NaN or infinity in them")
    if subtract_mean and len(vectors):
        vectors = vectors - vectors.mean(axis=0)
    return vectors if dot_product else unit_length(vectors)


def cosine_scores(vectors, subtract_mean=False):
    """Similarities from -1 to 1; (N, D) -> (N, N) float32, symmetric to the bit.

    With `subtract_mean` the mean of the recording's vectors is subtracted first (Kaldi's
    score_cossim.sh): it takes out what all of them share, such as the channel.
    """
    rows = list(product_rows(prepared(vectors, subtract_mean)))
    return np.concatenate(rows) if rows else np.zeros((0, 0), np.float32)


def product_rows(vectors):
    """Products of every two of (N, D) vectors in blocks of rows, (n, N) float32, symmetric to the bit."""
    return score_rows(vectors, np.zeros(len(vectors), np.float32), np.float32(0))


class PairProducts:
    """Products of pairs out of two sets of vectors, (M, D) and (N, D), each by BLAS as in Kaldi, to the last digit.

    A call gives those of the pairs that it is asked for, arrays of rows (P,) and (P,).
    """

    def __init__(self, first, second):
        self.first = first
        self.second = second

    def __call__(self, first, second):
        return (self.first[first][:, None] @ self.second[second][:, :, None])[:, 0, 0]
