"""Training of an i-vector extractor: sums over utterances, and the model that makes their frames most likely.

Kaldi's ivector/ivector-extractor.cc, without weights that depend on the i-vector; Kenny et al. 2005, Dehak et al. 2011.
Models and sums are those of io.ivectorextractor, IvectorExtractor and IvectorSums, or tuples in their order.
"""

import numpy as np

from diarkit.errors import DataError
from diarkit.ivector.eigen import eigen
from diarkit.ivector.packed import doubled, pack, unpack

OFFSET = 100.0  # of the mean of the first dimension of i-vectors before training, as Kaldi has it
LEAST_VARIANCE = 1e-7  # of i-vectors along any direction, as they are whitened
MOST_CONDITION = 1e4  # of matrices that are inverted, the largest eigenvalue to the smallest, as in Kaldi


def initial_model(weights, means, precisions, dim, seed):
    """A model to begin with, in the manner of Kaldi's ivector-extractor-init: directions are drawn by chance.

    weights (C,), means (C, D), precisions (C, D, D) : of a mixture; seed : of the directions

    Returns projections (C, D, R), precisions, weights, none that depend on the i-vector (0, 0), and the offset.
    """
    projections = np.random.default_rng([seed]).standard_normal((*means.shape, dim))
    projections[:, :, 0] = means / OFFSET
    return projections, precisions, weights, np.zeros((0, 0)), OFFSET


def expect(extractor, counts, sums):
    """What a block of B utterances adds to the sums of training, but for the squares of frames.

    counts : (B, C) frames of each Gaussian by their posteriors; sums : (B, C D), of these frames

    Returns the objective without what hangs on the squares, counts (C,), projected (C, D, R), scatters (C, P), number
    of i-vectors, and their sum (R,) and scatter (R, R). Raises DataError where no i-vector can be computed.
    """
    linear = sums @ extractor.linear
    ivectors, covariances, logs = extractor.distributions(counts, linear)
    traces = covariances @ pack(np.eye(extractor.dim))
    prior = ((ivectors**2).sum(axis=1) + traces - extractor.dim - logs).sum() / 2
    ivectors[:, 0] += extractor.offset
    scatters = covariances
    scatters += pack(ivectors[:, :, None] * ivectors[:, None, :])
    scatters_of = counts.T @ scatters
    total = counts.sum(axis=0)
    objective = (total @ extractor.constants + (linear * ivectors).sum() - prior
                 - ((extractor.quadratic * scatters_of) @ doubled(extractor.dim)).sum() / 2)
    projected = (sums.T @ ivectors).reshape(extractor.num_gauss, extractor.feat_dim, extractor.dim)
    return objective, total, projected, scatters_of, len(counts), ivectors.sum(axis=0), unpack(scatters.sum(axis=0))


def objective_of_squares(squares, precisions):
    """What hangs on the squares of frames (C, D, D) in the objective, nats."""
    return -(squares * precisions).sum() / 2


def update(model, sums, opts, told=lambda line: None):
    """The model that sums make most likely, in the form of `initial_model`; Kaldi's ivector-extractor-est.

    opts : IvectorUpdateOptions; told : called with lines about what was done

    Gaussians with fewer frames than `opts.gaussian_min_count` stay. Raises DataError if all do, or no i-vectors are.
    """
    projections, precisions, weights, no_weights, offset = model
    heard = np.flatnonzero(sums.counts >= opts.gaussian_min_count)
    if not len(heard) or not sums.num_ivectors > 0:
        raise DataError(f"no Gaussian has {opts.gaussian_min_count:g} frames or more to be trained on")
    if len(heard) < len(sums.counts):
        told(f"{len(sums.counts) - len(heard)} Gaussians have fewer than {opts.gaussian_min_count:g} frames, and stay")
    projections, precisions = projections.copy(), precisions.copy()
    for c in heard:
        projections[c] = best_projection(projections[c], sums.projected[c], unpack(sums.scatters[c]))
    if len(sums.squares):
        covariances = residual_covariances(projections, sums, heard)
        average = np.tensordot(sums.counts[heard], covariances, 1) / sums.counts[heard].sum()
        floor = opts.variance_floor_factor * well_conditioned(average)
        floored = 0
        for c, covariance in zip(heard, covariances, strict=True):
            precisions[c], number = floored_inverse(covariance, floor)
            floored += number
        if floored:
            told(f"{floored} of {covariances.shape[1] * len(heard)} variances of Gaussians were floored")
    transform, offset = whitening(sums, projections, precisions, weights, opts.diagonalize)
    # x becomes V x, and so M becomes M V^-1: the means of Gaussians stay
    projections = projections @ np.linalg.inv(transform)
    return projections, precisions, weights, no_weights, offset


