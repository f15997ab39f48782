"""From the description and the weights of a model to what computes with them."""

import os

from diarkit.embeddings.embedders import CamPlusPlusEmbedder, GE2EEmbedder, StatisticsEmbedder
from diarkit.errors import DataError
from diarkit.options.features import FbankOptions
from diarkit.options.tunables import from_mapping


def make_embedder(model=None, threads=0):
    """What embeds with a model (kind, description and weights: a dict of arrays); without one, statistics."""
    if model is None:
        return StatisticsEmbedder()
    import torch

    # Before the weights are loaded and folded: shared among threads, such small operations take seconds on a busy
    # machine, because threads that wait for each other spin, and what is folded would depend on their number.
    torch.set_num_threads(1)
    threads = threads or processors()
    try:
        if model.kind == "campplus":
            from diarkit.embeddings.campplus import NUM_MEL_BINS, CamPlusPlus
            from diarkit.features import FeatureExtractor

            extractor = FeatureExtractor(from_mapping(FbankOptions, model.description["front_end"]))
            if extractor.dim != NUM_MEL_BINS:
                raise DataError(f"{extractor.dim} numbers a frame, where the network takes {NUM_MEL_BINS} mel filters")
            return CamPlusPlusEmbedder(with_weights(CamPlusPlus(), model.weights), extractor, threads)
        if model.kind == "ge2e":
            from diarkit.embeddings.ge2e import GE2E

            return GE2EEmbedder(with_weights(GE2E(), model.weights), threads)
        raise DataError(f"a model of kind {model.kind} makes no embeddings")
    except (DataError, KeyError, TypeError) as error:
        raise DataError(str(error), where=model.folder) from None


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
