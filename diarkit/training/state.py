"""Where training stands: all that a checkpoint has to hold so that it goes on as if nothing had happened."""

from dataclasses import dataclass, field

import torch

from diarkit.errors import DataError
from diarkit.training.averaging import copy_of, load


@dataclass
class State:
    epoch: int = 0  # epochs that are done
    step: int = 0  # steps of the present one that are done
    sums: list = field(default_factory=lambda: [0.0, 0.0, 0.0])  # of it: losses, examples guessed right, and asked
    seconds: float = 0.0  # of it
    rate: float = 0.0  # the learning rate of the last step
    history: list = field(default_factory=list)  # a dict an epoch, see loop.Epoch
    best_epoch: int = 0
    best_error: float | None = None
    best: dict = field(default_factory=dict)  # weights after that epoch
    kept: dict = field(default_factory=dict)  # weights after the last epochs, by the epoch's number


NUMBERS = ("epoch", "step", "sums", "seconds", "rate", "history", "best_epoch", "best_error")


def pack(trainer):
    """(arrays by name, what can be written as JSON) of a Trainer."""
    state = trainer.state
    groups = {"network": copy_of(trainer.network), "head": copy_of(trainer.head), "best": state.best}
    groups.update({f"kept-{number}": weights for number, weights in state.kept.items()})
    for name, slots in trainer.optimiser.slots.items():
        groups[f"optimiser-{name}"] = {slot: tensor.cpu().numpy() for slot, tensor in slots.items()}
    arrays = {f"{group}/{name}": array for group, weights in groups.items() for name, array in weights.items()}
    return arrays, {name: getattr(state, name) for name in NUMBERS}


def unpack(trainer, arrays, numbers):
    """Put a Trainer where another one stood. Raises DataError if it was not one like it."""
    try:
        groups = {}
        for name, array in arrays.items():
            group, _, name = name.partition("/")
            groups.setdefault(group, {})[name] = array
        load(trainer.network, groups.pop("network"))
        load(trainer.head, groups.pop("head", {}))
        state = State(**{name: numbers[name] for name in NUMBERS}, best=groups.pop("best", {}))
        kept = {int(group.partition("-")[2]): weights for group, weights in groups.items() if group.startswith("kept-")}
        state.kept = dict(sorted(kept.items()))
        trainer.optimiser.slots = {
            group.partition("-")[2]: {slot: on_device(trainer, slot, array) for slot, array in values.items()}
            for group, values in groups.items() if group.startswith("optimiser-")}
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"a checkpoint of another training: {reason}") from None
    trainer.state = state


def on_device(trainer, slot, array):
    return torch.from_numpy(array) if slot == "steps" else torch.from_numpy(array).to(trainer.device)
