"""From the description and the weights of a model to what computes with them."""

import os

from diarkit.embedding import CamPlusPlusEmbedder, GE2EEmbedder
from diarkit.errors import DataError
from diarkit.options import FbankOptions, from_mapping


def make_embedder(kind, description, weights, threads=0):
    """The embedder of a model: `kind` and `description` from its model.json, `weights` a dict of arrays."""
    threads = threads or processors()
    if kind == "campplus":
        from diarkit.campplus import CamPlusPlus
        from diarkit.features import FeatureExtractor

        extractor = FeatureExtractor(from_mapping(FbankOptions, description["front_end"]))
        return CamPlusPlusEmbedder(with_weights(CamPlusPlus(), weights), extractor, threads)
    if kind == "ge2e":
        from diarkit.ge2e import GE2E

        return GE2EEmbedder(with_weights(GE2E(), weights), threads)
    raise DataError(f"a model of kind {kind} makes no embeddings")


def with_weights(network, weights):
    """Load arrays by name into a network, in test mode. Raises DataError if they are not its own."""
    import torch

    state = network.state_dict()
    counters = {name for name in state if name.endswith("num_batches_tracked")}
    if set(weights) != set(state) - counters:
        odd = sorted(set(weights) ^ (set(state) - counters))
        raise DataError(f"weights of another network: {odd[0]}" + (f" and {len(odd) - 1} more" if odd[1:] else ""))
    for name, array in weights.items():
        if tuple(array.shape) != tuple(state[name].shape):
            raise DataError(f"{name} is {array.shape}, not {tuple(state[name].shape)}")
        tensor = torch.from_numpy(array)
        if not torch.isfinite(tensor).all():
            raise DataError(f"{name} has NaN or infinity in it")
        state[name].copy_(tensor)
    return network.eval()


def processors():
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
