#!/usr/bin/env python3
"""CPU time of reading and writing tables, by diarkit and by kaldiio: python tests/bench/tables.py

diarkit checks for NaN and keys that are there twice, and gives arrays that may be changed; kaldiio does not.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from diarkit.io.tables import ArrayWriter, read_arrays  # noqa: E402

TABLES = [
    ("20000 vectors of 6", (6,), 20000),
    ("20000 vectors of 256", (256,), 20000),
    ("2000 matrices 300 x 30", (300, 30), 2000),
]


def write_ours(folder, arrays):
    with ArrayWriter(f"ark,scp:{folder}/x.ark,{folder}/x.scp") as out:
        for i, array in enumerate(arrays):
            out.write(f"key{i:06}", array)


def write_kaldiio(folder, arrays):
    import kaldiio

    with kaldiio.WriteHelper(f"ark,scp:{folder}/x.ark,{folder}/x.scp") as out:
        for i, array in enumerate(arrays):
            out(f"key{i:06}", array)


def read(table):
    for _ in table:
        pass


def cpu_time(function, *args):
    """The least of three runs, in seconds."""
    times = []
    for _ in range(3):
        start = time.process_time()
        function(*args)
        times.append(time.process_time() - start)
    return min(times)


def main():
    import kaldiio

    rng = np.random.default_rng(0)
    print("microseconds an entry     write ark,scp      read ark      read scp   (diarkit / kaldiio)")
    for name, shape, count in TABLES:
        arrays = [rng.normal(size=shape).astype(np.float32) for _ in range(count)]
        with tempfile.TemporaryDirectory() as folder:
            times = [cpu_time(write_ours, folder, arrays), cpu_time(write_kaldiio, folder, arrays)]
            for rspecifier in (f"ark:{folder}/x.ark", f"scp:{folder}/x.scp"):
                times.append(cpu_time(lambda spec=rspecifier: read(read_arrays(spec))))
                times.append(cpu_time(lambda spec=rspecifier: read(kaldiio.ReadHelper(spec))))
        micro = [f"{1e6 * t / count:5.1f}" for t in times]
        print(
            f"{name:24}",
            *(f"{ours} / {theirs}" for ours, theirs in zip(micro[::2], micro[1::2], strict=True)),
        )


if __name__ == "__main__":
    main()
