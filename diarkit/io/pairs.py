"""Vectors by name: those that a list wants, and all in one array for pairs of them to be compared."""

import numpy as np

from diarkit.errors import DataError, ItemError
from diarkit.io.tables import RandomValues, is_specifier, read_values


class read_wanted:
    """Iterate over those of a table of vectors that are wanted: (name, vector (D,)), in the order of the table.

    Errors are those of tables.read_arrays; at the end also an ItemError for each that was not there.
    """

    def __init__(self, rspecifier, wanted):
        self.rspecifier = rspecifier
        self.vectors = read_values(rspecifier, "vector")
        self.missing = dict.fromkeys(wanted)

    def __iter__(self):
        return self

    def __next__(self):
        try:
            for name, vector in self.vectors:
                if name in self.missing:
                    del self.missing[name]
                    return name, vector
        except ItemError as error:
            self.missing.pop(error.key, None)
            raise
        for name in self.missing:
            del self.missing[name]
            raise ItemError(name, f"no vector in {self.rspecifier}")
        raise StopIteration

    @property
    def passed_over(self):
        return self.vectors.passed_over


def gather(items, where):
    """Put the vectors of (name, vector (D,)) into one array: {name: row}, (N, D) as stored.

    Raises DataError, naming `where` they come from, for a name that is there twice and for vectors that differ in D.
    """
    rows, vectors = {}, []
    for name, vector in items:
        if rows.setdefault(name, len(vectors)) != len(vectors):
            raise DataError("is there twice", f"{where}: {name}")
        if vectors and vector.shape != vectors[0].shape:
            raise DataError(f"{vector.size} numbers, where others have {vectors[0].size}", f"{where}: {name}")
        vectors.append(vector)
    if not vectors:
        raise DataError("no vectors", where)
    return rows, np.array(vectors)


def counts_of(names, table=""):
    """Of how many vectors each of these is the mean, by a table of numbers, one each without a table; (N,) int.

    Raises DataError for a name that has no number, and for a number below 1.
    """
    if not table:
        return np.ones(len(names), int)
    numbers = RandomValues(table if is_specifier(table) else f"ark:{table}", "int32")
    for name in names:
        if name not in numbers or numbers[name] < 1:
            raise DataError(f"{numbers[name]} vectors" if name in numbers else "no number of vectors",
                            f"{table}: {name}")
    return np.array([numbers[name] for name in names])


def sort_out(pairs, first, second):
    """Those of the pairs [(a, b)] whose vectors there are, by the rows that `gather` gave, and those that lack one.

    Returns a list of pairs, arrays of their rows (P,) and (P,), and a list of (pair, what is missing).
    """
    known, lacking = [], []
    for a, b in pairs:
        if a in first and b in second:
            known.append((a, b))
        else:
            lacking.append(((a, b), f"no vector of {a if a not in first else b}"))
    rows = np.array([(first[a], second[b]) for a, b in known], int).reshape(-1, 2)
    return known, rows[:, 0], rows[:, 1], lacking
