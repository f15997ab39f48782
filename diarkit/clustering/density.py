"""Clustering by density: DBSCAN and HDBSCAN of scikit-learn, but with a label for every segment and any number."""

import numpy as np
from scipy.sparse import csr_array

from diarkit.clustering.counting import Apart
from diarkit.clustering.linkage import score_tree
from diarkit.clustering.neighbours import BLOCK, some_of
from diarkit.clustering.speakers import exactly, least_sizes
from diarkit.clustering.tree import cut, in_order_of_appearance, merges_above
from diarkit.errors import DataError

NOISE = -1
QUANTILES = 0.5, 0.99, 25  # of all similarities, which DBSCAN tries as thresholds: from, to, how many
MOST_LINKS = 5_000_000  # about, that DBSCAN looks at: of long recordings it tries higher thresholds
MOST_DENSE = 10_000  # segments of which HDBSCAN can have the matrix


def cluster(similarities, opts, telling, bounds):
    """Label the segments of a recording; (N,) int from 0 in order of appearance.

    Segments of noise go to the cluster that they are most similar to. Without a threshold many are tried, of HDBSCAN
    least sizes of a cluster: that which gives the most clusters of which every two are told apart, or the number asked
    for, is taken. Where there are still too many clusters, those that are most similar are merged; where there are too
    few, the largest are divided.

    Parameters
    ----------
    similarities : Scores or Vectors of clustering.similarities, N >= 1
    opts : DensityOptions
    telling : AhcOptions, what tells speakers apart
    bounds : Bounds
    """
    n = len(similarities)
    if bounds.high == 1 or bounds.low == n:
        return np.zeros(n, int) if bounds.high == 1 else np.arange(n)
    tried = dbscan(similarities, opts) if opts.method == "dbscan" else hdbscan(similarities, opts)
    judge = Judge(similarities, telling, bounds)
    labels = max((without_noise(similarities, labels) for labels in tried), key=judge)
    if opts.method == "hdbscan" and opts.threshold is not None:  # the epsilon of scikit-learn fails with NumPy 2.4
        labels = merged(similarities, labels, 1, opts.threshold)
    labels = merged(similarities, labels, bounds.high)
    while labels.max() + 1 < bounds.low:
        labels = divided(similarities, labels, telling)
    return in_order_of_appearance(labels)


class Judge:
    """Which of several partitions is best; a call gives what to compare."""

    def __init__(self, similarities, telling, bounds):
        self.similarities, self.bounds = similarities, bounds
        self.apart = Apart(similarities, telling)

    def __call__(self, labels):
        count = int(labels.max()) + 1
        apart = self.apart(labels)
        own = self.similarities.to_clusters(labels, count)[np.arange(len(labels)), labels]
        away = abs(count - self.bounds.nearest(count))
        return -away, apart, count if apart else -count, float(own.sum(dtype=float))


def dbscan(similarities, opts):
    """Yield labels from 0, NOISE for segments that are near no dense place, for each threshold that is tried."""
    from sklearn.cluster import DBSCAN

    n = len(similarities)
    thresholds = [opts.threshold]
    if opts.threshold is None:
        first, last, number = QUANTILES
        pairs = similarities.pairs()
        thresholds = np.unique(np.quantile(pairs, np.linspace(max(first, 1 - MOST_LINKS / n**2), last, number)))
    ends, others, similar = links(similarities, min(thresholds))
    for threshold in thresholds:
        near = similar >= threshold
        # of a sparse matrix what is stored counts: distances of 1/2 to neighbours
        distances = csr_array((np.full(np.count_nonzero(near), 0.5), (ends[near], others[near])), shape=(n, n))
        yield DBSCAN(eps=1, min_samples=opts.min_samples, metric="precomputed").fit(distances).labels_


def links(similarities, threshold):
    """The segments of all pairs that are at least this similar, itself with itself too, and how similar."""
    n = len(similarities)
    rows = max(1, BLOCK // n)
    found = []
    for first in range(0, n, rows):
        block = similarities.rows(first, first + rows)
        ends, others = np.nonzero(block >= threshold)
        found.append(((ends + first).astype(np.int32), others.astype(np.int32), block[ends, others]))
    return [np.concatenate(parts) for parts in zip(*found, strict=True)]


def hdbscan(similarities, opts):
    """Yield labels from 0, NOISE for segments that leave all clusters early, for each least size that is tried."""
    from sklearn.cluster import HDBSCAN

    n = len(similarities)
    if n > MOST_DENSE:
        raise DataError(f"{n} segments are more than the {MOST_DENSE} that HDBSCAN has memory for: use --method=dbscan")
    scores = np.array(similarities.rows(0, n), float)
    highest = scores.max()
    distances = highest - (scores + scores.T) / 2
    np.fill_diagonal(distances, 0)
    sizes = [size for size in least_sizes(n // 4) if size > 1] or [2]
    for size in [opts.least_cluster] if opts.least_cluster else sizes:
        model = HDBSCAN(min_cluster_size=min(size, n), min_samples=min(opts.min_samples, n - 1), metric="precomputed",
                        copy=True)
        yield model.fit(distances).labels_


def without_noise(similarities, labels):
    """Labels with those of NOISE given to the most similar cluster; all in one where there is none."""
    count = labels.max() + 1
    if count < 1:
        return np.zeros(len(labels), int)
    closest = np.argmax(similarities.to_clusters(labels, count), axis=1)
    return np.where(labels == NOISE, closest, labels).astype(int)


def merged(similarities, labels, number, threshold=-np.inf):
    """Labels of no more than `number` clusters, but for those of mean similarities below the threshold.

    By average linkage of the clusters that there are.
    """
    count = labels.max() + 1
    tree = score_tree(similarities.between(labels, count))
    return cut(tree, count, min(max(count - number, 0), merges_above(tree, threshold)))[labels]


def divided(similarities, labels, telling):
    """Labels of one cluster more: the one with the most segments is made two, as cluster-ahc makes two speakers."""
    where = np.flatnonzero(labels == np.argmax(np.bincount(labels)))
    part = some_of(similarities, where)
    halves = exactly(part, part.tree(), 2, telling)
    labels = labels.copy()
    labels[where[halves == 1]] = labels.max() + 1
    return labels
