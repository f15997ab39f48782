"""The clusterings by name, with the settings of their tools, as the whole job uses them."""

import numpy as np

from diarkit.backend.cosine import unit_length
from diarkit.clustering.ghosts import without_ghosts
from diarkit.clustering.similarities import make_similarities
from diarkit.clustering.speakers import find_speakers
from diarkit.options.kmeans import KMeansOptions
from diarkit.options.spectral import SpectralOptions
from diarkit.options.vbx import VbxOptions


def cluster(method, vectors, times, opts, speakers_opts):
    """Label the segments of a recording from their embeddings: (N, D) -> (N,) int from 0 in order of appearance.

    Parameters
    ----------
    method : "ahc", "spectral", "kmeans" or "vbx", the last from what "ahc" finds
    times : (N, 2), start and end of the segments, s
    opts : AhcOptions, also for what tells speakers apart by the other methods
    speakers_opts : SpeakersOptions, how many there may be, and what ghosts are
    """
    similarities = make_similarities(vectors, True, linkage=opts.linkage)
    bounds = speakers_opts.bounds(len(vectors))
    labels = METHODS[method](np.asarray(vectors, np.float32), similarities, opts, bounds)
    return without_ghosts(labels, np.asarray(times, float), similarities, speakers_opts, bounds)


def by_ahc(vectors, similarities, opts, bounds):
    return find_speakers(similarities, opts, bounds)


def by_spectral(vectors, similarities, opts, bounds):
    from diarkit.clustering import spectral

    return spectral.cluster(similarities, SpectralOptions(), KMeansOptions(), opts, bounds)


def by_kmeans(vectors, similarities, opts, bounds):
    from diarkit.clustering.counting import most_told_apart
    from diarkit.clustering.kmeans import kmeans

    vectors = unit_length(vectors)
    return most_told_apart(lambda count: kmeans(vectors, count, KMeansOptions(), True), similarities, opts, bounds)


def by_vbx(vectors, similarities, opts, bounds):
    from diarkit.clustering import vbx

    start = find_speakers(similarities, opts, bounds)
    return vbx.find_speakers(*vbx.spherical_space(vectors), VbxOptions().with_defaults(False), bounds, similarities,
                             start)[0]


METHODS = {"ahc": by_ahc, "spectral": by_spectral, "kmeans": by_kmeans, "vbx": by_vbx}
