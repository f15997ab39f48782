"""The similarities of the segments of one recording, as a matrix or as vectors, for clustering.

Scores and Vectors offer the same: len(), tree() (see clustering.tree), rows() of similarities, pairs() (similarities to
calibrate with), and those of segments and clusters to clusters.
"""

import numpy as np

from diarkit.backend.cosine import unit_length
from diarkit.backend.plda_scoring import bilinear
from diarkit.backend.targets import pairs_above_the_diagonal
from diarkit.clustering.linkage import checked, score_tree
from diarkit.clustering.reciprocal import vector_tree
from diarkit.errors import DataError
from diarkit.options.plda import ProjectionOptions

MOST_PAIRS = 600_000  # similarities that a calibration looks at; more do not change it
PRIOR_PAIRS = 4
SMALL = 2000  # vectors of which the matrix is quicker


def members(labels, count):
    """Weights that average over the segments of each of the clusters 0 .. count - 1; (N, count) float32."""
    member = (labels[:, None] == np.arange(count)).astype(np.float32)
    return member / np.maximum(member.sum(axis=0), 1)


def within(total, own, following, labels, count, prior):
    """Mean similarity of the segments of each cluster but for that to themselves and to their neighbours; (count,).

    A window and the next one share sound, so that they are similar whoever speaks.

    total : sums over all pairs of segments of each cluster, (count,)
    own : similarity of each segment to itself, (N,); following : to the next one, (N - 1,)
    prior : what the mean starts from, with the weight of PRIOR_PAIRS
    """
    same = labels[1:] == labels[:-1]
    sizes = np.bincount(labels, minlength=count)
    neighbours = np.bincount(labels[1:][same], minlength=count)
    total = (total - np.bincount(labels, own, minlength=count)
             - 2 * np.bincount(labels[1:][same], following[same], minlength=count))
    return (total + PRIOR_PAIRS * prior) / (sizes**2 - sizes - 2 * neighbours + PRIOR_PAIRS)


class Scores:
    """Similarities of N segments as a matrix; the mean over clusters comes from products with it."""

    def __init__(self, scores, linkage="average"):
        self.scores = checked(scores)
        self.linkage = linkage
        self._last = None
        # Scores that are scalar products of unit vectors can be turned into cosines to a cluster's centroid.
        self.cosine = bool(len(scores)) and bool(np.allclose(np.diagonal(self.scores), 1, atol=1e-3))

    def __len__(self):
        return len(self.scores)

    def rows(self, first, last):
        """Similarities of the segments first .. last - 1 to all; (last - first, N) float32."""
        return self.scores[first:last].astype(np.float32, copy=False)

    def tree(self):
        return score_tree(self.scores, self.linkage)

    def pairs(self):
        return self.scores[pairs_above_the_diagonal(len(self), MOST_PAIRS)]

    def to_clusters(self, labels, count):
        """Similarity of every segment to each of the clusters 0 .. count - 1 (label -1: in none); (N, count).

        Cosines to the centroids where the scores are cosines, else means over the segments of the cluster.
        """
        member, mean = self._means(labels, count)
        if self.cosine:
            mean = mean / np.sqrt(np.maximum(np.einsum("nk,nk->k", member, mean), 1e-12))
        return mean

    def _means(self, labels, count):
        """members(), and the mean similarity of every segment to each cluster, (N, count), kept for the next call."""
        if self._last is None or len(self._last[1].T) != count or not np.array_equal(self._last[0], labels):
            member = members(labels, count)
            self._last = np.array(labels), member, self.scores @ member
        return self._last[1:]

    def between(self, labels, count):
        """Mean similarity of the segments of every two clusters; (count, count)."""
        member, mean = self._means(labels, count)
        return member.T @ mean

    def within(self, labels, count, prior):
        """Mean similarity of the segments of each cluster, see within()."""
        member, mean = self._means(labels, count)
        sizes = np.bincount(labels, minlength=count)
        total = np.einsum("nk,nk->k", member, mean) * sizes**2
        return within(total, np.diagonal(self.scores), np.diagonal(self.scores, 1), labels, count, prior)


class Vectors:
    """The same for vectors whose similarity is u_i . u_j + q_i + q_j, without the matrix of all; average linkage.

    Parameters
    ----------
    vectors : u, (N, D) float32; for cosines, of unit length
    biases : q, (N,), or None for cosines
    """

    linkage = "average"

    def __init__(self, vectors, biases=None):
        self.cosine = biases is None
        self.vectors = np.asarray(vectors, np.float32)
        self.biases = None if biases is None else np.asarray(biases, np.float32)
        if not np.isfinite(self.vectors).all() or biases is not None and not np.isfinite(self.biases).all():
            raise DataError("vectors have NaN or infinity in them")

    def __len__(self):
        return len(self.vectors)

    def rows(self, first, last):
        scores = self.vectors[first:last] @ self.vectors.T
        if not self.cosine:
            scores += self.biases[first:last, None] + self.biases
        return scores

    def tree(self):
        if len(self) <= SMALL:
            return score_tree(self.rows(0, len(self)))
        return vector_tree(self.vectors, self.biases)

    def pairs(self):
        some = np.arange(0, len(self), max(1, len(self) // int(np.sqrt(2 * MOST_PAIRS))))
        few = Vectors(self.vectors[some], None if self.cosine else self.biases[some])
        return few.rows(0, len(few))[np.triu_indices(len(few), 1)]

    def to_clusters(self, labels, count):
        centroids, biases = self.centroids(labels, count)
        if self.cosine:
            return self.vectors @ centroids.T / np.maximum(np.linalg.norm(centroids, axis=1), 1e-6)
        return self.vectors @ centroids.T + self.biases[:, None] + biases

    def between(self, labels, count):
        centroids, biases = self.centroids(labels, count)
        return centroids @ centroids.T + biases[:, None] + biases

    def within(self, labels, count, prior):
        sizes = np.bincount(labels, minlength=count)
        total = np.diagonal(self.between(labels, count)) * sizes**2
        own = np.einsum("nd,nd->n", self.vectors, self.vectors)
        following = np.einsum("nd,nd->n", self.vectors[1:], self.vectors[:-1])
        if not self.cosine:
            own += 2 * self.biases
            following += self.biases[1:] + self.biases[:-1]
        return within(total, own, following, labels, count, prior)

    def centroids(self, labels, count):
        """The means of the vectors of clusters, (count, D), and of their biases, (count,)."""
        member = members(labels, count)
        return member.T @ self.vectors, 0 * member.sum(axis=0) if self.cosine else member.T @ self.biases


def make_similarities(array, vectors=False, plda=None, linkage="average", target_energy=0.1):
    """Scores of a matrix (N, N), or Vectors of vectors (N, D) by their cosines or by the scores of a PLDA model.

    `target_energy` is that of score-plda. With another linkage than average, Scores of the matrix that the vectors
    give. Raises DataError for NaN and infinity, and for vectors that do not fit the model.
    """
    if not vectors:
        return Scores(array, linkage)
    if plda is None:
        unit = unit_length(array)
        if not unit.any():  # vectors without a direction are all alike, as equal ones are
            unit = np.ones_like(unit) / np.sqrt(max(unit.shape[1], 1), dtype=np.float32)
        found = Vectors(unit)
    else:
        scaled, biases, constant = bilinear(plda, array, ProjectionOptions(target_energy=target_energy))
        found = Vectors(scaled, biases + constant / 2)
    return found if linkage == "average" else Scores(found.rows(0, len(found)), linkage)
