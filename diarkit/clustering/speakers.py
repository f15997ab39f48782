"""From similarities to speakers: where to stop merging, which clusters are speakers, who says what.

The threshold is set for each recording by its own similarities, since no one value serves a meeting room and a
telephone line. Clusters too small to be a speaker (windows across a change of speakers make such) are dissolved, every
segment goes to the speaker that it is most similar to, and speakers that are then still too similar are not told apart.
"""

import numpy as np

from diarkit.clustering import tree as trees

EM_STEPS = 20
FEW = 64  # segments up to which the margin is whole
LEAST_WITHIN = 0.05  # similarity of the windows of one speaker, lest there be none
MOST_REFINED = 40  # speakers; more are left as the tree gives them, since looking for better takes time


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


def find_speakers(similarities, opts, bounds):
    """Label the segments of a recording by speaker.

    Parameters
    ----------
    similarities : Scores or Vectors of diarkit.clustering.similarities, N >= 1
    opts : AhcOptions
    bounds : Bounds, how many speakers there may be

    Returns
    -------
    (N,) int array, speakers numbered from 0 in the order in which they first appear
    """
    tree = similarities.tree()
    refine = opts.threshold is None and not bounds.exact if opts.refine is None else opts.refine
    if not refine:
        return plain(similarities, tree, opts, bounds)
    threshold = stopping_point(similarities, opts)
    number = bounds.exact
    if not number:
        labels = distinct(similarities, tree, threshold, opts)
        number = bounds.nearest(labels.max() + 1)
        if number == labels.max() + 1:
            return labels
    return exactly(similarities, tree, number, opts, threshold + opts.margin)


def plain(similarities, tree, opts, bounds):
    """The tree cut at the threshold, or at the number of speakers: Kaldi's agglomerative-cluster."""
    leaves = len(tree) + 1
    number = bounds.exact or leaves - trees.merges_above(tree, stopping_point(similarities, opts))
    return trees.cut(tree, leaves, leaves - min(bounds.nearest(number), leaves))


