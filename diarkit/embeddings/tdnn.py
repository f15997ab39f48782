"""The x-vector network: a TDNN over frames, statistics pooling, layers over the whole window.

Snyder et al., "X-vectors: Robust DNN embeddings for speaker recognition", ICASSP 2018; as Kaldi's recipes have it
(egs/sre16/v2/local/nnet3/xvector/run_xvector.sh), each affine layer is followed by ReLU and then batch norm. No frame
is padded: of T frames T - context are pooled, so that the frame layers can be run once over a recording and pooled
over any window of it.
"""

from typing import NamedTuple

import torch
from torch import nn

VARIANCE_FLOOR = 1e-10  # of the pooled standard deviation (Kaldi: nnet3/nnet-general-component.cc)
EPSILON = 1e-3  # of batch norm (Kaldi: nnet3/nnet-normalize-component.cc)


class FrameLayer(NamedTuple):
    """The frames that a layer sees, by their distance to its own (ascending, one step apart from each other or
    several, evenly), and the number of its outputs."""

    offsets: tuple
    dim: int


FRAME_LAYERS = (FrameLayer((-2, -1, 0, 1, 2), 512), FrameLayer((-2, 0, 2), 512), FrameLayer((-3, 0, 3), 512),
                FrameLayer((0,), 512), FrameLayer((0,), 1500))
SEGMENT_DIMS = (512, 512)


class Tdnn(nn.Module):
    """Frames to an embedding, (B, T, input_dim) -> (B, dim of the embedding layer).

    Parameters
    ----------
    input_dim : numbers a frame
    frame_layers : of FrameLayer, or of pairs like it
    segment_dims : outputs of the layers after pooling
    embedding_layer : the affine part of which of these is the embedding, from 1; Kaldi takes the first
    embedding_norm : whether it goes through a batch norm, without scales of its own, as that of CAM++ does

    The layers after the embedding layer are there for the classifier of training alone: see `after_embedding`.
    """

    def __init__(self, input_dim, frame_layers=FRAME_LAYERS, segment_dims=SEGMENT_DIMS, embedding_layer=1,
                 embedding_norm=False):
        super().__init__()
        self.frame_layers = [FrameLayer(tuple(offsets), dim) for offsets, dim in frame_layers]
        self.embedding_layer = embedding_layer
        self.embedding_dim = segment_dims[embedding_layer - 1]
        self.embedding_norm = nn.BatchNorm1d(self.embedding_dim, affine=False) if embedding_norm else nn.Identity()
        channels, self.frames = input_dim, nn.ModuleList()
        for layer in self.frame_layers:
            self.frames.append(frame_layer(channels, layer))
            channels = layer.dim
        channels, self.segments = 2 * channels, nn.ModuleList()
        for dim in segment_dims:
            norm = nn.BatchNorm1d(dim, affine=False, eps=EPSILON)
            self.segments.append(nn.ModuleDict({"affine": nn.Linear(channels, dim), "relu": nn.ReLU(), "norm": norm}))
            channels = dim
        self.output_dim = channels  # of after_embedding

    @property
    def left_context(self):
        """Frames before the first one that is pooled."""
        return -sum(layer.offsets[0] for layer in self.frame_layers)

    @property
    def right_context(self):
        """Frames after the last one that is pooled."""
        return sum(layer.offsets[-1] for layer in self.frame_layers)

    def run_frames(self, x):
        """The frame layers, (B, T, input_dim) -> (B, C, T - left_context - right_context)."""
        x = x.transpose(1, 2)
        for layer in self.frames:
            x = layer(x)
        return x

    def embed(self, statistics):
        """The layers up to the embedding, (B, 2 C) means and standard deviations -> (B, embedding dim)."""
        for segment in self.segments[: self.embedding_layer - 1]:
            statistics = segment["norm"](segment["relu"](segment["affine"](statistics)))
        return self.embedding_norm(self.segments[self.embedding_layer - 1]["affine"](statistics))

    def after_embedding(self, embedding):
        """What is between the embedding and a softmax classifier, (B, embedding dim) -> (B, output_dim)."""
        first = self.segments[self.embedding_layer - 1]
        x = first["norm"](first["relu"](embedding))
        for segment in self.segments[self.embedding_layer :]:
            x = segment["norm"](segment["relu"](segment["affine"](x)))
        return x

    def forward(self, x):
        return self.embed(mean_and_deviation(self.run_frames(x)))


def frame_layer(channels, layer):
    steps = {b - a for a, b in zip(layer.offsets, layer.offsets[1:], strict=False)}
    if len(steps) > 1 or min(steps, default=1) < 1:
        raise ValueError(f"the frames {layer.offsets} of a layer do not lie at even distances")
    return nn.Sequential(nn.Conv1d(channels, layer.dim, len(layer.offsets), dilation=steps.pop() if steps else 1),
                         nn.ReLU(), nn.BatchNorm1d(layer.dim, affine=False, eps=EPSILON))


def mean_and_deviation(x):
    """Statistics pooling: mean and standard deviation over time, (B, C, T) -> (B, 2 C); not in half precision."""
    x = x.float() if x.dtype == torch.bfloat16 else x
    mean = x.mean(-1)
    variance = (x - mean.unsqueeze(-1)).square().mean(-1)
    return torch.cat([mean, variance.clamp(min=VARIANCE_FLOOR).sqrt()], dim=1)
