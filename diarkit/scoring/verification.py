"""Error rates of verification trials: equal error rate, detection costs, Cllr.

A trial is accepted if its score is at least the threshold. Equal scores are accepted together, so that their order
makes no difference. Rates are between 0 and 1.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

PASSES = 60  # over all points in search of the convex hull


@dataclass(frozen=True)
class Curve:
    """Errors at every threshold that makes a difference, from where all trials are accepted to where none is.

    thresholds : (K,) increasing, the distinct scores, and infinity as the last
    missed : (K,) int, targets below each, from 0 to num_targets;  false_alarms : (K,) int, nontargets not below it
    """

    thresholds: np.ndarray
    missed: np.ndarray
    false_alarms: np.ndarray

    @property
    def num_targets(self):
        return int(self.missed[-1])

    @property
    def num_nontargets(self):
        return int(self.false_alarms[0])

    @property
    def p_miss(self):
        return self.missed / self.missed[-1]

    @property
    def p_fa(self):
        return self.false_alarms / self.false_alarms[0]


class EqualErrorRate(NamedTuple):
    rate: float
    threshold: float


class DetectionCost(NamedTuple):
    """Costs divided by that of the better of accepting all trials and none, as NIST does.

    minimum : at the best `threshold`, infinite where it is best to accept none
    actual : at bayes_threshold, the best one if scores are natural logarithms of likelihood ratios
    """

    minimum: float
    threshold: float
    actual: float
    bayes_threshold: float


def curve_of(targets, nontargets):
    """The Curve of two arrays of scores, finite and not empty, in any order."""
    targets, nontargets = (np.sort(np.asarray(scores, dtype=float).ravel()) for scores in (targets, nontargets))
    if not len(targets) or not len(nontargets):
        raise ValueError("no targets, or no nontargets")
    if not np.isfinite([targets[[0, -1]], nontargets[[0, -1]]]).all():  # NaN is sorted to the end
        raise ValueError("scores have NaN or infinity in them")
    thresholds = np.concatenate([targets, nontargets])
    thresholds.sort(kind="stable")  # two sorted runs
    thresholds = np.append(thresholds[np.append(True, thresholds[1:] != thresholds[:-1])], np.inf)
    return Curve(thresholds, np.searchsorted(targets, thresholds),
                 len(nontargets) - np.searchsorted(nontargets, thresholds))


def convex_hull(curve):
    """The Curve of the vertices only of its lower convex hull: what scores reach at best, if mapped monotonically."""
    x, y = curve.false_alarms.astype(np.int64), curve.missed.astype(np.int64)
    keep = np.arange(len(x))
    for _ in range(PASSES):
        # A point on or above the line between two others is no vertex, whether these are or not.
        inside = turns_up(np.diff(x[keep]), np.diff(y[keep]))
        if not inside.any():
            break
        keep = keep[np.concatenate([[True], ~inside, [True]])]
    else:  # few are left to be looked at one by one
        stack = []
        for n in keep.tolist():
            while len(stack) > 1 and turns_up(np.diff(x[[*stack[-2:], n]]), np.diff(y[[*stack[-2:], n]]))[0]:
                stack.pop()
            stack.append(n)
        keep = np.array(stack)
    return Curve(curve.thresholds[keep], curve.missed[keep], curve.false_alarms[keep])


def turns_up(dx, dy):
    """Whether each step and the one after it turn to where errors are more, or go straight on."""
    return dx[:-1] * dy[1:] - dy[:-1] * dx[1:] >= 0


def crossing(curve):
    """EqualErrorRate where the points of a curve, joined by straight lines, have as many misses as false alarms."""
    miss, fa = curve.p_miss, curve.p_fa
    k = int(np.argmax(miss >= fa))  # not 0: there none is missed and all are accepted
    before, after = fa[k - 1] - miss[k - 1], miss[k] - fa[k]
    part = before / (before + after)
    rate = miss[k - 1] + part * (miss[k] - miss[k - 1])
    low, high = curve.thresholds[k - 1], curve.thresholds[k]
    return EqualErrorRate(float(rate), float(low + part * (high - low) if np.isfinite(high) else low))


def kaldi_eer(targets, nontargets):
    """EqualErrorRate as Kaldi's compute-eer has it, which looks at the scores of targets as thresholds, in float32.

    It stops at the first, as position p of T sorted ones, that is greater than the nontarget below which the same
    share of nontargets would be accepted; the rate is p / T.
    """
    targets, nontargets = (np.sort(np.asarray(scores).astype(np.float32)) for scores in (targets, nontargets))
    size, other = len(targets), len(nontargets)
    position = np.arange(size - 1)
    found = nontargets[other - 1 - (other * position / size).astype(np.int64)] < targets[:-1]
    p = int(np.argmax(found)) if found.any() else size - 1
    return EqualErrorRate(float(np.float32(p / size)), float(targets[p]))


def detection_cost(curve, p_target=0.01, c_miss=1.0, c_fa=1.0):
    """DetectionCost of c_miss p_target P_miss + c_fa (1 - p_target) P_fa."""
    if not (0 < p_target < 1 and c_miss > 0 and c_fa > 0):
        raise ValueError("p_target is between 0 and 1, costs are positive")
    of_miss, of_fa = c_miss * p_target, c_fa * (1 - p_target)
    cost = (of_miss * curve.p_miss + of_fa * curve.p_fa) / min(of_miss, of_fa)
    best = int(np.argmin(cost))
    bayes = float(np.log(of_fa / of_miss))
    at = int(np.searchsorted(curve.thresholds, bayes))
    return DetectionCost(float(cost[best]), float(curve.thresholds[best]), float(cost[at]), bayes)


def cllr(targets, nontargets):
    """Cost of scores as natural logarithms of likelihood ratios, bits (Brummer and du Preez, 2006): 0 is perfect, 1 is
    what one has who knows nothing."""
    sides = (-np.asarray(targets, dtype=float), np.asarray(nontargets, dtype=float))
    return float(sum(np.logaddexp(0, side).mean() for side in sides) / 2 / np.log(2))


def min_cllr(hull):
    """The least Cllr that a monotonic mapping of the scores can reach; of the convex_hull of their curve."""
    share, other = np.diff(hull.p_miss), -np.diff(hull.p_fa)  # of targets and nontargets between vertices
    both = (share > 0) & (other > 0)  # where only one of them is, the ratio is 0 or infinite and costs nothing
    ratio = share[both] / other[both]
    return float((share[both] * np.log2(1 + 1 / ratio) + other[both] * np.log2(1 + ratio)).sum() / 2)
