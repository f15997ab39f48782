"""The loop: it learns, stops and goes on anywhere as if nothing had happened, averages and chooses."""

import numpy as np
import pytest
import torch

from diarkit.embeddings.tdnn import Tdnn
from diarkit.errors import DataError
from diarkit.options.training import ExampleOptions, LossOptions, OptimiserOptions
from diarkit.training import averaging, heldout, state
from diarkit.training.batches import Plan
from diarkit.training.examples import ExampleMaker
from diarkit.training.heldout import HeldOut, held_out_error, held_out_trials
from diarkit.training.loop import Trainer
from diarkit.training.losses import make_head

EXAMPLES = ExampleOptions(min_chunk=16, max_chunk=20, batch_size=8, epoch_examples=48)


@pytest.fixture(scope="module")
def trainer(corpus):
    """trainer(loss=..., held_out=True, threads=0, seed=0, **options of the optimiser): a Trainer of four noises."""
    torch.set_num_threads(1)
    made = corpus()
    return lambda *args, **options: make_trainer(made, *args, **options)


def make_trainer(made, loss="aam-softmax", held_out=True, threads=0, seed=0, **options):
    loss_opts = LossOptions(loss=loss, dropout=0.1) if "softmax" in loss else LossOptions(loss=loss)
    options = {"epochs": 3, "optimizer": "adam", "learning_rate": 0.02, "warmup": 0, "average": 2, **options}
    opts = OptimiserOptions(**options)
    speakers = made.speakers()
    dev = {name: speakers.pop(name) for name in ("s1", "s4")}
    torch.manual_seed(seed)
    network = Tdnn(8, [((-1, 0, 1), 8), ((0,), 12)], (6,), 1)
    count = 1 if loss_opts.classifies else 2
    plan = Plan(made, speakers, EXAMPLES, count, not loss_opts.classifies, seed)
    trials = held_out_trials(made, dev, made.front_end, 0.3) if held_out else None
    maker = ExampleMaker(made, made.front_end, seed)
    return Trainer(network, make_head(network, len(plan.classes), loss_opts, count), plan, maker.make, trials, opts,
                   loss_opts, threads=threads)


def result(training):
    epochs = []
    training.train(epochs.append)
    weights, name, error = training.finish()
    return weights, name, error, [epoch[:5] for epoch in epochs]  # without seconds


def same(a, b):
    return a[1:3] == b[1:3] and set(a[0]) == set(b[0]) and all(np.array_equal(a[0][key], b[0][key]) for key in a[0])


@pytest.mark.parametrize("loss", ["softmax", "aam-softmax", "ge2e", "angular-prototypical", "triplet"])
def test_it_learns(loss, trainer):
    *_, epochs = result(trainer(loss, epochs=6))
    assert [epoch[0] for epoch in epochs] == [1, 2, 3, 4, 5, 6]
    assert epochs[-1][1] < epochs[0][1] and epochs[-1][2] > epochs[0][2] - 1e-9
    assert all(0 <= epoch[3] <= 100 for epoch in epochs)


@pytest.mark.parametrize("options", [{}, {"optimizer": "sgd", "clip_gradient": 1.0}, {"optimizer": "adamw"}])
def test_it_goes_on_from_any_step(options, trainer):
    """After each of the first steps, as if it were another process that is started anew."""
    whole = result(trainer(**options))
    for steps in (1, 6, 7, 11):
        first = trainer(**options)
        left = [steps]

        def enough(part, left=left):
            left[0] -= 1
            return left[0] == 0

        epochs = []
        first.train(epochs.append, enough)
        assert first.stopped
        arrays, numbers = state.pack(first)
        second = trainer(seed=0, **options)
        with torch.no_grad():
            for parameter in second.model.parameters():
                parameter.add_(1)  # nothing of what it begins with may be left
        state.unpack(second, {name: array.copy() for name, array in arrays.items()}, numbers)
        rest = result(second)
        assert same(rest, whole)
        assert [epoch[:5] for epoch in epochs] + rest[3] == whole[3]


def test_what_comes_out_does_not_depend_on_the_threads_of_the_loader(trainer):
    assert same(result(trainer(threads=3)), result(trainer()))
    assert not same(result(trainer(seed=1)), result(trainer()))


def test_checkpoints_of_other_trainings(trainer):
    first = trainer()
    first.train(on_step=lambda part: part > 0.4)
    arrays, numbers = state.pack(first)
    for name, damaged in (("network/frames.0.0.weight", np.zeros((3, 3), "f4")), ("network/frames.9", np.ones(2))):
        with pytest.raises(DataError, match="another training"):
            state.unpack(trainer(), {**arrays, name: damaged}, numbers)
    with pytest.raises(DataError, match="another training"):
        state.unpack(trainer(), arrays, {"epoch": 1})


def test_the_average_of_the_last_epochs(trainer):
    """With its batch norms measured anew: they are the means over batches, found by looking at each."""
    training = trainer(held_out=False, average=3, epochs=4)
    kept = []
    training.train(lambda epoch: kept.append(averaging.copy_of(training.network)))
    weights, name, error = training.finish()
    assert name == "average of epochs 2 to 4" and error is None
    for key, value in weights.items():
        if "running" not in key:
            assert np.allclose(value, np.mean([copy[key] for copy in kept[1:]], axis=0), atol=1e-6)
    first = training.network.frames[0]
    batches = [training.make(batch)[0] for batch in training.shares(4)]
    with torch.no_grad():
        outputs = [first[1](first[0](torch.from_numpy(batch).transpose(1, 2))).numpy() for batch in batches]
    mean = np.mean([output.mean(axis=(0, 2)) for output in outputs], axis=0)
    assert np.allclose(weights["frames.0.2.running_mean"], mean, atol=1e-4)
    assert first[2].momentum == 0.1


