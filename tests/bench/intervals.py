#!/usr/bin/env python3
"""How often a 95 % interval of a DER holds the truth: python tests/bench/intervals.py [sets, default 2000]

Made-up sets of N files whose lengths and error rates vary, where the true rate is known; also the difference of two
systems. Needs no recordings. Columns are percent, and the median width of the interval in points.
"""

import sys

import numpy as np
from common import show

from diarkit.scoring.resampling import METHODS, confidence_interval

SIZES = (6, 10, 16, 30, 100)
RATE = 0.12


def rates_that_vary(rng, n):
    scored = rng.gamma(2, 300, n)
    return rng.gamma(1.5, RATE / 1.5, n) * scored, scored


def long_files_are_worse(rng, n):
    scored = rng.gamma(2, 300, n)
    rate = rng.gamma(1.5, RATE / 1.5, n) * scored / 900  # E[s * s] / E[s] is 900 s
    return rate * scored, scored


def difference(rng, n):
    scored = rng.gamma(2, 300, n)
    return rng.normal(RATE, 0.05, n) * scored + 0.02 * rng.standard_t(4, n) * scored, scored


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    rows = []
    for draw in (rates_that_vary, long_files_are_worse, difference):
        for n in SIZES:
            rng = np.random.default_rng(1)
            hits, widths = {m: [] for m in METHODS}, {m: [] for m in METHODS}
            for seed in range(count):
                files = draw(rng, n)
                for method in METHODS:
                    low, high = confidence_interval(*files, samples=1000, seed=seed, method=method)
                    hits[method].append(low <= RATE <= high)
                    widths[method].append(high - low)
            rows.append([draw.__name__.replace("_", " "), n]
                        + [f"{100 * np.mean(hits[m]):.1f} ({100 * np.median(widths[m]):.1f})" for m in METHODS])
    show(["truth", "files", *METHODS], rows)


if __name__ == "__main__":
    main()
