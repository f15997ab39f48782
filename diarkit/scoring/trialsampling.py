"""Confidence intervals of verification error rates, by bootstrap over trials, or over what trials share.

Trials of the same utterance or speaker depend on each other: a hundred thousand trials of forty speakers say what forty
speakers say. Drawing utterances or speakers, and giving a trial as many copies as its two sides make, follows that
(the pigeonhole bootstrap, Owen 2007, which errs towards wide intervals).
"""

from statistics import NormalDist

import numpy as np

MOST_BINS = 4000
BLOCK = 1 << 22  # numbers at once


def rate_intervals(curve, costs, level=0.95, samples=1000, seed=0, trials=None):
    """Percentile intervals of the equal error rate and of detection costs.

    Parameters
    ----------
    curve : Curve, see diarkit.scoring.verification
    costs : list of (p_target, c_miss, c_fa)
    level : of confidence, between 0 and 1
    trials : None: targets and nontargets are drawn, each for itself. Or (scores, is_target, first, second), (N,) arrays
        of the same trials as the curve's and of the numbers, from 0, of what is drawn on each side of a trial

    Returns
    -------
    list of (low, high): of the equal error rate (where straight lines cross), of the minimal cost for each of the
        costs, and of the actual one for each; NaN where no sample has both targets and nontargets
    """
    bayes = [np.log(c_fa * (1 - p) / (c_miss * p)) for p, c_miss, c_fa in costs]
    edges = bin_edges(curve, np.searchsorted(curve.thresholds, bayes))
    places = np.searchsorted(edges, np.searchsorted(curve.thresholds, bayes))  # of the actual costs among the edges
    rng = np.random.default_rng(seed)
    if trials is None:
        counts = drawn_trials(rng, np.diff(curve.missed[edges]), -np.diff(curve.false_alarms[edges]), samples)
    else:
        counts = drawn_units(rng, curve.thresholds[edges], *trials, samples)
    found = [rates_of(*block, costs, places) for block in counts]
    ends = np.nanquantile(np.concatenate(found), [(1 - level) / 2, (1 + level) / 2], axis=0)
    return [tuple(pair) for pair in ends.T.tolist()]


def bin_edges(curve, wanted):
    """Numbers of thresholds, all of them or as many as there may be bins: the first, the last, those `wanted`, and
    others at even distances on a DET plot."""
    size = len(curve.thresholds)
    if size <= MOST_BINS:
        return np.arange(size)
    shares = np.array([NormalDist().cdf(z) for z in np.linspace(-5, 5, MOST_BINS // 2 - 10)])
    at_miss = np.searchsorted(curve.missed, shares * curve.num_targets)
    at_fa = size - 1 - np.searchsorted(curve.false_alarms[::-1], shares * curve.num_nontargets)
    return np.unique(np.concatenate([[0, size - 1], wanted, at_miss, at_fa]))


def drawn_trials(rng, targets, nontargets, samples):
    """Blocks of two (S, B) arrays of how many targets and nontargets fall into each bin."""
    step = max(BLOCK // len(targets), 1)
    for first in range(0, samples, step):
        rows = min(step, samples - first)
        yield [rng.multinomial(side.sum(), side / side.sum(), rows) for side in (targets, nontargets)]


def drawn_units(rng, edges, scores, is_target, first, second, samples):
    """The same, one sample a block: the weight of a trial is the product of how often its two sides are drawn."""
    num = int(max(first.max(), second.max())) + 1
    bins = np.searchsorted(edges, scores, side="right") - 1
    sides = [[array[mask] for array in (bins, first, second)] for mask in (is_target, ~is_target)]
    for _ in range(samples):
        times = np.bincount(rng.integers(0, num, num), minlength=num).astype(float)
        rows = []
        for where, one, other in sides:
            weight = times[one] * np.where(one == other, 1.0, times[other])
            rows.append(np.bincount(where, weight, len(edges) - 1)[None])
        yield rows


def rates_of(targets, nontargets, costs, places):
    """(S, 1 + 2 C): equal error rates, minimal and actual costs of (S, B) counts in bins of rising scores."""
    with np.errstate(invalid="ignore"):
        miss = below(targets) / targets.sum(axis=1, keepdims=True)
        fa = 1 - below(nontargets) / nontargets.sum(axis=1, keepdims=True)
    rows, k = np.arange(len(miss)), np.maximum((miss >= fa).argmax(axis=1), 1)
    before, after = (fa - miss)[rows, k - 1], (miss - fa)[rows, k]
    with np.errstate(invalid="ignore"):
        rate = miss[rows, k - 1] + before / (before + after) * (miss[rows, k] - miss[rows, k - 1])
    lowest, actual = [], []
    for (p, c_miss, c_fa), place in zip(costs, places, strict=True):
        cost = (c_miss * p * miss + c_fa * (1 - p) * fa) / min(c_miss * p, c_fa * (1 - p))
        lowest.append(cost.min(axis=1))
        actual.append(cost[:, place])
    return np.column_stack([rate, *lowest, *actual])


def below(counts):
    """(S, B + 1) sums of all bins before each edge."""
    return np.concatenate([np.zeros((len(counts), 1)), np.cumsum(counts, axis=1)], axis=1)
