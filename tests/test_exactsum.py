"""Exact sums, against fractions and in any order."""

from fractions import Fraction

import numpy as np
import pytest

from diarkit import exactsum
from diarkit.errors import DataError
from diarkit.exactsum import ExactSum


def numbers(rng, count, shape=(3, 2)):
    values = rng.normal(size=(count, *shape)) * 10.0 ** rng.integers(-18, 12, (count, *shape))
    values[rng.random(values.shape) < 0.1] = 0
    values[rng.random(values.shape) < 0.1] = -0.5
    return values


def test_a_sum_is_that_of_fractions():
    values = numbers(np.random.default_rng(0), 200)
    total = ExactSum((3, 2))
    for value in values:
        total.add(value)
    for index in np.ndindex(3, 2):
        exact = sum(Fraction(round(Fraction(float(x)) * 2**50), 2**50) for x in values[(slice(None), *index)])
        assert Fraction(float(total.parts[0][index])) + Fraction(float(total.parts[1][index])) == exact
        assert total.value()[index] == float(exact)


def test_any_order_and_any_cut_gives_the_same_bytes(monkeypatch):
    monkeypatch.setattr(exactsum, "CHUNK", 4)
    rng = np.random.default_rng(1)
    values = numbers(rng, 100)
    expected = None
    for _ in range(5):
        order = rng.permutation(100)
        total = ExactSum((3, 2))
        for job in np.array_split(order, rng.integers(1, 9)):
            part = ExactSum((3, 2))
            for i in job:
                part.add(values[i])
            total.merge(part)
        expected = expected or total.parts.tobytes()
        assert total.parts.tobytes() == expected
    assert (total.parts[1] >= 0).all() and (total.parts[1] < 1).all()


def test_rows_are_added_where_they_belong():
    values = numbers(np.random.default_rng(2), 50, (4, 2))
    values[:, 1] = 0
    whole, rows = ExactSum((4, 2)), ExactSum((4, 2))
    for value in values:
        whole.add(value)
        rows.add(value[[0, 3, 2]], np.array([0, 3, 2]))
    assert whole.parts.tobytes() == rows.parts.tobytes()


def test_parts_make_the_same_sum_again():
    total = ExactSum(3)
    total.add([1.75, -1e-20, 2.0**40 + 0.125])
    again = ExactSum(3, total.parts)
    assert again.value().tolist() == [1.75, 0, 2.0**40 + 0.125]


def test_what_cannot_be_summed():
    for bad in (np.nan, np.inf, 2.0**53):
        with pytest.raises(DataError):
            ExactSum(1).add([bad])
    total = ExactSum(1)
    total.add([2.0**52])
    with pytest.raises(DataError, match="too large"):
        total.add([2.0**52])
    for parts in ([[0.5], [0]], [[0], [1]], [[0], [-0.5]], [[np.nan], [0]], [[0], [2.0**-60]]):
        with pytest.raises(DataError, match="exact sum"):
            ExactSum(1, parts)
