#!/usr/bin/env python3
"""What scoring costs, beside pyannote.metrics and spyder: python tests/bench/scoring.py

A made-up set of the size of AMI's test set and VoxConverse together: 464 recordings, 68.4 h, about 35,000 turns of the
reference, a UEM, and a hypothesis with moved boundaries, lost turns and wrong speakers. Whole processes that print
each recording and the total, one thread: CPU time (user and system) of all threads, wall time and memory, the least
of each of five runs in turn. `ratio` is the CPU time by that of compute-der. pyannote.metrics is driven by the shortest
script that reads the two RTTM files and the UEM; its collar is the whole width, so it gets twice the number. spyder is
run where it is installed (pip install spy-der). The last rows are a hypothesis of 2,000 speakers in one recording.

    --runs N    runs of each (5)
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from common import cost, least, load, show

FILES, HOURS, TURNS = 464, 68.4, 35240
PYANNOTE = """
import sys, warnings
warnings.simplefilter("ignore")
from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate, JaccardErrorRate
ref, hyp, uem, collar, jer = sys.argv[1:]
def read(path):
    found = {}
    for number, line in enumerate(open(path)):
        _, reco, _, start, duration, _, _, speaker = line.split()[:8]
        start = float(start)
        found.setdefault(reco, Annotation())[Segment(start, start + float(duration)), number] = speaker
    return found
regions = {}
for line in open(uem):
    reco, _, start, end = line.split()
    regions.setdefault(reco, Timeline()).add(Segment(float(start), float(end)))
metrics = [DiarizationErrorRate(collar=2 * float(collar))] + [JaccardErrorRate()] * (jer == "jer")
ref, hyp = read(ref), read(hyp)
for reco in ref:
    print(reco, *(metric(ref[reco], hyp.get(reco, Annotation()), uem=regions[reco]) for metric in metrics))
print(*(abs(metric) for metric in metrics))
"""


def write_set(folder, speakers_of_one=0):
    """ref, hyp, uem in `folder`; speakers_of_one: one recording in which the hypothesis has so many speakers."""
    rng = np.random.default_rng(0)
    with open(folder / "ref", "w") as ref, open(folder / "hyp", "w") as hyp, open(folder / "uem", "w") as uem:
        for number in range(1 if speakers_of_one else FILES):
            length = 3600 * HOURS / FILES * (20 if speakers_of_one else rng.uniform(0.3, 1.7))
            count = round(TURNS / FILES * length / (3600 * HOURS / FILES)) if not speakers_of_one else 4000
            uem.write(f"rec{number:03} 1 0.000 {length:.3f}\n")
            speakers = int(rng.integers(2, 9))
            starts = np.sort(rng.uniform(0, length - 1, count))
            free = {}
            for start in starts:
                who, duration = int(rng.integers(speakers)), min(rng.gamma(2, 3), length - start)
                if start < free.get(who, 0):
                    start = free[who] + 0.1
                end = min(start + duration, length)
                if end - start < 0.05:
                    continue
                free[who] = end
                ref.write(turn(number, start, end, f"spk{who}"))
                if rng.random() < 0.05:
                    continue
                heard = rng.integers(speakers_of_one or speakers + 2) if rng.random() < 0.1 or speakers_of_one else who
                start = max(start + rng.normal(0, 0.15), free.get(f"h{heard}", 0))
                end = max(end + rng.normal(0, 0.2), start + 0.05)
                free[f"h{heard}"] = end
                hyp.write(turn(number, start, end, f"h{heard}"))


def turn(number, start, end, speaker):
    return f"SPEAKER rec{number:03} 1 {start:.3f} {end - start:.3f} <NA> <NA> {speaker} <NA> <NA>\n"


def rows(folder, collar, runs, jer=False):
    files = [folder / name for name in ("ref", "hyp")]
    commands = {
        "compute-der": ["compute-der", *files, "--uem", folder / "uem", "--collar", collar, *["--jer"] * jer],
        "pyannote.metrics": [sys.executable, "-c", PYANNOTE, *files, folder / "uem", collar, "jer" if jer else "der"],
    }
    if shutil.which("spyder") and not jer:
        commands["spyder"] = ["spyder", "--per-file", "-u", folder / "uem", "-c", collar, *files]
    costs = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            costs[name].append(cost(*command))
    found = {name: least(values) for name, values in costs.items()}
    for name, (wall, cpu, memory, _) in found.items():
        ratio = f"{cpu / found['compute-der'].cpu:.1f}" if name != "compute-der" else ""
        yield [name, f"{collar}{' and JER' if jer else ''}", cpu, wall, f"{memory:.0f}", ratio]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    head = ["", "collar", "CPU s", "wall s", "MB", "ratio"]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        write_set(folder)
        turns = [sum(1 for _ in open(folder / name)) for name in ("ref", "hyp")]
        print(f"{FILES} recordings, {HOURS} h, {turns[0]} turns of the reference, {turns[1]} of the hypothesis")
        print(load())
        show(head, [row for collar, jer in ((0, False), (0.25, False), (0, True)) for row in
                    rows(folder, collar, args.runs, jer)])
        write_set(folder, speakers_of_one=2000)
        print("\none recording, 2000 speakers in the hypothesis")
        show(head, list(rows(folder, 0.25, args.runs)) + list(rows(folder, 0.25, args.runs, jer=True)))


if __name__ == "__main__":
    main()
