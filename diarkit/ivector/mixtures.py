"""Mixtures of Gaussians: how likely frames are, and the Gaussians that most likely made them.

Gaussians of frames are given as in a table of them (io.posteriors): N of all frames, one after the other, `gaussians`
(N,), of which those of frame t are at starts[t] to starts[t + 1].
"""

import numpy as np

from diarkit.errors import DataError
from diarkit.ivector.tiles import Tiles, checked_gaussians

BLOCK = 1024  # frames whose likelihoods are computed at once: they stay in the processor's cache


class DiagMixture:
    """C Gaussians of D dimensions with diagonal covariances.

    Likelihoods are computed in single precision, of features that are centred and scaled by the mean and the standard
    deviation of the whole mixture, so that they are right to some 1e-5.

    weights (C,), means (C, D), variances (C, D); a Gaussian of weight 0 is never selected before the others.
    """

    def __init__(self, weights, means, variances):
        weights, means, variances = (np.asarray(part, np.float64) for part in (weights, means, variances))
        if not (variances > 0).all():
            raise DataError("a variance of a mixture is not above 0")
        self.weights, self.means, self.variances = weights, means, variances
        self.num_gauss, self.dim = means.shape
        share = weights / weights.sum()
        self.centre = share @ means
        self.scale = np.sqrt(np.maximum(share @ (variances + means**2) - self.centre**2, variances.min(axis=0)))
        means, precisions = (means - self.centre) / self.scale, self.scale**2 / variances
        self._linear = np.concatenate([means * precisions, -precisions / 2], axis=1).astype(np.float32).T
        with np.errstate(divide="ignore"):
            self._constants = (np.log(weights) - (np.log(2 * np.pi * variances) + means**2 * precisions).sum(axis=1) / 2
                               ).astype(np.float32)

    def log_likelihoods(self, features):
        """Of frames (T, D): log w_c N(x_t; c), (T, C) float32. Raises DataError for features of another size."""
        features = checked_features(features, self.dim)
        result = np.empty((len(features), self.num_gauss), np.float32)
        for start in range(0, len(features), BLOCK):
            result[start : start + BLOCK] = self._of_block(features[start : start + BLOCK])
        return result

    def selected_log_likelihoods(self, features, starts, gaussians):
        """The same of some Gaussians of each frame: (N,) float32."""
        features = checked_features(features, self.dim)
        checked_gaussians(starts, gaussians, len(features), self.num_gauss)
        result = np.empty(len(gaussians), np.float32)
        for start in range(0, len(features), BLOCK):
            stop = min(start + BLOCK, len(features))
            part = slice(starts[start], starts[stop])
            rows = np.repeat(np.arange(stop - start), np.diff(starts[start : stop + 1]))
            result[part] = self._of_block(features[start:stop])[rows, gaussians[part]]
        return result

    def select(self, features, count):
        """The `count` Gaussians of the mixture that most likely made each frame, or all if it has no more.

        Returns gaussians (T, count) int32, the most likely first, and their log likelihoods (T, count) float32.
        """
        features = checked_features(features, self.dim)
        count = min(count, self.num_gauss)
        gaussians = np.empty((len(features), count), np.int32)
        likelihoods = np.empty((len(features), count), np.float32)
        for start in range(0, len(features), BLOCK):
            part = slice(start, start + BLOCK)
            gaussians[part], likelihoods[part] = highest(self._of_block(features[part]), count)
        return gaussians, likelihoods

    def _of_block(self, features):
        scaled = ((features - self.centre) / self.scale).astype(np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            result = np.concatenate([scaled, scaled * scaled], axis=1) @ self._linear
        result += self._constants
        if not np.isfinite(result.max(axis=1)).all():
            raise DataError("a frame is too far from all Gaussians of the mixture")
        return result


class FullMixture:
    """C Gaussians of D dimensions with full covariances.

    weights (C,), means (C, D), precisions (C, D, D), the inverse covariances; all is computed in double precision.

    Raises DataError if a precision is not positive definite.
    """

    def __init__(self, weights, means, precisions):
        self.weights, self.means, self.precisions = (np.asarray(part, np.float64) for part in
                                                     (weights, means, precisions))
        self.num_gauss, self.dim = self.means.shape
        try:
            self._factors = np.linalg.cholesky(self.precisions)
        except np.linalg.LinAlgError:
            raise DataError("a covariance of a mixture is not positive definite") from None
        self._shifts = np.matmul(self.means[:, None], self._factors)
        logs = np.log(np.einsum("cdd->cd", self._factors)).sum(axis=1)
        with np.errstate(divide="ignore"):
            self._constants = np.log(self.weights) + logs - self.dim / 2 * np.log(2 * np.pi)
        self._diagonal = None

    def diagonal(self):
        """The DiagMixture of the same weights, means and variances, made once; Kaldi's fgmm-global-to-gmm."""
        if self._diagonal is None:
            variances = np.einsum("cdd->cd", np.linalg.inv(self.precisions))
            self._diagonal = DiagMixture(self.weights, self.means, variances)
        return self._diagonal

    def selected_log_likelihoods(self, features, starts, gaussians):
        """Of some Gaussians of each frame of (T, D): log w_c N(x_t; c), (N,) float64."""
        features = checked_features(features, self.dim)
        tiles = Tiles(starts, gaussians, len(features), self.num_gauss)
        result = np.empty(len(gaussians))
        for part in tiles.parts(self.dim):
            distances = np.matmul(part.rows_of(features), self._factors[part.owners])
            distances -= self._shifts[part.owners]
            distances = np.einsum("ktd,ktd->kt", distances, distances)
            part.scatter(self._constants[part.owners, None] - distances / 2, result)
        return result

    def log_likelihoods(self, features):
        """Of all Gaussians, (T, C) float64."""
        result = np.empty((len(features), self.num_gauss))
        for start in range(0, len(features), BLOCK):
            block = features[start : start + BLOCK]
            every = np.tile(np.arange(self.num_gauss), len(block))
            starts = np.arange(len(block) + 1) * self.num_gauss
            result[start : start + BLOCK] = self.selected_log_likelihoods(block, starts, every).reshape(len(block), -1)
        return result


def highest(values, count):
    """Of each row of (T, C): the columns of the `count` highest values, the highest first, and these; (T, count)."""
    size = values.shape[1]
    if count < size:
        least = np.partition(values, size - count, axis=1)[:, size - count, None]
        rows, columns = np.nonzero(values >= least)
        if len(columns) == len(values) * count:
            columns = columns.reshape(-1, count)
        else:  # values that are the same
            columns = np.sort(np.argpartition(values, size - count, axis=1)[:, size - count :], axis=1)
    else:
        columns = np.broadcast_to(np.arange(size), values.shape)
    found = np.take_along_axis(values, columns, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1).astype(np.int32), np.take_along_axis(found, order, axis=1)


def checked_features(features, dim):
    """The features (T, D) as an array; DataError for another number of dimensions, and for none at all."""
    features = np.asarray(features)
    if features.ndim != 2 or not len(features):
        raise DataError("has no frames")
    if features.shape[1] != dim:
        raise DataError(f"features of {features.shape[1]} dimensions, a mixture of {dim}")
    return features
