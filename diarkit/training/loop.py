"""The training of a network, epoch by epoch, from any place on: all that is random comes from the seed and the step."""

import time
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from diarkit.errors import DataError
from diarkit.training import averaging, distributed
from diarkit.training.heldout import held_out_error
from diarkit.training.loader import ahead
from diarkit.training.losses import margin_at
from diarkit.training.optimisers import Optimiser
from diarkit.training.schedule import learning_rate
from diarkit.training.state import State

DROPOUT = 4  # what the random numbers are for, beside the seed


class Epoch(NamedTuple):
    """One line of the log."""

    epoch: int  # from 1
    loss: float  # mean of the batches
    accuracy: float  # % of the examples guessed right
    held_out_eer: float | None  # %
    learning_rate: float  # of the last step
    seconds: float
    examples_per_second: float


class Model(nn.Module):
    """Network and head as one, which is what several workers hold in common."""

    def __init__(self, network, head, precision):
        super().__init__()
        self.network, self.head, self.mixed = network, head, precision != "float32"

    def forward(self, features, labels, margin):
        with torch.autocast(features.device.type, torch.bfloat16, enabled=self.mixed):
            x = self.network(features)
            if getattr(self.head, "last", False):
                x = self.network.after_embedding(x)
        return self.head(x.float(), labels, margin)


class Trainer:
    """Trains a network.

    Parameters
    ----------
    network, head : modules, see losses.make_head
    plan : batches.Plan
    make : from a Batch to (features, labels), see examples.ExampleMaker
    held_out : heldout.HeldOut, or None
    opts, loss_opts : OptimiserOptions, LossOptions
    worker : distributed.Worker
    device : torch.device
    threads : that make examples
    """

    def __init__(self, network, head, plan, make, held_out, opts, loss_opts, worker=distributed.Worker(),  # noqa: B008
                 device="cpu", threads=0):
        if opts.sync_batchnorm and worker.count > 1:
            network = distributed.synchronised(network)
        self.network, self.head = network.to(device), head.to(device)
        self.plan, self.make, self.held_out = plan, make, held_out
        self.opts, self.loss_opts = opts, loss_opts
        self.worker, self.device, self.threads = worker, torch.device(device), threads
        self.model = Model(self.network, self.head, opts.precision)
        self.optimiser = Optimiser(self.model, opts)
        if worker.count > 1:
            self.model = nn.parallel.DistributedDataParallel(self.model)
        self.state = State()
        self.stopped = False  # before the last epoch, because it was told to

    def train(self, on_epoch=lambda epoch: None, on_step=lambda part: False):
        """Train to the end, from where `state` says.

        on_epoch : called with an Epoch after each, by all workers
        on_step : called with the part of all that is done, from 0 to 1; the first worker's answer says whether to stop

        Raises DataError if the loss is no longer finite.
        """
        state = self.state
        while state.epoch < self.opts.epochs and not self.out_of_patience():
            before = time.monotonic()
            self.model.train()
            for features, labels in ahead(self.make, self.shares(state.epoch, state.step), self.threads):
                self.step(torch.from_numpy(features), torch.from_numpy(labels))
                now = time.monotonic()
                state.step, state.seconds, before = state.step + 1, state.seconds + now - before, now
                stop = on_step((state.epoch + state.step / self.plan.batches) / self.opts.epochs)
                if distributed.of_leader(float(bool(stop)), self.device):
                    self.stopped = True
                    return
            on_epoch(self.end_of_epoch())

    def shares(self, epoch, first=0, last=None):
        """Yield this worker's part of each batch first .. last - 1 of an epoch; those of workers follow each other."""
        rank, count, _ = self.worker
        size = self.plan.opts.batch_size // count
        for batch in islice(self.plan.epoch(epoch), first, last):
            yield batch._replace(examples=batch.examples[rank * size : (rank + 1) * size])

    def step(self, features, labels):
        """One step of the optimiser; the sums of the epoch are those of all workers."""
        state, opts = self.state, self.opts
        done = state.epoch * self.plan.batches + state.step
        seed = np.random.SeedSequence([self.plan.seed, DROPOUT, done, self.worker.rank]).generate_state(1)
        torch.manual_seed(int(seed[0]))
        state.rate = learning_rate(done, self.plan.batches, opts)
        margin = margin_at(done / (self.plan.batches * opts.epochs), self.loss_opts)
        loss, right, asked = self.model(features.to(self.device), labels.to(self.device), margin)
        numbers = distributed.summed([loss.item() / self.worker.count, float(right), asked], self.device)
        if not np.isfinite(numbers[0]):
            raise DataError(f"the loss is {numbers[0]} in epoch {state.epoch + 1}; a lower --learning-rate or a"
                            " --clip-gradient may help")
        self.optimiser.clear()
        loss.backward()
        if opts.clip_gradient:
            nn.utils.clip_grad_norm_(self.model.parameters(), opts.clip_gradient)
        self.optimiser.step(state.rate)
        state.sums = [total + number for total, number in zip(state.sums, numbers, strict=True)]

    def end_of_epoch(self):
        """The Epoch that is over; its weights are kept as long as they may be wanted."""
        state = self.state
        loss, right, asked = state.sums
        error = self.held_out_error()
        examples = self.plan.batches * self.plan.opts.batch_size
        epoch = Epoch(state.epoch + 1, loss / self.plan.batches, 100 * right / asked, error, state.rate, state.seconds,
                      examples / max(state.seconds, 1e-9))
        state.history.append(epoch._asdict())
        state.epoch, state.step, state.sums, state.seconds = state.epoch + 1, 0, [0.0, 0.0, 0.0], 0.0
        weights = averaging.copy_of(self.network)
        if self.opts.average > 1:
            state.kept[state.epoch] = weights
            state.kept.pop(state.epoch - self.opts.average, None)
        if error is None or state.best_error is None or error <= state.best_error:  # of equals the later one
            state.best, state.best_epoch, state.best_error = weights, state.epoch, error
        return epoch

    def held_out_error(self):
        """Of the network as it is, %, or None; the first worker finds it for all."""
        if self.held_out is None:
            return None
        found = held_out_error(self.network, self.held_out, self.device) if self.worker.leads else 0.0
        return distributed.of_leader(found, self.device)

    def out_of_patience(self):
        waited = self.state.epoch - self.state.best_epoch
        return bool(self.opts.patience and self.held_out is not None and waited >= self.opts.patience)

    def finish(self):
        """Give the network the weights that are best: (weights by name, what they are, their held-out error).

        Those of the epoch with the lowest held-out error (of the last epoch, if nothing is held out), or the average of
        the last epochs, if its error is no higher. Stopped within the first epoch, those that it has.
        """
        state = self.state
        if not state.best_epoch:
            return averaging.of_use(averaging.copy_of(self.network)), "epoch 1, unfinished", self.held_out_error()
        chosen, name, error = state.best, f"epoch {state.best_epoch}", state.best_error
        if len(state.kept) > 1:
            averaging.load(self.network, averaging.mean_of(state.kept.values()))
            batches = self.shares(self.opts.epochs, 0, averaging.batches_needed(self.plan.opts.batch_size))
            made = (torch.from_numpy(features).to(self.device)
                    for features, _ in ahead(self.make, batches, self.threads))
            averaging.measure_batch_norms(self.network, made)
            average = self.held_out_error()
            if average is None or average <= error:
                chosen, error = averaging.copy_of(self.network), average
                name = f"average of epochs {min(state.kept)} to {max(state.kept)}"
        averaging.load(self.network, chosen)
        return averaging.of_use(chosen), name, error
