#!/usr/bin/env python3
"""What tools that make features from features cost, for an hour and for ten: python tests/bench/transforms.py

Whole processes, from an archive of one matrix of 30 columns, 100 frames a second, to another archive: the least of
some runs, of the CPU time of all threads (user and system) and of the peak memory.

segment-changes, which keeps all of a segment in memory, is run for the first of the lengths only.

    --runs N    runs of each (3)       --hours N,N    instead of 1,10
"""

import argparse
import tempfile
from pathlib import Path

from common import cost, least, load, show

TOOLS = [
    "apply-cmvn-sliding --center --cmn-window=300",
    "apply-cmvn-sliding",
    "apply-cmvn-sliding --center --cmn-window=300 --norm-vars",
    "add-deltas",
    "splice-feats",
    "subsample-feats --n=5",
    "compute-cmvn-stats",
    "vad --method=energy",
    "copy-feats",
]
ALL_IN_MEMORY = ["segment-changes", "segment-changes --search=two-pass"]
WRITE = """
import sys
import numpy as np
from diarkit.io.tables import ArrayWriter
path, frames = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(0)
blocks = (rng.normal(10, 3, (1000, 30)).astype(np.float32) for _ in range(frames // 1000))
with ArrayWriter(f"ark:{path}") as out:
    out.write_blocks("recording", (frames, 30), blocks)
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--hours", default="1,10")
    args = parser.parse_args()
    for i, hours in enumerate(map(int, args.hours.split(","))):
        print(f"{hours} h of features, 30 columns; {load()}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            ark, out = Path(folder) / "feats.ark", Path(folder) / "out.ark"
            cost("python", "-c", WRITE, ark, 360000 * hours)
            rows = []
            for tool in TOOLS + (ALL_IN_MEMORY if i == 0 else []):
                rows.append([tool, *least([cost(*tool.split(), f"ark:{ark}", f"ark:{out}")
                                           for _ in range(args.runs)])[:3]])
                out.unlink()
        show(["", "wall s", "CPU s", "peak MB"], rows)


if __name__ == "__main__":
    main()
