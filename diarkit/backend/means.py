"""Means of vectors that come one after the other."""

import numpy as np

from diarkit.errors import DataError


class Mean:
    """The mean of vectors (D,), each counted as often as its weight says; sums are float64.

    add() raises DataError for a vector of another length than the first, and for a negative weight; result(), (D,)
    float64, where nothing has been added or all weights were 0.
    """

    def __init__(self):
        self.sum, self.weight, self.count = None, 0.0, 0

    def add(self, vector, weight=1.0):
        vector = np.asarray(vector, np.float64)
        if not weight >= 0:
            raise DataError(f"the weight {weight:g} is not a number from 0 on")
        if self.sum is None:
            self.sum = np.zeros(len(vector))
        if len(vector) != len(self.sum):
            raise DataError(f"{len(vector)} numbers, where others have {len(self.sum)}")
        self.sum += weight * vector
        self.weight += weight
        self.count += 1

    def result(self):
        if not self.count:
            raise DataError("there is no vector to take the mean of")
        if not self.weight:
            raise DataError("all weights are 0")
        return self.sum / self.weight
