#!/usr/bin/env python3
"""What agglomerative clustering costs as recordings grow: python tests/bench/ahc.py

Whole processes, cluster-ahc from an archive to labels, one thread: time, peak memory, and the share of segments that
are in the cluster of their speaker. Made-up vectors of 128 numbers, 10 speakers whose segments have a mean cosine of
0.3. From the matrix of scores, as Kaldi takes it; from vectors, exact average linkage without that matrix, by cosine
and by PLDA; and as diarize does, with the threshold calibrated and small clusters dissolved. Beside them scipy's
average linkage of the same matrix, cut in 10.

    --runs N    runs of each, of which the least counts (1)
    --sizes N,N     segments, from vectors (5000,10000,20000,100000)      --matrices N,N    from a matrix (2000,5000)
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from common import cost, least, load, show
from common.meeting import DIM, SPEAKERS, make_meeting, right

SCIPY = """
import sys
import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from diarkit.io.tables import read_arrays
folder, speakers = sys.argv[1], int(sys.argv[2])
(_, scores), = read_arrays(f"ark:{folder}/s.ark")
distances = squareform(1 - scores, checks=False)
labels = fcluster(linkage(distances, "average"), speakers, "maxclust")
names = open(f"{folder}/spk2utt").read().split()[1:]
with open(f"{folder}/labels", "w") as out:
    out.writelines(f"{name} {label}\\n" for name, label in zip(names, labels))
"""
MATRIX = {
    "from the matrix": ["cluster-ahc", "--threshold=0.15", "ark:s.ark"],
    "from the matrix, threshold calibrated": ["cluster-ahc", "ark:s.ark"],
    "scipy, average linkage, from the matrix": [],
}
VECTORS = {
    "from vectors, cosine": ["cluster-ahc", "--vectors", "--threshold=0.15", "ark:v.ark"],
    "from vectors, cosine, threshold calibrated": ["cluster-ahc", "--vectors", "ark:v.ark"],
    "from vectors, PLDA": ["cluster-ahc", "--vectors", "--plda=plda", "--target-energy=1", "--threshold=0",
                           "ark:v.ark"],
}


def measure(folder, commands, n, runs):
    for way, command in commands.items():
        if command:
            words = [*command, "spk2utt", "labels"]
        else:
            words = [sys.executable, "-c", SCIPY, ".", SPEAKERS]
        costs = [cost("env", "-C", folder, *words) for _ in range(runs)]
        yield [way, n, *least(costs)[:3], *right(folder)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--sizes", default="5000,10000,20000,100000")
    parser.add_argument("--matrices", default="2000,5000")
    args = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    print(f"agglomerative clustering, {DIM} dimensions, {SPEAKERS} speakers; {load()}", flush=True)
    rows = []
    for sizes, commands in ((args.matrices, MATRIX), (args.sizes, VECTORS)):
        for n in filter(None, sizes.split(",")):
            with tempfile.TemporaryDirectory() as name:
                make_meeting(name, n, commands is MATRIX)
                rows += measure(Path(name), commands, n, args.runs)
    show(["", "segments", "wall s", "CPU s", "peak MB", "right %", "clusters"], rows)


if __name__ == "__main__":
    main()
