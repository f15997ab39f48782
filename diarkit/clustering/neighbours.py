"""The segments that are most similar to each one, found without the matrix of all similarities."""

import numpy as np
from scipy.sparse import csr_array

from diarkit.clustering.similarities import Scores, Vectors

BLOCK = 4_000_000  # similarities at once


def nearest(similarities, count):
    """Of each segment the `count` most similar ones, itself first; numbers and similarities (N, count), falling.

    Parameters
    ----------
    similarities : Scores or Vectors of clustering.similarities
    count : 1 <= count <= N
    """
    n = len(similarities)
    indices = np.empty((n, count), np.int32)
    values = np.empty((n, count), np.float32)
    rows = max(1, BLOCK // n)
    for first in range(0, n, rows):
        block = np.array(similarities.rows(first, first + rows))  # a copy: rows of a matrix are the matrix
        own = np.arange(len(block))
        kept = block[own, first + own].copy()
        block[own, first + own] = np.inf
        # copies: views would keep the whole block
        found = np.argpartition(block, n - count, axis=1)[:, n - count :].copy() if count < n else np.broadcast_to(
            np.arange(n), block.shape)
        of_found = np.take_along_axis(block, found, axis=1)
        order = np.lexsort((found, -of_found))
        indices[first : first + len(block)] = np.take_along_axis(found, order, axis=1)
        values[first : first + len(block)] = np.take_along_axis(of_found, order, axis=1)
        values[first : first + len(block), 0] = kept
    return indices, values


def graph(indices, weights):
    """The symmetric matrix of links that lists of neighbours make, the segments' links to themselves left out.

    A link that only one of the two has in its list counts half. (N, P) and (N, P) -> (N, N) sparse float64
    """
    n, count = indices.shape
    ends = np.arange(n).repeat(count)
    links = csr_array((np.ravel(weights).astype(float), (ends, indices.ravel())), shape=(n, n))
    links.setdiag(0)
    links = (links + links.T) / 2
    links.eliminate_zeros()
    return links


def some_of(similarities, where):
    """Similarities of some of the segments."""
    if hasattr(similarities, "scores"):
        return Scores(similarities.scores[np.ix_(where, where)])
    return Vectors(similarities.vectors[where], None if similarities.cosine else similarities.biases[where])
