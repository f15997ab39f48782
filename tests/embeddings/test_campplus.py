"""CAM++: the fast network is the plain one, in blocks or whole, in any batch."""

import numpy as np
import pytest
import torch

from diarkit.embeddings.campplus import SEGMENT, CamPlusPlus, mean_and_deviation, segment_means
from diarkit.embeddings.campplus_fast import CONTEXT, FastCamPlusPlus, ReluLinear


def randomized(network, seed):
    """Weights of sensible size; scales of batch norms also negative, a few of them zero."""
    generator = torch.Generator().manual_seed(seed)

    def normal(like):
        return torch.randn(like.shape, generator=generator)

    for module in network.modules():
        if isinstance(module, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
            module.running_mean.copy_(0.3 * normal(module.running_mean))
            module.running_var.copy_(0.5 + normal(module.running_var).abs())
            if module.affine:
                scale = 1 + 0.7 * normal(module.weight)  # a twelfth of them negative
                scale[:: 7] *= -1
                scale[3 :: 11] = 0
                module.weight.data.copy_(scale)
                module.bias.data.copy_(0.3 * normal(module.bias))
        elif isinstance(module, (torch.nn.Conv1d, torch.nn.Conv2d)):
            fan = module.weight[0].numel()
            module.weight.data.copy_(normal(module.weight) * (2 / fan) ** 0.5)
            if module.bias is not None:
                module.bias.data.copy_(normal(module.bias))
    return network.eval()


@pytest.fixture(scope="module")
def networks():
    """In double precision, so that a difference is an error and not rounding."""
    torch.set_num_threads(1)
    with torch.no_grad():
        plain = randomized(CamPlusPlus(), 0).double()
    return plain, FastCamPlusPlus(plain)


def features(seed, *shape):
    return 3 * torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.double)


def closeness(found, expected):
    """The largest difference, measured in the deviation of all numbers."""
    return float((found - expected).abs().max() / expected.std())


@pytest.mark.parametrize("windows, frames", [(1, 150), (3, 20), (8, 40), (2, 2 * SEGMENT + 1), (1, 517)])
def test_fast_is_plain(networks, windows, frames):
    """Up to 100 steps of 20 ms, where both means of the mask's context are one, and beyond."""
    plain, fast = networks
    x = features(windows + frames, windows, frames, 80)
    with torch.inference_mode():
        expected = plain(x)
        heads = torch.stack([fast.head(window) for window in x])
        assert closeness(heads, plain.head(x.transpose(1, 2))) < 1e-9
    found = fast.tail(heads)
    assert found.shape == expected.shape == (windows, 192)
    assert closeness(found, expected) < 1e-9
    if windows > 1:
        assert expected.std(dim=0).max() > 0.1  # windows do not all look the same to it


def test_windows_do_not_see_each_other(networks):
    _, fast = networks
    heads = torch.stack([fast.head(window) for window in features(5, 3, 40, 80)])
    together = fast.tail(heads)
    for i in range(3):
        assert closeness(fast.tail(heads[i : i + 1])[0], together[i]) < 1e-9


def test_the_head_sees_so_many_frames_and_no_more(networks):
    _, fast = networks
    x = features(6, 100, 80)
    whole = fast.head(x)
    assert whole.shape == (320, 100)
    for begin, end in ((0, 30), (30, 60), (60, 100)):
        low = max(begin - CONTEXT, 0)
        part = fast.head(x[low : end + CONTEXT])[:, begin - low : end - low]
        assert closeness(part, whole[:, begin:end]) < 1e-9
    changed = x.clone()
    changed[50] += 10
    different = ((fast.head(changed) - whole).abs() > 1e-9).any(dim=0).nonzero()[:, 0].tolist()
    assert 50 - CONTEXT <= min(different) <= max(different) <= 50 + CONTEXT
    assert len(different) > CONTEXT  # or the test would not see much


def test_relu_linear_for_every_sign_of_the_scale():
    norm = torch.nn.BatchNorm1d(6).eval().double()
    after = torch.nn.BatchNorm1d(4).eval().double()
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([1.0, -1.0, 0.0, 0.0, 2.0, -0.5]))
        norm.bias.copy_(torch.tensor([0.5, -0.5, 1.0, -1.0, 0.0, 2.0]))
        norm.running_mean.copy_(torch.linspace(-1, 1, 6))
        norm.running_var.copy_(torch.linspace(0.5, 2, 6))
        after.weight.copy_(torch.tensor([1.0, -1.0, 0.0, 2.0]))
        after.running_mean.copy_(torch.linspace(-2, 2, 4))
        weight, x = features(7, 4, 6, 1), features(8, 6, 50)
        expected = torch.nn.functional.conv1d(torch.relu(norm(x[None])), weight)
        fast = ReluLinear(norm, weight)
        assert torch.allclose(fast(x, torch.empty(6, 50, dtype=torch.double)), expected[0], atol=1e-9)
        fast = ReluLinear(norm, weight, after)
        assert torch.allclose(fast(x, torch.empty(9, 50, dtype=torch.double)), after(expected)[0], atol=1e-9)


@pytest.mark.parametrize("steps", [1, 99, 100, 101, 250])
def test_means_of_pieces(steps):
    x = features(9, 2, 3, steps)
    found = segment_means(x)
    for t in range(steps):
        piece = x[..., t - t % SEGMENT : t - t % SEGMENT + SEGMENT]
        assert torch.allclose(found[..., t], piece.mean(-1), atol=1e-9)


def test_mean_and_deviation_are_those_of_a_sample():
    x = features(10, 2, 3, 40)
    found = mean_and_deviation(x).numpy()
    assert np.allclose(found[:, :3], x.numpy().mean(-1), atol=1e-9)
    assert np.allclose(found[:, 3:], x.numpy().std(-1, ddof=1), atol=1e-9)


def test_all_published_weights_are_used(models):
    """Names and shapes are those of the checkpoint, none left over."""
    from diarkit.embeddings.models import with_weights
    from diarkit.io.models import read_model

    weights = read_model(models / "campplus").weights
    network = with_weights(CamPlusPlus(), weights)
    assert not network.training
    for name, value in network.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            assert np.array_equal(value.numpy(), weights[name])
    x = features(11, 2, 100, 80).float()
    fast = FastCamPlusPlus(network)
    with torch.inference_mode():
        assert closeness(fast.tail(torch.stack([fast.head(window) for window in x])), network(x)) < 1e-3
