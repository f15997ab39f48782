#!/usr/bin/env python3
"""i-vectors of an hour of audio: real-time factors and memory: python tests/bench/ivectors.py

512 Gaussians with full covariances, i-vectors of 200 numbers, MFCCs with deltas (60 dimensions) of which the mean of 3
s is subtracted, windows of 1.5 s every 0.25 s, one thread. Means of the Gaussians are frames of the audio, covariances
those of frames around them; directions are drawn by chance: the time does not hang on them.

- front end: compute-mfcc, add-deltas and apply-cmvn-sliding in a pipe, into a file.
- i-vectors: extract-ivectors on that file. together: at the end of the pipe.
- window by window: extract-feature-segments, and extract-ivectors on the features of every window by itself, of the
  windows of a part of the hour, times what the part is of the hour.

CPU time of all processes, the least of some repeats; memory is that of the largest process.

    --seconds N    of audio (3600)    --repeats N    (2)    --part N    window by window, of so many seconds (360)
"""

import argparse
import os
import tempfile
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

from common import cost, least, load, show, write_speech  # noqa: E402  (common also finds diarkit)

NUM_GAUSS, DIM = 512, 200
FRONT_END = ("compute-mfcc --num-ceps=20 --no-snip-edges wav.scp ark:- | add-deltas --delta-window=3 ark:- ark:- | "
             "apply-cmvn-sliding --cmn-window=300 --center ark:- ark:")


def write_models(folder):
    """A background model and an extractor for the features of the audio, in a process of its own."""
    import numpy as np

    from diarkit.io.gmm import FullGmm, write_gmm
    from diarkit.io.tables import read_arrays
    from diarkit.ivector.mixtures import DiagMixture
    from diarkit.ivector.posteriors import scatter, weigh

    rng = np.random.default_rng(0)
    [(_, feats)] = read_arrays(f"ark:{folder}/feats.ark")
    feats = feats[rng.permutation(len(feats))[:50000]]
    weights, means, variances = np.full(NUM_GAUSS, 1 / NUM_GAUSS), feats[:NUM_GAUSS], feats.var(axis=0) / 4
    for _ in range(3):
        mixture = DiagMixture(weights, means, np.broadcast_to(variances, means.shape))
        gaussians, _ = mixture.select(feats, 1)
        frames = np.arange(len(feats) + 1), gaussians[:, 0], np.ones(len(feats))
        counts, sums = weigh(feats, *frames, NUM_GAUSS)
        means = (sums + means) / (counts + 1)[:, None]
    covariances = scatter(feats, *frames, NUM_GAUSS) / np.maximum(counts, 1)[:, None, None]
    covariances -= means[:, :, None] * means[:, None, :]
    average = np.einsum("c,cij->ij", counts, covariances) / len(feats)
    smoothed = (counts[:, None, None] * covariances + 200 * average) / (counts + 200)[:, None, None]
    write_gmm(f"{folder}/final.ubm", FullGmm((counts + 1) / (counts + 1).sum(), means, np.linalg.inv(
        smoothed + 0.01 * average)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--part", type=int, default=360)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        print(write_speech("a.wav", arguments.seconds))
        Path("wav.scp").write_text("a a.wav\n")
        Path("segments").write_text(f"a a 0 {arguments.seconds}\n")
        Path("part").write_text(f"a a 0 {arguments.part}\n")
        bash(f"{FRONT_END}feats.ark")
        cost("python3", "-c", f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import ivectors; "
             "ivectors.write_models('.')")
        bash(f"init-ivector-extractor --ivector-dim={DIM} final.ubm final.ie")
        for name in ("segments", "part"):
            bash(f"make-subsegments --window=1.5 --period=0.25 {name} sub{name}")
        commands = {
            "front end": f"{FRONT_END}feats.ark",
            "i-vectors": "extract-ivectors . ark:feats.ark subsegments ark:a.ark",
            "together": f"{FRONT_END}- | extract-ivectors . ark:- subsegments ark:a.ark",
            "window by window": "extract-feature-segments --no-snip-edges ark:feats.ark subpart ark:- | "
                                "extract-ivectors . ark:- - ark:b.ark",
        }
        rows = []
        for name, command in commands.items():
            found = least([bash(command) for _ in range(arguments.repeats)])
            seconds = arguments.part if name == "window by window" else arguments.seconds
            rows.append([name, f"{found.cpu / seconds:.4f}", f"{found.cpu:.1f}", f"{found.memory:.0f}"])
        print(load())
        show(["", "real-time factor", "CPU s", "MB"], rows)
        differences()


def bash(command):
    return cost("bash", "-euo", "pipefail", "-c", command)


def differences():
    """How far the i-vectors of windows are from those of each window by itself."""
    import numpy as np

    from diarkit.io.tables import read_arrays

    windows, alone = dict(read_arrays("ark:a.ark")), dict(read_arrays("ark:b.ark"))
    shared = windows.keys() & alone.keys()
    largest = max(np.abs(windows[name] - alone[name]).max() for name in shared)
    print(f"largest difference of {len(shared)} windows: {largest:.2g}")


if __name__ == "__main__":
    main()
