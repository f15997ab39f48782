"""I-vectors of utterances, given sums of their frames for each Gaussian of a mixture.

An i-vector x moves the means of the Gaussians, Sigma_c their covariances, to M_c x, and is distributed as
N(offset e1, I) before anything is heard. Of an utterance enter, for each Gaussian, the count n_c of frames by their
posteriors and their sum f_c. Kaldi's form (ivector/ivector-extractor.cc) of Dehak et al. 2011, equations (1) to (4).
"""

import numpy as np
from scipy.linalg import lapack

from diarkit.errors import DataError
from diarkit.ivector.packed import lower, pack

CHUNK = 64  # Gaussians worked on at once: memory for a few of R x R


class Extractor:
    """A model, see io.ivectorextractor.IvectorExtractor, and what is computed from it once.

    linear : (C D, R), the rows of Sigma_c^-1 M_c one Gaussian after the other
    quadratic : (C, P), M_c' Sigma_c^-1 M_c, packed

    Raises DataError, naming `where` the model is from, for one whose weights depend on the i-vector, and for
    covariances that cannot be.
    """

    def __init__(self, model, where=None):
        if model.weight_projections.size:
            raise DataError("the weights of its Gaussians depend on the i-vector (<w>): train with --use-weights=false",
                            where)
        self.model, self.offset = model, model.offset
        self.num_gauss, self.feat_dim, self.dim = model.projections.shape
        signs, logs = np.linalg.slogdet(model.precisions)
        if (signs <= 0).any() or (model.weights < 0).any():
            raise DataError("a covariance or a weight of its Gaussians is not positive", where)
        self.linear = np.empty((self.num_gauss, self.feat_dim, self.dim))
        self.quadratic = np.empty((self.num_gauss, self.dim * (self.dim + 1) // 2))
        for first in range(0, self.num_gauss, CHUNK):
            some = slice(first, first + CHUNK)
            np.matmul(model.precisions[some], model.projections[some], out=self.linear[some])
            self.quadratic[some] = pack(model.projections[some].transpose(0, 2, 1) @ self.linear[some])
        self.linear = self.linear.reshape(-1, self.dim)
        # what a frame of each Gaussian adds to the log likelihood, whatever it is
        weights = np.maximum(model.weights, np.finfo(np.float64).tiny)  # of one that is never heard it may be 0
        self.constants = np.log(weights) + (logs - self.feat_dim * np.log(2 * np.pi)) / 2

    def infer(self, counts, linear):
        """The most probable i-vectors of B utterances, less the offset: (B, R).

        counts : (B, C), n; linear : (B, R), the sums over Gaussians of M' Sigma^-1 f

        Raises DataError if one cannot be computed.
        """
        return self._solve(counts @ self.quadratic, linear, None, None)

    def distributions(self, counts, linear):
        """Means of i-vectors, less the offset (B, R), covariances, packed (B, P), and their log determinants (B,)."""
        packed = counts @ self.quadratic
        covariances, logs = np.empty_like(packed), np.empty(len(packed))
        return self._solve(packed, linear, covariances, logs), covariances, logs

    def _solve(self, packed, linear, covariances, logs):
        means = np.empty((len(packed), self.dim))
        matrix = np.zeros((self.dim, self.dim))
        flat, places = matrix.reshape(-1), lower(self.dim)
        first = np.arange(self.dim) * (np.arange(self.dim) + 1) // 2  # where the first column is packed
        diagonal = np.einsum("ii->i", matrix)
        for b, row in enumerate(packed):
            flat[places] = row
            diagonal += 1
            # around the offset: of x = offset e1 + y, y is found, which loses no digits by what they differ in
            right = linear[b] - self.offset * row[first]
            _, means[b], failed = lapack.dposv(matrix.T, right, lower=0, overwrite_a=1)
            if failed or not np.isfinite(means[b]).all():
                raise DataError("no i-vector of such sums can be computed: are the features those of the model?")
            if covariances is not None:
                logs[b] = -2 * np.log(diagonal).sum()
                lapack.dpotri(matrix.T, lower=0, overwrite_c=1)
                covariances[b] = flat[places]
        return means
