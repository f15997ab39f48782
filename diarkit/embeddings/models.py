"""From the description and the weights of a model to what computes with them."""

import os
from functools import partial

from diarkit.embeddings.batches import BATCH, BATCH_ON_GPU, Running
from diarkit.embeddings.embedders import CamPlusPlusEmbedder, GE2EEmbedder, StatisticsEmbedder, WindowEmbedder
from diarkit.embeddings.spans import FRAME_SHIFT, LENGTH_STEP, SHORTEST, Cutter
from diarkit.errors import DataError, UsageError
from diarkit.options.embeddings import ExtractionOptions, XvectorOptions
from diarkit.options.features import FbankOptions
from diarkit.options.tunables import from_mapping


def make_embedder(model=None, opts=None, extraction=None):
    """What embeds with a model (kind, description and weights: a dict of arrays); without one, statistics.

    opts, extraction : XvectorOptions and ExtractionOptions
    Raises DataError, naming the model's folder, for a model that cannot be; UsageError for what it cannot do.
    """
    if model is None:
        return StatisticsEmbedder()
    import torch

    # Before the weights are loaded and folded: shared among threads, such small operations take seconds on a busy
    # machine, because threads that wait for each other spin, and what is folded would depend on their number.
    torch.set_num_threads(1)
    make = {"campplus": campplus, "ge2e": ge2e, "xvector": xvector, "onnx": onnx}.get(model.kind)
    try:
        if make is None:
            raise DataError(f"a model of kind {model.kind} makes no embeddings")
        return make(model, opts or XvectorOptions(), extraction or ExtractionOptions())
    except (DataError, KeyError, TypeError) as error:
        raise DataError(str(error), where=model.folder) from None


def campplus(model, opts, extraction):
    """The published weights of CAM++, which are used to the mean of a recording's windows."""
    from diarkit.embeddings.campplus import NUM_MEL_BINS, CamPlusPlus
    from diarkit.features import FeatureExtractor

    extractor = FeatureExtractor(from_mapping(FbankOptions, model.description["front_end"]))
    if extractor.dim != NUM_MEL_BINS:
        raise DataError(f"{extractor.dim} numbers a frame, where the network takes {NUM_MEL_BINS} mel filters")
    takes_sound(model, extraction)
    network = with_weights(CamPlusPlus(), model.weights)
    return CamPlusPlusEmbedder(network, extractor, running(opts, extraction), cutter(extraction))


def ge2e(model, opts, extraction):
    from diarkit.embeddings.ge2e import GE2E

    takes_sound(model, extraction)
    return GE2EEmbedder(with_weights(GE2E(), model.weights), running(opts, extraction), cutter(extraction))


def xvector(model, opts, extraction):
    """A network that train-xvector trained or that was imported, see diarkit.embeddings.xvector."""
    from diarkit.embeddings import rows
    from diarkit.embeddings.devices import runner
    from diarkit.embeddings.once import TdnnEmbedder, smallest
    from diarkit.embeddings.tdnn import Tdnn
    from diarkit.embeddings.xvector import make_front_end, make_network

    network = with_weights(make_network(model.description), model.weights)
    front_end = make_front_end(model.description) if model.description.get("front_end") else None
    if front_end is None or extraction.features:
        source, rate = partial(rows.of_matrix, dim=front_end.dim if front_end else model.description["input_dim"]), None
    else:
        source, rate = partial(rows.of_signal, front_end), front_end.sample_frequency
    normalise = front_end.window if front_end and front_end.cmn == "window" else None
    shift = front_end.shift if front_end else FRAME_SHIFT
    how = running(opts, extraction)
    if isinstance(network, Tdnn):
        least = 1 + network.left_context + network.right_context
        frames = cutter(extraction, 1, smallest(network), least, shift)
        return TdnnEmbedder(network, source, frames, how, rate, normalise)
    run = runner(network, how)
    return WindowEmbedder(run, network.embedding_dim, source, cutter(extraction, shift=shift), how, rate, normalise)


def onnx(model, opts, extraction):
    """A network in an ONNX file, see diarkit.embeddings.onnx."""
    from diarkit.embeddings import rows
    from diarkit.embeddings.onnx import OnnxNetwork
    from diarkit.embeddings.xvector import make_front_end

    if not isinstance(model.weights, bytes):
        raise DataError("a model of kind onnx has its network in model.onnx")
    if opts.device == "cuda" or opts.precision != "float32":
        raise UsageError("--device=cuda, --precision: models of kind onnx run on the CPU in single precision alone")
    front_end = make_front_end(model.description)
    network = OnnxNetwork(model.weights, model.description["network"]["layout"], front_end.dim)
    source = partial(rows.of_matrix, dim=front_end.dim) if extraction.features else partial(rows.of_signal, front_end)
    rate = None if extraction.features else front_end.sample_frequency
    length = network.frames
    shift = front_end.shift
    frames = Cutter(length, length, length, extraction.pad_input, shift) if length else cutter(extraction, shift=shift)
    normalise = front_end.window if front_end.cmn == "window" else None
    how = running(opts, extraction)
    return WindowEmbedder(network.run, network.embedding_dim, source, frames, how, rate, normalise)


def takes_sound(model, extraction):
    if extraction.features:
        raise UsageError(f"--features: models of kind {model.kind} take recordings alone")


def running(opts, extraction):
    """The Running that the options ask for."""
    from diarkit.embeddings.devices import find_device

    device = find_device(opts.device)
    if opts.precision == "int8" and device != "cpu":
        raise UsageError(f"--precision=int8 is for --device=cpu, not {device}")
    shared = device != "cpu" if extraction.share_batches is None else extraction.share_batches
    size = opts.batch_size or (BATCH if device == "cpu" else BATCH_ON_GPU)
    return Running(opts.threads or processors(), size, device, opts.precision, shared)


def cutter(extraction, step=LENGTH_STEP, shortest=SHORTEST, least=1, shift=FRAME_SHIFT):
    """The Cutter that the options ask for; `step`, `shortest` and `shift` are the model's own, as is `least`, the
    frames that its network cannot do without."""
    asked, chunk = extraction.min_chunk_size, max(extraction.chunk_size, 0)
    if 0 < asked < least:
        raise UsageError(f"--min-chunk-size={asked}: the network looks at {least} frames")
    if not extraction.pad_input and 0 < chunk < (asked or shortest):
        raise UsageError(f"--chunk-size={chunk} is less than the {shortest} frames of the shortest chunk, which leaves"
                         " nothing without --pad-input")
    return Cutter(step, asked or shortest, chunk, extraction.pad_input, shift)


def with_weights(network, weights):
    """Load arrays by name into a network, in test mode. Raises DataError if they are not its own."""
    import torch

    if not isinstance(weights, dict):
        raise DataError("an ONNX network, where a model of this kind has arrays")
    state = network.state_dict()
    counters = {name for name in state if name.endswith("num_batches_tracked")}
    if set(weights) != set(state) - counters:
        odd = sorted(set(weights) ^ (set(state) - counters))
        raise DataError(f"weights of another network: {odd[0]}" + (f" and {len(odd) - 1} more" if odd[1:] else ""))
    for name, array in weights.items():
        if tuple(array.shape) != tuple(state[name].shape):
            raise DataError(f"{name} is {array.shape}, not {tuple(state[name].shape)}")
        if array.dtype.kind != "f":
            raise DataError(f"{name} is of type {array.dtype}, not of floats")
        tensor = torch.from_numpy(array)
        if not torch.isfinite(tensor).all():
            raise DataError(f"{name} has NaN or infinity in it")
        state[name].copy_(tensor)
    return network.eval()


def processors():
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
