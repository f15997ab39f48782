#!/usr/bin/env python3
"""What `diarize` costs on an hour of audio, what it takes to start, and beside it senko: python tests/bench/diarize.py

An hour of 16 kHz mono (the shared data, or made-up voices), default settings, whole processes from start to end:
wall time, CPU time of all threads, peak memory, and the seconds of each stage that `diarize --verbose` prints.
Then the demo's recording of 30 s, and the CPU time of every tool's --help, the least of three.

If the environment variable SENKO_PYTHON names an interpreter that has the package senko, the same hour is run by
it in turn with ours: Diarizer(device="cpu"), its defaults, on the CPU; "its work alone" is what it counts itself,
without its start and warm-up. Its first run on a machine compiles for two minutes: it is run once before, on 30 s.

    --runs N    runs of each (3)       --seconds N    instead of an hour
"""

import argparse
import json
import os
import re
import tempfile
from pathlib import Path

from common import ROOT, SHARED, cost, least, load, show, write_speech

SENKO = """
import json, sys, time, senko
diarizer = senko.Diarizer(device="cpu")
start = time.process_time()
timing = diarizer.diarize(sys.argv[1])["timing_stats"]
print("timing " + json.dumps({**timing, "cpu": time.process_time() - start}), file=sys.stderr)
"""
HEAD = ["", "wall s", "CPU s", "peak MB", ""]
HELP_BOUND = 0.15  # s of CPU


def diarize(path):
    done = cost("diarize", "--verbose", path)
    stages = re.findall(r"([a-z ]+) (\d+\.\d+) s(?:,|$)", done.stderr.split("of sound;")[1].splitlines()[0])
    return done, ", ".join(f"{name.strip()} {seconds}" for name, seconds in stages)


def senko(path):
    done = cost(os.environ["SENKO_PYTHON"], "-c", SENKO, path)
    timing = json.loads(re.search(r"^timing (.*)", done.stderr, re.M)[1])
    alone = timing.pop("total_time"), timing.pop("cpu")
    return done, ", ".join(f"{name.removesuffix('_time')} {timing[name]}" for name in timing), alone


def hour(path, runs):
    """Print what our runs and senko's cost, alternating, each as it ends."""
    python = os.environ.get("SENKO_PYTHON")
    if python:
        short = Path(path).with_name("short.wav")
        write_speech(short, 30)
        senko(short)
    ours, theirs, alone = [], [], []
    line("", "wall s", "CPU s", "peak MB")
    for number in range(1, runs + 1):
        done, stages = diarize(path)
        ours.append(done)
        line(f"diarkit {number}", *done[:3], stages)
        if python:
            done, stages, work = senko(path)
            theirs.append(done)
            alone.append(work)
            line(f"senko {number}", *done[:3], stages)
            line("  its work alone", *work)
    best = least(ours)[:3]
    line("diarkit, least", *best)
    if python:
        their_best, their_work = least(theirs)[:3], [min(times) for times in zip(*alone, strict=True)]
        line("senko, least", *their_best)
        line("senko / diarkit", *ratios(their_best, best))
        line("its work alone / diarkit", *ratios(their_work, best[:2]))
    else:
        print("senko not run: SENKO_PYTHON names no interpreter that has it")


def line(name, *cells):
    """Print a row of the table at once; a text after the three figures is a remark."""
    cells = [f"{cell:8.2f}" if isinstance(cell, float) else f"{cell:>8}" for cell in cells]
    print(f"{name:24}", *cells, sep="  ", flush=True)


def ratios(theirs, ours):
    return [a / b for a, b in zip(theirs, ours, strict=True)]


def sample():
    """The demo's recording, or one that takes its place."""
    for path in (ROOT / "demo/sample.wav", *sorted((SHARED / "data/ami").glob("ES*.wav"))):
        if path.is_file():
            return path
    return None


def starts(runs):
    path = sample()
    if path:
        print(f"\n{path.name}, 30 s, from start to end")
        costs = [diarize(path) for _ in range(runs)]
        show(HEAD, [["diarkit, least", *least([done for done, _ in costs])[:3], costs[-1][1]]])
    print(f"\n--help, to be at most {HELP_BOUND} s of CPU")
    times = {tool.name: min(cost(tool, "--help").cpu for _ in range(3)) for tool in sorted((ROOT / "bin").iterdir())}
    show(["", "CPU s", ""], [[name, cpu, "too slow" * (cpu > HELP_BOUND)] for name, cpu in times.items()])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3600)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hour.wav"
        print(f"diarize on {write_speech(path, args.seconds)}; {load()}", flush=True)
        hour(path, args.runs)
    starts(args.runs)


if __name__ == "__main__":
    main()
