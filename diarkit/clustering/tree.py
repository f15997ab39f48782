"""Trees of agglomerative clustering, and what they give when they are cut.

A tree is scipy's: one row a merge, (left, right, height, size), where a height is a similarity, so it
falls from row to row. Clusters are numbered as scipy does, segments first.
"""

import numpy as np


def in_order_of_height(merges, n):
    """Merges of n segments in the order in which they were found, sorted from the most similar on; a tree.

    A cluster is found after the clusters that it is made of. It is never more similar than they are, but for a
    rounding error, which is taken back here.
    """
    merges = merges.copy()
    heights = merges[:, 2].tolist()
    for i, (left, right) in enumerate(merges[:, :2].astype(int).tolist()):
        for child in (left, right):
            if child >= n and heights[child - n] < heights[i]:
                heights[i] = heights[child - n]
    merges[:, 2] = heights
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
    """How many of the first merges join clusters that are at least `threshold` similar, in single precision."""
    below = np.flatnonzero(tree[:, 2].astype(np.float32) < np.float32(threshold))
    return int(below[0]) if len(below) else len(tree)


def cut(tree, n, merges):
    """The clusters after the first `merges` merges of n segments; (n,) int, numbered from 0 as they appear."""
    parent = np.arange(n + merges)
    for i, (left, right) in enumerate(tree[:merges, :2].astype(int)):
        parent[left] = parent[right] = n + i
    for node in range(n + merges - 1, -1, -1):
        parent[node] = parent[parent[node]]
    return in_order_of_appearance(parent[:n])


def in_order_of_appearance(labels):
    """Renumber from 0 so that each new label is the next number: 7 7 2 7 -> 0 0 1 0."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]
