"""The similarities of the segments of one recording, as a matrix or as embeddings, for clustering.

Scores and Vectors offer the same: len(), tree() (see ahc), leaves (the leaf of the tree that each segment
is in), pairs() (similarities to calibrate with), and the similarities of segments and clusters to clusters.
"""

import numpy as np

from diarkit import ahc

MOST_PAIRS = 2_000_000  # similarities that a calibration looks at; more do not change it
FIRST_PASS = 4000  # segments of Vectors that are clustered at once, into at most
FIRST_PASS_CLUSTERS = 400  # clusters, unless that would join what is less similar than
FIRST_PASS_SIMILARITY = 0.5  # which is above every threshold


def members(labels, count):
    """Weights that average over the segments of each of the clusters 0 .. count - 1; (N, count) float32."""
    member = (labels[:, None] == np.arange(count)).astype(np.float32)
    return member / np.maximum(member.sum(axis=0), 1)


class Scores:
    """Similarities of N segments as a matrix; the mean over clusters comes from products with it."""

    def __init__(self, scores, linkage="average"):
        self.scores = ahc.checked(scores)
        self.linkage = linkage
        # Scores that are scalar products of unit vectors can be turned into cosines to a cluster's centroid.
        self.cosine = bool(len(scores)) and bool(np.allclose(np.diagonal(self.scores), 1, atol=1e-3))

        self.leaves = np.arange(len(scores))

    def __len__(self):
        return len(self.scores)

    def tree(self):
        return ahc.score_tree(self.scores, self.linkage)

    def pairs(self):
        n = len(self)
        step = max(1, n * (n - 1) // 2 // MOST_PAIRS)
        return self.scores[np.triu_indices(n, 1)][::step]

    def to_clusters(self, labels, count):
        """Similarity of every segment to each of the clusters 0 .. count - 1 (label -1: in none); (N, count).

        Cosines to the centroids where the scores are cosines, else means over the segments of the cluster.
        """
        member = members(labels, count)
        mean = self.scores @ member
        if self.cosine:
            mean = mean / np.sqrt(np.maximum(np.einsum("nk,nk->k", member, mean), 1e-12))
        return mean

    def between(self, labels, count):
        """Mean similarity of the segments of every two clusters; (count, count)."""
        member = members(labels, count)
        return member.T @ (self.scores @ member)


class Vectors:
    """The same for unit vectors (N, D), by average linkage, without the matrix of all similarities.

    The segments are first clustered in runs of FIRST_PASS, far less than down to speakers, and the tree is over
    those clusters: Kaldi's two passes (agglomerative-clustering.cc), with exact average linkage in both.
    """

    def __init__(self, vectors):
        self.vectors = vectors
        self.leaves = np.zeros(len(vectors), int)  # the leaf of the tree that a segment is in
        count = 0
        for first in range(0, len(vectors), FIRST_PASS):
            run = vectors[first : first + FIRST_PASS]
            tree = ahc.score_tree(run @ run.T)
            merges = min(len(run) - FIRST_PASS_CLUSTERS, ahc.merges_above(tree, FIRST_PASS_SIMILARITY))
            labels = ahc.cut(tree, len(run), max(merges, 0))
            self.leaves[first : first + FIRST_PASS] = count + labels
            count += labels.max() + 1

    def __len__(self):
        return len(self.vectors)

    def tree(self):
        sizes = np.bincount(self.leaves)
        sums = np.zeros((len(sizes), self.vectors.shape[1]))
        np.add.at(sums, self.leaves, self.vectors)
        return ahc.vector_tree(sums / sizes[:, None], sizes)

    def pairs(self):
        some = self.vectors[:: max(1, len(self) // int(np.sqrt(2 * MOST_PAIRS)))]
        return (some @ some.T)[np.triu_indices(len(some), 1)]

    def to_clusters(self, labels, count):
        centroids = members(labels, count).T @ self.vectors
        return self.vectors @ centroids.T / np.maximum(np.linalg.norm(centroids, axis=1), 1e-6)

    def between(self, labels, count):
        centroids = members(labels, count).T @ self.vectors
        return centroids @ centroids.T
