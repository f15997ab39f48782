"""CAM++, a densely connected TDNN with context-aware masking: the default speaker embedding.

Wang et al., "CAM++: A fast and efficient network for speaker verification using context-aware
masking", Interspeech 2023 (arXiv 2303.00332). Layer names are those of the published weights
(3D-Speaker, speech_campplus_sv_zh_en_16k-common_advanced), so that they load as they are.
"""

import torch
from torch import nn
from torch.nn import functional as F

EMBEDDING_DIM = 192
NUM_MEL_BINS = 80
HEAD_CHANNELS = 32
SEGMENT = 100  # frames (of 20 ms) in each piece of the masking context
BLOCKS = ((12, 1), (24, 2), (16, 2))  # layers and dilation of each dense block
GROWTH = 32  # channels that each dense layer adds
BOTTLENECK = 128
TDNN_CHANNELS = 128
BN_EPSILON = 1e-5


def batchnorm_relu(channels):
    norm = nn.Sequential()
    norm.add_module("batchnorm", nn.BatchNorm1d(channels, eps=BN_EPSILON))
    norm.add_module("relu", nn.ReLU())
    return norm


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions over (mel, time) and a shortcut; `stride` applies to the mel axis."""

    def __init__(self, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, stride=(stride, 1), padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Sequential()
        if stride != 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, channels, 1, stride=(stride, 1), bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):  # (B, C, F, T) -> (B, C, F / stride, T)
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class ConvolutionalHead(nn.Module):
    """The front part (FCM): 2-D convolutions over (mel, time), mel cut to an eighth."""

    def __init__(self, channels=HEAD_CHANNELS, num_mel_bins=NUM_MEL_BINS):
        super().__init__()
        self.conv1 = nn.Conv2d(1, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.layer1 = nn.Sequential(ResidualBlock(channels, 2), ResidualBlock(channels, 1))
        self.layer2 = nn.Sequential(ResidualBlock(channels, 2), ResidualBlock(channels, 1))
        self.conv2 = nn.Conv2d(channels, channels, 3, stride=(2, 1), padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.out_channels = channels * (num_mel_bins // 8)

    def forward(self, x):  # (B, F, T)
        x = F.relu(self.bn1(self.conv1(x.unsqueeze(1))))  # (B, C, F, T)
        x = self.layer2(self.layer1(x))  # (B, C, F / 4, T)
        x = F.relu(self.bn2(self.conv2(x)))  # (B, C, F / 8, T)
        return x.flatten(1, 2)  # (B, C * F / 8, T)


class ContextAwareMasking(nn.Module):
    """A dilated convolution, its output masked by what the whole and the neighbourhood sound like."""

    def __init__(self, in_channels, out_channels, dilation, reduction=2):
        super().__init__()
        self.linear_local = nn.Conv1d(in_channels, out_channels, 3, padding=dilation, dilation=dilation, bias=False)
        self.linear1 = nn.Conv1d(in_channels, in_channels // reduction, 1)
        self.linear2 = nn.Conv1d(in_channels // reduction, out_channels, 1)

    def forward(self, x):  # (B, C, T)
        context = x.mean(-1, keepdim=True) + segment_means(x)  # (B, C, T)
        mask = torch.sigmoid(self.linear2(F.relu(self.linear1(context))))
        return self.linear_local(x) * mask


def segment_means(x, length=SEGMENT):
    """The mean over each piece of `length` frames, at every frame of the piece; (B, C, T)."""
    means = F.avg_pool1d(x, length, stride=length, ceil_mode=True)
    return means.repeat_interleave(length, dim=-1)[..., : x.shape[-1]]


class DenseLayer(nn.Module):
    def __init__(self, in_channels, growth, bottleneck, dilation):
        super().__init__()
        self.nonlinear1 = batchnorm_relu(in_channels)
        self.linear1 = nn.Conv1d(in_channels, bottleneck, 1, bias=False)
        self.nonlinear2 = batchnorm_relu(bottleneck)
        self.cam_layer = ContextAwareMasking(bottleneck, growth, dilation)

    def forward(self, x):  # (B, C, T) -> (B, growth, T)
        return self.cam_layer(self.nonlinear2(self.linear1(self.nonlinear1(x))))


class DenseBlock(nn.Module):
    """Each layer sees the outputs of all the layers before it."""

    def __init__(self, num_layers, in_channels, growth, bottleneck, dilation):
        super().__init__()
        for i in range(num_layers):
            self.add_module(f"tdnnd{i + 1}", DenseLayer(in_channels + i * growth, growth, bottleneck, dilation))

    def forward(self, x):  # (B, C, T) -> (B, C + growth * layers, T)
        for layer in self.children():
            x = torch.cat([x, layer(x)], dim=1)
        return x


class Projection(nn.Module):
    """Batch norm, ReLU and a 1x1 convolution that halves the channels."""

    def __init__(self, in_channels):
        super().__init__()
        self.nonlinear = batchnorm_relu(in_channels)
        self.linear = nn.Conv1d(in_channels, in_channels // 2, 1, bias=False)

    def forward(self, x):
        return self.linear(self.nonlinear(x))


class InputTdnn(nn.Module):
    """Five frames wide, every second frame: 20 ms a step from here on."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.linear = nn.Conv1d(in_channels, out_channels, 5, stride=2, padding=2, bias=False)
        self.nonlinear = batchnorm_relu(out_channels)

    def forward(self, x):  # (B, C, T) -> (B, out_channels, T / 2)
        return self.nonlinear(self.linear(x))


