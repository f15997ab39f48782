"""Several decisions about speech made one."""

import numpy as np

from diarkit.errors import DataError

VOTES = {
    "and": lambda votes, voters: votes == voters,
    "or": lambda votes, voters: votes > 0,
    "majority": lambda votes, voters: 2 * votes > voters,
}


def merged(decisions, rule="and"):
    """The decisions (0 or 1) of several detectors made one.

    decisions : list of (T,) arrays;  rule : "and", "or" or "majority", which is more than half of them

    Returns (T,) float32. Raises DataError for other numbers, and for lengths that differ.
    """
    decisions = checked(decisions)
    for values in decisions:
        odd = (values != 0) & (values != 1)
        if odd.any():
            raise DataError(f"a decision {values[np.argmax(odd)]:g} where 0 and 1 are expected; --map takes classes")
    return VOTES[rule](sum(decisions), len(decisions)).astype(np.float32)


def mapped(first, second, table):
    """What `table` gives for the classes of two detectors, {(class, class): class}, as Kaldi's merge-vads.

    (T,), (T,) -> (T,) float32. Fractions are cut off. Raises DataError for a pair that the table lacks, and for
    lengths that differ.
    """
    first, second = checked([first, second])
    pairs, places = np.unique(np.stack([first, second]).astype(int), axis=1, return_inverse=True)
    missing = [pair for pair in map(tuple, pairs.T.tolist()) if pair not in table]
    if missing:
        raise DataError("the map has no {} {}".format(*missing[0]))
    results = np.array([table[pair] for pair in map(tuple, pairs.T.tolist())], np.float32)
    return results[places.reshape(-1)] if len(first) else np.zeros(0, np.float32)


def checked(vectors):
    vectors = [np.asarray(vector) for vector in vectors]
    for vector in vectors:
        if vector.ndim != 1:
            raise DataError(f"a vector of decisions expected, not {vector.shape}")
        if len(vector) != len(vectors[0]):
            raise DataError(f"{len(vectors[0])} and {len(vector)} decisions")
    return vectors
