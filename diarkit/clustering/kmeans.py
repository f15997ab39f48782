"""K-means, Euclidean and spherical: always exactly as many clusters as are asked for, the same ones every time."""

import numpy as np

from diarkit.backend.cosine import unit_length
from diarkit.clustering.similarities import members
from diarkit.clustering.tree import in_order_of_appearance

SAMPLE = 5000  # vectors of which the restarts see some only, where there are more than that
EACH = 50  # of those, for each cluster


def kmeans(vectors, count, opts, spherical=False):
    """Label vectors by cluster so that their squared distances to the means of clusters are small.

    Lloyd's iterations from the starts of greedy k-means++ (Arthur and Vassilvitskii 2007). Of long recordings the
    restarts see every n-th vector, and only the best of them is refined on all.

    Parameters
    ----------
    vectors : (N, D), finite; for `spherical` they are made of unit length, and so are the means of clusters
    count : clusters, 1 <= count <= N
    opts : KMeansOptions

    Returns
    -------
    (N,) int, from 0 in order of appearance, `count` clusters, none empty, be the vectors all the same
    """
    vectors = np.asarray(vectors)
    if spherical:
        vectors = unit_length(vectors)
    some = vectors[:: max(1, len(vectors) // SAMPLE)]
    if len(some) < EACH * count:
        some = vectors
    rng = np.random.default_rng(opts.seed)
    best, least = None, np.inf
    for _ in range(opts.restarts):
        labels, cost = refined(some, starts(some, count, rng), opts.iterations, spherical)
        if cost < least:
            best, least = labels, cost
    if len(some) < len(vectors):
        best, _ = refined(vectors, means(some, best, count, spherical), opts.iterations, spherical)
    return in_order_of_appearance(best)


def starts(vectors, count, rng):
    """The first means, by greedy k-means++: each the best of a few vectors drawn by squared distance; (count, D)."""
    squares = np.einsum("nd,nd->n", vectors, vectors)
    trials = 2 + int(np.log(count))
    chosen = [int(rng.integers(len(vectors)))]
    closest = squared_distances(vectors, squares, chosen)[:, 0]
    while len(chosen) < count:
        reach = np.cumsum(closest, dtype=float)
        drawn = np.minimum(np.searchsorted(reach, rng.random(trials) * reach[-1], side="right"), len(vectors) - 1)
        left = np.minimum(closest[:, None], squared_distances(vectors, squares, drawn))
        best = int(np.argmin(left.sum(axis=0)))
        chosen.append(int(drawn[best]))
        closest = left[:, best]
    return vectors[chosen]


def squared_distances(vectors, squares, chosen):
    """Of all vectors, whose squared lengths are `squares`, to those of the chosen numbers; (N, chosen)."""
    return np.maximum(squares[:, None] + squares[chosen] - 2 * (vectors @ vectors[chosen].T), 0)


def refined(vectors, centroids, iterations, spherical):
    """Lloyd's iterations until no label changes: labels (N,), all there, and the sum of the squared distances."""
    count = len(centroids)
    squares = np.einsum("nd,nd->n", vectors, vectors)
    labels = None
    for _ in range(iterations):
        costs = (centroids**2).sum(axis=1) - 2 * (vectors @ centroids.T)  # but for the square of the vector
        closest = np.argmin(costs, axis=1)
        distances = squares + costs[np.arange(len(vectors)), closest]
        closest = without_empty(closest, distances, count)
        if labels is not None and (closest == labels).all():
            break
        labels = closest
        centroids = means(vectors, labels, count, spherical)
    return labels, float(distances.sum(dtype=float))


def without_empty(labels, distances, count):
    """Labels in which every cluster has a vector: an empty one gets that which is farthest from its own mean."""
    sizes = np.bincount(labels, minlength=count)
    for empty in np.flatnonzero(sizes == 0):
        farthest = int(np.argmax(np.where(sizes[labels] > 1, distances, -np.inf)))
        sizes[labels[farthest]] -= 1
        labels[farthest], sizes[empty] = empty, 1
    return labels


def means(vectors, labels, count, spherical):
    """The mean of each cluster, of unit length for spherical clusters; (count, D)."""
    found = members(labels, count).T.astype(vectors.dtype, copy=False) @ vectors
    return unit_length(found) if spherical else found
