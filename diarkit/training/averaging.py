"""The average of the weights after several epochs (Izmailov et al., "Averaging weights leads to wider optima", 2018).

Statistics of batch norms cannot be averaged: they are measured anew, over examples of training (section 3.2).
"""

import numpy as np
import torch
from torch import nn

from diarkit.errors import DataError

EXAMPLES = 2000  # over which batch norms are measured


def copy_of(network):
    """Weights and statistics by name, as arrays.

    Raises DataError if they are no longer finite: neither a checkpoint nor a model may be made of such.
    """
    weights = {name: value.detach().cpu().numpy().copy() for name, value in network.state_dict().items()}
    for name, array in weights.items():
        if not np.isfinite(array).all():
            raise DataError(f"{name} is no longer finite; a lower --learning-rate or a --clip-gradient may help")
    return weights


def load(network, weights):
    network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})


def of_use(weights):
    """Those that a model is made of: without the counters of batch norms, which are of use in training only."""
    return {name: array for name, array in weights.items() if not name.endswith("num_batches_tracked")}


def mean_of(several):
    """The mean of several copies; of what counts something, the last."""
    several = list(several)
    return {name: sum(weights[name].astype("f8") for weights in several).astype("f4") / len(several)
            if last.dtype.kind == "f" else last for name, last in several[-1].items()}


def batches_needed(batch_size):
    return -(-EXAMPLES // batch_size)


def measure_batch_norms(network, batches):
    """Set the statistics of every batch norm to the mean of those of some batches (B, T, D)."""
    norms = [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    usual = [norm.momentum for norm in norms]
    network.train()
    with torch.no_grad():
        for number, features in enumerate(batches, 1):
            for norm in norms:
                norm.momentum = 1 / number  # the mean of all so far
            network(features)
    for norm, momentum in zip(norms, usual, strict=True):
        norm.momentum = momentum
    network.eval()
