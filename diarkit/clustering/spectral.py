"""Spectral clustering: segments are linked to those like them, and eigenvectors of these links tell groups apart."""

import numpy as np
from scipy.sparse import csr_array

from diarkit.clustering.affinities import affinity_map, refined
from diarkit.clustering.counting import most_told_apart
from diarkit.clustering.eigengap import choose_neighbors, speakers_by_gap
from diarkit.clustering.kmeans import kmeans
from diarkit.clustering.laplacian import spectrum
from diarkit.clustering.neighbours import graph, nearest, some_of
from diarkit.clustering.similarities import Scores
from diarkit.clustering.tree import in_order_of_appearance
from diarkit.errors import DataError

MOST_DENSE = 10_000  # segments of which there may be a whole matrix of affinities
MOST_LINKS = 1_000_000  # of neighbours, where their number grows with the recording


def cluster(similarities, opts, kmeans_opts, telling, bounds, told=None):
    """Label the segments of a recording; (N,) int from 0 in order of appearance.

    Parameters
    ----------
    similarities : Scores or Vectors of clustering.similarities, N >= 1
    opts : SpectralOptions, kmeans_opts : KMeansOptions
    telling : AhcOptions, what tells speakers apart
    bounds : Bounds, how many speakers there may be
    told : called with a line about what was chosen
    """
    n = len(similarities)
    if bounds.high == 1:
        return np.zeros(n, int)
    if n == 2:  # has no gaps to look at
        return most_told_apart(lambda count: np.arange(2) % count, similarities, telling, bounds)
    links, speakers = make_links(similarities, opts, bounds, told or (lambda line: None))

    most = min(bounds.high, max(opts.max_clusters, bounds.low))
    found = spectrum(links, min(bounds.exact or most + 1, n), opts.laplacian)

    def partition(count):
        nonlocal found
        if count > len(found.values):
            found = spectrum(links, min(2 * count, n), opts.laplacian)
        return labelled(similarities, found.vectors[:, :count], opts, kmeans_opts)

    if bounds.exact or opts.threshold is not None or counts_apart(similarities, opts):
        return most_told_apart(partition, similarities, telling, bounds)
    return partition(speakers or speakers_by_gap(found.values, bounds.low, most))


def counts_apart(similarities, opts):
    """Whether speakers are counted by what tells them apart, and not by the eigengap."""
    return similarities.cosine if opts.counting is None else opts.counting == "apart"


def make_links(similarities, opts, bounds, told):
    """Which segments are linked, and how much: (N, N) sparse; and the number of speakers if it was found on the way."""
    n = len(similarities)
    to_affinity = affinity_map(similarities)
    if opts.steps() or opts.pruning in ("affinity", "none"):
        if n > MOST_DENSE:
            raise DataError(f"{n} segments are more than the {MOST_DENSE} of which all affinities fit in memory: use "
                            "another --pruning and no --refinement")
        affinities = refined(to_affinity(similarities.rows(0, n)).astype(np.float32), opts)
        if opts.pruning in ("affinity", "none"):
            return of_matrix(affinities, opts), None
        similarities, to_affinity = Scores(affinities), np.asarray
    neighbors, speakers = number_of_neighbors(similarities, opts, bounds, told)
    indices, values = nearest(similarities, neighbors)
    return graph(indices, np.ones(indices.shape) if opts.binary else to_affinity(values)), speakers


def of_matrix(affinities, opts):
    """The graph of a whole matrix, without the links that --pruning=affinity removes."""
    links = (affinities + affinities.T) / 2
    np.fill_diagonal(links, 0)
    if opts.pruning == "affinity":
        links[links < opts.min_affinity] = 0
    links = csr_array(links.astype(float))
    return links > 0 if opts.binary else links


def number_of_neighbors(similarities, opts, bounds, told):
    """How many of the nearest each segment keeps, and the number of speakers by NME-SC, None of other prunings."""
    n = len(similarities)
    if opts.pruning == "neighbors":
        return min(opts.neighbors, n), None
    if opts.pruning == "percentile":
        return min(max(2, int(np.ceil((1 - opts.percentile) * n))), n), None
    some = np.arange(n) if n <= opts.search_segments else np.linspace(0, n - 1, opts.search_segments).astype(int)
    looked_at = some_of(similarities, some)
    most = max(2, min(opts.max_neighbors, max(opts.min_neighbors, int(opts.max_share * len(some))), len(some)))
    low, high = (1, n) if bounds.exact else bounds  # where the number is known, Kaldi looks at all
    choice = choose_neighbors(nearest(looked_at, most)[0], opts, low, min(high, len(some)))
    told(f"{choice.neighbors} nearest of {len(some)} segments: {choice.speakers} speakers, ratio {choice.ratio:.1f}")
    in_proportion = round(choice.neighbors * n / len(some))
    return min(in_proportion, max(choice.neighbors, MOST_LINKS // n), n), choice.speakers


def labelled(similarities, vectors, opts, kmeans_opts):
    """As many clusters as there are eigenvectors (N, count), by k-means of their rows.

    Segments that no eigenvector reaches, since they are linked with few others, go to the clusters that they are most
    similar to.
    """
    count = vectors.shape[1]
    reached = (vectors != 0).any(axis=1)
    labels = np.full(len(vectors), -1)
    labels[reached] = kmeans(vectors[reached], count, kmeans_opts, opts.normalize_rows)
    if not reached.all():
        labels = np.where(labels < 0, np.argmax(similarities.to_clusters(labels, count), axis=1), labels)
    return in_order_of_appearance(labels)
