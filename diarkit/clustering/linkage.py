"""Agglomerative hierarchical clustering (AHC) from a matrix, merge by merge as Kaldi's agglomerative-cluster.

Costs are single precision, clusters that cost the same are merged in Kaldi's order (the lowest pair of cluster numbers
first), so that partitions are Kaldi's to the last tie. Source: Kaldi's ivector/agglomerative-clustering.cc; instead of
its queue of all pairs, a lower bound of every row's cheapest partner (Muellner 2011, "generic algorithm").
"""

import numpy as np

from diarkit.clustering.tree import cut, in_order_of_appearance
from diarkit.errors import DataError

LINKAGES = ("average", "complete", "single")
ROWS = 256  # copied at once


def checked(scores):
    """`scores` as an array; DataError if it is not square, not finite, or its sums would not be finite."""
    scores = np.asarray(scores)
    if scores.ndim != 2 or scores.shape[0] != scores.shape[1]:
        raise DataError(f"scores must be square, not {scores.shape}")
    for first in range(0, len(scores), ROWS):
        largest = np.abs(scores[first : first + ROWS]).max()
        if not np.isfinite(largest):
            raise DataError("scores have NaN or infinity in them")
        if largest > np.finfo(np.float32).max / len(scores) ** 2:
            raise DataError(f"a score of {largest:g} is too large to be summed up in single precision")
    return scores


def pair_costs(scores):
    """Minus the scores above the diagonal, and the same below it, infinity on it; (N, N) float32, a new array."""
    n = len(scores)
    costs = np.empty((n, n), np.float32)
    for first in range(0, n, ROWS):
        last = min(first + ROWS, n)
        block = np.negative(scores[first:last, first:], dtype=np.float32, casting="same_kind")
        square = np.triu(block[:, : last - first], 1)
        block[:, : last - first] = square + square.T
        costs[first:last, first:] = block
        costs[first:, first:last] = block.T
    np.fill_diagonal(costs, np.inf)
    return costs


def score_tree(scores, linkage="average"):
    """The merges of segments by the similarity of every two, (N, N) symmetric; (N - 1, 4), see clustering.tree.

    How similar two clusters are is the mean score over their pairs of segments (average linkage, UPGMA), the lowest
    (complete) or the highest (single). Of the matrix the part above the diagonal is used, as in Kaldi.
    """
    tree = Merger(pair_costs(checked(scores)), linkage).run()
    tree[:, 2] *= -1
    return tree


