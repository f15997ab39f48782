"""A mixture of Gaussians as background model: the Gaussians that each frame is of."""

from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError
from diarkit.ivector.posteriors import frame_posteriors
from diarkit.ivector.ubm import FRAMES, is_full, mixture_of


class FramePosteriors(NamedTuple):
    """What io.posteriors.Posteriors holds: those of frame t are at starts[t] to starts[t + 1]; starts (T + 1,)."""

    starts: np.ndarray
    gaussians: np.ndarray
    weights: np.ndarray


class Background:
    """A background model of C Gaussians of D dimensions.

    gmm : weights, means, and variances (C, D) or `precisions` (C, D, D), see io.gmm. Full covariances say how likely
        Gaussians are; diagonal ones, of the same model, which are looked at.
    extractor : the Extractor that it is for, if there is one yet; where : that is from, for messages

    Raises DataError if it is not for that.
    """

    def __init__(self, gmm, extractor=None, where=None):
        self.is_full = is_full(gmm)
        self.mixture = mixture_of(gmm)
        sizes = self.mixture.num_gauss, self.mixture.dim
        if extractor is not None and sizes != (extractor.num_gauss, extractor.feat_dim):
            raise DataError(f"a background model of {sizes[0]} Gaussians of {sizes[1]} dimensions for an extractor of "
                            f"{extractor.num_gauss} of {extractor.feat_dim}", where)
        self.preselector = self.mixture.diagonal() if self.is_full else self.mixture

    @property
    def precisions(self):
        """Inverse covariances, (C, D, D)."""
        if self.is_full:
            return self.mixture.precisions
        return np.eye(self.mixture.dim) / self.mixture.variances[:, :, None]

    def posteriors(self, feats, num_gselect, min_post, scale=1.0):
        """FramePosteriors of features (T, D), float32 as tables have them, scaled.

        num_gselect : Gaussians of a frame that are looked at, 0 for all; min_post : see posteriors.prune

        Raises DataError for features of another D.
        """
        counts, gaussians, weights = [], [], []
        for first in range(0, max(len(feats), 1), FRAMES):
            starts, *found, _ = frame_posteriors(feats[first : first + FRAMES], self.mixture, self.preselector,
                                                 num_gselect or self.mixture.num_gauss, min_post)
            counts.append(np.diff(starts))
            gaussians.append(found[0])
            weights.append(found[1].astype(np.float32))
        weights = np.concatenate(weights)
        return FramePosteriors(np.concatenate([[0], np.cumsum(np.concatenate(counts))]), np.concatenate(gaussians),
                               weights * np.float32(scale) if scale != 1 else weights)
