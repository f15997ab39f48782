#!/usr/bin/env python3
"""CAM++ in other arithmetic: milliseconds a window, and what it does to the DER: python tests/bench/network.py

A window is 1.5 s, one thread, batches of 8 windows, CPU time, the least of some repeats in turn. "Whole" runs the
network over every window; "head once" runs its convolutional head over the recording in blocks of 512 frames
(75 frames a window are counted, since a window starts every 0.75 s) and the rest over windows, as diarize does.

- torch, whole: campplus.CamPlusPlus. torch, head once: FastCamPlusPlus, what diarize uses.
- bfloat16: FastCamPlusPlus with the folded weights and the activations cast, the pooling and the last layer not.
- onnxruntime: the plain network exported in two parts, head and rest. int8: these with convolutions quantized,
  static, per channel, QDQ, but for the first of the head and the last layer; the range of activations from
  readings (or made-up voices) that are in no set.
  Needs onnx and, for the exporter of torch, onnxscript; "not run" without them.

Speed is against torch, head once. Cosines are those of its embeddings, of windows of speech in 5 minutes of
conversations (or made-up voices). DER is that of the whole pipeline with the embedder's network replaced: AMI (the
six half-minutes with speech in them), wide and phone of the shared data; collar 0, overlap scored, UEM; the
settings are those chosen for fp32.

    --repeats N    of the timing (5)      --no-der    without the sets
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

from common import load, sets, show, write_speech  # noqa: E402  (common also finds diarkit)

WINDOW, SHIFT, BATCH, BLOCK = 150, 75, 8, 512  # frames, frames, windows, frames


class Whole:
    """A network over whole windows, (B, T, 80) -> (B, 192), in the place of FastCamPlusPlus: its head does nothing."""

    def __init__(self, network):
        self.network = network

    def head(self, x):
        return x.T

    def tail(self, frames):
        import torch

        with torch.inference_mode():
            return self.network(frames.transpose(1, 2))


class Parts:
    """Two ONNX files, (B, T, 80) -> (B, 320, T) and (B, 320, T) -> (B, 192), in the place of FastCamPlusPlus."""

    def __init__(self, head, tail):
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = settings.inter_op_num_threads = 1
        self.sessions = [onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
                         for path in (head, tail)]

    def run(self, part, x):
        return self.sessions[part].run(None, {"x": x})[0]

    def head(self, x):
        import torch

        return torch.from_numpy(self.run(0, x.numpy()[None])[0])

    def tail(self, frames):
        import torch

        return torch.from_numpy(self.run(1, frames.numpy()))

    def whole(self, windows):
        return self.tail(self.head_of_windows(windows))

    def head_of_windows(self, windows):
        import torch

        return torch.from_numpy(self.run(0, windows.contiguous().numpy()))


def in_bfloat16(fast):
    """The same FastCamPlusPlus, computing in bfloat16 but for the pooling and the last layer."""
    import torch

    def cast(x):
        if isinstance(x, torch.Tensor):
            return x.bfloat16() if x.is_floating_point() else x
        if isinstance(x, (list, tuple)):
            return type(x)(cast(item) for item in x)
        if hasattr(x, "__dict__"):
            for name, value in vars(x).items():
                setattr(x, name, cast(value))
        return x

    for name in ("convolutions", "tdnn", "blocks"):
        setattr(fast, name, cast(getattr(fast, name)))
    head, tail = fast.head, fast.tail
    fast.head = lambda x: head(x.bfloat16()).float()
    fast.tail = lambda frames: tail(frames.bfloat16())
    return fast


def export(network, folder):
    """Write head.onnx and tail.onnx of a CamPlusPlus."""
    import torch

    from diarkit.embeddings import campplus

    class Head(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.part = network.head

        def forward(self, x):
            return self.part(x.transpose(1, 2))

    class Tail(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.part = network.xvector

        def forward(self, x):
            for name, layer in self.part.named_children():
                if name != "dense":
                    x = layer(x)
            return self.part.dense(campplus.mean_and_deviation(x))

    # A window here is one piece of the masking context, whose mean then is that of the window.
    segment_means, campplus.segment_means = campplus.segment_means, lambda x: x.mean(-1, keepdim=True)
    for name, part, shape, time_axis in (("head", Head(), (2, WINDOW, 80), 1), ("tail", Tail(), (2, 320, WINDOW), 2)):
        torch.onnx.export(part.eval(), (torch.zeros(shape),), str(folder / f"{name}.onnx"), dynamo=False,
                          input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "B", time_axis: "T"}})
    campplus.segment_means = segment_means


def quantize(folder, windows):
    """Write head.int8.onnx and tail.int8.onnx; `windows` (N, 150, 80) give the ranges of the activations."""
    import onnx
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(quantization.CalibrationDataReader):
        def __init__(self, batches):
            self.batches = iter(batches)

        def get_next(self):
            batch = next(self.batches, None)
            return None if batch is None else {"x": batch}

    inputs = [windows[i : i + BATCH].contiguous().numpy() for i in range(0, len(windows), BATCH)]
    for part, name in enumerate(("head", "tail")):
        prepared = folder / f"{name}.prepared.onnx"
        quant_pre_process(str(folder / f"{name}.onnx"), str(prepared), skip_symbolic_shape=True)
        convolutions = [node.name for node in onnx.load(prepared).graph.node if node.op_type == "Conv"]
        quantization.quantize_static(
            str(prepared), str(folder / f"{name}.int8.onnx"), Reader(inputs), per_channel=True,
            nodes_to_exclude=[convolutions[0 if name == "head" else -1]],
            quant_format=quantization.QuantFormat.QDQ, op_types_to_quantize=["Conv"],
            activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8)
        if part == 0:
            fp32 = Parts(folder / "head.onnx", folder / "tail.onnx")
            inputs = [fp32.run(0, batch) for batch in inputs]


def onnx_networks(network, folder, calibration):
    """{name: network} of the ways by onnxruntime, or the reason why they do not run."""
    try:
        import onnx  # noqa: F401
    except ImportError:
        return "not run: needs onnx"
    export(network, folder)
    quantize(folder, calibration)
    fp32 = Parts(folder / "head.onnx", folder / "tail.onnx")
    return {"onnxruntime, whole": Whole(fp32.whole), "onnxruntime, head once": fp32,
            "onnxruntime int8, head once": Parts(folder / "head.int8.onnx", folder / "tail.int8.onnx")}


def features(folder, extractor, seconds, patterns):
    """Speech: a Signal and its mean-free log-mel frames, a (T, 80) tensor."""
    import soundfile
    import torch

    from diarkit import signals

    write_speech(folder / "speech.wav", seconds, patterns)
    signal = signals.of_array(32768 * soundfile.read(folder / "speech.wav")[0], 16000)
    frames = extractor.compute_whole(signal)
    return signal, torch.from_numpy(frames - frames.mean(axis=0))


def embeddings(network, frames):
    """Embeddings of windows every 0.75 s, the head over the whole; (N, 192) array."""
    import torch

    y = torch.cat([network.head(frames[t : t + 10 * BLOCK]) for t in range(0, len(frames), 10 * BLOCK)], dim=1)
    windows = y.unfold(1, WINDOW, SHIFT).permute(1, 0, 2)  # (N, C, 150)
    batches = range(0, len(windows), BATCH)
    return torch.cat([network.tail(windows[i : i + BATCH].contiguous()) for i in batches]).numpy()


def milliseconds(networks, frames, repeats):
    """{name: (head, tail)}: CPU time a window."""
    def timed(function, x, calls):
        start = time.process_time()
        for _ in range(calls):
            function(x)
        return 1000 * (time.process_time() - start) / calls

    found = {name: [] for name in networks}
    for _ in range(repeats):
        for name, network in networks.items():
            y = network.head(frames[:BLOCK])
            windows = y.unfold(1, WINDOW, SHIFT).permute(1, 0, 2)
            windows = windows.repeat(-(-BATCH // len(windows)), 1, 1)[:BATCH].contiguous()
            once = 0.0 if "whole" in name else timed(network.head, frames[:BLOCK], 8) * SHIFT / BLOCK
            found[name].append((once, timed(network.tail, windows, 4) / BATCH))
    return {name: tuple(map(min, zip(*times, strict=True))) for name, times in found.items()}


def default_pipeline():
    from diarkit.io.models import find_model, read_model
    from diarkit.options.activity import SegmentOptions, VadOptions
    from diarkit.options.clustering import AhcOptions
    from diarkit.options.windows import SubsegmentOptions
    from diarkit.pipeline import make_pipeline

    vad = read_model(find_model("silero-vad"))
    return make_pipeline(VadOptions(method="silero"), vad, read_model(find_model("campplus")), None,
                         SegmentOptions(), SubsegmentOptions(), AhcOptions())


def der(pipeline, name, decisions):
    """The DER of a set in percent; `decisions` keeps those of the detector, by path."""
    detector, results = pipeline.detector, []
    for recording in sets.recordings(name):
        def speech(signal, path=recording.path):
            if path not in decisions:
                decisions[path] = detector(signal)
            return decisions[path]

        pipeline.detector = speech
        results.append(sets.result(pipeline, recording))
    pipeline.detector = detector
    return sets.total(results).der


def main():
    import numpy as np
    import torch

    from diarkit.backend.cosine import unit_length
    from diarkit.embeddings.campplus import CamPlusPlus
    from diarkit.embeddings.campplus_fast import FastCamPlusPlus
    from diarkit.embeddings.models import with_weights
    from diarkit.io.models import find_model, read_model

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--no-der", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    network = with_weights(CamPlusPlus(), read_model(find_model("campplus")).weights)
    pipeline = default_pipeline()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        extractor = pipeline.embedder.extractor
        calibration = features(folder, extractor, 150, ("librispeech/*.flac",))[1].unfold(0, WINDOW, WINDOW).mT
        signal, frames = features(folder, extractor, 300, ("conversations/*/*.flac",))
        networks = {"torch, whole": Whole(network), "torch, head once": FastCamPlusPlus(network),
                    "torch bfloat16, head once": in_bfloat16(FastCamPlusPlus(network))}
        others = onnx_networks(network, folder, calibration)
        if not isinstance(others, str):
            networks |= others
    print(f"CAM++, one thread; {load()}", flush=True)
    times = milliseconds(networks, frames, args.repeats)
    standard = sum(times["torch, head once"])
    # Where nobody speaks no embedding is wanted: what arithmetic does to it would hide the rest.
    speech = torch.from_numpy(pipeline.detector(signal)[: len(frames)]).unfold(0, WINDOW, SHIFT).float().mean(1) > 0.9
    vectors = {name: unit_length(embeddings(other, frames)[speech]) for name, other in networks.items()}
    names = [] if args.no_der else [name for name in sets.SETS if sets.recordings(name)]
    decisions, rows = {}, []
    for name, other in networks.items():
        cosines = np.einsum("nd,nd->n", vectors[name], vectors["torch, head once"])
        pipeline.embedder.network = other
        ders = [f"{der(pipeline, one, decisions):.1f}" for one in names]
        rows.append([name, *times[name], standard / sum(times[name]), f"{cosines.min():.4f}", f"{cosines.mean():.4f}",
                     *ders])
    show(["", "head ms", "rest ms", "speed", "least cosine", "mean cosine", *(f"DER {one}" for one in names)], rows)
    if isinstance(others, str):
        print(f"onnxruntime, and int8: {others}")


if __name__ == "__main__":
    main()
