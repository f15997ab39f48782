#!/usr/bin/env python3
"""What the training of mixtures of Gaussians costs: python tests/bench/ubm.py

One iteration of expectation and maximisation over made-up frames, 100 a second, of 60 dimensions: wall and CPU time
(user and system) and the peak memory of whole processes, the least of some runs. accumulate-ubm from an archive of
utterances of 30 s, with all Gaussians and with the 20 most likely, diagonal and full covariances; estimate-ubm; and
beside it scikit-learn's GaussianMixture in one thread, on the same frames in memory, its time being that of one E
step and one M step alone. At the end how many times longer the latter takes.

    --runs N    runs of each (3)       --minutes N    of frames (60)      --gaussians N    of the mixture (512)
"""

import argparse
import tempfile
from pathlib import Path

from common import Cost, cost, least, load, show

DIM = 60
MAKE = """
import sys
import numpy as np
from diarkit.io.gmm import DiagGmm, FullGmm, write_gmm
from diarkit.io.tables import ArrayWriter
folder, dim, size, minutes = sys.argv[1], *map(int, sys.argv[2:])
rng = np.random.default_rng(0)
means = rng.normal(size=(size, dim)) * 2
with ArrayWriter(f"ark:{folder}/feats.ark") as out:
    for number in range(2 * minutes):
        frames = means[rng.integers(0, size, 3000)] + rng.normal(size=(3000, dim))
        out.write(f"{number:06}", frames.astype(np.float32))
weights, means = rng.dirichlet(np.full(size, 20.0)), means + 0.5 * rng.normal(size=means.shape)
write_gmm(f"{folder}/diag", DiagGmm(weights, means, np.full(means.shape, 1.5)))
factors = np.eye(dim) + 0.05 * rng.normal(size=(size, dim, dim))
write_gmm(f"{folder}/full", FullGmm(weights, means, factors @ factors.transpose(0, 2, 1)))
"""
SKLEARN = """
import os, sys, time
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
import numpy as np
from sklearn.mixture import GaussianMixture
from diarkit.io.gmm import read_gmm
from diarkit.io.tables import read_arrays
frames = np.concatenate([frames for _, frames in read_arrays(f"ark:{sys.argv[1]}/feats.ark")])
gmm = read_gmm(f"{sys.argv[1]}/diag")
mixture = GaussianMixture(len(gmm.weights), covariance_type="diag")
mixture.weights_, mixture.means_ = gmm.weights, gmm.means
mixture.covariances_, mixture.precisions_cholesky_ = gmm.variances, gmm.variances**-0.5
start, cpu = time.perf_counter(), time.process_time()
_, responsibilities = mixture._e_step(frames)
mixture._m_step(frames, responsibilities)
print(time.perf_counter() - start, time.process_time() - cpu, file=sys.stderr)
"""


def step_of_sklearn(folder):
    """The Cost of an E step and an M step, with the memory of the whole process."""
    whole = cost("python", "-c", SKLEARN, folder)
    wall, cpu = map(float, whole.stderr.split()[-2:])
    return Cost(wall, cpu, whole.memory, "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--gaussians", type=int, default=512)
    args = parser.parse_args()
    print(f"{args.gaussians} Gaussians, {DIM} dimensions, {args.minutes} minutes of frames; {load()}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder, rows = Path(name), []
        cost("python", "-c", MAKE, folder, DIM, args.gaussians, args.minutes)
        for kind, selected in (("diag", 0), ("diag", 20), ("full", 20)):
            command = ["accumulate-ubm", f"--num-gselect={selected}", folder / kind, f"ark:{folder}/feats.ark",
                       folder / "sums"]
            found = least([cost(*command) for _ in range(args.runs)])
            rows.append([f"accumulate-ubm {kind}, {selected or 'all'} Gaussians", *found[:3]])
            if selected != 20 or kind == "full":
                command = ["estimate-ubm", folder / kind, folder / "sums", folder / "new"]
                rows.append([f"estimate-ubm {kind}", *least([cost(*command) for _ in range(args.runs)])[:3]])
        other = least([step_of_sklearn(folder) for _ in range(args.runs)])
        rows.append(["scikit-learn diag, all Gaussians", *other[:3]])
        show(["", "wall s", "CPU s", "peak MB"], rows)
        ours = [rows[0][at] + rows[1][at] for at in (1, 2)]
        print(f"scikit-learn's step takes {other.cpu / ours[1]:.1f} times the CPU time of accumulate-ubm and "
              f"estimate-ubm with all Gaussians, and {other.memory / rows[0][3]:.0f} times the memory")


if __name__ == "__main__":
    main()
