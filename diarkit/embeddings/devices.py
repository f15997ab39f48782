"""Where a network computes, and in what precision."""

import torch

from diarkit.embeddings.campplus import CamPlusPlus
from diarkit.embeddings.campplus_fast import FastCamPlusPlus
from diarkit.errors import UsageError

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def find_device(name):
    """torch's name of "cpu", "cuda" or "auto", a GPU if there is one. Raises UsageError where there is none."""
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("--device=cuda: there is no such device here, or this torch was built without it")
    return name


def dtype_of(precision, kind):
    if precision not in DTYPES:
        raise UsageError(f"--precision={precision} is for TDNNs, and the network is a {kind}")
    return DTYPES[precision]


def moved(thing, device, dtype):
    """A tensor, or the tensors in lists, tuples and attributes of objects, at another place and in another precision.

    Objects are changed, the rest made anew.
    """
    if isinstance(thing, torch.Tensor):
        return thing.to(device, dtype if thing.is_floating_point() else None)
    if isinstance(thing, list | tuple):
        return type(thing)(moved(item, device, dtype) for item in thing)
    for name, value in getattr(thing, "__dict__", {}).items():
        setattr(thing, name, moved(value, device, dtype))
    return thing


class Placed:
    """A campplus_fast.FastCamPlusPlus that computes where and as `running` says; tensors in and out as without it.

    In less than single precision are the products and what passes between layers, not the last pooling and layer.
    """

    def __init__(self, network, running):
        self.network = network
        self.device, self.dtype = running.device, dtype_of(running.precision, "CAM++")
        for name in ("convolutions", "tdnn", "blocks"):
            setattr(network, name, moved(getattr(network, name), self.device, self.dtype))
        for name in ("out", "dense"):
            setattr(network, name, moved(getattr(network, name), self.device, torch.float32))

    def head(self, x):
        return self.network.head(x.to(self.device, self.dtype)).float().cpu()

    def tail(self, frames):
        return self.network.tail(frames.to(self.device, self.dtype)).float().cpu()


def runner(network, running):
    """The function (B, T, D) tensor -> (B, dim) array of a module in test mode, where and as `running` says."""
    if isinstance(network, CamPlusPlus):
        fast = Placed(FastCamPlusPlus(network), running)
        return lambda frames: fast.tail(torch.stack([fast.head(window) for window in frames])).numpy()
    device, dtype = running.device, dtype_of(running.precision, type(network).__name__)
    network = network.to(device)

    def run(frames):
        with torch.inference_mode(), torch.autocast(device, dtype, enabled=dtype != torch.float32):
            return network(frames.to(device)).float().cpu().numpy()

    return run
