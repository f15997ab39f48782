"""The small network of `vad --method=dnn`: what every frame of a recording is, silence, speech, noise, music ...

A stack of residual 1-D convolutions over log mel energies, each layer with twice the dilation of the one before it.
What they find is put beside its mean over some seconds around the frame: speech has syllables and pauses there, music
has notes. Nothing pads: a frame's output depends on `context` frames on each side of it, and on nothing else, so that
pieces of a recording give what the whole would.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from diarkit.embeddings.models import with_weights
from diarkit.errors import DataError
from diarkit.features import FeatureExtractor
from diarkit.options.activity import VadNetworkOptions
from diarkit.options.features import FbankOptions
from diarkit.options.tunables import from_mapping

FRAMES_PER_SECOND = 100
KERNEL = 5  # frames of the first layer
THRESHOLD = 0.25  # speech begins at this probability; picked where missed speech and false alarms are about even
QUIET = 4.0  # floor of log mel energies: about one step of 16-bit samples, below it nothing is heard


class VadNetwork(nn.Module):
    """(B, T + 2 context, F) log mel energies -> (B, T, classes) logits; `context` is in frames."""

    def __init__(self, num_mel_bins, num_classes, opts):
        super().__init__()
        channels, layers = opts.channels, opts.layers
        self.means = opts.means
        self.around = 3**opts.means // 2
        self.context = KERNEL // 2 + 2**layers - 1 + self.around
        self.register_buffer("mean", torch.zeros(num_mel_bins))
        self.register_buffer("scale", torch.ones(num_mel_bins))
        self.input = nn.Conv1d(num_mel_bins, channels, KERNEL, bias=False)
        self.input_norm = nn.BatchNorm1d(channels)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(channels, channels, 3, dilation=2**layer, bias=False) for layer in range(layers))
        self.norms = nn.ModuleList(nn.BatchNorm1d(channels) for _ in range(layers))
        self.joined = nn.Conv1d(2 * channels, channels, 1, bias=False)
        self.joined_norm = nn.BatchNorm1d(channels)
        self.output = nn.Conv1d(channels, num_classes, 1)

    def forward(self, x):
        x = (x.clamp(min=QUIET) - self.mean) * self.scale
        x = F.relu(self.input_norm(self.input(x.transpose(1, 2))))  # (B, C, T)
        for layer, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            x = x[:, :, 2**layer : -(2**layer)] + F.relu(norm(convolution(x)))
        x = torch.cat([x[:, :, self.around : x.shape[2] - self.around], sliding_mean(x, self.means)], dim=1)
        return self.output(F.relu(self.joined_norm(self.joined(x)))).transpose(1, 2)


def sliding_mean(x, steps):
    """The mean over the 3 ** steps frames around each, by sums of three; (B, C, T) -> (B, C, T - 3 ** steps + 1).

    Sums from the start of the signal would do with less, and carry its rounding to all that comes after.
    """
    for step in range(steps):
        away = 3**step
        x = (x[:, :, : -2 * away] + x[:, :, away:-away] + x[:, :, 2 * away :]) / 3
    return x


class DnnVad:
    """A trained network on signals of its sampling rate.

    Parameters
    ----------
    network : VadNetwork in test mode
    extractor : FeatureExtractor of its front end, frames of 10 ms, without snip_edges
    classes : names of its outputs, "speech" among them
    """

    BLOCK = 3000  # frames of one call

    def __init__(self, network, extractor, classes):
        self.network = network
        self.extractor = extractor
        self.classes = list(classes)
        self.speech = self.classes.index("speech")

    @property
    def sample_frequency(self):
        return int(self.extractor.opts.sample_frequency)

    def posteriors(self, signal):
        """Probabilities of all classes for every frame; (T, classes) float32. Beyond its ends the signal lasts on."""
        if signal.sample_frequency != self.sample_frequency:
            raise ValueError(f"the network wants {self.sample_frequency} Hz, not {signal.sample_frequency}")
        total = self.extractor.frames.count(signal.num_samples)
        found = [np.zeros((0, len(self.classes)), np.float32)]
        for t in range(0, total, self.BLOCK):
            first, last = t - self.network.context, min(t + self.BLOCK, total) + self.network.context
            features = self.extractor.compute(signal, max(first, 0), min(last, total))
            features = np.pad(features, ((max(-first, 0), max(last - total, 0)), (0, 0)), mode="edge")
            with torch.inference_mode():
                logits = self.network(torch.from_numpy(features)[None])[0]
                found.append(torch.softmax(logits, dim=1).numpy())
        return np.concatenate(found)

    def probabilities(self, signal):
        """The probability of speech for every frame of 10 ms; (T,) float32."""
        return self.posteriors(signal)[:, self.speech]


def dnn_of_model(model):
    """The DnnVad of a model folder's description and weights. Raises DataError naming the folder."""
    torch.set_num_threads(1)  # such small layers gain nothing by more, and the result must not depend on it
    try:
        description = model.description
        extractor = FeatureExtractor(from_mapping(FbankOptions, description["front_end"]))
        opts, classes = from_mapping(VadNetworkOptions, description["network"]), description["classes"]
        if extractor.frames.shift * FRAMES_PER_SECOND != extractor.opts.sample_frequency or extractor.opts.snip_edges:
            raise DataError("its front end has no frame for every 10 ms")
        if not isinstance(classes, list) or "speech" not in classes:
            raise DataError("it has no class speech")
        network = VadNetwork(extractor.dim, len(classes), opts)
        return DnnVad(with_weights(network, model.weights), extractor, classes)
    except KeyError as error:
        raise DataError(f"its description lacks or cannot have {error.args[0]}", where=model.folder) from None
    except (DataError, TypeError) as error:
        raise DataError(str(error), where=model.folder) from None
