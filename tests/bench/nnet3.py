#!/usr/bin/env python3
"""What Kaldi's x-vector networks cost here: python tests/bench/nnet3.py

compute-nnet3-xvectors as a whole process, one thread, the least of some runs: the full network of callhome_diarization
(23 features, 512-512-512-512-1500, 128; random weights) on 10 minutes of made-up features in 799 windows of 1.5 s every
0.75 s. Windows are computed once where they overlap; beside it the same windows in an order in which none follows one
that it overlaps with. Kaldi's nnet3-xvector-compute took 10.05 s of CPU for the same (one thread, OpenBLAS 0.3.21, AMD
EPYC).

    --runs N    runs of each (3)
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from common import cost, least, load, show
from common.networks import recipe

WINDOW, SHIFT, COUNT = 150, 75, 799  # frames, and windows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    print(load())
    with tempfile.TemporaryDirectory() as folder:
        write_inputs(Path(folder))
        rows = []
        for what, name in (("799 windows in order", "in_order"), ("799 windows, neighbours apart", "apart")):
            found = least([cost("compute-nnet3-xvectors", "--chunk-size=400", "--min-chunk-size=25",
                                f"{folder}/extract.raw", f"ark:{folder}/{name}.ark", "ark:/dev/null")
                           for _ in range(runs)])
            rows.append((what, f"{found.wall:.2f}", f"{found.cpu:.2f}", f"{found.memory:.0f}"))
        show(("compute-nnet3-xvectors, 10 min", "wall s", "CPU s", "MB"), rows)


def write_inputs(folder):
    from diarkit.io.nnet3.files import write_network
    from diarkit.io.nnet3.graph import with_lines, without_orphans
    from diarkit.io.tables import ArrayWriter

    network = with_lines(recipe("callhome"), [("", "output-node name=output input=tdnn6.affine")])
    write_network(str(folder / "extract.raw"), without_orphans(network))
    features = np.random.default_rng(0).normal(size=(WINDOW + SHIFT * (COUNT - 1), 23)).astype(np.float32)
    for name, numbers in (("in_order", range(COUNT)), ("apart", [*range(0, COUNT, 2), *range(1, COUNT, 2)])):
        with ArrayWriter(f"ark:{folder}/{name}.ark") as out:
            for n in numbers:
                out.write(f"{n:04}", features[n * SHIFT : n * SHIFT + WINDOW])


if __name__ == "__main__":
    main()
