"""Calibration: scores of one or several systems made log likelihood ratios, by logistic regression.

A calibrated score is the weighted sum of the scores of K systems and an offset, so chosen that the prior-weighted cross
entropy is least (Bruemmer et al. 2007, "Fusion of heterogeneous speaker recognition systems"). Then log(1 / p - 1) is
the threshold for targets of probability p, and 0 that of even odds, whatever the scores were.
"""

from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError

STEPS = 200  # of Newton's method at most; 10 to 30 are usual
ENOUGH = 1e-12  # what a step has to take off the cross entropy


class Calibration(NamedTuple):
    """weights : (K,) float64, one a system; offset : float, nats"""

    weights: np.ndarray
    offset: float

    def apply(self, *columns):
        """Log likelihood ratios, nats: arrays of scores, one a system, all of one shape, give one of float32.

        Raises DataError for what is then beyond single precision.
        """
        total = self.offset + sum(weight * np.asarray(column, float)
                                  for weight, column in zip(self.weights, columns, strict=True))
        if not (np.abs(total) <= np.finfo(np.float32).max).all():
            raise DataError("calibrated scores are too large, or none")
        return total.astype(np.float32)


def train(columns, is_target, prior=0.5, ridge=1e-6):
    """The Calibration that makes prior-weighted cross entropy plus penalty least.

    Parameters
    ----------
    columns : K arrays (T,) of scores, one a system
    is_target : (T,) bool
    prior : probability of a target, between 0 and 1
    ridge : factor of half the sum of squared weights, greater than 0, scores being scaled to deviation one

    Raises DataError where there are no targets, no nontargets, or a score is not finite.
    """
    is_target = np.asarray(is_target, bool)
    scores = np.stack([np.asarray(column, float) for column in columns], axis=1)
    if not np.isfinite(scores).all():
        raise DataError("scores have NaN or infinity in them")
    for kind, there in (("targets", is_target.any()), ("nontargets", not is_target.all())):
        if not there:
            raise DataError(f"no {kind} among {len(is_target)} scores: nothing to calibrate with")
    mean, deviation = scores.mean(axis=0), scores.std(axis=0)
    deviation = np.where(deviation > 1e-13 * np.abs(mean), deviation, np.inf)  # all equal: of no use, weight 0
    rows = np.column_stack([(scores - mean) / deviation, np.ones(len(scores))])
    shares = np.where(is_target, prior / is_target.sum(), (1 - prior) / (~is_target).sum())
    penalty = np.append(np.full(scores.shape[1], float(ridge)), 0.0)
    found = newton(rows, np.where(is_target, 1.0, -1.0), shares, np.log(prior / (1 - prior)), penalty)
    weights = found[:-1] / deviation
    return Calibration(weights, float(found[-1] - weights @ mean))


def newton(rows, signs, shares, log_odds, penalty):
    """Where sum shares log(1 + exp(-signs (rows w + log_odds))) + penalty w^2 / 2 is least, (P,), by Newton's method.

    A step that does not take enough off is halved. rows : (T, P); signs, shares : (T,); penalty : (P,)
    """
    def cost(w):
        margins = signs * (rows @ w + log_odds)
        return shares @ np.logaddexp(0, -margins) + penalty @ w**2 / 2, margins

    w = np.zeros(rows.shape[1])
    value, margins = cost(w)
    for _ in range(STEPS):
        wrong = np.exp(-np.logaddexp(0, margins))  # probability of the other kind
        gradient = -rows.T @ (shares * signs * wrong) + penalty * w
        curvature = rows.T @ (rows * (shares * wrong * (1 - wrong))[:, None]) + np.diag(penalty)
        step = np.linalg.lstsq(curvature, -gradient, rcond=None)[0]
        slope = gradient @ step
        size = 1.0
        new, margins = cost(w + step)
        while new > value + 1e-4 * size * slope and size > 1e-9:
            size /= 2
            new, margins = cost(w + size * step)
        if new > value - ENOUGH:
            return w + size * step if new < value else w
        w, value = w + size * step, new
    return w


def separates(llr, is_target):
    """Whether every target of (T,) scores is above every nontarget; then the scale of the scores is arbitrary."""
    return bool(llr[is_target].min() > llr[~is_target].max())
