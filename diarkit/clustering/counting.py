"""How many speakers: the largest number of which every two are told apart."""

import numpy as np

from diarkit.clustering.speakers import smallest, stopping_point, told_apart

PATIENCE = 3  # numbers in a row with which somebody is divided, after which no larger one is looked at


class Apart:
    """Whether all clusters are speakers of their own: large enough, and every two of them told apart.

    Parameters
    ----------
    similarities : Scores or Vectors
    opts : AhcOptions; with a threshold, speakers are told apart by their mean similarity alone
    """

    def __init__(self, similarities, opts):
        self.similarities, self.opts = similarities, opts
        self.least = smallest(opts, len(similarities))
        self.threshold = stopping_point(similarities, opts)

    def __call__(self, labels):
        """Labels are (N,) int, of clusters 0 .. count - 1, none empty."""
        count = labels.max() + 1
        return count == 1 or bool(np.bincount(labels).min() >= self.least and told_apart(
            self.similarities, labels, count, self.threshold, self.opts))


def most_told_apart(partition, similarities, opts, bounds):
    """The labels of the largest number of clusters, within bounds, of which every two are speakers of their own.

    Parameters
    ----------
    partition : number of clusters -> labels, (N,) int from 0
    similarities, opts : see Apart
    bounds : Bounds
    """
    if bounds.exact:
        return partition(bounds.exact)
    apart = Apart(similarities, opts)
    best, failures = None, 0
    for count in range(bounds.low, bounds.high + 1):
        labels = partition(count)
        good = apart(labels)
        if best is None or good:
            best = labels
        failures = 0 if good else failures + 1
        if failures == PATIENCE:
            break
    return best
