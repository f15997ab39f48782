"""Training of the network of `vad --method=dnn`: batches, epochs, what is held out to see how it does."""

from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional as F

from diarkit import signals
from diarkit.errors import DataError
from diarkit.features import FeatureExtractor
from diarkit.vad.examples import SPEECH, Examples
from diarkit.vad.network import QUIET, THRESHOLD, VadNetwork

HELD_OUT_EXAMPLES = 200  # drawn once from the recordings held out


class Epoch(NamedTuple):
    number: int  # from 1
    loss: float  # nats a frame, in training
    held_out_loss: float
    missed: float  # % of the held-out frames of speech
    false_alarm: float  # % of the other held-out frames


def split(recordings, part, seed):
    """(to train with, held out): `part` of the recordings of each class, of two or more at least one.

    The class of a recording is speech if it has any, else what there is most of.
    """
    rng = np.random.default_rng([seed, 1])
    kinds = [1 if r.has(1) else int(np.bincount(r.classes).argmax()) for r in recordings]
    chosen = set()
    for kind in sorted(set(kinds)):
        own = np.flatnonzero(np.array(kinds) == kind)
        count = min(max(round(part * len(own)), part > 0), len(own) - 1)
        chosen.update(rng.permutation(own)[:count].tolist())
    train = [r for n, r in enumerate(recordings) if n not in chosen]
    return train, [recordings[n] for n in sorted(chosen)]


def train(recordings, names, front_end, network_opts, opts, on_epoch=lambda epoch: None):
    """Train a network and return it, in test mode.

    What is held out decides nothing, it only shows how the network does: there may be little of it, and the learning
    rate has come down to almost nothing at the end.

    Parameters
    ----------
    recordings : list of vad_examples.Labelled, at the rate of the front end
    names : of the classes, silence and speech first
    front_end : FbankOptions, without snip_edges
    network_opts, opts : VadNetworkOptions, VadTrainingOptions
    on_epoch : called with an Epoch after each

    Raises DataError if there is no speech, or the loss is no longer finite.
    """
    torch.set_num_threads(1)
    torch.manual_seed(opts.seed)
    rng = np.random.default_rng([opts.seed, 2])
    extractor = FeatureExtractor(front_end)
    ours, held_out = split(recordings, opts.held_out, opts.seed)
    examples = Examples(ours, int(front_end.sample_frequency), opts)
    network = VadNetwork(front_end.num_mel_bins, len(names), network_opts)
    if examples.frames < 2 * network.context + 10:
        raise DataError(f"--chunk must be at least {(2 * network.context + 10) / 100:g} s with so many layers")
    set_scale(network, batch(examples, extractor, rng, 50)[0])
    tests = None
    if any(r.has(1) for r in held_out):
        drawn = Examples(held_out, examples.rate, opts)
        tests = batch(drawn, extractor, np.random.default_rng([opts.seed, 3]), HELD_OUT_EXAMPLES)
    steps = -(-len(examples) // opts.batch_size)
    optimizer = torch.optim.AdamW(network.parameters(), lr=opts.learning_rate, weight_decay=opts.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, opts.learning_rate, total_steps=steps * opts.epochs)
    for number in range(1, opts.epochs + 1):
        network.train()
        losses = []
        for _ in range(steps):
            features, classes = batch(examples, extractor, rng, opts.batch_size)
            loss = loss_of(network, features, classes)
            if not torch.isfinite(loss):
                raise DataError(f"the loss is {loss.item()} in epoch {number}; a lower --learning-rate may help")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        on_epoch(Epoch(number, float(np.mean(losses)), *held_out_errors(network, tests, names)))
    return network.eval()


def batch(examples, extractor, rng, size):
    """(features (size, T, F), classes (size, T)) tensors of examples drawn anew."""
    features, classes = [], []
    for _ in range(size):
        samples, kinds = examples.draw(rng)
        found = extractor.compute(signals.of_array(samples, examples.rate))
        features.append(found[: len(kinds)])
        classes.append(kinds[: len(found)])
    return torch.from_numpy(np.stack(features)), torch.from_numpy(np.stack(classes))


def set_scale(network, features):
    """Mean 0 and variance 1 for what the network is given, measured on some examples."""
    flat = features.clamp(min=QUIET).reshape(-1, features.shape[-1])
    network.mean.copy_(flat.mean(dim=0))
    network.scale.copy_(1 / flat.std(dim=0).clamp(min=1e-3))


def loss_of(network, features, classes):
    """Cross entropy of the frames that have all their context."""
    inner = classes[:, network.context : classes.shape[1] - network.context]
    return F.cross_entropy(network(features).flatten(0, 1), inner.flatten())


def held_out_errors(network, tests, names):
    """(loss, % of speech missed, % of the rest taken for speech) on examples; NaN without any."""
    if tests is None:
        return np.nan, np.nan, np.nan
    features, classes = tests
    network.eval()
    with torch.inference_mode():
        loss = loss_of(network, features, classes).item()
        inner = classes[:, network.context : classes.shape[1] - network.context]
        speech = names.index(SPEECH)
        found = torch.softmax(network(features), dim=2)[:, :, speech] > THRESHOLD
    truth = inner == speech
    return (loss, 100 * (~found & truth).sum().item() / max(truth.sum().item(), 1),
            100 * (found & ~truth).sum().item() / max((~truth).sum().item(), 1))
