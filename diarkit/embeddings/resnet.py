"""ResNet34 over (mel, time): 2-D residual blocks, statistics pooling, one linear layer.

He et al., "Deep residual learning for image recognition", CVPR 2016, made for speakers by Zeinali et al., "BUT system
description to VoxCeleb speaker recognition challenge 2019" (arXiv 1910.12592), table 2: no pooling layer at the front,
32 channels where images have 64, each of the last three stages halves both mel and time.
"""

import torch
from torch import nn
from torch.nn import functional as F

BLOCKS = (3, 4, 6, 3)  # residual blocks of each stage; one has twice the channels of the one before
CHANNELS = 32
EMBEDDING_DIM = 256
VARIANCE_FLOOR = 1e-7  # added to the pooled variance, whose root has no slope at 0


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut; `stride` applies to both axes."""

    def __init__(self, in_channels, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.stride, self.shortcut = stride, nn.Sequential()
        if stride != 1 or in_channels != channels:
            self.shortcut = nn.Sequential(nn.Conv2d(in_channels, channels, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):  # (B, C, F, T) -> (B, channels, F / stride, T / stride)
        y = F.relu(self.bn1(self.conv1(x)))
        # A 1x1 convolution with that stride, which oneDNN's gradient of a few channels writes beyond its memory for.
        kept = x[:, :, :: self.stride, :: self.stride].contiguous(memory_format=torch.channels_last)
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(kept))


class ResNet34(nn.Module):
    """Normalised log-mel frames to an embedding; (B, T, input_dim) -> (B, embedding_dim).

    Parameters
    ----------
    input_dim : mel filters
    embedding_dim : of the embedding
    channels : of the first stage
    blocks : residual blocks of each stage
    embedding_norm : whether the embedding goes through a batch norm, without scales of its own, as that of CAM++ does
    """

    def __init__(self, input_dim, embedding_dim=EMBEDDING_DIM, channels=CHANNELS, blocks=BLOCKS, embedding_norm=False):
        super().__init__()
        self.embedding_dim = embedding_dim
        self.conv = nn.Conv2d(1, channels, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(channels)
        self.stages, height = nn.ModuleList(), input_dim
        for stage, count in enumerate(blocks):
            stride, out_channels = (1, channels) if stage == 0 else (2, 2 * channels)
            layers = [ResidualBlock(channels, out_channels, stride)]
            layers += [ResidualBlock(out_channels, out_channels, 1) for _ in range(count - 1)]
            self.stages.append(nn.Sequential(*layers))
            channels, height = out_channels, -(-height // stride)
        self.linear = nn.Linear(2 * channels * height, embedding_dim)
        self.embedding_norm = nn.BatchNorm1d(embedding_dim, affine=False) if embedding_norm else nn.Identity()

    def forward(self, x):
        # Channels last in memory, which is what convolutions on processors are quick with.
        x = x.transpose(1, 2).unsqueeze(1).contiguous(memory_format=torch.channels_last)  # (B, 1, F, T)
        x = F.relu(self.bn(self.conv(x)))
        for stage in self.stages:
            x = stage(x)  # (B, 8 C, F / 8, T / 8) at the end
        return self.embedding_norm(self.linear(mean_and_deviation(x.flatten(1, 2))))


def mean_and_deviation(x):
    """Statistics pooling: mean and standard deviation over time, (B, C, T) -> (B, 2 C); not in half precision."""
    x = x.float() if x.dtype == torch.bfloat16 else x
    mean = x.mean(-1)
    variance = (x - mean.unsqueeze(-1)).square().mean(-1)
    return torch.cat([mean, (variance + VARIANCE_FLOOR).sqrt()], dim=1)