def distinct(similarities, tree, threshold, opts):
    """As many speakers as there can be with every two of them told apart, none smaller than the least size."""
    n = len(similarities)
    least = smallest(opts, n)
    labels = settled(similarities, trees.cut(tree, n, trees.merges_above(tree, threshold)), opts, least)
    found = labels.max() + 1
    if found > MOST_REFINED:
        return labels
    count = found if by_threshold(similarities, opts) else min(found + 1, n // max(least, 1))
    while count > 1:
        labels = exactly(similarities, tree, count, opts)
        # one more than the threshold gives is for those who differ by less, but clearly
        limit = threshold if count <= found else -np.inf
        if np.bincount(labels).min() >= least and told_apart(similarities, labels, count, limit, opts):
            return labels
        count -= 1
    return np.zeros(n, int)


def by_threshold(similarities, opts):
    """Whether the threshold alone tells speakers apart: where it is given, and where scores are no cosines."""
    return opts.threshold is not None or not similarities.cosine


def told_apart(similarities, labels, count, threshold, opts):
    """Whether every two of the clusters are two speakers: less similar than the threshold or, of cosines, apart.

    Voices through a telephone are all alike, and a speaker in a noise is like nobody, himself least. So clusters are
    compared with themselves: the cosine of the means of two speakers, freed of what windows of one speaker differ by,
    is the mean similarity between them over the root of the product of those within. Below `opts.apart_below` two
    large clusters are two speakers up to `opts.max_threshold`, and above `opts.alike_above` there are no two.
    """
    pairs = np.triu_indices(count, 1)
    between = similarities.between(labels, count)[pairs]
    apart = between < threshold
    if not by_threshold(similarities, opts):
        within = np.maximum(similarities.within(labels, count, opts.max_threshold), LEAST_WITHIN)
        cosine = between / np.sqrt(np.outer(within, within))[pairs]
        sizes = np.bincount(labels, minlength=count)
        large = np.minimum.outer(sizes, sizes)[pairs] >= opts.apart_share * len(labels)
        apart |= (between < opts.max_threshold) & (cosine < opts.apart_below) & large
        apart &= cosine < opts.alike_above
    return bool(apart.all())


def most_alike(similarities, labels, count):
    """The highest mean similarity between two of the clusters."""
    if count < 2:
        return -np.inf
    return similarities.between(labels, count)[~np.eye(count, dtype=bool)].max()


def smallest(opts, n):
    """Segments of the smallest cluster that counts as a speaker: with a threshold given, every cluster does.

    Clusters of windows with two speakers or with a noise in them grow with the recording, but slower than the
    speakers; in a few seconds of talk a speaker may have two windows only.
    """
    if opts.min_cluster_size is not None:
        return opts.min_cluster_size
    return max(3, round(n**0.5 / 3)) if n >= 12 else 2


def stopping_point(similarities, opts):
    """The threshold that is given, or the calibrated one; that of cosines less the margin, within its bounds."""
    if opts.threshold is not None:
        return opts.threshold
    pairs = similarities.pairs()
    if len(pairs) == 0:
        return opts.max_threshold
    if not similarities.cosine:  # bounds and margin are for cosines
        return calibrated_threshold(pairs)
    # The fewer segments there are, the less their means say against two clusters being one speaker.
    margin = opts.margin * min(1, FEW / len(similarities))
    return float(np.clip(calibrated_threshold(pairs) - margin, opts.min_threshold, opts.max_threshold))


def settled(similarities, labels, opts, size):
    """Dissolve the clusters of fewer than `size` segments, then let segments move to the closest speaker."""
    counts = np.bincount(labels)
    kept = np.flatnonzero(counts >= size)
    if len(kept) == 0:
        kept = np.array([np.argmax(counts)])
    if len(kept) == len(counts) and size <= 1:
        return labels
    return trees.in_order_of_appearance(reassigned(similarities, only(labels, kept), len(kept), opts.reassign))


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


def exactly(similarities, tree, number, opts, limit=np.inf):
    """Exactly `number` speakers, or one a segment if those are fewer.

    Stopping when `number` clusters are left would often leave one large cluster and outliers. So for every
    least size of a cluster, from one segment to half of an equal share, the tree is cut where it first has `number`
    clusters of that size, the largest are kept and the segments reassigned. Partitions in which every two speakers
    are less similar than `limit` come first: where somebody says a word or two only, the others may split a speaker.
    Among them the one with the highest total similarity wins.
    """
    number = min(number, len(tree) + 1)
    best, best_rank = trees.cut(tree, len(tree) + 1, len(tree) + 1 - number), (False, -np.inf)
    for labels in candidates(similarities, tree, number):
        labels = reassigned(similarities, labels, number, opts.reassign)
        if len(np.unique(labels)) == number:
            total = similarities.to_clusters(labels, number)[np.arange(len(labels)), labels].sum()
            rank = (limit == np.inf or most_alike(similarities, labels, number) < limit, total)
            if rank > best_rank:
                best, best_rank = labels, rank
    return trees.in_order_of_appearance(best)


def least_sizes(largest):
    """1, 2, 3, 4, 6, 8, 11, 15 ... up to `largest`, each 1.4 times the last."""
    size = 1
    while size <= max(largest, 1):
        yield size
        size = max(size + 1, round(size * 1.4))


def candidates(similarities, tree, number):
    """For every least size the cut with the fewest clusters of which `number` have it; labels, -1 elsewhere.

    A cut that serves several sizes comes once.
    """
    sizes = trees.cluster_sizes(tree, np.ones(len(similarities)))
    items = len(tree) + 1
    last = np.bincount(trees.cut(tree, items, items - number))
    found = {}
    for least in least_sizes(len(similarities) // (2 * number)):
        merges = items - number
        large = np.count_nonzero(last >= least)
        while large < number and merges > 0:  # undo one merge after the other
            merges -= 1
            children = sizes[tree[merges, :2].astype(int)]
            large += np.count_nonzero(children >= least) - int(sizes[items + merges] >= least)
        if large >= number and merges not in found:
            labels = trees.cut(tree, items, merges)
            found[merges] = only(labels, np.argsort(-np.bincount(labels), kind="stable")[:number])
    return list(found.values())