class Embedding(nn.Module):
    def __init__(self, in_channels, dim):
        super().__init__()
        self.linear = nn.Conv1d(in_channels, dim, 1, bias=False)
        self.nonlinear = nn.Sequential()
        self.nonlinear.add_module("batchnorm", nn.BatchNorm1d(dim, affine=False))

    def forward(self, x):  # (B, C)
        return self.nonlinear(self.linear(x.unsqueeze(-1)).squeeze(-1))


class CamPlusPlus(nn.Module):
    """Log-mel frames, their mean over the window subtracted, to an embedding; (B, T, input_dim) -> (B, embedding_dim).

    Parameters
    ----------
    input_dim : mel filters, a multiple of 8
    embedding_dim : of the embedding
    head_channels : of the 2-D convolutions
    channels : of the layer after them
    blocks : (layers, dilation) of each dense block
    growth, bottleneck : channels that each dense layer adds, and that it computes with

    The defaults are those of the published weights.
    """

    def __init__(self, input_dim=NUM_MEL_BINS, embedding_dim=EMBEDDING_DIM, head_channels=HEAD_CHANNELS,
                 channels=TDNN_CHANNELS, blocks=BLOCKS, growth=GROWTH, bottleneck=BOTTLENECK):
        super().__init__()
        if input_dim < 8 or input_dim % 8:
            raise ValueError(f"CAM++ takes a multiple of 8 mel filters, not {input_dim}")
        self.embedding_dim = embedding_dim
        self.head = ConvolutionalHead(head_channels, input_dim)
        layers = nn.Sequential()
        layers.add_module("tdnn", InputTdnn(self.head.out_channels, channels))
        for i, (num_layers, dilation) in enumerate(blocks, 1):
            layers.add_module(f"block{i}", DenseBlock(num_layers, channels, growth, bottleneck, dilation))
            channels += num_layers * growth
            layers.add_module(f"transit{i}", Projection(channels))
            channels //= 2
        layers.add_module("out_nonlinear", batchnorm_relu(channels))
        self.xvector = layers
        self.xvector.add_module("dense", Embedding(2 * channels, embedding_dim))

    def forward(self, x):
        frames = self.head(x.transpose(1, 2))  # (B, head_channels * input_dim / 8, T)
        for name, layer in self.xvector.named_children():
            if name != "dense":
                frames = layer(frames)  # (B, C, T / 2)
        return self.xvector.dense(mean_and_deviation(frames))


def mean_and_deviation(x):
    """Statistics pooling: the mean and the standard deviation (of a sample) over time; (B, C, T) -> (B, 2 C)."""
    x = x.float() if x.dtype == torch.bfloat16 else x  # in mixed precision
    return torch.cat([x.mean(-1), x.std(-1, unbiased=True)], dim=-1)
