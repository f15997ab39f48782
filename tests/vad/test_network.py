"""The network of vad --method=dnn: what a frame depends on, pieces and the whole, models that do not fit."""

from dataclasses import asdict
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from diarkit import signals
from diarkit.activity import hysteresis
from diarkit.errors import DataError
from diarkit.features import FeatureExtractor
from diarkit.options.activity import DetectorOptions, VadFrontEndOptions, VadNetworkOptions
from diarkit.vad import make_detector
from diarkit.vad.network import QUIET, DnnVad, VadNetwork, dnn_of_model, sliding_mean

SMALL = VadNetworkOptions(channels=6, layers=3, means=2)
FRONT_END = VadFrontEndOptions(num_mel_bins=12)


def random_network():
    torch.manual_seed(0)
    network = VadNetwork(12, 3, SMALL).train()
    network.mean.fill_(10.0)
    network.scale.fill_(0.3)
    with torch.no_grad():  # for its batch norms
        network(10 + 3 * torch.randn(4, 200, 12))
    return network.eval()


def weights(network):
    return {name: value.numpy() for name, value in network.state_dict().items() if "num_batches" not in name}


def model(**changes):
    description = {"kind": "vad-dnn", "classes": ["silence", "speech", "music"], "front_end": asdict(FRONT_END),
                   "network": asdict(SMALL), **changes}
    return SimpleNamespace(folder="m", description=description, weights=weights(random_network()))


def test_what_a_frame_depends_on():
    network = random_network()
    assert network.context == 2 + 1 + 2 + 4 + 4
    x = 10 + 3 * torch.randn(9, 60, 12)  # nine, as a unit that is off tells nothing
    with torch.inference_mode():
        out = network(x)
        assert out.shape == (9, 60 - 2 * network.context, 3)
        for t in (0, network.context, 30, 59):
            other = x.clone()
            other[:, t] += 2
            changed = np.flatnonzero((network(other) != out).any(dim=2).any(dim=0)) + network.context
            assert changed.min() >= t - network.context and changed.max() <= t + network.context
            if 2 * network.context <= t < 60 - 2 * network.context:
                assert (changed.min(), changed.max()) == (t - network.context, t + network.context)
    network.joined.weight.data[:, SMALL.channels :] = 0  # without the means, what the layers see is left
    with torch.inference_mode():
        out = network(x)
        other = x.clone()
        other[:, 30] += 2
        changed = np.flatnonzero((network(other) != out).any(dim=2).any(dim=0)) + network.context
        assert (changed.min(), changed.max()) == (30 - 9, 30 + 9)
        quiet = x.clone()
        quiet[0, :, 3] = QUIET - 5
        floor = quiet.clone()
        floor[0, :, 3] = QUIET
        assert torch.equal(network(quiet), network(floor))


def test_sliding_mean():
    x = torch.randn(2, 3, 40)
    for steps, around in ((0, 0), (1, 1), (2, 4), (3, 13)):
        expected = [x[:, :, t - around : t + around + 1].mean(dim=2) for t in range(around, 40 - around)]
        assert torch.allclose(sliding_mean(x, steps), torch.stack(expected, dim=2), atol=1e-6)


def test_pieces_give_what_the_whole_gives():
    network = random_network()
    detector = DnnVad(network, FeatureExtractor(FRONT_END), ["silence", "music", "speech"])
    samples = 2000 * np.random.default_rng(0).standard_normal(16000 * 3 + 45).astype(np.float32)
    samples[16000:20000] = 0
    signal = signals.of_array(samples, 16000)
    whole = detector.posteriors(signal)
    assert whole.shape == (300, 3) and whole.dtype == np.float32
    assert np.allclose(whole.sum(axis=1), 1, atol=1e-5) and whole.std(axis=0).min() > 1e-3
    for block in (1, 7, 100, 299):
        detector.BLOCK = block
        assert np.allclose(detector.posteriors(signal), whole, atol=1e-5)
    assert np.array_equal(detector.probabilities(signal), detector.posteriors(signal)[:, 2])
    features = np.pad(FeatureExtractor(FRONT_END).compute(signal), ((network.context, network.context), (0, 0)), "edge")
    with torch.inference_mode():
        expected = torch.softmax(network(torch.from_numpy(features)[None])[0], dim=1).numpy()
    assert np.allclose(whole, expected, atol=1e-5)


def test_speech_begins_at_the_threshold_and_ends_below_it():
    signal = signals.of_array(2000 * np.random.default_rng(1).standard_normal(16000), 16000)
    p = dnn_of_model(model()).probabilities(signal)
    onset = float(np.quantile(p, 0.8))
    ratio = float(np.quantile(p, 0.4)) / onset
    detector = make_detector(DetectorOptions(method="dnn", threshold=onset, offset_ratio=ratio), model())
    assert np.array_equal(detector.probabilities(signal), p)
    found = detector(signal)
    assert np.array_equal(found, hysteresis(p, onset, onset * ratio)) and (p >= onset).sum() < found.sum() < 100
    found = make_detector(DetectorOptions(method="dnn"), model())(signal)
    assert np.array_equal(found, hysteresis(p, 0.25, 0.175))


def test_short_signals():
    detector = dnn_of_model(model())
    assert detector.speech == 1 and detector.sample_frequency == 16000
    for num_samples, frames in ((0, 0), (79, 0), (80, 1), (400, 3)):
        signal = signals.of_array(np.ones(num_samples), 16000)
        assert detector.posteriors(signal).shape == (frames, 3)
    with pytest.raises(ValueError, match="8000"):
        detector.posteriors(signals.of_array(np.ones(800), 8000))


@pytest.mark.parametrize("changes, told", [
    (dict(classes=["silence", "music", "noise"]), "no class speech"),
    (dict(classes=["silence", "speech"]), "output"),
    (dict(network=dict(channels=7, layers=3, means=2)), "is"),
    (dict(network=dict(channels=6, layers=3, width=1)), "width"),
    (dict(front_end={"snip_edges": True, "num_mel_bins": 12}), "10 ms"),
    (dict(front_end={"frame_shift": 20.0, "snip_edges": False, "num_mel_bins": 12}), "10 ms"),
    (dict(front_end=None), "")])
def test_models_that_do_not_fit(changes, told):
    with pytest.raises(DataError, match=f"^m: .*{told}"):
        dnn_of_model(model(**changes))
