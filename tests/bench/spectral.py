#!/usr/bin/env python3
"""What spectral clustering, k-means and DBSCAN cost as recordings grow: python tests/bench/spectral.py

Whole processes on made-up vectors of 192 numbers, 8 speakers whose windows have a mean cosine of 0.3, one thread: CPU
time, peak memory, and the share of windows that are labelled right. Beside them scikit-learn's SpectralClustering, with
the same number of neighbours (50) and of speakers, given; NME-SC and the rest find the number.

    --runs N    runs of each, of which the least counts (1)      --sizes N,N    instead of 1000,2000,5000,10000
"""

import argparse
import os
import sys

from common import cost, least, load, show

HEAD = """
import sys
import numpy as np
from diarkit.clustering.similarities import make_similarities
from diarkit.clustering.tree import in_order_of_appearance
from diarkit.options.clustering import AhcOptions, SpeakersOptions
from diarkit.options.kmeans import KMeansOptions
from diarkit.options.spectral import SpectralOptions
from diarkit.options.density import DensityOptions
n = int(sys.argv[1])
rng = np.random.default_rng(0)
who = rng.integers(0, 8, n)
vectors = (rng.normal(size=(8, 192))[who] + 1.5 * rng.normal(size=(n, 192))).astype(np.float32)
number = lambda count=None: SpeakersOptions(num_speakers=count).bounds(n)
given = lambda **settings: spectral.cluster(make_similarities(vectors, True), SpectralOptions(**settings),
                                            KMeansOptions(), AhcOptions(), number(8))
"""
TAIL = "\nprint((in_order_of_appearance(np.asarray(labels)) == in_order_of_appearance(who)).mean(), file=sys.stderr)\n"
WAYS = {
    "reading the modules, making vectors": "from diarkit.clustering import spectral; labels = who",
    "spectral, 50 neighbours, 8 given": """
from diarkit.clustering import spectral
labels = given(pruning="neighbors", neighbors=50)""",
    "the same, symmetric Laplacian": """
from diarkit.clustering import spectral
labels = given(pruning="neighbors", neighbors=50, laplacian="symmetric")""",
    "scikit-learn, 50 neighbours, 8 given": """
from sklearn.cluster import SpectralClustering
unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
labels = SpectralClustering(8, affinity="nearest_neighbors", n_neighbors=50, random_state=0).fit_predict(unit)""",
    "spectral, NME-SC": """
from diarkit.clustering import spectral
labels = spectral.cluster(make_similarities(vectors, True), SpectralOptions(counting="eigengap"), KMeansOptions(),
                          AhcOptions(), number())""",
    "spectral, the default": """
from diarkit.clustering import spectral
similarities = make_similarities(vectors, True)
labels = spectral.cluster(similarities, SpectralOptions(), KMeansOptions(), AhcOptions(), number())""",
    "k-means, spherical, 8 given": """
from diarkit.clustering.kmeans import kmeans
labels = kmeans(vectors, 8, KMeansOptions(), True)""",
    "DBSCAN": """
from diarkit.clustering.density import cluster
labels = cluster(make_similarities(vectors, True), DensityOptions(), AhcOptions(), number())""",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--sizes", default="1000,2000,5000,10000")
    args = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    print(load())
    rows = []
    for n in args.sizes.split(","):
        for way, program in WAYS.items():
            costs = [cost(sys.executable, "-W", "ignore", "-c", HEAD + program + TAIL, n) for _ in range(args.runs)]
            rows.append([way, n, *least(costs)[1:3], 100 * float(costs[0].stderr.split()[-1])])
    show(["", "windows", "CPU s", "peak MB", "right %"], rows)


if __name__ == "__main__":
    main()
