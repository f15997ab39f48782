"""Models of kind "xvector": descriptions become networks and front ends, and what is no description is refused."""

import numpy as np
import pytest
import torch

from diarkit import signals
from diarkit.embeddings.campplus_fast import FastCamPlusPlus
from diarkit.embeddings.frontend import FrontEnd
from diarkit.embeddings.resnet import ResidualBlock, ResNet34
from diarkit.embeddings.xvector import make_front_end, make_network
from diarkit.errors import DataError

FBANK = {"features": "fbank", "options": {"num_mel_bins": 16, "sample_frequency": 8000}, "cmn": "window"}
NETWORKS = {
    "tdnn": {"frame_layers": [[[-1, 0, 1], 6], [[0], 8]], "segment_dims": [5, 4], "embedding_layer": 2},
    "resnet34": {"channels": 2, "embedding_dim": 4, "blocks": [1, 1, 1, 1]},
    "campplus": {"head_channels": 2, "channels": 8, "blocks": [[2, 1], [1, 2]], "growth": 4, "bottleneck": 6,
                 "embedding_dim": 4},
}


def describe(kind, **changes):
    return {"network": {"type": kind, **NETWORKS[kind]}, "front_end": FBANK, **changes}


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_network_of_every_type(kind):
    network = make_network(describe(kind, embedding_dim=4)).eval()
    x = torch.randn(3, 57, 16)
    assert network.embedding_dim == 4 and network(x).shape == (3, 4)
    assert torch.allclose(network(x)[1], network(x[1:2])[0], atol=1e-5)
    total = sum(parameter.abs().sum() for parameter in network.train()(x))
    total.backward()  # every weight has a part in the embedding
    unused = [name for name, parameter in network.named_parameters() if parameter.grad is None]
    assert not unused


@pytest.mark.parametrize("changes, word", [
    ({"network": None}, "type tdnn or"),
    ({"network": {"type": "lstm"}}, "not lstm"),
    ({"network": {"type": "tdnn", "depth": 3}}, "depth"),
    ({"network": {"type": "tdnn", "frame_layers": [[[0, 1, 3], 4]]}}, "even distances"),
    ({"network": {"type": "tdnn", "embedding_layer": 5}}, "no tdnn"),
    ({"network": {"type": "tdnn", "segment_dims": [1 << 40]}}, "whole numbers"),
    ({"network": {"type": "tdnn", "segment_dims": "many"}}, "whole numbers"),
    ({"network": {"type": "campplus"}, "front_end": {"features": "fbank"}}, "multiple of 8"),
    ({"embedding_dim": 7}, "embedding_dim is 7"),
    ({"front_end": None}, "front end"),
    ({"front_end": {"features": "plp"}}, "front end"),
    ({"front_end": {**FBANK, "cmn": "twice"}}, "cmn"),
    ({"front_end": {**FBANK, "cmn_window": 0}}, "cmn_window"),
    ({"front_end": {**FBANK, "options": {"num_ceps": 3}}}, "num_ceps"),
    ({"front_end": {**FBANK, "options": {"num_mel_bins": 500}}}, "front end"),
    ({"front_end": {**FBANK, "deltas": 2}}, "deltas"),
])
def test_what_is_no_description(changes, word):
    with pytest.raises(DataError, match=word):
        make_network(describe("tdnn", **changes))


def test_resnet_is_as_deep_and_as_large_as_published():
    network = ResNet34(64)
    convolutions = [module for module in network.modules() if isinstance(module, torch.nn.Conv2d)]
    assert sum(convolution.kernel_size == (3, 3) for convolution in convolutions) == 33
    # Zeinali et al. 2019, table 2: 8 * 32 channels of an eighth of the mel filters
    assert network.linear.in_features == 2 * 8 * 32 * 8


def test_the_shortcut_of_a_residual_block_is_a_convolution_with_its_stride():
    block = ResidualBlock(2, 4, 2).eval()
    x = torch.randn(3, 2, 9, 12)
    y = torch.relu(block.bn1(torch.conv2d(x, block.conv1.weight, stride=2, padding=1)))
    straight = block.shortcut[1](torch.conv2d(x, block.shortcut[0].weight, stride=2))
    expected = torch.relu(block.bn2(torch.conv2d(y, block.conv2.weight, padding=1)) + straight)
    assert torch.allclose(block(x), expected, atol=1e-6)


def test_a_small_campplus_is_run_fast_too():
    torch.manual_seed(1)
    network = make_network(describe("campplus")).train()
    with torch.no_grad():
        for _ in range(4):
            network(torch.randn(8, 40, 16) + torch.randn(8, 1, 16))
        network.eval()
        fast, x = FastCamPlusPlus(network), torch.randn(3, 41, 16)
        found = fast.tail(torch.stack([fast.head(window) for window in x]))
        assert torch.allclose(found, network(x), atol=1e-4)


def sliding_means(features, size):
    """Plain form of Kaldi's apply-cmvn-sliding --center=true."""
    rows = []
    for t in range(len(features)):
        first = max(t - size // 2, 0)
        last = min(first + size, len(features))
        rows.append(features[t] - features[max(last - size, 0) : last].mean(axis=0))
    return np.array(rows)


@pytest.mark.parametrize("cmn", ["none", "sliding", "window", "recording"])
def test_normalisation(cmn):
    signal = signals.of_array(np.random.default_rng(0).normal(0, 1000, 8000), 8000)
    front_end = FrontEnd({**FBANK, "cmn": cmn, "cmn_window": 30})
    plain = make_front_end({"front_end": {**FBANK, "cmn": "none"}}).whole(signal)
    assert front_end.dim == 16 and front_end.sample_frequency == 8000 and len(plain) == front_end.count(signal) == 98
    assert np.array_equal(front_end.raw(signal, 10, 20), plain[10:20])
    whole = front_end.whole(signal)
    expected = {"none": plain, "window": plain, "recording": plain - plain.mean(axis=0),
                "sliding": sliding_means(plain, 30)}[cmn]
    assert whole.dtype == np.float32 and np.allclose(whole, expected, atol=1e-4)
    window = front_end.window(np.stack([whole[10:30], whole[30:50]]))
    mean = expected[10:30].mean(axis=0) if cmn == "window" else 0
    assert np.allclose(window[0], expected[10:30] - mean, atol=1e-4)
