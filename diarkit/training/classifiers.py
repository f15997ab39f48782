"""Losses that tell the training speakers apart: a classifier on top of the network, gone after training.

- softmax: cross entropy of an affine layer (Snyder et al. 2018, x-vectors).
- am-softmax: the layer gives s cos(theta), for the right speaker s (cos(theta) - m) (Wang et al., "Additive margin
  softmax for face verification", 2018, equation 5).
- aam-softmax: for the right speaker s cos(theta + m) (Deng et al., "ArcFace: Additive angular margin loss for deep face
  recognition", CVPR 2019, equation 3); where theta + m is beyond pi, s (cos(theta) - m sin(m)) as in their code, so
  that it always falls with theta.
- Sub-centres: each speaker has several centres, the nearest counts (Deng et al., "Sub-center ArcFace", ECCV 2020).
- Label smoothing: Szegedy et al. 2016, section 7.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

MARGIN = 0.2
SCALE = 30.0


class Softmax(nn.Module):
    """Cross entropy of an affine layer; (B, dim) and (B,) speakers to the mean loss and the (B,) guesses."""

    def __init__(self, dim, speakers, opts):
        super().__init__()
        self.dropout = nn.Dropout(opts.dropout)
        self.affine = nn.Linear(dim, speakers)
        self.smoothing = opts.label_smoothing

    def forward(self, x, speakers, margin=0.0):
        logits = self.affine(self.dropout(x))
        return F.cross_entropy(logits, speakers, label_smoothing=self.smoothing), logits.argmax(1)


class MarginSoftmax(nn.Module):
    """Cross entropy of scaled cosines, that of the right speaker made smaller by a margin; shapes as Softmax.

    angular : whether the margin is added to the angle, in radians, or taken from the cosine
    """

    def __init__(self, dim, speakers, opts, angular):
        super().__init__()
        self.dropout = nn.Dropout(opts.dropout)
        self.centres = nn.Parameter(nn.init.xavier_normal_(torch.empty(opts.subcentres * speakers, dim)))
        self.subcentres = opts.subcentres
        self.angular = angular
        self.scale = opts.scale or SCALE
        self.smoothing = opts.label_smoothing

    def forward(self, x, speakers, margin=0.0):
        cosines = F.linear(F.normalize(self.dropout(x)), F.normalize(self.centres))
        cosines = cosines.view(len(x), -1, self.subcentres).amax(2)  # (B, speakers)
        right = cosines.gather(1, speakers[:, None])
        made = with_angle(right, margin) if self.angular else right - margin
        logits = self.scale * cosines.scatter(1, speakers[:, None], made)
        return F.cross_entropy(logits, speakers, label_smoothing=self.smoothing), cosines.argmax(1)


def with_angle(cosines, margin):
    """cos(theta + margin) of cos(theta), going down as a straight line once theta + margin is beyond pi."""
    sines = (1 - cosines.square()).clamp(min=1e-12).sqrt()
    added = cosines * math.cos(margin) - sines * math.sin(margin)
    return torch.where(cosines > -math.cos(margin), added, cosines - margin * math.sin(margin))
