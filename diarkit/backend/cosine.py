"""Cosine similarity between the embeddings of one recording."""

import numpy as np

from diarkit.errors import DataError


def unit_length(vectors):
    """Each row divided by its length; a row of zeros stays. (N, D) float32."""
    vectors = np.asarray(vectors, np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def cosine_scores(vectors, subtract_mean=False):
    """Similarities from -1 to 1; (N, D) -> (N, N) float32, symmetric to the bit.

    With `subtract_mean` the mean of the recording's vectors is subtracted first (Kaldi's
    score_cossim.sh): it takes out what all of them share, such as the channel.
    """
    vectors = np.asarray(vectors, np.float32)
    if vectors.ndim != 2:
        raise DataError(f"embeddings must be (windows, dimensions), not {vectors.shape}")
    if not np.isfinite(vectors).all():
        raise DataError("embeddings have NaN or infinity in them")
    if subtract_mean:
        vectors = vectors - vectors.mean(axis=0)
    unit = unit_length(vectors)
    scores = unit @ unit.T
    return np.maximum(scores, scores.T)
