"""How many speakers a graph has, by the gaps of the eigenvalues of its Laplacian, and how many neighbours it needs.

NME-SC: Park, Han, Kumar and Narayanan 2020, "Auto-tuning spectral clustering for speaker diarization using normalized
maximum eigengap". As in Kaldi's spec_clust.py, numbers of neighbours are tried one by one.
"""

from typing import NamedTuple

import numpy as np

from diarkit.clustering.laplacian import eigenvalues
from diarkit.clustering.neighbours import graph

NOTHING = 1e-10  # of what is divided by


class Choice(NamedTuple):
    """What NME-SC found: numbers of neighbours and speakers, and the ratio that is the least of all tried."""

    neighbors: int
    speakers: int
    ratio: float


def speakers_by_gap(values, low, high):
    """The number of speakers, from low to high, after which the rising eigenvalues have their largest gap."""
    gaps = np.diff(values)[low - 1 : high]
    return low + int(np.argmax(gaps)) if len(gaps) else low


def choose_neighbors(indices, opts, low=1, high=None):
    """How many of the nearest to keep: those for which neighbours over the normalised largest eigengap are the least.

    Parameters
    ----------
    indices : the nearest of each segment, itself first, (N, P), P >= 2
    opts : SpectralOptions
    low, high : numbers of speakers that are looked at
    """
    n, most = indices.shape
    high = min(high or n, max(opts.max_clusters, low))
    best = None
    for neighbors in range(min(opts.min_neighbors, most), most + 1):
        links = graph(indices[:, :neighbors], np.ones((n, neighbors)))
        values, largest = eigenvalues(links, min(high + 1, n), opts.laplacian)
        speakers = speakers_by_gap(values, low, high)
        gap = values[speakers] - values[speakers - 1] if speakers < len(values) else 0
        ratio = neighbors / (gap / (largest + NOTHING) + NOTHING)
        if best is None or ratio < best.ratio:
            best = Choice(neighbors, speakers, float(ratio))
    return best
