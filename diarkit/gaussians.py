"""Gaussians of any stretch of a sequence of frames, from running sums, and how different two of them are."""

import numpy as np

from diarkit.errors import DataError

BATCH = 1024  # covariances worked on at once: a few megabytes, which stay in the processor's cache


class Gaussians:
    """Maximum-likelihood Gaussians of the stretches between edges that lie every `step` frames.

    Running sums of x and x x' at the edges give the mean and covariance of a stretch in a time that does not depend
    on its length. Frames are centred and brought to unit variance in each dimension first: the measures below do not
    change by it, and the sums lose no precision. `floor` is added to all variances then, so that silence, constant
    features and stretches with fewer frames than dimensions have a finite likelihood.

    Parameters
    ----------
    features : (T, D) array, T >= 1, D >= 1
    step : frames between two edges; the last stretch has the rest too
    full : full covariances, or diagonal ones
    floor : added to variances, in parts of the variance of all frames

    Raises DataError if `features` is not such an array, or holds NaN or infinity.

    Attributes
    ----------
    edges : (K + 1,) int array, frames, from 0 to T; stretches are named by the indices of their edges
    num_parameters : of one Gaussian, mean and covariance
    """

    def __init__(self, features, step=1, full=True, floor=1e-3):
        features = np.asarray(features)
        if features.ndim != 2 or 0 in features.shape:
            raise DataError(f"a matrix of features (frames, dimensions) expected, not {features.shape}")
        if not np.isfinite(features).all():
            raise DataError("features have NaN or infinity in them")
        num_frames, dim = features.shape
        count = max(num_frames // step, 1)
        self.edges = np.append(np.arange(count) * step, num_frames)
        self.full, self.floor = full, floor
        self.num_parameters = dim + (dim * (dim + 1) // 2 if full else dim)

        self.features = features
        self.mean = features.mean(axis=0, dtype=np.float64)
        # the mean of a constant may be off by a rounding error, which must not pass for variance
        self.scale = features.std(axis=0, dtype=np.float64)
        self.scale[self.scale <= 1e-6 * np.abs(self.mean)] = np.inf
        self.first = np.zeros((count + 1, dim))
        self.second = np.zeros((count + 1, dim, dim) if full else (count + 1, dim))
        for start in range(0, count, BATCH):
            stop = min(start + BATCH, count)
            block = self.normalised(self.edges[start], self.edges[stop])
            within = self.edges[start:stop] - self.edges[start]
            self.first[start + 1 : stop + 1] = np.add.reduceat(block, within)
            if full:
                for i, (a, b) in enumerate(zip(within, [*within[1:], len(block)], strict=True), start + 1):
                    self.second[i] = block[a:b].T @ block[a:b]
            else:
                self.second[start + 1 : stop + 1] = np.add.reduceat(block * block, within)
        np.cumsum(self.first, axis=0, out=self.first)
        np.cumsum(self.second, axis=0, out=self.second)

    def __len__(self):
        """The number of steps K."""
        return len(self.edges) - 1

    def normalised(self, start, end):
        """Frames `start` to `end`, centred and of unit variance."""
        return (self.features[start:end] - self.mean) / self.scale

    def sums(self, start, end):
        """Number of frames (n,), sum of x (n, D) and of x x' (n, D, D), or x * x (n, D), between edges, (n,) arrays."""
        return (self.edges[end] - self.edges[start], self.first[end] - self.first[start],
                self.second[end] - self.second[start])

    def moments(self, count, first, second):
        """Means (n, D) and covariances (n, D, D), or variances (n, D), from sums."""
        count = count[:, None]
        mean = first / count
        if not self.full:
            return mean, np.maximum(second / count - mean**2, 0) + self.floor
        covariance = second / count[:, :, None]
        covariance -= mean[:, :, None] * mean[:, None, :]
        diagonal = np.einsum("nii->ni", covariance)
        diagonal += self.floor
        return mean, covariance

    def cost_of_sums(self, count, first, second):
        """N/2 log |covariance| from sums, see `cost`."""
        _, covariance = self.moments(count, first, second)
        if not self.full:
            return count * np.log(covariance).sum(axis=1) / 2
        # all are positive definite by the floor, so that the root of the determinant is that of a triangle
        return count * np.log(np.einsum("nii->ni", np.linalg.cholesky(covariance))).sum(axis=1)

    def cost(self, start, end):
        """Minus the log likelihood of stretches under their own Gaussians, but for what each frame adds: (n,) array.

        That is N/2 log |covariance|, for N frames. start, end: (n,) or (1,) arrays of edges.
        """
        start, end = np.broadcast_arrays(start, end)
        result = np.empty(len(start))
        for at in range(0, len(start), BATCH):
            part = slice(at, at + BATCH)
            result[part] = self.cost_of_sums(*self.sums(start[part], end[part]))
        return result

    def sharpen(self, start, middle, end, least):
        """Move an edge, within its neighbours, to the frame where two Gaussians explain start to end best.

        start, middle, end : edges; at least `least` frames are left on each side, if there is such a frame
        """
        left = self.edges[middle - 1]
        frames = np.arange(max(left + 1, self.edges[start] + least),
                           min(self.edges[middle + 1] - 1, self.edges[end] - least) + 1)
        if len(frames) == 0:
            return
        block = self.normalised(left, frames[-1])
        squares = block[:, :, None] * block[:, None, :] if self.full else block * block
        first = self.first[middle - 1] + np.cumsum(block, axis=0)[frames - left - 1]
        second = self.second[middle - 1] + np.cumsum(squares, axis=0)[frames - left - 1]
        costs = (self.cost_of_sums(frames - self.edges[start], first - self.first[start], second - self.second[start])
                 + self.cost_of_sums(self.edges[end] - frames, self.first[end] - first, self.second[end] - second))
        best = costs.argmin()
        self.edges[middle], self.first[middle], self.second[middle] = frames[best], first[best], second[best]


def likelihood_ratio(gaussians, start, middle, end):
    """How much more likely the frames are under two Gaussians than under one: GLR, in nats, never negative.

    start, middle, end : (n,) arrays of edges; the two stretches meet at `middle`.
    """
    return (gaussians.cost(start, end) - gaussians.cost(start, middle)) - gaussians.cost(middle, end)


def penalty(gaussians, start, end, weight):
    """What the Bayesian information criterion (BIC) takes for a second Gaussian: weight/2 parameters log N."""
    return weight / 2 * gaussians.num_parameters * np.log(gaussians.edges[end] - gaussians.edges[start])


def delta_bic(gaussians, start, middle, end, weight=1.0):
    """Delta-BIC of Chen and Gopalakrishnan (1998), in nats: above 0 where two Gaussians are the better model."""
    return likelihood_ratio(gaussians, start, middle, end) - penalty(gaussians, start, end, weight)


def symmetric_divergence(gaussians, start, middle, end):
    """KL2, the Kullback-Leibler divergence of two Gaussians added in both directions, in nats.

    1/2 tr(S1 inv(S2) + S2 inv(S1) - 2) + 1/2 (m1 - m2)' (inv(S1) + inv(S2)) (m1 - m2)
    """
    result = np.empty(len(middle))
    for at in range(0, len(middle), BATCH):
        part = slice(at, at + BATCH)
        mean1, cov1 = gaussians.moments(*gaussians.sums(start[part], middle[part]))
        mean2, cov2 = gaussians.moments(*gaussians.sums(middle[part], end[part]))
        apart = mean1 - mean2
        if gaussians.full:
            inverse1, inverse2 = np.linalg.inv(cov1), np.linalg.inv(cov2)
            traces = np.einsum("nij,nij->n", cov1, inverse2) + np.einsum("nij,nij->n", cov2, inverse1)
            spread = np.einsum("ni,nij,nj->n", apart, inverse1 + inverse2, apart)
        else:
            traces = (cov1 / cov2 + cov2 / cov1).sum(axis=1)
            spread = (apart**2 * (1 / cov1 + 1 / cov2)).sum(axis=1)
        result[part] = (traces + spread) / 2 - apart.shape[1]
    return result
