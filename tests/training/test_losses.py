"""Every loss against its definition as plain loops, and what gradients must be."""

import math

import numpy as np
import pytest
import torch

from diarkit.embeddings.tdnn import Tdnn
from diarkit.options.training import LossOptions, OptimiserOptions
from diarkit.training import classifiers, metric
from diarkit.training.losses import make_head, margin_at
from diarkit.training.optimisers import Optimiser

P, K, DIM = 4, 3, 5


def vectors(seed, count=P * K):
    return np.random.default_rng(seed).normal(size=(count, DIM))


def tensor(array):
    return torch.tensor(array, dtype=torch.double)


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def cross_entropy(scores, truth, smoothing=0.0):
    log_sum = math.log(sum(math.exp(score) for score in scores))
    of_all = sum(log_sum - score for score in scores) / len(scores)
    return (1 - smoothing) * (log_sum - scores[truth]) + smoothing * of_all


@pytest.mark.parametrize("smoothing", [0, 0.3])
def test_softmax(smoothing):
    head = classifiers.Softmax(DIM, 4, LossOptions(loss="softmax", label_smoothing=smoothing)).double()
    x, speakers = vectors(0), np.arange(12) % 4
    loss, guesses = head(tensor(x), torch.tensor(speakers))
    weight, bias = head.affine.weight.detach().numpy(), head.affine.bias.detach().numpy()
    expected = []
    for row, speaker, guess in zip(x, speakers, guesses, strict=True):
        scores = [weight[c] @ row + bias[c] for c in range(4)]
        expected.append(cross_entropy(scores, speaker, smoothing))
        assert guess == np.argmax(scores)
    assert loss.item() == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("name", ["am-softmax", "aam-softmax"])
@pytest.mark.parametrize("subcentres", [1, 3])
@pytest.mark.parametrize("margin", [0, 0.2, 2.5])
def test_margin_softmax(name, subcentres, margin):
    opts = LossOptions(loss=name, subcentres=subcentres, scale=7, label_smoothing=0.1)
    head = classifiers.MarginSoftmax(DIM, 4, opts, angular=name == "aam-softmax").double()
    x, speakers = vectors(1), np.arange(12) % 4
    loss, guesses = head(tensor(x), torch.tensor(speakers), margin)
    centres = head.centres.detach().numpy()
    expected, beyond = [], 0
    for row, speaker, guess in zip(x, speakers, guesses, strict=True):
        cosines = [max(cosine(row, centres[c * subcentres + s]) for s in range(subcentres)) for c in range(4)]
        assert guess == np.argmax(cosines)
        angle = math.acos(cosines[speaker])
        if name == "am-softmax":
            cosines[speaker] -= margin
        elif angle + margin <= math.pi:
            cosines[speaker] = math.cos(angle + margin)
        else:
            beyond += 1
            cosines[speaker] -= margin * math.sin(margin)
        expected.append(cross_entropy([7 * value for value in cosines], speaker, 0.1))
    assert loss.item() == pytest.approx(np.mean(expected))
    assert beyond or name == "am-softmax" or margin < 1  # or that branch would not be looked at