def best_projection(old, projected, scatter):
    """M (D, R) that maximises tr(M' S^-1 Y) - tr(S^-1 M R M') / 2, for any S: Y R^-1, as Kaldi solves it.

    old : M that it starts from; projected : Y (D, R); scatter : R (R, R)

    R is brought to a diagonal of ones first, and where it hardly varies, by less than 1e-4 of its largest eigenvalue,
    the step from `old` is as long as if it did that much.
    """
    scale = 1 / np.sqrt(np.maximum(np.einsum("ii->i", scatter), np.finfo(np.float64).tiny * 1000))
    values, vectors = np.linalg.eigh(scatter * scale[:, None] * scale)
    values = np.maximum(values, max(values[-1] / MOST_CONDITION, 1e-40))
    step = ((projected - old @ scatter) * scale) @ vectors
    return old + (step / values) @ vectors.T * scale


def residual_covariances(projections, sums, heard):
    """Covariances of frames around the means that i-vectors give them, of the Gaussians `heard`: (H, D, D)."""
    found = np.empty((len(heard), *sums.squares.shape[1:]))
    for at, c in enumerate(heard):
        projection = projections[c]
        crossed = sums.projected[c] @ projection.T
        within = sums.squares[c] - crossed - crossed.T + projection @ unpack(sums.scatters[c]) @ projection.T
        found[at] = (within + within.T) / (2 * sums.counts[c])
    return found


def well_conditioned(covariance):
    """A covariance of which the eigenvalues are not below 1e-4 of the largest: those that are, are raised to that."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.maximum(values, values[-1] / MOST_CONDITION)) @ vectors.T


def floored_inverse(covariance, floor):
    """The inverse of a covariance that is at least `floor`, along every direction, and along how many it was less."""
    root = np.linalg.cholesky(floor)
    inverse_root = np.linalg.inv(root)
    values, vectors = np.linalg.eigh(inverse_root @ covariance @ inverse_root.T)
    half = inverse_root.T @ vectors
    inverse = (half / np.maximum(values, 1)) @ half.T
    return unpack(pack(inverse)), int((values < 1).sum())  # symmetric to the last bit, as it is read from a file


def whitening(sums, projections, precisions, weights, diagonalize):
    """A transform of i-vectors after which their covariance is I and their mean along the first dimension.

    With `diagonalize`, the average of M' S^-1 M over Gaussians, by their weights, is diagonal as well in the other
    dimensions, falling. Returns V (R, R) and the new offset.
    """
    mean = sums.ivector_sum / sums.num_ivectors
    values, vectors = eigen(sums.ivector_scatter / sums.num_ivectors - np.outer(mean, mean))
    transform = vectors.T / np.sqrt(np.maximum(values, LEAST_VARIANCE))[:, None]
    transform = turning(transform @ mean) @ transform
    if diagonalize and len(mean) > 1:
        average = np.zeros_like(transform)
        for weight, projection, precision in zip(weights, projections, precisions, strict=True):
            average += weight * (projection.T @ precision @ projection)
        inverse = np.linalg.inv(transform[1:, 1:])
        turned = inverse.T @ average[1:, 1:] @ inverse
        values, vectors = eigen((turned + turned.T) / 2)
        transform[1:] = vectors[:, np.argsort(-values, kind="stable")].T @ transform[1:]
    return transform, float(transform[0] @ mean)


def turning(vector):
    """A reflection (R, R), as by Householder, that turns a vector to the first axis."""
    along = vector / np.linalg.norm(vector)
    along[0] -= 1
    length = np.linalg.norm(along)
    if length < 1e-12:
        return np.eye(len(vector))
    along /= length
    return np.eye(len(vector)) - 2 * np.outer(along, along)
