"""How many speakers: the largest number of which every two are told apart."""

import numpy as np

from diarkit.clustering.speakers import smallest, stopping_point, told_apart

PATIENCE = 3  # numbers in a row with which somebody is divided, after which no larger one is looked at


def most_told_apart(partition, similarities, opts, bounds):
    """The labels of the largest number of clusters, within bounds, of which every two are speakers of their own.

    Parameters
    ----------
    partition : number of clusters -> labels, (N,) int from 0
    similarities : Scores or Vectors
    opts : AhcOptions, what tells speakers apart; with a threshold, their mean similarity alone
    bounds : Bounds
    """
    if bounds.exact:
        return partition(bounds.exact)
    threshold = stopping_point(similarities, opts)
    least = smallest(opts, len(similarities))
    best, failures = None, 0
    for count in range(bounds.low, bounds.high + 1):
        labels = partition(count) if count > 1 else np.zeros(len(similarities), int)
        good = count == 1 or np.bincount(labels).min() >= least and told_apart(
            similarities, labels, count, threshold, opts)
        if best is None or good:
            best = labels
        failures = 0 if good else failures + 1
        if failures == PATIENCE:
            break
    return best
