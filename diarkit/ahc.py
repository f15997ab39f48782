"""Agglomerative hierarchical clustering (AHC) of the segments of one recording.

A tree is scipy's: one row a merge, (left, right, height, size), where a height is a similarity, so it
falls from row to row. Clusters are numbered as scipy does, segments first.
"""

import numpy as np
from scipy.cluster import hierarchy

from diarkit.errors import DataError

LINKAGES = ("average", "complete", "single")


def checked(scores):
    scores = np.asarray(scores)
    if scores.ndim != 2 or scores.shape[0] != scores.shape[1]:
        raise DataError(f"scores must be square, not {scores.shape}")
    if not np.isfinite(scores).all():
        raise DataError("scores have NaN or infinity in them")
    return scores


def score_tree(scores, linkage="average"):
    """The merges of segments by the similarity of every two, (N, N) symmetric; (N - 1, 4).

    How similar two clusters are is the mean score over their pairs of segments (average linkage, UPGMA, as
    in Kaldi's agglomerative-cluster), the lowest (complete) or the highest (single).
    """
    scores = checked(scores)
    n = len(scores)
    if n < 2:
        return np.zeros((0, 4))
    # scipy wants distances that are not negative. A mean of shifted scores is the shifted mean, so measuring
    # down from the highest score moves every height alike.
    pairs = scores[np.triu_indices(n, 1)].astype(np.float64)
    highest = pairs.max()
    np.subtract(highest, pairs, out=pairs)
    tree = hierarchy.linkage(pairs, method=linkage)
    tree[:, 2] = highest - tree[:, 2]
    return tree


def vector_tree(vectors, sizes=None):
    """score_tree(vectors @ vectors.T) by average linkage, in memory that grows with N, not its square.

    `vectors` (N, D) are single segments or the means of `sizes` of them. The mean score of two clusters is
    the scalar product of their mean vectors, so a nearest-neighbour chain (Murtagh 1983; average linkage is
    reducible) needs one product of all means with one vector a step.
    """
    n = len(vectors)
    sizes = np.ones(n) if sizes is None else np.array(sizes, float)
    sums = np.asarray(vectors, np.float64) * sizes[:, None]
    means = np.array(vectors, np.float32)
    names = np.arange(n)  # of the cluster that a row holds now, in order of being made
    dead = np.zeros(n, np.float32)  # -inf for rows that hold none any more
    merges = []
    chain = []
    while len(merges) < n - 1:
        if not chain:
            chain.append(int(np.argmax(dead)))
        while True:
            row = chain[-1]
            scores = means @ means[row] + dead
            scores[row] = -np.inf
            best = int(np.argmax(scores))
            # Of equal ones the one before in the chain, or the chain would go round for ever.
            if len(chain) > 1 and scores[chain[-2]] >= scores[best]:
                best = chain[-2]
                break
            chain.append(best)
        chain = chain[:-2]
        merges.append((names[row], names[best], float(scores[best]), sizes[row] + sizes[best]))
        sums[best] += sums[row]
        sizes[best] += sizes[row]
        means[best] = sums[best] / sizes[best]
        names[best] = n + len(merges) - 1
        dead[row] = -np.inf
    return in_order_of_height(np.array(merges).reshape(-1, 4), n)


def in_order_of_height(merges, n):
    """The merges of a nearest-neighbour chain, sorted from the most similar on and numbered accordingly."""
    order = np.argsort(-merges[:, 2], kind="stable")
    place = np.empty(len(order), int)
    place[order] = np.arange(len(order))
    tree = merges[order]
    children = tree[:, :2].astype(int)
    tree[:, :2] = np.sort(np.where(children < n, children, n + place[np.maximum(children - n, 0)]), axis=1)
    return tree


def cluster_sizes(tree, sizes):
    """Segments of every cluster of a tree, (N + merges,): those of the leaves, given, and those that merges make."""
    return np.concatenate([sizes, tree[:, 3]])


def merges_above(tree, threshold):
    """How many of the first merges join clusters that are at least `threshold` similar."""
    return int(np.count_nonzero(tree[:, 2] >= threshold))


def cut(tree, n, merges):
    """The clusters after the first `merges` merges of n segments; (n,) int, numbered from 0 as they appear."""
    parent = np.arange(n + merges)
    children = tree[:merges, :2].astype(int)
    for i, (left, right) in enumerate(children):
        parent[left] = parent[right] = n + i
    for node in range(n + merges - 1, -1, -1):
        parent[node] = parent[parent[node]]
    return in_order_of_appearance(parent[:n])


def in_order_of_appearance(labels):
    """Renumber from 0 so that each new label is the next number: 7 7 2 7 -> 0 0 1 0."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]