def test_without_an_average_the_last_or_the_best_epoch(monkeypatch, trainer):
    training = trainer(held_out=False, average=1)
    kept = []
    training.train(lambda epoch: kept.append(averaging.copy_of(training.network)))
    weights, name, _ = training.finish()
    assert name == "epoch 3" and all(np.array_equal(weights[key], kept[2][key]) for key in weights)

    errors = iter([30.0, 10.0, 20.0])
    training = trainer(average=1)
    monkeypatch.setattr(training, "held_out_error", lambda: next(errors))
    kept = []
    training.train(lambda epoch: kept.append(averaging.copy_of(training.network)))
    weights, name, error = training.finish()
    assert (name, error) == ("epoch 2", 10.0) and all(np.array_equal(weights[key], kept[1][key]) for key in weights)
    assert not any("num_batches" in key for key in weights)


def test_patience(monkeypatch, trainer):
    errors = iter([30.0, 10.0, 20.0, 10.0, 30.0, 20.0, 5.0])
    training = trainer(patience=2, epochs=7, average=1)
    monkeypatch.setattr(training, "held_out_error", lambda: next(errors))
    epochs = []
    training.train(epochs.append)
    assert [epoch.held_out_eer for epoch in epochs] == [30, 10, 20, 10, 30, 20] and not training.stopped
    assert training.finish()[1] == "epoch 4"


def test_a_loss_that_is_not_finite(trainer):
    with pytest.raises(DataError, match="the loss is .* in epoch 1; a lower --learning-rate"):
        trainer(optimizer="sgd", learning_rate=1e30).train()


def test_weights_that_are_not_finite(trainer):
    """The loss of the last step was, but what it made of the weights is kept nowhere."""
    training = trainer(held_out=False, epochs=1)
    usual = training.optimiser.step

    def spoil(rate):
        usual(rate)
        if training.state.step == training.plan.batches - 1:
            training.network.frames[0][0].weight.data[0, 0, 0] = torch.nan

    training.optimiser.step = spoil
    with pytest.raises(DataError, match="frames.0.0.weight is no longer finite; a lower --learning-rate"):
        training.train(on_step=lambda part: False if part < 1 else state.pack(training))
    with pytest.raises(DataError, match="is no longer finite"):
        training.end_of_epoch()
    assert not training.state.best


def test_bfloat16_is_about_the_same(trainer):
    losses, slopes = [], []
    for precision in ("float32", "bfloat16"):
        training = trainer(loss="ge2e", precision=precision)
        features, labels = training.make(next(training.shares(0)))
        loss, *_ = training.model(torch.from_numpy(features), torch.from_numpy(labels), 0.1)
        loss.backward()
        losses.append(loss.item())
        slopes.append(training.network.frames[0][0].weight.grad)
        training.train()
        assert all(array.dtype == np.float32 for array in training.finish()[0].values())
    assert losses[0] != losses[1] and losses[0] == pytest.approx(losses[1], rel=0.1)
    assert torch.nn.functional.cosine_similarity(slopes[0].flatten(), slopes[1].flatten(), dim=0) > 0.9


def test_trials_of_held_out_speakers(monkeypatch, corpus):
    made = corpus(speakers=3, utterances=2, seconds=1)
    speakers = made.speakers()
    speakers["s2"] = speakers["s2"][:1]  # one of them has one utterance
    found = held_out_trials(made, speakers, made.front_end, 0.3)
    owner = np.repeat([0, 0, 1, 1, 2], 3)
    utterance = np.repeat([0, 1, 2, 3, 4], 3)
    assert len(found.windows) == 15
    pairs = [(i, j) for i in range(15) for j in range(i + 1, 15)]
    targets = [(i, j) for i, j in pairs if owner[i] == owner[j] and (owner[i] == 2 or utterance[i] != utterance[j])]
    assert sorted(map(tuple, found.targets.tolist())) == targets
    assert sorted(map(tuple, found.nontargets.tolist())) == [(i, j) for i, j in pairs if owner[i] != owner[j]]
    assert held_out_trials(made, speakers, made.front_end, 3.0) is None
    assert held_out_trials(made, {"s0": speakers["s0"]}, made.front_end, 0.3) is None
    monkeypatch.setattr(heldout, "MOST_CROPS", 4)
    assert len(held_out_trials(made, speakers, made.front_end, 0.1).windows) == 12


def test_the_held_out_error():
    """A network that gives what it is given: two speakers on each side of the mean, one trial wrong of three."""
    windows = np.array([[1, 0], [1, 0.1], [0, 1], [1, -0.2]], np.float32)[:, None]
    trials = HeldOut(windows, np.array([[0, 1], [2, 3]]), np.array([[0, 2], [1, 2]]))

    class Copy(torch.nn.Module):
        def forward(self, x):
            assert not self.training
            return x[:, 0]

    network = Copy().train()
    assert held_out_error(network, trials) == pytest.approx(50)
    assert network.training
    windows[0] = np.nan
    assert held_out_error(network, trials) == 100
