"""Training of the network of vad --method=dnn: a toy that learns in seconds, the same again, what is held out."""

import numpy as np
import pytest
import torch

from diarkit import signals, toy
from diarkit.errors import DataError
from diarkit.features import FeatureExtractor
from diarkit.options.activity import VadFrontEndOptions, VadNetworkOptions, VadTrainingOptions
from diarkit.vad.examples import Labelled, frame_classes
from diarkit.vad.network import DnnVad
from diarkit.vad.training import held_out_errors, loss_of, split, train

RATE = 8000
NAMES = ["silence", "speech", "music", "noise"]
FRONT_END = VadFrontEndOptions(sample_frequency=RATE, num_mel_bins=15)
SMALL = VadNetworkOptions(channels=12, layers=3, means=2)
SHORT = VadTrainingOptions(epochs=20, chunk=1.0, batch_size=8, learning_rate=0.02, noise_snrs="20:10", telephone=0,
                           equaliser=0, reverberant=0, gain=6, held_out=0.25)


def conversation(seed):
    samples, turns = toy.make_conversation(np.random.default_rng(seed), 15, 2, RATE)
    stretches = [(start / 1000, end / 1000, "speech") for start, end, _ in turns]
    return Labelled(f"talk{seed}", samples, frame_classes(stretches, NAMES, len(samples) * 100 // RATE))


def tune(seed, seconds=10):
    """Chords of four steady tones each."""
    rng = np.random.default_rng([seed, 7])
    t = np.arange(RATE) / RATE
    tones = 220 * 2 ** (rng.integers(0, 36, (seconds, 4)) / 12)
    chords = [sum(np.sin(2 * np.pi * f * t + f) for f in chord) for chord in tones]
    samples = (900 * np.concatenate(chords)).astype(np.int16)
    return Labelled(f"tune{seed}", samples, np.full(100 * seconds, 2, np.int8))


def hiss(seed):
    samples = np.random.default_rng([seed, 8]).normal(0, 600, 10 * RATE).astype(np.int16)
    return Labelled(f"hiss{seed}", samples, np.full(1000, 3, np.int8))


@pytest.fixture(scope="module")
def recordings():
    return [*map(conversation, range(6)), *map(tune, range(3)), *map(hiss, range(2))]


@pytest.fixture(scope="module")
def trained(recordings):
    epochs = []
    network = train(recordings, NAMES, FRONT_END, SMALL, SHORT, epochs.append)
    return network, epochs


def test_it_learns(trained):
    network, epochs = trained
    assert [epoch.number for epoch in epochs] == list(range(1, SHORT.epochs + 1))
    assert epochs[-1].loss < 0.7 * epochs[0].loss
    assert epochs[-1].missed < 30 and epochs[-1].false_alarm < 30
    assert not network.training


def test_it_tells_speech_from_music_and_noise(trained):
    """Of recordings that it has not seen."""
    detector = DnnVad(trained[0], FeatureExtractor(FRONT_END), NAMES)

    def probabilities(recording):
        return detector.probabilities(signals.of_array(recording.samples, RATE))

    talk = conversation(100)
    found = probabilities(talk) > 0.5
    assert found[talk.classes == 1].mean() > 0.8 and found[talk.classes == 0].mean() < 0.3
    assert (probabilities(tune(100)) > 0.5).mean() < 0.3
    assert (probabilities(hiss(100)) > 0.5).mean() < 0.1


def test_the_same_again(recordings):
    opts = VadTrainingOptions(epochs=1, chunk=0.5, batch_size=4, held_out=0.25)
    first, again = (train(recordings[2:9], NAMES, FRONT_END, SMALL, opts).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    opts = VadTrainingOptions(epochs=1, chunk=0.5, batch_size=4, held_out=0.25, seed=1)
    other = train(recordings[2:9], NAMES, FRONT_END, SMALL, opts).state_dict()
    assert not torch.equal(first["input.weight"], other["input.weight"])


class Shown:
    """A network that gives what it is given, without the context."""

    context = 3

    def __call__(self, features):
        return features[:, 3:-3]

    def eval(self):
        return self


def test_frames_are_compared_with_their_own_labels():
    rng = np.random.default_rng(0)
    classes = torch.from_numpy(rng.integers(0, 3, (4, 50)))
    logits = torch.nn.functional.one_hot(classes, 3) * 2.0 + torch.from_numpy(rng.standard_normal((4, 50, 3)))
    expected = torch.nn.functional.cross_entropy(logits[:, 3:-3].reshape(-1, 3), classes[:, 3:-3].reshape(-1))
    assert loss_of(Shown(), logits, classes).item() == pytest.approx(expected.item())
    loss, missed, false_alarm = held_out_errors(Shown(), (logits, classes), NAMES)
    p = torch.softmax(logits, dim=2)[:, 3:-3, 1].numpy() > 0.25
    truth = classes[:, 3:-3].numpy() == 1
    assert (loss, missed) == (pytest.approx(expected.item()), pytest.approx(100 * np.mean(~p[truth])))
    assert false_alarm == pytest.approx(100 * np.mean(p[~truth])) and 0 < missed < 50


def test_split(recordings):
    ours, held_out = split(recordings, 0.25, seed=0)
    assert len(ours) + len(held_out) == len(recordings)
    assert not {r.name for r in ours} & {r.name for r in held_out}
    assert [r.name[:4] for r in held_out] == ["talk", "talk", "tune", "hiss"]
    assert [r.name for r in split(recordings, 0.25, seed=0)[1]] == [r.name for r in held_out]
    assert any([r.name for r in split(recordings, 0.25, seed=s)[1]] != [r.name for r in held_out] for s in range(1, 9))
    assert split(recordings, 0, seed=0)[1] == []
    assert split(recordings[:1], 0.5, seed=0) == ([recordings[0]], [])  # something is left to train with
    assert len(split(recordings, 0.01, seed=0)[1]) == 3


def test_without_anything_held_out(recordings):
    epochs = []
    opts = VadTrainingOptions(epochs=2, chunk=0.5, batch_size=8, held_out=0)
    train(recordings[:1], NAMES, FRONT_END, SMALL, opts, epochs.append)
    assert len(epochs) == 2 and np.isnan(epochs[0].held_out_loss) and np.isfinite(epochs[0].loss)


def test_what_is_refused(recordings):
    with pytest.raises(DataError, match="no recording with speech"):
        train(recordings[6:], NAMES, FRONT_END, SMALL, SHORT)
    with pytest.raises(DataError, match="--chunk must be at least 0.36 s"):
        train(recordings[:2], NAMES, FRONT_END, SMALL, VadTrainingOptions(chunk=0.2))
