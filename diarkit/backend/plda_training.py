"""Training of PLDA models by expectation and maximisation (EM), and their adaptation to other vectors.

Of all vectors only sums are kept (SpeakerSums): a mean for every speaker, and one matrix of products.
"""

import numpy as np

from diarkit.backend.plda import SINGULAR, check_size, covariances, from_covariances
from diarkit.errors import DataError

RANK = 1e-10  # the part of the greatest variance below which there is none
ROUNDING = 1e-13  # the part of squares below which there is nothing
BLOCK = 512  # vectors that are summed up at once
NO_VECTOR = "there is no vector to train on"


class SpeakerSums:
    """What PLDA training needs to know of vectors and their speakers, as they come, in any order."""

    def __init__(self, count):
        """count : of speakers, of which some may never come"""
        self._counts = np.zeros(count, np.int64)
        self._sums = self._products = self._shift = None
        self._waiting, self._speakers = [], []

    def add(self, vector, speaker):
        """Add a vector (D,) of a speaker, a number from 0. Raises DataError for NaN, infinity and another D."""
        if not vector.size:
            raise DataError("is empty")
        if not np.isfinite(vector).all():
            raise DataError("NaN or infinity in it")
        if self._shift is None:
            self._shift = np.array(vector, np.float64)  # near the others, so that squares stay small
            self._sums = np.zeros((len(self._counts), vector.size))
            self._products = np.zeros((vector.size,) * 2)
        if vector.shape != self._shift.shape:
            raise DataError(f"{vector.size} numbers, where others have {self._shift.size}")
        self._waiting.append(vector)
        self._speakers.append(speaker)
        if len(self._waiting) == BLOCK:
            self._sum_up()

    def _sum_up(self):
        if self._waiting:
            block = np.array(self._waiting, np.float64) - self._shift
            np.add.at(self._sums, self._speakers, block)
            np.add.at(self._counts, self._speakers, 1)
            with np.errstate(over="ignore"):  # refused in of_speakers
                self._products += block.T @ block
            self._waiting, self._speakers = [], []

    def of_speakers(self):
        """counts (S,), means (S, D) of the speakers that came; scatter (D, D), products of vectors less these means.

        Raises DataError where no vector has come, and for vectors too large to be squared.
        """
        if self._shift is None:
            raise DataError(NO_VECTOR)
        self._sum_up()
        there = self._counts > 0
        counts = self._counts[there]
        means = self._sums[there] / counts[:, None]
        with np.errstate(over="ignore", invalid="ignore"):
            scatter = self._products - means.T @ (counts[:, None] * means)
        if not np.isfinite(scatter).all():
            raise DataError("vectors are too large for their squares to be added up")
        return counts, means + self._shift, scatter

    def dimensions_within(self):
        """In how many dimensions the vectors of speakers vary, and D. Errors as of_speakers."""
        variances = np.linalg.eigvalsh(self.of_speakers()[2])
        least = max(RANK * variances[-1], ROUNDING * np.trace(self._products))
        return int((variances > least).sum()), len(variances)


def train(sums, opts, report=lambda iteration, value: None):
    """The Model of the vectors in `sums`.

    Parameters
    ----------
    sums : SpeakerSums; speakers of one vector count for the covariance between speakers
    opts : PldaOptions
    report : called after each iteration with its number, from 1, and the log likelihood of a vector before it, nats

    Raises DataError where no speaker has two vectors, or the covariance within speakers would be singular.
    """
    counts, means, scatter = sums.of_speakers()
    if not (counts > 1).any():
        raise DataError("no speaker has two vectors or more")
    if not sums.dimensions_within()[0]:
        raise DataError("vectors of one speaker are all the same")
    if len(counts) < 2:
        raise DataError("one speaker is not enough to tell how speakers differ")
    mean = means.mean(axis=0)
    if opts.num_factors:
        within, factors = train_factors(counts, means - mean, scatter, opts, report)
        model = from_covariances(mean, within, factors @ factors.T, signs=True)
        model.psi[opts.num_factors :] = 0  # what rounding has left
        return model
    within = between = np.eye(len(mean))
    for iteration in range(1, opts.num_em_iters + 1):
        within, between, value = em_step(counts, means - mean, scatter, within, between)
        report(iteration, value / counts.sum())
    return from_covariances(mean, within, between, signs=True)


