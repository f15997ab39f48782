"""A made-up meeting for the clusterers: vectors of windows, who they are of, and the files that the tools read."""

import sys

from common import cost

DIM, SPEAKERS = 128, 10
MAKE = """
import sys
import numpy as np
from diarkit.backend.cosine import product_rows, unit_length
from diarkit.io.plda import write_plda
from diarkit.io.tables import ArrayWriter
folder, n, dim, speakers, matrix = sys.argv[1], *map(int, sys.argv[2:])
rng = np.random.default_rng(0)
who = np.repeat(rng.integers(0, speakers, n // 20 + 1), 20)[:n]
vectors = (rng.normal(size=(speakers, dim))[who] + 1.5 * rng.normal(size=(n, dim))).astype(np.float32)
names = [f"{i:06}" for i in range(n)]
with open(f"{folder}/spk2utt", "w") as lists, open(f"{folder}/truth", "w") as truth:
    print("meeting", *names, file=lists)
    truth.writelines(f"{name} {speaker}\\n" for name, speaker in zip(names, who))
with ArrayWriter(f"ark:{folder}/v.ark") as out:
    for name, vector in zip(names, vectors):
        out.write(name, vector)
# between speakers the covariance is 1, within them 2.25
write_plda(f"{folder}/plda", (np.zeros(dim), np.eye(dim) / 1.5, np.ones(dim) / 2.25))
if matrix:
    with ArrayWriter(f"ark:{folder}/s.ark") as out:
        out.write_blocks("meeting", (n, n), product_rows(unit_length(vectors)))
"""


def make_meeting(folder, segments, matrix=False):
    """Write v.ark, spk2utt, truth and plda, with `matrix` also s.ark, the cosines; in turns of 20 segments.

    Segments of one of the SPEAKERS have a mean cosine of 0.3. A process of its own makes them, so that the caller
    stays small.
    """
    cost(sys.executable, "-c", MAKE, folder, segments, DIM, SPEAKERS, int(matrix))


def right(folder):
    """The share of segments, in %, in a cluster of which most are of their speaker, and the number of clusters."""
    truth, labels = (dict(line.split() for line in open(folder / name)) for name in ("truth", "labels"))
    found = {}
    for name, label in labels.items():
        found.setdefault(label, []).append(truth[name])
    return 100 * sum(max(map(who.count, set(who))) for who in found.values()) / len(truth), len(found)
