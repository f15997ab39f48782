"""Training by several workers, as torchrun starts them: each has a part of every batch, all have the same weights.

A batch of N examples gives the same gradient for any number of workers but for rounding: the mean of their losses is
the loss of the batch, losses that compare examples see those of all workers, and so does batch norm where it is
synchronised (torch's own SyncBatchNorm works on GPUs only).
"""

import os
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import distributed, nn

from diarkit.errors import DataError


class Worker(NamedTuple):
    rank: int = 0
    count: int = 1
    local_rank: int = 0  # on this machine, which is the number of its GPU

    @property
    def leads(self):
        """Whether this is the one that writes."""
        return self.rank == 0


@contextmanager
def joined(device, threads=0):
    """Join the workers that torchrun started, if it did: gives the Worker that this process is.

    device : "cpu" or "cuda"
    threads : of torch in this process; 0 shares the processors among the workers of this machine

    Raises DataError if there is no such device, if what torchrun tells in the environment is not all there, or if
    inside another worker is gone.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise DataError("--device=cuda, and torch finds no GPU")
    torch.set_num_threads(threads or max(processors() // told("LOCAL_WORLD_SIZE", 1), 1))
    if told("WORLD_SIZE", 1) < 2:
        yield Worker()
        return
    try:
        distributed.init_process_group("nccl" if device == "cuda" else "gloo")
    except (ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"WORLD_SIZE={os.environ['WORLD_SIZE']}, and the workers do not meet: {reason}") from None
    try:
        yield Worker(distributed.get_rank(), distributed.get_world_size(), told("LOCAL_RANK", 0))
    except RuntimeError as error:
        if isinstance(error, distributed.DistError) or "gloo" in str(error):
            raise DataError("another worker is gone; the same command goes on from the last checkpoint") from None
        raise
    finally:
        distributed.destroy_process_group()


def told(name, otherwise):
    """The number that torchrun has put into the environment."""
    text = os.environ.get(name, "")
    if text and not text.isdecimal():
        raise DataError(f"{name}={text} in the environment is no number of workers")
    return int(text) if text else otherwise


def processors():
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def together():
    """Whether there are several workers."""
    return distributed.is_initialized() and distributed.get_world_size() > 1


def summed(numbers, device="cpu"):
    """Sums of a list of numbers over the workers, in double precision."""
    if not together():
        return list(numbers)
    total = torch.tensor(numbers, dtype=torch.float64, device=device)
    distributed.all_reduce(total)
    return total.tolist()


def of_leader(number, device="cpu"):
    """The number that the first worker has."""
    if not together():
        return number
    found = torch.tensor([number], dtype=torch.float64, device=device)
    distributed.broadcast(found, 0)
    return found.item()


class Gather(torch.autograd.Function):
    """(B, D) of every worker to (workers B, D). All of them compute the same loss of it, and the mean of their
    gradients is taken: so the gradient of each one's own part counts as many times as there are workers."""

    @staticmethod
    def forward(ctx, x):
        parts = [torch.empty_like(x) for _ in range(distributed.get_world_size())]
        distributed.all_gather(parts, x.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx, gradient):
        own = gradient.chunk(distributed.get_world_size())[distributed.get_rank()]
        return own * distributed.get_world_size()


def gathered(x):
    """(the rows of all workers, how many workers there are)."""
    return (Gather.apply(x), distributed.get_world_size()) if together() else (x, 1)


class Sum(torch.autograd.Function):
    """The sum over the workers; so is its gradient."""

    @staticmethod
    def forward(ctx, x):
        total = x.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx, gradient):
        return Sum.forward(ctx, gradient)


class SynchronisedBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch norm whose statistics in training are those of all workers' examples."""

    def _check_input_dim(self, x):
        pass

    def forward(self, x):
        if not (self.training and together()):
            return super().forward(x)
        places = [0, *range(2, x.ndim)]
        shape = [1, -1, *[1] * (x.ndim - 2)]
        count = x.numel() / x.shape[1] * distributed.get_world_size()
        mean = Sum.apply(x.sum(places)) / count
        centred = x - mean.view(shape)
        variance = Sum.apply(centred.square().sum(places)) / count
        with torch.no_grad():
            for running, new in ((self.running_mean, mean), (self.running_var, variance * (count / (count - 1)))):
                running.lerp_(new.to(running.dtype), self.momentum)
        y = centred * (variance + self.eps).rsqrt().view(shape)
        return y * self.weight.view(shape) + self.bias.view(shape) if self.affine else y


def synchronised(network):
    """The network with SynchronisedBatchNorm in the place of every batch norm; weights keep their names."""
    for name, module in network.named_children():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            made = SynchronisedBatchNorm(module.num_features, module.eps, module.momentum, module.affine)
            made.load_state_dict(module.state_dict())
            setattr(network, name, made)
        else:
            synchronised(module)
    return network