def em_step(counts, means, scatter, within, between):
    """One iteration of Kaldi's two-covariance training, ivector/plda.cc.

    Parameters
    ----------
    counts, means, scatter : of SpeakerSums, the means less their own mean
    within, between : covariances (D, D) so far

    Returns new covariances, and the log likelihood of all vectors under those so far.
    """
    model = from_covariances(np.zeros(len(within)), within, between)
    n = counts[:, None]
    weight = n * model.psi / (n * model.psi + 1)  # of a speaker's mean against 0, the mean of all
    back = np.linalg.inv(model.transform)
    seen = means @ model.transform.T
    value = log_likelihood(counts, seen, model, scatter)
    expected = weight * seen @ back.T
    errors = means - expected
    unknown = weight / n  # variance that is left, in the space of the model
    between = (back * unknown.sum(axis=0)) @ back.T + expected.T @ expected
    within = scatter + (back * weight.sum(axis=0)) @ back.T + errors.T @ (n * errors)
    return within / counts.sum(), between / len(counts), value


def log_likelihood(counts, seen, model, scatter):
    """Of all vectors, given the transformed means of speakers (S, D), and the scatter, not transformed; nats."""
    n = counts[:, None]
    variances = model.psi + 1 / n
    of_means = -0.5 * (np.log(2 * np.pi * variances) + seen**2 / variances).sum()
    rest, size = counts.sum() - len(counts), len(scatter)
    of_rest = -0.5 * (rest * size * np.log(2 * np.pi) + np.vdot(model.transform.T @ model.transform, scatter))
    # a mean of n vectors and what is left of them: the change of variables has the determinant n^(D/2)
    change = -0.5 * size * np.log(counts).sum()
    return of_means + of_rest + change + counts.sum() * np.linalg.slogdet(model.transform)[1]


def train_factors(counts, means, scatter, opts, report):
    """Covariance within speakers W (D, D) and factors F (D, K) of x = mean + F y + e, y ~ N(0, 1), e ~ N(0, W).

    counts, means, scatter : as in em_step

    EM with minimum divergence: after each iteration y is given the covariance one again. It starts from the
    directions in which the means of speakers differ most.
    """
    size, count = len(scatter), opts.num_factors
    total = counts.sum()
    if count > min(size, len(counts) - 1):
        raise DataError(f"{count} factors of {len(counts)} speakers in {size} dimensions: "
                        f"at most {min(size, len(counts) - 1)} can be found")
    within = scatter / (total - len(counts))
    try:
        start = from_covariances(np.zeros(size), within, means.T @ means / len(counts))
    except DataError:
        start = None
    if start is None or np.linalg.cond(within) > 1 / RANK:
        raise DataError(SINGULAR)
    variances = np.maximum(start.psi[:count] - np.mean(1 / counts), 0.01 * start.psi[:count])
    factors = np.linalg.inv(start.transform)[:, :count] * np.sqrt(variances)
    products = scatter + means.T @ (counts[:, None] * means)
    for iteration in range(1, opts.num_em_iters + 1):
        model = from_covariances(np.zeros(size), within, factors @ factors.T)
        value = log_likelihood(counts, means @ model.transform.T, model, scatter)
        report(iteration, value / total)
        within, factors = factor_step(counts, means, products, within, factors)
    return within, factors


def factor_step(counts, means, products, within, factors):
    """One iteration on W (D, D) and F (D, K); `products` (D, D) of all vectors less the mean of all."""
    n = counts[:, None]
    explained = np.linalg.solve(within, factors)  # (D, K)
    precision, directions = np.linalg.eigh(factors.T @ explained)
    left = 1 / (1 + n * np.maximum(precision, 0))  # (S, K), variances of y along `directions`
    expected = (n * left * (means @ explained @ directions)) @ directions.T
    squares = (directions * (n * left).sum(axis=0)) @ directions.T + expected.T @ (n * expected)
    crossed = means.T @ (n * expected)  # (D, K)
    factors = np.linalg.solve(squares, crossed.T).T
    within = (products - factors @ crossed.T) / counts.sum()
    of_y = ((directions * left.sum(axis=0)) @ directions.T + expected.T @ expected) / len(counts)
    return (within + within.T) / 2, factors @ np.linalg.cholesky(of_y)


def adapted(plda, mean, covariance, opts):
    """The Model for vectors of another kind, of which no speakers are known: Kaldi's ivector-adapt-plda.

    Where they vary more than the model says, the excess goes to both of its covariances; its mean becomes theirs.

    Parameters
    ----------
    mean, covariance : of those vectors, (D,) and (D, D)
    opts : AdaptationOptions

    Raises DataError for another D than the model's.
    """
    check_size(plda, len(mean))
    shift = mean - plda.mean
    covariance = covariance + opts.mean_diff_scale * np.outer(shift, shift)
    to_unit = plda.transform / np.sqrt(1 + plda.psi)[:, None]  # after which all vectors of the model vary by one
    variances, directions = np.linalg.eigh(to_unit @ covariance @ to_unit.T)
    back = np.linalg.inv(directions.T @ to_unit)
    excess = (back * np.maximum(variances - 1, 0)) @ back.T
    within, between = covariances(plda)
    return from_covariances(mean, within + opts.within_covar_scale * excess,
                            between + opts.between_covar_scale * excess, signs=True)
