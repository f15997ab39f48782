"""Profiles of enrolled speakers: the mean of their vectors, those left out that are unlike the others."""

import numpy as np

from diarkit.backend.cosine import prepared, product_rows, unit_length
from diarkit.errors import DataError

NOTHING = 1e-12  # a length that is rounding and no direction


def lengthened(vectors, kind):
    """Vectors (N, D) of length 1 ("unit"), sqrt(D) ("sqrt") or as they are ("none"), float64.

    Raises DataError for a vector of zeros, which has no direction.
    """
    vectors = np.asarray(vectors, np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not (lengths > 0).all():
        raise DataError("a vector of zeros, which says nothing of a voice")
    if kind == "none":
        return vectors
    return vectors / lengths * (np.sqrt(vectors.shape[1]) if kind == "sqrt" else 1)


def consistency(vectors):
    """Cosine of every vector with the mean of the others, all of which count alike; (N, D) -> (N,).

    A single vector agrees with itself: 1. Where the others cancel each other, there is nothing to agree with: 0.
    """
    if len(vectors) == 1:
        return np.ones(1)
    vectors = lengthened(vectors, "unit")
    others = vectors.sum(axis=0) - vectors
    lengths = np.linalg.norm(others, axis=1)
    products = np.einsum("nd,nd->n", vectors, others)
    return np.where(lengths > NOTHING, products / np.maximum(lengths, NOTHING), 0.0)


def without_outliers(vectors, least, share):
    """Leave out the vector that agrees least with the others, again and again, while its consistency is below `least`.

    Parameters
    ----------
    vectors : (N, D)
    least : of consistency
    share : the part of N that may be left out; of two that disagree nobody knows which is right

    Returns the rows kept, (K,) int, and of those left out [(row, consistency)]. Raises DataError where more of them
    would have to go.
    """
    kept, outliers = np.arange(len(vectors)), []
    while True:
        found = consistency(vectors[kept])
        worst = int(found.argmin())
        if found[worst] >= least:
            return kept, outliers
        if len(outliers) + 1 > share * len(vectors) + NOTHING or len(kept) == 2:
            raise DataError(f"the {len(vectors)} vectors are not of one voice: {int((found < least).sum())} of "
                            f"{len(kept)} have a cosine below {least:g} with the others, the lowest {found[worst]:.2f}")
        outliers.append((int(kept[worst]), float(found[worst])))
        kept = np.delete(kept, worst)


def make_profile(vectors, spans, opts):
    """The profile of a speaker's vectors (N, D).

    spans : [(recording, start, end)] of the vectors, s, by which they count, or [] where that is not known
    opts : EnrolmentOptions

    Returns the profile (D,) float64, of how many vectors it is the mean, and the outliers [(row, consistency)]. Raises
    DataError for vectors that are too few, too short, or not of one voice.
    """
    kept, outliers = without_outliers(vectors, opts.min_consistency, opts.max_outliers)
    if len(kept) < opts.min_vectors:
        raise DataError(f"{len(kept)} vectors, fewer than {opts.min_vectors}")
    spans = [spans[row] for row in kept] if spans else []
    if (seconds := covered(spans)) < opts.min_duration:
        raise DataError(f"{seconds:.2f} s of sound, less than {opts.min_duration:g} s")
    weights = [end - start for _, start, end in spans] or None
    return weighted_mean(lengthened(vectors[kept], opts.normalize), weights), len(kept), outliers


def weighted_mean(vectors, weights=None):
    """Mean of vectors, (N, D) -> (D,) float64, counted by weights (N,) if there are. Raises DataError if all are 0."""
    if weights is not None and not np.sum(weights) > 0:
        raise DataError("all its vectors last 0 s")
    return np.average(np.asarray(vectors, np.float64), axis=0, weights=weights)


def merged(old, old_count, new, new_count, least):
    """The mean of two profiles (D,), by their numbers of vectors. Raises DataError if their cosine is below `least`."""
    if len(old) != len(new):
        raise DataError(f"{len(new)} numbers, the profile that is there has {len(old)}")
    cosine = float(np.dot(*unit_length([old, new])))
    if cosine < least:
        raise DataError(f"is not the voice of the profile that is there: a cosine of {cosine:.2f}, below {least:g}")
    total = old_count + new_count
    return (old_count * np.asarray(old, np.float64) + new_count * np.asarray(new, np.float64)) / total


def alike(profiles, least, most):
    """Pairs of profiles (P, D) whose cosine is at least `least`: [(i, j, cosine)], i < j, and how many there are.

    Of more than `most` only the most alike are given; they come first.
    """
    pairs, number, first = [], 0, 0
    for block in product_rows(prepared(profiles)):
        rows, columns = np.nonzero(np.triu(block >= least, first + 1))
        cosines = block[rows, columns]
        number += len(rows)
        for n in np.argsort(-cosines, kind="stable")[:most]:
            pairs.append((int(first + rows[n]), int(columns[n]), float(cosines[n])))
        pairs = sorted(pairs, key=lambda pair: -pair[2])[:most]
        first += len(block)
    return pairs, number


def covered(times):
    """Seconds of sound in windows [(recording, start, end)], what several have counted once."""
    total, last = 0.0, {}
    for reco, start, end in sorted(times):
        begin = max(start, last.get(reco, start))
        total += max(end - begin, 0.0)
        last[reco] = max(end, last.get(reco, end))
    return total
