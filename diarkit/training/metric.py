"""Losses on the embeddings of a batch themselves: P speakers, K examples of each.

- triplet: batch hard (Hermans et al., "In defense of the triplet loss", 2017, equation 5) on embeddings of length 1:
  every example, its farthest of the same speaker and its nearest of another.
- ge2e: Wan et al., "Generalized end-to-end loss for speaker verification", ICASSP 2018, equations 5, 6 and 9: each
  example is told from the centroids of all speakers, its own speaker's without itself.
- prototypical: Snell et al., "Prototypical networks for few-shot learning", 2017, equation 2: the last example of each
  speaker is told from the means of the others, by the squared Euclidean distance.
- angular-prototypical: the same by w cos + b (Chung et al., "In defence of metric learning for speaker recognition",
  Interspeech 2020, section 3.4).

All take (P K, dim) embeddings, those of a speaker one after the other, and give the mean loss and guesses: of which of
the P speakers of the batch each of the (n,) examples asked about is, as (n,) truth and (n,) guess.
"""

import torch
from torch import nn
from torch.nn import functional as F

MARGIN = 0.2
SCALE, BIAS = 10.0, -5.0  # to begin with (Wan et al., section 2.1)


class Triplet(nn.Module):
    def forward(self, x, count, margin=MARGIN):
        x = F.normalize(x)
        speakers = torch.arange(len(x) // count, device=x.device).repeat_interleave(count)
        same = speakers[:, None] == speakers[None, :]
        # A floor under the square: the root has no slope at 0, which is what each example is from itself.
        distances = (2 - 2 * x @ x.T).clamp(min=1e-12).sqrt()
        farthest = distances.masked_fill(~same, -1).amax(1)
        others = distances.masked_fill(same, 3)
        loss = F.relu(margin + farthest - others.amin(1)).mean()
        nearest = distances.detach().clone().fill_diagonal_(3).argmin(1)
        return loss, speakers, speakers[nearest]


class Cosines(nn.Module):
    """w cos + b with w above 0, both trained."""

    def __init__(self, scale=None):
        super().__init__()
        self.w = nn.Parameter(torch.tensor(float(scale or SCALE)))
        self.b = nn.Parameter(torch.tensor(BIAS))

    def forward(self, cosines):
        return self.w.clamp(min=1e-6) * cosines + self.b


class GE2E(nn.Module):
    """The softmax form."""

    def __init__(self, scale=None):
        super().__init__()
        self.similarity = Cosines(scale)

    def forward(self, x, count, margin=0.0):
        x = F.normalize(x).view(-1, count, x.shape[1])  # (P, K, D)
        sums = x.sum(1)
        centroids = F.normalize(sums, dim=1)
        without = F.normalize(sums[:, None] - x, dim=2)  # (P, K, D), each example's own speaker without it
        cosines = torch.einsum("pkd,qd->pkq", x, centroids)
        own = torch.eye(len(x), dtype=torch.bool, device=x.device)[:, None].expand_as(cosines)
        cosines = torch.where(own, (x * without).sum(2, keepdim=True), cosines)
        scores = self.similarity(cosines).flatten(0, 1)
        truth = torch.arange(len(x), device=x.device).repeat_interleave(count)
        return F.cross_entropy(scores, truth), truth, scores.argmax(1)


class Prototypical(nn.Module):
    def __init__(self, scale=None, angular=False):
        super().__init__()
        self.similarity = Cosines(scale) if angular else None

    def forward(self, x, count, margin=0.0):
        x = x.view(-1, count, x.shape[1])  # (P, K, D)
        prototypes, queries = x[:, :-1].mean(1), x[:, -1]
        if self.similarity is None:
            scores = -(queries[:, None] - prototypes[None]).square().sum(2)
        else:
            scores = self.similarity(F.normalize(queries) @ F.normalize(prototypes).T)
        truth = torch.arange(len(x), device=x.device)
        return F.cross_entropy(scores, truth), truth, scores.argmax(1)
