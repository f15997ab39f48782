"""Exact average linkage of vectors, in memory that grows with their number, not its square.

The mean score of two clusters is the score of their means wherever a score is bilinear: the cosine of unit vectors is
u_i . u_j, the log likelihood ratio of PLDA is u_i . u_j + q_i + q_j + c. So clusters can be compared by their means,
and all pairs that are nearest neighbours of each other can be merged at once: average linkage is reducible (Bruynooghe
1977; Murtagh 1983), a union is never more similar to a third cluster than both of its parts are.

By the same inequality a short list of neighbours stays good for long. All that is not in the list of a cluster is at
most `bound` similar to it, unions of such things too; so while the list has an entry of at least the bound, its best
entry is the nearest neighbour. The list of a union comes from the lists of its parts, with the mean of their bounds.
Only where a list has run empty are the products with all clusters taken.
"""

import numpy as np

from diarkit.clustering.tree import in_order_of_height

WIDTH = 24  # entries of a list
STRIDE = 64  # clusters compared group by group of this many
BLOCK = 16_000_000  # scores that are computed at once
DEAD = np.float32(-1e30)  # the score of rows that hold no cluster


def vector_tree(vectors, biases=None, constant=0.0, sizes=None, floor=-np.inf):
    """linkage.score_tree of score(i, j) = u_i . u_j + q_i + q_j + c by average linkage; see clustering.tree.

    Parameters
    ----------
    vectors : (N, D), the u of single segments, or the means of `sizes` of them
    biases : (N,), the q, or their means; None for 0
    constant : c
    sizes : (N,), segments of each; None for 1
    floor : merges of clusters that are less similar are left out

    Returns (M, 4), M = N - 1 where there is no floor.
    """
    n = len(vectors)
    biases = np.zeros(n) if biases is None else np.asarray(biases, np.float64) + constant / 2
    means = np.column_stack([np.asarray(vectors, np.float32), biases.astype(np.float32)])
    return in_order_of_height(Neighbours(means, np.ones(n) if sizes is None else sizes, floor).run(), n)


