"""Vectors with their speakers, as training takes them."""

import numpy as np

from diarkit.errors import DataError, ItemError
from diarkit.io.tables import read_lists, read_values

BLOCK = 1024  # vectors of a block


class read_labelled:
    """Iterate over a table of vectors or matrices: (key, rows (n, D) of its precision, number of its speaker or None).

    utt2spk : list by which speakers are found, or nothing; they are numbered from 0 in the order in which they appear
    matrices : the table is of matrices, whose rows count, not of vectors

    Errors are those of tables.read_arrays; also ItemError from next(), which can then be called again, for a key
    that has no speaker, another number of columns than the first, or no numbers.
    """

    def __init__(self, rspecifier, utt2spk="", matrices=False):
        self.speakers = read_lists(utt2spk, count=1) if utt2spk else None
        self.utt2spk = utt2spk
        self.values = read_values(rspecifier, "matrix" if matrices else "vector")
        self.numbers = {}  # speakers by name
        self.size = None
        self.count = 0  # of rows

    def __iter__(self):
        return self

    def __next__(self):
        key, array = next(self.values)
        if not array.size:
            raise ItemError(key, "is empty")
        if self.speakers is not None and key not in self.speakers:
            raise ItemError(key, f"not in {self.utt2spk}")
        if self.size not in (None, array.shape[-1]):
            raise ItemError(key, f"{array.shape[-1]} numbers, where others have {self.size}")
        self.size = array.shape[-1]
        speaker = self.speakers and self.numbers.setdefault(self.speakers[key][0], len(self.numbers))
        rows = array.reshape(-1, self.size)
        self.count += len(rows)
        return key, rows, speaker

    @property
    def passed_over(self):
        return self.values.passed_over


def in_blocks(items, rows=BLOCK):
    """Gather what read_labelled gives: (vectors (n, D), speakers (n,) or None), n being `rows` or little more."""
    arrays, numbers, count = [], [], 0
    for _, array, number in items:
        arrays.append(array)
        numbers += [number] * len(array)
        count += len(array)
        if count >= rows:
            yield np.concatenate(arrays), None if number is None else np.array(numbers)
            arrays, numbers, count = [], [], 0
    if count:
        yield np.concatenate(arrays), None if numbers[0] is None else np.array(numbers)


def read_all(rspecifier):
    """All vectors of a table, (N, D) of their precision. Raises DataError for the first that cannot be had."""
    arrays = [rows for _, rows, _ in read_labelled(rspecifier)]
    if not arrays:
        raise DataError("no vectors in it", rspecifier)
    return np.concatenate(arrays)
