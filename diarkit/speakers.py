"""From similarities to speakers: where to stop merging, which clusters are speakers, who says what.

The threshold is set for each recording by its own similarities, since no one value serves a meeting
room and a telephone line; clusters too small to be a speaker (windows across a change of speakers make such)
are dissolved; then every segment goes to the speaker that it is most similar to.
"""

import numpy as np

from diarkit import ahc
from diarkit.errors import DataError

EM_STEPS = 20
MOST_PAIRS = 2_000_000  # similarities that the calibration looks at; more do not change it
LARGEST_MATRIX = 6000  # segments; beyond, the similarities are not kept but computed from the vectors
FIRST_PASS = 4000  # segments that are clustered at once then, into at most
FIRST_PASS_CLUSTERS = 400  # clusters, unless that would join what is less similar than
FIRST_PASS_SIMILARITY = 0.5  # which is above every threshold


def calibrated_threshold(similarities):
    """The similarity at which two segments are as likely of one speaker as of two.

    A mixture of two Gaussians with one variance is fitted to all similarities of a recording (20 EM
    steps from equal weights and the mean +- one standard deviation); the crossing point of the two is
    returned. Source: VBx (BUTSpeechFIT, twoGMMcalib_lin). (N,) -> float
    """
    s = np.asarray(similarities, float).ravel()
    variance = s.var() if len(s) else 0.0
    if variance < 1e-12:
        return float(s[0]) if len(s) else 0.0
    means = s.mean() + np.sqrt(variance) * np.array([-1.0, 1.0])
    weights = np.full(2, 0.5)
    for _ in range(EM_STEPS):
        log_odds = np.log(weights[1] / weights[0]) + (means[1] - means[0]) / variance * (s - means.mean())
        upper = 1 / (1 + np.exp(-np.clip(log_odds, -60, 60)))
        share = np.clip(np.array([len(s) - upper.sum(), upper.sum()]), 1e-9, None)
        weights = share / len(s)
        means = np.array([((1 - upper) * s).sum(), (upper * s).sum()]) / share
        variance = max(float(((1 - upper) * (s - means[0]) ** 2 + upper * (s - means[1]) ** 2).mean()), 1e-12)
    if means[1] - means[0] < 1e-9:
        return float(means.mean())
    return float(means.mean() - variance * np.log(weights[1] / weights[0]) / (means[1] - means[0]))


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
        """Similarity of every segment to each of the clusters 0 .. count - 1 (label -1: in none); (N, count)."""
        member = (labels[:, None] == np.arange(count)).astype(np.float32)
        member /= np.maximum(member.sum(axis=0), 1)
        mean = self.scores @ member
        if self.cosine:
            mean = mean / np.sqrt(np.maximum(np.einsum("nk,nk->k", member, mean), 1e-12))
        return mean


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
        member = labels[:, None] == np.arange(count)
        centroids = np.stack([self.vectors[mine].mean(axis=0) if mine.any() else 0 * self.vectors[0]
                              for mine in member.T])
        lengths = np.linalg.norm(centroids, axis=1)
        return self.vectors @ centroids.T / np.maximum(lengths, 1e-6)


def find_speakers(similarities, opts):
    """Label the segments of a recording by speaker.

    Parameters
    ----------
    similarities : Scores or Vectors
    opts : AhcOptions

    Returns
    -------
    (N,) int array, speakers numbered from 0 in the order in which they first appear
    """
    n = len(similarities)
    low, high = allowed_numbers(opts)
    if n == 0:
        return np.zeros(0, int)
    tree = similarities.tree()
    number = min(opts.num_speakers, n) if opts.num_speakers else None
    if number is None:
        merges = ahc.merges_above(tree, stopping_point(similarities, opts))
        labels = settled(similarities, partition(similarities, tree, merges), opts, smallest(opts))
        found = labels.max() + 1
        number = min(max(found, low), high, n)
        if found == number:
            return labels
    return exactly(similarities, tree, number, opts)


