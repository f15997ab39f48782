"""Decisions made one: rules by counting, Kaldi's maps."""

import numpy as np
import pytest

from diarkit.errors import DataError
from diarkit.vad.merge import mapped, merged


def test_rules_by_counting():
    rng = np.random.default_rng(0)
    for _ in range(50):
        tables = [rng.integers(0, 2, 40).astype(np.float32) for _ in range(int(rng.integers(2, 6)))]
        for rule, right in (("and", all), ("or", any), ("majority", lambda v: sum(v) > len(v) - sum(v))):
            found = merged(tables, rule)
            assert found.dtype == np.float32
            assert found.tolist() == [float(right([v[t] for v in tables])) for t in range(40)]


def test_and_is_the_default():
    """That of Kaldi's merge-vads."""
    assert merged([np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])]).tolist() == [0, 0, 0, 1]
    assert merged([np.zeros(0), np.zeros(0)]).shape == (0,)


def test_a_map():
    table = {(0, 0): 0, (0, 1): 5, (1, 0): -1, (1, 2): 7}
    found = mapped(np.array([0, 0, 1, 1, 0]), np.float32([0, 1, 0, 2.9, 1]), table)
    assert found.dtype == np.float32 and found.tolist() == [0, 5, -1, 7, 5]
    assert mapped(np.zeros(0), np.zeros(0), table).shape == (0,)
    with pytest.raises(DataError, match="no 1 1"):
        mapped(np.array([0, 1]), np.array([0, 1]), table)


def test_what_does_not_fit():
    with pytest.raises(DataError, match="3 and 4"):
        merged([np.zeros(3), np.zeros(4)])
    with pytest.raises(DataError, match="3 and 4"):
        mapped(np.zeros(3), np.zeros(4), {(0, 0): 0})
    with pytest.raises(DataError, match="vector"):
        merged([np.zeros((3, 1)), np.zeros((3, 1))])
    for odd in (2, 0.5, -1):
        with pytest.raises(DataError, match=f"{odd:g} where 0 and 1"):
            merged([np.array([0, odd]), np.zeros(2)])
