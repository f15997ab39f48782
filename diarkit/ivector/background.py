"""A mixture of Gaussians as background model: the Gaussians that each frame is of."""

from typing import NamedTuple

import numpy as np

from diarkit.ivector.mixtures import DiagMixture, FullMixture
from diarkit.ivector.posteriors import frame_posteriors


class FramePosteriors(NamedTuple):
    """What io.posteriors.Posteriors holds: those of frame t are at starts[t] to starts[t + 1]; starts (T + 1,)."""

    starts: np.ndarray
    gaussians: np.ndarray
    weights: np.ndarray


class Background:
    """A background model of C Gaussians of D dimensions.

    gmm : weights, means, and variances (C, D) or `precisions` (C, D, D), see io.gmm. Full covariances say how likely
        Gaussians are; diagonal ones, of the same model, which are looked at.
    """

    def __init__(self, gmm):
        self.is_full = hasattr(gmm, "precisions")
        self.mixture = (FullMixture if self.is_full else DiagMixture)(*gmm)
        self.preselector = self.mixture.diagonal() if self.is_full else self.mixture

    @property
    def precisions(self):
        """Inverse covariances, (C, D, D)."""
        if self.is_full:
            return self.mixture.precisions
        return np.eye(self.mixture.dim) / self.mixture.variances[:, :, None]

    def posteriors(self, feats, opts, scale=1.0):
        """FramePosteriors of features (T, D), float32 as tables have them, scaled.

        opts : FramePosteriorOptions. Raises DataError for features of another D.
        """
        starts, gaussians, weights, _ = frame_posteriors(feats, self.mixture, self.preselector, opts.num_gselect,
                                                         opts.min_post)
        weights = np.asarray(weights, np.float32)
        return FramePosteriors(starts, gaussians, weights * np.float32(scale) if scale != 1 else weights)