def test_triplet():
    x = vectors(2)
    loss, truth, guess = metric.Triplet()(tensor(x), K, 0.3)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    expected = []
    for a in range(P * K):
        distances = [float(np.linalg.norm(unit[a] - unit[b])) for b in range(P * K)]
        same = [distances[b] for b in range(P * K) if b // K == a // K]
        other = [distances[b] for b in range(P * K) if b // K != a // K]
        expected.append(max(0, 0.3 + max(same) - min(other)))
        nearest = min((b for b in range(P * K) if b != a), key=lambda b: distances[b])
        assert truth[a] == a // K and guess[a] == nearest // K
    assert loss.item() == pytest.approx(np.mean(expected))
    x = torch.ones(4, DIM, requires_grad=True)  # all in one place: the gradient is finite nevertheless
    metric.Triplet()(x, 2, 0.3)[0].backward()
    assert torch.isfinite(x.grad).all()


def test_ge2e():
    x = vectors(3)
    head = metric.GE2E(6).double()
    loss, truth, guess = head(tensor(x), K)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    expected = []
    for a in range(P * K):
        scores = []
        for speaker in range(P):
            members = [unit[b] for b in range(speaker * K, speaker * K + K) if b != a]
            scores.append(6 * cosine(unit[a], np.mean(members, axis=0)) + metric.BIAS)
        expected.append(cross_entropy(scores, a // K))
        assert truth[a] == a // K and guess[a] == np.argmax(scores)
    assert loss.item() == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("angular", [False, True])
def test_prototypical(angular):
    x = vectors(4)
    head = metric.Prototypical(angular=angular).double()
    loss, truth, guess = head(tensor(x), K)
    expected = []
    for speaker in range(P):
        query, scores = x[speaker * K + K - 1], []
        for other in range(P):
            prototype = x[other * K : other * K + K - 1].mean(axis=0)
            scores.append(metric.SCALE * cosine(query, prototype) + metric.BIAS if angular
                          else -float(((query - prototype) ** 2).sum()))
        expected.append(cross_entropy(scores, speaker))
        assert truth[speaker] == speaker and guess[speaker] == np.argmax(scores)
    assert loss.item() == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("name", ["softmax", "am-softmax", "aam-softmax", "triplet", "ge2e", "prototypical",
                                  "angular-prototypical"])
def test_every_loss_makes_embeddings_of_a_speaker_alike(name):
    """After steps down the gradient from anywhere, examples are guessed and more like those of their own speaker."""
    torch.manual_seed(0)
    x = torch.nn.Parameter(torch.randn(P * K, DIM))
    network = torch.nn.Module()
    network.embedding_dim = DIM
    head = make_head(network, P, LossOptions(loss=name), K)
    speakers = torch.arange(P).repeat_interleave(K)
    module = torch.nn.ParameterList([x, *head.parameters()])
    optimiser = Optimiser(module, OptimiserOptions(optimizer="adam", weight_decay=0))
    for _ in range(60):
        loss, right, asked = head(x, speakers, 0.2)
        optimiser.clear()
        loss.backward()
        optimiser.step(0.1)
    assert float(right) == asked == (P if "prototypical" in name else P * K)
    unit = torch.nn.functional.normalize(x.detach())
    cosines, same = unit @ unit.T, speakers[:, None] == speakers
    assert cosines[same].mean() > cosines[~same].mean() + 0.5


def test_what_the_classifier_takes():
    network = Tdnn(4, [((0,), 6)], (5, 7), embedding_layer=1)
    for opts, dim in ((LossOptions(loss="softmax"), 7), (LossOptions(loss="softmax", classify="embedding"), 5)):
        assert make_head(network, 3, opts, 1).classifier.affine.in_features == dim
    for opts, dim in ((LossOptions(loss="am-softmax"), 5), (LossOptions(loss="am-softmax", classify="last"), 7)):
        assert make_head(network, 3, opts, 1).classifier.centres.shape == (3, dim)


def test_margin_grows():
    opts = LossOptions(margin=0.4, margin_start=0.2, margin_end=0.6)
    assert [margin_at(part, opts) for part in (0, 0.2, 0.3, 0.5, 0.6, 1)] == pytest.approx([0, 0, 0.1, 0.3, 0.4, 0.4])
    assert margin_at(0, LossOptions(margin_start=0, margin_end=0)) == classifiers.MARGIN == margin_at(1, LossOptions())
    assert margin_at(1, LossOptions(loss="ge2e")) == 0
    sudden = LossOptions(margin_start=0.5, margin_end=0.5)
    assert margin_at(0.4, sudden) == 0 and margin_at(0.5, sudden) == classifiers.MARGIN