class Neighbours:
    """Clusters with the lists of their nearest neighbours; each is a row, rows of which nothing is left are dead.

    The score of rows i and j is left[i] . right[j]: left is (mean u, mean q, 1, 1), right (mean u, 1, mean q, 0), or
    DEAD in the last place.
    """

    def __init__(self, means, sizes, floor):
        n, dim = means.shape
        rows = -(-n // STRIDE) * STRIDE
        self.floor = floor
        self.count = n
        self.sums = np.zeros((rows, dim))
        self.sums[:n] = means * np.asarray(sizes, float)[:, None]
        self.sizes = np.zeros(rows)
        self.sizes[:n] = sizes
        self.names = np.arange(rows)  # of the cluster that a row holds, in order of being made
        self.alive = np.arange(rows) < n
        self.left = np.zeros((rows, dim + 2), np.float32)
        self.left[:, dim:] = 1
        self.right = np.zeros((rows, dim + 2), np.float32)
        self.right[:, -1] = DEAD
        self.place(np.arange(n))
        self.near = np.full((rows, WIDTH), -1, np.int32)  # the rows of a list,
        self.scores = np.full((rows, WIDTH), -np.inf, np.float32)  # how similar they are,
        self.bound = np.full(rows, np.inf, np.float32)  # and the most that others can be
        self.best = np.full(rows, -1)  # the nearest neighbour of a row
        self.height = np.full(rows, -np.inf, np.float32)
        self.dirty = self.alive.copy()  # rows whose nearest neighbour has to be looked up again

    def place(self, rows):
        """Compute the means of rows from their sums."""
        means = (self.sums[rows] / self.sizes[rows, None]).astype(np.float32)
        self.left[rows, :-2], self.right[rows, :-3] = means, means[:, :-1]
        self.left[rows, -2:] = 1
        self.right[rows, -3], self.right[rows, -2], self.right[rows, -1] = 1, means[:, -1], 0

    def run(self):
        """All merges, (M, 4), in the order in which they are found, clusters numbered as they come."""
        merges = []
        while True:
            self.look_up()
            live = np.flatnonzero(self.alive)
            if len(live) < 2:
                break
            best = self.best[live]
            pairs = live[(self.best[best] == live) & (live < best)]
            if not len(pairs):  # rounding has broken a tie: any best pair will do
                first = live[np.argmax(self.height[live])]
                pairs = np.array([min(first, self.best[first])])
                self.best[pairs[0]] = max(first, self.best[first])
            others = self.best[pairs]
            names = self.count + np.arange(len(pairs))
            self.count += len(pairs)
            self.sizes[pairs] += self.sizes[others]
            merges.append(np.column_stack([self.names[pairs], self.names[others], self.height[pairs],
                                           self.sizes[pairs]]))
            self.names[pairs] = names
            self.merge(pairs, others)
            if 4 * np.count_nonzero(self.alive) < 3 * len(self.alive) > 3 * STRIDE:
                self.compact()
        return np.concatenate(merges) if merges else np.zeros((0, 4))

    def look_up(self):
        """Find the nearest neighbour of every row where it may have changed; drop what is below the floor."""
        rows = np.flatnonzero(self.dirty & self.alive)
        self.dirty[:] = False
        empty = rows[(self.near[rows] < 0).all(axis=1)]
        lost = self.bound[empty] < self.floor
        self.drop(empty[lost])
        self.fill(empty[~lost])
        rows = rows[self.alive[rows]]
        height = self.scores[rows].max(axis=1)
        ties = np.where(self.scores[rows] == height[:, None], self.near[rows], len(self.alive))
        self.best[rows], self.height[rows] = ties.min(axis=1), height
        # What is not similar enough to anything now never will be.
        self.drop(rows[(height < self.floor) | (height <= DEAD / 2)])

    def drop(self, rows):
        self.alive[rows] = False
        self.right[rows] = 0
        self.right[rows, -1] = DEAD
        self.near[rows] = -1
        self.scores[rows] = -np.inf

    def fill(self, rows):
        """Make the lists of rows anew, from their scores with all others."""
        n = len(self.alive)
        step = max(1, BLOCK // n)
        for first in range(0, len(rows), step):
            some = rows[first : first + step]
            scores = self.left[some] @ self.right.T
            scores[np.arange(len(some)), some] = DEAD
            groups = scores.reshape(len(some), STRIDE, n // STRIDE).max(axis=1)
            kept = min(WIDTH // 2, groups.shape[1])
            bound = np.partition(groups, groups.shape[1] - kept, axis=1)[:, groups.shape[1] - kept]
            above = scores >= bound[:, None]
            if above.sum(axis=1).max() > WIDTH:
                near, found, bound = highest(scores, min(WIDTH, n - 1))
            else:
                near, found = listed(above, scores)
            self.near[some], self.scores[some] = -1, -np.inf
            self.near[some, : near.shape[1]], self.scores[some, : near.shape[1]] = near, found
            self.bound[some] = bound
            self.near[some] = np.where(self.scores[some] <= DEAD / 2, -1, self.near[some])

    def merge(self, pairs, others):
        """Put the unions of rows into the first of each two, and bring all lists up to date."""
        weights = self.sizes[others] / self.sizes[pairs]
        self.sums[pairs] += self.sums[others]
        self.bound[pairs] += weights * (self.bound[others] - self.bound[pairs])
        self.place(pairs)
        near = np.concatenate([self.near[pairs], self.near[others]], axis=1)
        self.drop(others)
        moved = np.arange(len(self.alive), dtype=np.int32)  # the row where a row's cluster is now
        moved[others] = pairs
        touched = np.zeros(len(self.alive), bool)
        touched[pairs] = touched[others] = True
        near, scores, bound = self.trimmed(pairs, moved[near], near >= 0)
        self.near[pairs], self.scores[pairs], self.bound[pairs] = near, scores, bound
        self.dirty[pairs] = True
        listed = touched[self.near] & (self.near >= 0)
        listed[pairs] = False
        rows = np.flatnonzero(listed.any(axis=1))
        self.near[rows] = moved[self.near[rows]] * (self.near[rows] >= 0) - (self.near[rows] < 0)
        self.rescore(rows, listed[rows])
        self.dirty[rows] = True

    def trimmed(self, rows, near, valid):
        """Lists of twice the width made lists: scored, without doubles and what is below the bound; and the bounds."""
        near = np.where(valid & (near != rows[:, None]), near, -1)
        doubles(near)
        scores = self.score(rows, near, near >= 0)
        scores[scores < self.bound[rows, None]] = -np.inf
        order = np.argsort(-scores, axis=1, kind="stable")
        scores = np.take_along_axis(scores, order, axis=1)
        near = np.where(scores > -np.inf, np.take_along_axis(near, order, axis=1), -1)
        return near[:, :WIDTH], scores[:, :WIDTH], np.maximum(self.bound[rows], scores[:, WIDTH])

    def rescore(self, rows, changed):
        """Score the changed entries of lists anew; take out doubles and what is below the bound."""
        near, scores = self.near[rows], self.scores[rows]
        fresh = self.score(rows, near, changed)
        scores[changed] = fresh[changed]
        doubles(near)
        gone = (near < 0) | (scores < self.bound[rows, None])
        near[gone], scores[gone] = -1, -np.inf
        self.near[rows], self.scores[rows] = near, scores

    def score(self, rows, near, wanted):
        """Scores of rows with the entries of their lists where they are wanted, -inf elsewhere."""
        scores = np.full(near.shape, -np.inf, np.float32)
        which, column = np.nonzero(wanted)
        step = max(1, BLOCK // 4 // self.left.shape[1])
        for first in range(0, len(which), step):
            part = slice(first, first + step)
            i, j = which[part], column[part]
            scores[i, j] = np.einsum("nd,nd->n", self.left[rows[i]], self.right[near[i, j]])
        return scores

    def compact(self):
        """Move the live rows together."""
        live = np.flatnonzero(self.alive)
        rows = -(-len(live) // STRIDE) * STRIDE
        order = np.concatenate([live, np.flatnonzero(~self.alive)[: rows - len(live)]])
        place = np.full(len(self.alive) + 1, -1, np.int32)  # the last is where -1 leads
        place[order] = np.arange(rows)
        for name in ("sums", "sizes", "names", "alive", "left", "right", "scores", "bound", "best", "height", "dirty"):
            setattr(self, name, getattr(self, name)[order])
        self.near = place[self.near[order]]
        self.best = place[self.best]


def listed(above, scores):
    """The columns that are set in each row of a mask and their scores, as lists filled up with -1 and -inf."""
    flat = np.flatnonzero(above)
    row, column = np.divmod(flat, above.shape[1])
    counts = np.bincount(row, minlength=len(above))
    at = np.arange(len(flat)) - np.repeat(np.cumsum(counts) - counts, counts)
    near = np.full((len(above), counts.max()), -1, np.int32)
    found = np.full(near.shape, -np.inf, np.float32)
    near[row, at], found[row, at] = column, scores.ravel()[flat]
    return near, found


def highest(scores, count):
    """The `count` highest of each row, and the lowest of these, which others may equal but not exceed."""
    near = np.argpartition(-scores, count - 1, axis=1)[:, :count].astype(np.int32)
    found = np.take_along_axis(scores, near, axis=1)
    return near, found, found.min(axis=1)


def doubles(near):
    """Set to -1 all but one of the entries of a list that name the same row; in place."""
    order = np.argsort(near, axis=1, kind="stable")
    ordered = np.take_along_axis(near, order, axis=1)
    same = np.zeros(near.shape, bool)
    same[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    again = np.zeros(near.shape, bool)
    np.put_along_axis(again, order, same, axis=1)
    near[again] = -1
