"""The CAM++ network for inference: the numbers of campplus.CamPlusPlus in about half the time.

What makes it faster, all of it exact but for rounding, save the first, by which the edges of a window see
their neighbours and not zeros:

- The convolutional head sees +-10 frames, so it is run once over the recording, in blocks, instead of
  once for every window that overlaps.
- A batch norm before a ReLU, scale a and shift b, needs one comparison a value instead of three
  operations: for a > 0, W relu(a x + b) = (W a) max(x, -b / a) + W b. For a < 0 max becomes min.
- A batch norm after a linear layer is folded into its weights.
- A dense block writes each layer's output behind its input in one buffer (channels, windows x frames):
  nothing is concatenated and every 1x1 convolution is one matrix product.
- A window has at most 100 frames of 20 ms, for which both means of the mask's context are the same.
"""

import torch
from torch.nn import functional as F

from diarkit.embeddings.campplus import SEGMENT, segment_means

CONTEXT = 10  # frames on each side that the head sees: one for each of its ten 3x3 convolutions


def affine(norm):
    """Scale and shift of a batch norm in test mode, each (C,)."""
    scale = torch.rsqrt(norm.running_var + norm.eps)
    if norm.affine:
        scale = scale * norm.weight
        return scale, norm.bias - norm.running_mean * scale
    return scale, -norm.running_mean * scale


def folded(conv, norm):
    """Weights and bias of a convolution without bias and the batch norm that follows it."""
    scale, shift = affine(norm)
    return conv.weight * scale.reshape(-1, *[1] * (conv.weight.ndim - 1)), shift


class ReluLinear:
    """y = W relu(a x + b) + c over (C, N), with one comparison a value."""

    def __init__(self, norm, weight, after=None):
        a, b = affine(norm)
        weight = weight.squeeze(-1)
        bias = torch.zeros(len(weight))
        if after is not None:  # a batch norm behind the linear layer
            scale, bias = affine(after)
            weight = weight * scale[:, None]
        zero = a == 0  # relu(b) whatever x is: the weight leaves x, and its part of the bias stays
        self.bias = (bias + weight @ torch.where(zero, b.clamp(min=0), b))[:, None]
        safe = torch.where(zero, torch.ones_like(a), a)
        self.weight = torch.where(zero, torch.zeros_like(weight), weight * a).contiguous()
        self.limit = (-b / safe)[:, None].contiguous()
        self.negative = (a < 0).nonzero()[:, 0]

    def __call__(self, x, scratch):
        y = torch.maximum(x, self.limit, out=scratch[: len(x)])
        if len(self.negative):
            y[self.negative] = torch.minimum(x[self.negative], self.limit[self.negative])
        return torch.addmm(self.bias, self.weight, y)


class MaskedConvolution:
    """The dilated convolution of a dense layer and its mask."""

    def __init__(self, cam):
        self.dilation = cam.linear_local.dilation[0]
        self.growth, self.channels = cam.linear_local.weight.shape[:2]
        self.local = cam.linear_local.weight.permute(0, 2, 1).reshape(self.growth, -1).contiguous()
        self.w1, self.b1 = cam.linear1.weight.squeeze(-1), cam.linear1.bias[:, None]
        self.w2, self.b2 = cam.linear2.weight.squeeze(-1), cam.linear2.bias[:, None]

    def __call__(self, x, taps, out):
        """x (C, B, T) -> out (growth, B, T); `taps` (3, C, B, T) is scratch, zero where the window ends."""
        d, (channels, windows, steps) = self.dilation, x.shape
        if steps <= SEGMENT:
            context = 2 * x.mean(-1)  # (C, B)
        else:
            context = (x.mean(-1, keepdim=True) + segment_means(x)).flatten(1)  # (C, B T)
        mask = torch.addmm(self.b1, self.w1, context).relu_()
        mask = torch.addmm(self.b2, self.w2, mask).sigmoid_().view(self.growth, windows, -1)
        taps[1].copy_(x)
        taps[0, ..., d:].copy_(x[..., : max(steps - d, 0)])
        taps[2, ..., : max(steps - d, 0)].copy_(x[..., d:])
        local = torch.mm(self.local, taps.view(3 * channels, -1))
        torch.mul(local.view(self.growth, windows, steps), mask, out=out.view(self.growth, windows, steps))