def partition(similarities, tree, merges):
    """The labels of all segments after the first `merges` merges of the tree."""
    leaves = similarities.leaves
    return ahc.in_order_of_appearance(ahc.cut(tree, len(tree) + 1, merges)[leaves])


def allowed_numbers(opts):
    """The least and the greatest number of speakers that the options allow."""
    for name in ("num_speakers", "min_speakers", "max_speakers"):
        if getattr(opts, name) is not None and getattr(opts, name) < 1:
            raise DataError(f"--{name.replace('_', '-')} must be at least 1")
    low, high = opts.min_speakers or 1, opts.max_speakers or 10**9
    if low > high:
        raise DataError(f"--min-speakers {low} is more than --max-speakers {high}")
    return low, high


def smallest(opts):
    """Segments of the smallest cluster that counts as a speaker: with a threshold given, every cluster does."""
    if opts.min_cluster_size is not None:
        return opts.min_cluster_size
    return 3 if opts.threshold is None else 1


def stopping_point(similarities, opts):
    if opts.threshold is not None:
        return opts.threshold
    pairs = similarities.pairs()
    if len(pairs) == 0:
        return opts.max_threshold
    return float(np.clip(calibrated_threshold(pairs) - opts.margin, opts.min_threshold, opts.max_threshold))


def settled(similarities, labels, opts, size):
    """Dissolve the clusters of fewer than `size` segments, then let segments move to the closest speaker."""
    counts = np.bincount(labels)
    kept = np.flatnonzero(counts >= size)
    if len(kept) == 0:
        kept = np.array([np.argmax(counts)])
    if len(kept) == len(counts) and size <= 1:
        return labels
    return ahc.in_order_of_appearance(reassigned(similarities, only(labels, kept), len(kept), opts.reassign))


def only(labels, kept):
    """Labels renumbered to the places of the clusters in `kept`; -1 for segments of other clusters."""
    place = np.full(labels.max() + 1, -1)
    place[kept] = np.arange(len(kept))
    return place[labels]


def reassigned(similarities, labels, count, times):
    """Give every segment to the most similar of `count` clusters, again and again; a cluster may lose all."""
    for _ in range(max(times, 0) + 1):
        closest = np.argmax(similarities.to_clusters(labels, count), axis=1)
        if (closest == labels).all():
            break
        labels = closest
    return labels


def exactly(similarities, tree, number, opts):
    """Exactly `number` speakers (number <= N).

    Stopping when `number` clusters are left would often leave one large cluster and outliers. So for every
    least size of a cluster from 1 to 5 the tree is cut where it first has `number` clusters of that size, the
    largest are kept and the segments reassigned, and the partition with the highest total similarity wins.
    """
    number = min(number, len(tree) + 1)
    best, best_total = partition(similarities, tree, len(tree) + 1 - number), -np.inf
    if opts.threshold is not None and smallest(opts) <= 1:
        return best
    for labels in candidates(similarities, tree, number):
        labels = reassigned(similarities, labels, number, opts.reassign)
        if len(np.unique(labels)) == number:
            total = similarities.to_clusters(labels, number)[np.arange(len(labels)), labels].sum()
            if total > best_total:
                best, best_total = labels, total
    return ahc.in_order_of_appearance(best)


def candidates(similarities, tree, number, largest=5):
    """For sizes 1 .. largest the cut with the fewest clusters of which `number` have that size, -1 elsewhere."""
    sizes = ahc.cluster_sizes(tree, np.bincount(similarities.leaves))
    items = len(tree) + 1
    found = []
    for least in range(1, largest + 1):
        merges = items - number
        large = np.count_nonzero(np.bincount(partition(similarities, tree, merges)) >= least)
        while large < number and merges > 0:  # undo one merge after the other
            merges -= 1
            children = sizes[tree[merges, :2].astype(int)]
            large += np.count_nonzero(children >= least) - int(sizes[items + merges] >= least)
        if large >= number:
            labels = partition(similarities, tree, merges)
            found.append(only(labels, np.argsort(-np.bincount(labels), kind="stable")[:number]))
    return found