class Merger:
    """Clusters of which the cheapest pair is merged again and again.

    Parameters
    ----------
    sums : (N, N) float32, symmetric, infinity on the diagonal; taken over and overwritten. For average linkage the
        sums of the costs of all pairs of segments of two clusters, else their highest or lowest.
    linkage : "average", "complete" or "single"
    sizes : segments of each cluster, (N,); 1 if None
    """

    def __init__(self, sums, linkage="average", sizes=None):
        n = len(sums)
        self.sums = sums
        self.mean = linkage == "average"
        self.combine = {"average": np.add, "complete": np.maximum, "single": np.minimum}[linkage]
        self.sizes = np.ones(n, np.float32) if sizes is None else np.array(sizes, np.float32)
        self.count = n  # clusters that have been, whose number the next one gets
        self.names = np.arange(n)  # of the cluster that a row holds, in order of being made
        self.alive = np.ones(n, bool)

    def run(self, limit=np.inf, least=1, largest=None):
        """Merge while the cheapest pair costs at most `limit` and there are more than `least` clusters.

        Clusters do not grow beyond `largest` segments. Returns the merges, (M, 4) float64: the numbers of the two
        clusters, what merging them cost, and how many segments they have together; clusters are numbered as
        they come, those of the start first.
        """
        limit = np.float32(limit)
        self.largest = np.inf if largest is None else largest
        self.lowest = np.full(len(self.sums), -np.inf, np.float32)  # no partner of a row costs less,
        self.exact = np.zeros(len(self.sums), bool)  # and one costs just this
        merges = []
        left = len(self.sums)
        while left > max(least, 1):
            cost = self.lowest.min()
            rows = np.flatnonzero(self.lowest == cost)
            if cost > limit or cost == np.inf:
                break
            unsure = rows[~self.exact[rows]]
            if len(unsure):
                for row in unsure:
                    self.lowest[row] = self.costs(row).min()
                self.exact[unsure] = True
                continue
            first = rows[np.argmin(self.names[rows])]
            partners = np.flatnonzero(self.costs(first) == cost)
            second = partners[np.argmin(self.names[partners])]
            merges.append((self.names[first], self.names[second], cost, self.sizes[first] + self.sizes[second]))
            self.merge(first, second)
            left -= 1
            if left * 2 < len(self.sums):
                self.compact()
        return np.array(merges, float).reshape(-1, 4)

    def costs(self, row):
        """What merging the cluster of a row with each other one costs; infinity where it cannot be; (rows,)."""
        costs = self.sums[row] / (self.sizes[row] * self.sizes) if self.mean else self.sums[row].copy()
        if self.largest < np.inf:
            costs[self.sizes + self.sizes[row] > self.largest] = np.inf
        return costs

    def merge(self, first, second):
        """Put the union of two clusters into the row of the first."""
        old = np.minimum(self.costs(first), self.costs(second))
        self.combine(self.sums[first], self.sums[second], out=self.sums[first])
        self.sizes[first] += self.sizes[second]
        self.names[first] = self.count
        self.count += 1
        self.alive[second] = False
        self.lowest[second] = np.inf
        self.sums[first, first] = np.inf
        self.sums[:, second] = np.inf
        self.sums[:, first] = self.sums[first]
        self.sums[first, second] = np.inf
        costs = self.costs(first)
        # A row that may have lost its cheapest partner keeps what that cost as a lower bound: a mean, and the
        # higher or the lower of two, is never less than both.
        self.exact &= old > self.lowest
        cheaper = costs <= self.lowest
        self.lowest[cheaper] = costs[cheaper]
        self.exact |= cheaper
        self.lowest[first] = costs.min()
        self.exact[first] = True
        self.lowest[~self.alive] = np.inf

    def compact(self):
        """Drop the rows that hold no cluster any more."""
        rows = np.flatnonzero(self.alive)
        self.sums = self.sums[np.ix_(rows, rows)]
        for name in ("sizes", "names", "lowest", "exact", "alive"):
            setattr(self, name, getattr(self, name)[rows])


def two_passes(scores, limit, least, most, largest=None):
    """Labels of segments, clustered in runs of equal length, then the clusters of all runs: (N,) int.

    limit : the highest cost of a merge, minus a score
    least : the least number of clusters; a run keeps ten times as many
    most : segments of a run, at most
    largest : segments of a cluster, at most

    Of pairs in one run the scores above the diagonal are used, of others those below, as in Kaldi.
    """
    n = len(scores)
    runs = -(-n // most)
    length = -(-n // runs)
    clusters, blocks = [], []  # the segments of each, in the order in which they came to it; sums within a run
    for start in range(0, n, length):
        stop = min(start + length, n)
        merger = Merger(pair_costs(scores[start:stop, start:stop]))
        groups = {i: [start + i] for i in range(stop - start)}
        merges = merger.run(limit, 10 * least, largest)[:, :2].astype(int)
        for name, (left, right) in enumerate(merges, stop - start):
            groups[name] = groups.pop(left) + groups.pop(right)
        rows = np.flatnonzero(merger.alive)
        rows = rows[np.argsort(merger.names[rows])]
        clusters.append([groups[name] for name in sorted(groups)])
        blocks.append(merger.sums[np.ix_(rows, rows)])
    members = [segments for run in clusters for segments in run]
    sums = np.full((len(members), len(members)), np.inf, np.float32)
    at = 0
    for run, block in zip(clusters, blocks, strict=True):
        sums[at : at + len(run), at : at + len(run)] = block
        for i in range(at, at + len(run)):
            for j in range(at):
                # added up one by one in single precision, as Kaldi does: ties hang on it
                costs = -scores[np.ix_(members[i], members[j])].astype(np.float32).ravel()
                sums[i, j] = sums[j, i] = np.add.accumulate(costs)[-1]
        at += len(run)
    merges = Merger(sums, sizes=[len(segments) for segments in members]).run(limit, least, largest)
    found = cut(merges, len(members), len(merges))
    labels = np.empty(n, int)
    for segments, label in zip(members, found, strict=True):
        labels[segments] = label
    return in_order_of_appearance(labels)
