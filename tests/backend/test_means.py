"""Running means."""

import numpy as np
import pytest

from diarkit.backend.means import Mean
from diarkit.errors import DataError


def test_it_is_the_weighted_mean():
    rng = np.random.default_rng(0)
    vectors, weights = rng.normal(size=(20, 3)).astype(np.float32), rng.uniform(size=20)
    plain, weighted = Mean(), Mean()
    for vector, weight in zip(vectors, weights, strict=True):
        plain.add(vector)
        weighted.add(vector, weight)
    np.testing.assert_allclose(plain.result(), vectors.astype(float).mean(axis=0))
    np.testing.assert_allclose(weighted.result(), np.average(vectors.astype(float), axis=0, weights=weights))


def test_what_has_no_mean():
    mean = Mean()
    with pytest.raises(DataError, match="no vector"):
        mean.result()
    mean.add(np.ones(2), 0)
    with pytest.raises(DataError, match="weights are 0"):
        mean.result()
    for vector, weight, words in ((np.ones(3), 1, "3 numbers, where others have 2"), (np.ones(2), np.nan, "nan is not"),
                                  (np.ones(2), -1, "-1 is not a number from 0 on")):
        with pytest.raises(DataError, match=words):
            mean.add(vector, weight)
    mean.add(np.array([1, 3]), 2)
    assert mean.result().tolist() == [1, 3]  # what was refused does not count
