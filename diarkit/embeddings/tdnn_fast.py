"""The TDNN for inference: the frame layers once over a recording, pooled over each of its windows.

A frame's output hangs on the frames of its context alone, so that of windows that overlap it is the same, and is
computed once, in blocks. What makes the pooling exact: between the edges of windows, sums are of differences from the
mean of that piece, and those of pieces are added in double precision, so that neither the length of the recording
nor a channel that is constant over a window is left in the last digits.

Batch norm behind ReLU is folded into the layer that follows, exactly, since no frame is padded; the last one's is
applied to what is pooled.
"""

import warnings
from typing import NamedTuple

import numpy as np
import torch

from diarkit.embeddings.campplus_fast import affine
from diarkit.embeddings.tdnn import VARIANCE_FLOOR


class Block(NamedTuple):
    """Rows (n, D) for consecutive outputs of the frame layers, and which of these are pooled together."""

    rows: np.ndarray
    pieces: list  # (first, last) of the outputs between two edges of windows
    members: np.ndarray  # (W, P) float64, 1 where a piece is within a window
    places: list  # of these windows


class FastTdnn:
    """Frame layers over any number of rows, and the layers after pooling. Takes a Tdnn in test mode.

    precision : "float32"; "bfloat16", products and what passes between the layers; "int8", products, of weights
        scaled by channel and of inputs scaled by block
    """

    def __init__(self, network, device="cpu", precision="float32"):
        self.context = network.left_context + network.right_context  # frames that a window is longer than its outputs
        self.device = device
        self.dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        with torch.inference_mode():
            layers, scale, shift = [], None, None
            for conv, _, norm in network.frames:
                weight, bias = conv.weight, conv.bias
                if scale is not None:
                    bias = bias + (weight * shift[:, None]).sum((1, 2))
                    weight = weight * scale[:, None]
                layers.append((weight, bias, conv.dilation[0]))
                scale, shift = affine(norm)
            make = QuantizedLayer if precision == "int8" else fastest_layer
            self.layers = [make(*layer, device, self.dtype) for layer in layers]
            self.scale, self.shift = scale.double(), shift.double()
            self.network = network

    def frames(self, rows):
        """(T, D) float32 array to a (T - context, C) tensor, before the last batch norm."""
        with torch.inference_mode():
            x = torch.from_numpy(rows).to(self.device, self.dtype)
            for layer in self.layers:
                x = layer(x)
            return x

    def pool(self, blocks):
        """For each of some Blocks the sums over its windows of 1, x, x^2: (W, 1 + 2 C) float64."""
        outputs = self.frames(blocks[0].rows if len(blocks) == 1 else np.concatenate([block.rows for block in blocks]))
        begin, found = 0, []
        for block in blocks:
            found.append(block.members @ piece_sums(outputs[begin:], block.pieces))
            begin += len(block.rows)
        return found

    def embed(self, sums):
        """Embeddings (N, D) from the sums over N windows, (N, 1 + 2 C) float64."""
        with torch.inference_mode():
            sums = torch.from_numpy(sums)
            mean, square = (sums[:, 1:] / sums[:, :1]).chunk(2, dim=1)
            variance = (square - mean * mean) * self.scale**2
            mean = mean * self.scale + self.shift
            statistics = torch.cat([mean, variance.clamp(min=VARIANCE_FLOOR).sqrt()], dim=1)
            return self.network.embed(statistics.float()).numpy()


class FrameLayer:
    """relu(W x + b) over time, a product a frame of the context: (T, C) -> (T', D)."""

    def __init__(self, weight, bias, dilation, device, dtype):
        self.weights = weight.permute(2, 1, 0).to(device, dtype).contiguous()  # (K, C, D)
        self.bias = bias.to(device, dtype)
        self.dilation = dilation

    def __call__(self, x):
        count = len(x) - self.dilation * (len(self.weights) - 1)
        y = torch.addmm(self.bias, x[:count], self.weights[0])
        for number, weight in enumerate(self.weights[1:], 1):
            y.addmm_(x[number * self.dilation :][:count], weight)
        return y.relu_()


class PackedLayer:
    """The same by oneDNN, with weights in its own order, and ReLU before outputs leave the cache: a fifth less time.

    These are operators of torch that its compiler uses, not of its documented interface.
    """

    def __init__(self, weight, bias, dilation, device, dtype):
        self.taps = weight.shape[2]
        self.dilation = dilation
        flat = weight.permute(0, 2, 1).flatten(1).to(dtype).contiguous()  # (D, K C)
        self.packed = torch.ops.mkldnn._reorder_linear_weight(flat)
        self.bias = bias.to(dtype)

    def __call__(self, x):
        x = side_by_side(x, self.taps, self.dilation)
        return torch.ops.mkldnn._linear_pointwise(x, self.packed, self.bias, "relu", [], "")


def fastest_layer(weight, bias, dilation, device, dtype):
    """A PackedLayer on a CPU if this torch has it for this precision, else a FrameLayer."""
    if device == "cpu" and torch.backends.mkldnn.is_available():
        try:
            layer = PackedLayer(weight, bias, dilation, device, dtype)
            layer(torch.zeros(1 + dilation * (weight.shape[2] - 1), weight.shape[1], dtype=dtype))
            return layer
        except (AttributeError, RuntimeError, TypeError):  # no such operators, or with other arguments
            pass
    return FrameLayer(weight, bias, dilation, device, dtype)


def side_by_side(x, taps, dilation):
    """Of every output the frames that it takes, in one row: (T, C) -> (T', K C)."""
    count = len(x) - dilation * (taps - 1)
    return x if taps == 1 else torch.cat([x[tap * dilation :][:count] for tap in range(taps)], dim=1)


class QuantizedLayer:
    """The same in whole numbers of 8 bits, weights scaled by channel, inputs by what comes at once."""

    def __init__(self, weight, bias, dilation, device, dtype):
        self.taps = weight.shape[2]
        self.dilation = dilation
        flat = weight.permute(0, 2, 1).flatten(1).contiguous()  # (D, K C)
        scales = (flat.abs().amax(1).double() / 127).clamp(min=1e-12)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of quantized tensors, that torch may drop them one day
            whole = torch.quantize_per_channel(flat, scales, torch.zeros(len(flat), dtype=torch.long), 0, torch.qint8)
            self.packed = torch.ops.quantized.linear_prepack(whole, bias.float())

    def __call__(self, x):
        return torch.ops.quantized.linear_relu_dynamic(side_by_side(x, self.taps, self.dilation), self.packed, True)


def piece_sums(outputs, pieces):
    """Number of frames, sum and sum of squares of each piece of (T, C) outputs; (P, 1 + 2 C) float64 array."""
    with torch.inference_mode():
        means, variances = [], []
        for first, last in pieces:
            piece = outputs[first:last].float()
            mean = piece.mean(0)
            means.append(mean)
            variances.append((piece - mean).square_().mean(0))
        counts = torch.tensor([last - first for first, last in pieces], dtype=torch.float64)[:, None]
        mean, variance = torch.stack(means).cpu().double(), torch.stack(variances).cpu().double()
        return torch.cat([counts, counts * mean, counts * (variance + mean * mean)], dim=1).numpy()
