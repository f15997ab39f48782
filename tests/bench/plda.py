#!/usr/bin/env python3
"""What PLDA costs: python tests/bench/plda.py

Whole processes on made-up vectors, the least of some runs: wall and CPU time (user and system) and the peak memory.
score-plda from an archive of vectors to an archive of one matrix, with all dimensions kept and with the 75 or so that
--target-energy=0.87 keeps of these vectors; beside it the plain loop over pairs in numpy, as a process, on 300 segments
and multiplied; train-plda of 20,000 vectors and 1000 speakers.

    --runs N    runs of each (3)       --segments N,N    instead of 2000,5000
"""

import argparse
import tempfile
from pathlib import Path

from common import cost, least, load, show

DIM = 128
LOOPED = 300  # segments of the plain loop
MAKE = """
import sys
import numpy as np
from diarkit.io.plda import Plda, write_plda
from diarkit.io.tables import ArrayWriter
folder, segments = sys.argv[1], [int(word) for word in sys.argv[3].split(",")]
rng = np.random.default_rng(0)
dim, speakers, each = int(sys.argv[2]), 1000, 20
spread = 1 / np.sqrt(np.arange(1, dim + 1))
def vectors(speakers, each):
    means = rng.normal(size=(speakers, 1, dim)) * spread
    return (means + 0.5 * spread ** 0.5 * rng.normal(size=(speakers, each, dim))).reshape(-1, dim).astype(np.float32)
transform, _ = np.linalg.qr(rng.normal(size=(dim, dim)))
write_plda(f"{folder}/plda", Plda(np.zeros(dim), 2 * transform, 20.0 * spread**2))
with ArrayWriter(f"ark:{folder}/train.ark") as out, open(f"{folder}/train", "w") as lists:
    for i, vector in enumerate(vectors(speakers, each)):
        out.write(f"{i:06}", vector)
        lists.write(f"\\ns{i // each:04} {i:06}" if i % each == 0 else f" {i:06}")
    lists.write("\\n")
for n in segments:
    with ArrayWriter(f"ark:{folder}/{n}.ark") as out:
        for i, vector in enumerate(vectors(10, n // 10)):
            out.write(f"{i:06}", vector)
    with open(f"{folder}/{n}", "w") as lists:
        print("meeting", *(f"{i:06}" for i in range(n)), file=lists)
"""
LOOP = """
import sys
import numpy as np
from diarkit.backend.plda import transformed
from diarkit.io.plda import read_plda
from diarkit.io.tables import ArrayWriter, read_arrays
from diarkit.options.plda import LengthOptions
plda = read_plda(sys.argv[1])
vectors = np.stack([vector for _, vector in read_arrays(f"ark:{sys.argv[2]}")])[: int(sys.argv[3])]
found = transformed(plda, vectors, LengthOptions())
scores = np.zeros((len(found), len(found)), np.float32)
shrink, spread = plda.psi / (plda.psi + 1), 1 + plda.psi / (plda.psi + 1)
for i, x in enumerate(found):
    for j, y in enumerate(found):
        same = -0.5 * (np.log(spread).sum() + ((y - shrink * x) ** 2 / spread).sum())
        scores[i, j] = same + 0.5 * (np.log(1 + plda.psi).sum() + (y**2 / (1 + plda.psi)).sum())
with ArrayWriter(f"ark:{sys.argv[4]}") as out:
    out.write("meeting", scores)
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--segments", default="2000,5000")
    args = parser.parse_args()
    print(f"PLDA, {DIM} dimensions; {load()}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder, rows = Path(name), []
        cost("python", "-c", MAKE, folder, DIM, args.segments)
        out = folder / "out"

        def measure(*command):
            return least([cost(*command) for _ in range(args.runs)])[:3]

        for segments in args.segments.split(","):
            files = [folder / "plda", folder / segments, f"ark:{folder / segments}.ark", f"ark:{out}"]
            for kept, energy in (("128", 1), ("about 75", 0.87)):
                rows.append([f"score-plda N={segments} {kept} dimensions",
                             *measure("score-plda", f"--target-energy={energy}", *files)])
            few = cost("python", "-c", LOOP, folder / "plda", folder / f"{segments}.ark", LOOPED, out)
            more = (int(segments) / LOOPED) ** 2
            rows.append([f"plain loop N={segments}, from {LOOPED}", few.wall * more, few.cpu * more, "-"])
        for options in ([], ["--num-factors=100"]):
            rows.append([f"train-plda {' '.join(options)} 20000 vectors".replace("  ", " "),
                         *measure("train-plda", *options, folder / "train", f"ark:{folder}/train.ark", out)])
        show(["", "wall s", "CPU s", "peak MB"], rows)


if __name__ == "__main__":
    main()
