#!/usr/bin/env python3
"""How the back end grows with the segments of a recording: python tests/bench/growth.py [PICTURE]

Whole processes from an archive to labels, or to an archive of scores, one thread, on the made-up meeting of
common/meeting.py with the number of speakers found: CPU time and peak memory. The slope is that of the logarithms
between the last two sizes, 1 where time doubles with the segments and 2 where it quadruples. PICTURE gets both in a
plot (docs/growth.svg).

    --sizes N,N    segments (1000,2000,5000,10000,20000,50000,100000)      --square N    the most for a matrix (10000)
"""

import argparse
import math
import os
import tempfile
from pathlib import Path

from common import cost, load, show
from common.meeting import make_meeting, right

# Those of which the name says "matrix" read or write one, whose memory grows with the square.
WAYS = {
    "cluster-ahc --vectors": ["cluster-ahc", "--vectors", "ark:v.ark", "spk2utt", "labels"],
    "cluster-ahc --vectors --plda": ["cluster-ahc", "--vectors", "--plda=plda", "--target-energy=1", "--threshold=0",
                                     "ark:v.ark", "spk2utt", "labels"],
    "cluster-spectral --vectors": ["cluster-spectral", "--vectors", "ark:v.ark", "spk2utt", "labels"],
    "cluster-kmeans": ["cluster-kmeans", "ark:v.ark", "spk2utt", "labels"],
    "cluster-vbx --plda": ["cluster-vbx", "--plda=plda", "ark:v.ark", "spk2utt", "labels"],
    "cluster-dbscan, matrix": ["cluster-dbscan", "--vectors", "ark:v.ark", "spk2utt", "labels"],
    "cluster-ahc, matrix": ["cluster-ahc", "ark:s.ark", "spk2utt", "labels"],
    "score-plda, matrix": ["score-plda", "--target-energy=1", "plda", "spk2utt", "ark:v.ark", "ark:out.ark"],
}


def draw(path, measured):
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    from diarkit.drawing.palette import SPEAKERS

    figure, panels = pyplot.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    for panel, column, unit in zip(panels, (0, 1), ("CPU time, s", "peak memory, MB"), strict=True):
        for colour, (way, costs) in zip(SPEAKERS, measured.items(), strict=True):
            style = "--" if "matrix" in way else "-"
            values = [one[column] for one in costs.values()]
            panel.loglog(list(costs), values, style, color=colour, marker=".", label=way)
        panel.set_xlabel("segments of one recording")
        panel.set_ylabel(unit)
        panel.grid(alpha=0.3)
    panels[0].legend(fontsize=8)
    figure.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", nargs="?")
    parser.add_argument("--sizes", default="1000,2000,5000,10000,20000,50000,100000")
    parser.add_argument("--square", type=int, default=10000)
    args = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    print(f"growth of the back end; {load()}", flush=True)
    measured, rows = {way: {} for way in WAYS}, []
    for n in map(int, args.sizes.split(",")):
        with tempfile.TemporaryDirectory() as name:
            make_meeting(name, n, n <= args.square)
            for way, command in WAYS.items():
                if "matrix" not in way or n <= args.square:
                    found = cost("env", "-C", name, *command)
                    measured[way][n] = found.cpu, found.memory
                    labelled = ["", ""] if "out.ark" in command[-1] else right(Path(name))
                    rows.append([way, n, found.cpu, found.memory, *labelled])
                    print(*rows[-1], flush=True)
    rows.sort(key=lambda row: (list(WAYS).index(row[0]), row[1]))
    show(["", "segments", "CPU s", "peak MB", "right %", "clusters"], rows)
    slopes = []
    for way, costs in measured.items():
        (few, (before, _)), (many, (after, _)) = list(costs.items())[-2:] if len(costs) > 1 else [(1, (1, 1))] * 2
        slopes.append([way, few, many, math.log(after / before) / math.log(many / few) if many > few else math.nan])
    show(["", "from", "to", "slope"], slopes)
    if args.picture:
        draw(args.picture, measured)


if __name__ == "__main__":
    main()
