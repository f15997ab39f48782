#!/usr/bin/env python3
"""What x-vectors of a TDNN cost, once over a recording and window by window: python tests/bench/extraction.py

The network of the literature (30 MFCC in, 512-512-512-512-1500, random weights), windows of 1.5 s every 0.25 s, one
thread, CPU time with features, the least of some repeats in turn; its ratio to the length of the sound is the
real-time factor.

- once: what extract-xvectors does, in float32, bfloat16 and int8, and in other blocks.
- window by window: the same network over batches of 8 windows, by torch.
- onnxruntime: the same, exported. Needs onnx for the exporter of torch; "not run" without it.
- features: these alone.

"Far" is the largest distance from the vectors of window by window, relative to their length. Then the peak memory
of whole processes on noise of an hour, and of ten, that is made up as it is read.

    --seconds N    of sound (600)    --repeats N    (3)    --hours 1,10    for the memory, or none: ""
"""

import argparse
import os
import sys
import time
from types import SimpleNamespace

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

from common import RATE, cost, load, show  # noqa: E402  (common also finds diarkit)

WINDOW, PERIOD = 1.5, 0.25  # s
DESCRIPTION = {"kind": "xvector", "network": {"type": "tdnn"},
               "front_end": {"features": "mfcc", "cmn": "sliding",
                             "options": {"num_ceps": 30, "num_mel_bins": 30, "snip_edges": False}}}


def noise(seconds):
    """A Signal that is made up as it is read."""
    import numpy as np

    from diarkit.signals import Signal

    def compute(start, stop):
        return (1000 * np.random.default_rng(start).standard_normal(stop - start, np.float32)).astype(np.float32)

    return Signal(compute, seconds * RATE, RATE)


def windows_of(seconds):
    return [(n * PERIOD, n * PERIOD + WINDOW) for n in range(int((seconds - WINDOW) / PERIOD) + 1)]


def network():
    """A Tdnn whose batch norms are those of the noise, so that nothing is far from what they expect."""
    import torch

    from diarkit.embeddings.xvector import make_front_end, make_network

    torch.set_num_threads(1)
    torch.manual_seed(0)
    made = make_network(DESCRIPTION).train()
    with torch.no_grad():
        for module in made.modules():
            if hasattr(module, "momentum"):
                module.momentum = None
        made(torch.from_numpy(make_front_end(DESCRIPTION).whole(noise(30))).unfold(0, 150, 100).mT)
    return made.eval()


def embedder(made, **options):
    from diarkit.embeddings.models import make_embedder
    from diarkit.options.embeddings import XvectorOptions

    weights = {name: value.numpy() for name, value in made.state_dict().items() if "num_batches" not in name}
    model = SimpleNamespace(kind="xvector", description=DESCRIPTION, weights=weights, folder="bench")
    return make_embedder(model, XvectorOptions(threads=1, **options))


def exported(made):
    """The network by onnxruntime, (B, T, 30) tensor -> (B, 512) array, or None without the package onnx."""
    import io

    import onnxruntime
    import torch

    try:
        import onnx  # noqa: F401
    except ImportError:
        return None
    file = io.BytesIO()
    torch.onnx.export(made, (torch.zeros(2, 150, 30),), file, dynamo=False, input_names=["x"], output_names=["y"],
                      dynamic_axes={"x": {0: "B", 1: "T"}})
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(file.getvalue(), settings, providers=["CPUExecutionProvider"])
    return lambda frames: session.run(None, {"x": frames.numpy()})[0]


def systems(made):
    """{name: function of a Signal and windows that gives vectors}"""
    from functools import partial

    from diarkit.embeddings import rows
    from diarkit.embeddings.batches import Running
    from diarkit.embeddings.devices import runner
    from diarkit.embeddings.embedders import WindowEmbedder
    from diarkit.embeddings.spans import Cutter
    from diarkit.embeddings.xvector import make_front_end

    front_end = make_front_end(DESCRIPTION)

    def one_by_one(run):
        return WindowEmbedder(run, 512, partial(rows.of_signal, front_end), Cutter(step=1), Running()).embed

    found = {"window by window, torch": one_by_one(runner(made, Running()))}
    if by_onnx := exported(made):
        found["window by window, onnxruntime"] = one_by_one(by_onnx)
    found |= {"once": embedder(made).embed, "once, blocks of 300": embedder(made, batch_size=4).embed,
              "once, blocks of 1200": embedder(made, batch_size=16).embed,
              "once, bfloat16": embedder(made, precision="bfloat16").embed,
              "once, int8": embedder(made, precision="int8").embed}

    def features(signal, windows):
        held = rows.of_signal(front_end, signal)
        for first in range(0, held.total, 600):
            held.take(first, min(first + 600, held.total))

    return found | {"features": features}


def compare(seconds, repeats):
    import numpy as np

    made = network()
    signal, windows = noise(seconds), windows_of(seconds)
    found = systems(made)
    times, vectors = {name: [] for name in found}, {}
    for _ in range(repeats):
        for name, run in found.items():
            start = time.process_time()
            vectors[name] = run(signal, windows)
            times[name].append(time.process_time() - start)
    expected = vectors["window by window, torch"]
    table = []
    for name, spent in times.items():
        far = "" if vectors[name] is None else np.linalg.norm(vectors[name] - expected, axis=1).max()
        far = far if far == "" else f"{far / np.linalg.norm(expected, axis=1).min():.1e}"
        table.append([name, f"{min(spent) / seconds:.5f}", min(times["window by window, torch"]) / min(spent), far])
    show([f"{seconds} s, {len(windows)} windows", "real-time factor", "speed", "far"], table)
    if "window by window, onnxruntime" not in found:
        print("onnxruntime: not run: needs onnx")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--hours", default="1,10")
    parser.add_argument("--once", type=int, default=0, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.once:
        vectors = embedder(network()).embed(noise(args.once), windows_of(args.once))
        print(vectors.nbytes / 2**20, file=sys.stderr)
        return
    print(load(), flush=True)
    hours = [int(word) for word in args.hours.split(",") if word]
    costs = [cost(sys.executable, __file__, f"--once={3600 * number}") for number in hours]
    rows = [[f"{number} h", f"{spent.memory:.0f}", f"{float(spent.stderr.split()[-1]):.0f}", f"{spent.cpu:.0f}"]
            for number, spent in zip(hours, costs, strict=True)]
    if args.repeats:
        compare(args.seconds, args.repeats)
    if rows:
        show(["once", "peak MB", "of these vectors", "CPU s"], rows)


if __name__ == "__main__":
    main()