class FastCamPlusPlus:
    """head(frames) once, then tail(windows) in batches. Takes the weights of a CamPlusPlus in test mode."""

    def __init__(self, network):
        with torch.inference_mode():
            self.convolutions = self.fold_head(network.head)
            layers = network.xvector
            self.tdnn = folded(layers.tdnn.linear, layers.tdnn.nonlinear.batchnorm)
            self.blocks = []
            for name, block in layers.named_children():
                if not name.startswith("block"):
                    continue
                transit = layers.get_submodule(name.replace("block", "transit"))
                dense = [
                    (ReluLinear(layer.nonlinear1.batchnorm, layer.linear1.weight, layer.nonlinear2.batchnorm),
                     MaskedConvolution(layer.cam_layer))
                    for layer in block.children()
                ]
                self.blocks.append((dense, ReluLinear(transit.nonlinear.batchnorm, transit.linear.weight)))
            scale, shift = affine(layers.out_nonlinear.batchnorm)
            self.out = scale[:, None], shift[:, None]
            self.dense = folded(layers.dense.linear, layers.dense.nonlinear.batchnorm)

    @staticmethod
    def fold_head(head):
        """(weight, bias, stride over mel) of the convolutions of the head, in their order."""

        def entry(conv, norm):
            weight, bias = folded(conv, norm)
            return weight.contiguous(memory_format=torch.channels_last), bias, conv.stride

        blocks = []
        for block in (*head.layer1, *head.layer2):
            shortcut = entry(*block.shortcut) if len(block.shortcut) else None
            blocks.append((entry(block.conv1, block.bn1), entry(block.conv2, block.bn2), shortcut))
        return entry(head.conv1, head.bn1), blocks, entry(head.conv2, head.bn2)

    def head(self, x):
        """Mean-free log-mel frames (T, F) to the input of the TDNN, (C, T)."""
        first, blocks, last = self.convolutions

        def convolve(x, entry, padding=1):
            weight, bias, stride = entry
            return F.conv2d(x, weight, bias, stride=stride, padding=padding)

        with torch.inference_mode():
            y = x.T[None, None].contiguous(memory_format=torch.channels_last)
            y = convolve(y, first).relu_()
            for conv1, conv2, shortcut in blocks:
                straight = y if shortcut is None else convolve(y, shortcut, padding=0)
                y = convolve(convolve(y, conv1).relu_(), conv2).add_(straight).relu_()
            return convolve(y, last).relu_()[0].flatten(0, 1)

    def tail(self, frames):
        """Outputs of the head under B windows of one length, (B, C, T), to embeddings (B, D)."""
        with torch.inference_mode():
            weight, bias = self.tdnn
            y = F.conv1d(frames, weight, bias, stride=2, padding=2).relu_()
            windows, _, steps = y.shape
            y = y.transpose(0, 1).reshape(len(weight), -1)
            for dense, transit in self.blocks:
                y = self.dense_block(y, dense, transit, windows, steps)
            scale, shift = self.out
            y = torch.addcmul(shift, y, scale).relu_().view(-1, windows, steps)
            mean = y.mean(-1, keepdim=True)
            deviation = (y - mean).square_().sum(-1).div_(steps - 1).sqrt_()  # torch.std takes ten times as long
            weight, bias = self.dense
            return F.linear(torch.cat([mean.squeeze(-1), deviation]).T, weight.squeeze(-1), bias)

    @staticmethod
    def dense_block(x, dense, transit, windows, steps):
        channels, size = x.shape
        growth, bottleneck = dense[0][1].growth, dense[0][1].channels
        buffer = x.new_empty(channels + growth * len(dense), size)
        buffer[:channels] = x
        scratch = torch.empty_like(buffer)
        taps = x.new_zeros(3, bottleneck, windows, steps)
        for linear, masked in dense:
            hidden = linear(buffer[:channels], scratch).relu_()  # (bottleneck, B T)
            masked(hidden.view(bottleneck, windows, steps), taps, buffer[channels : channels + growth])
            channels += growth
        return transit(buffer, scratch)
