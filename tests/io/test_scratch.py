"""Arrays that wait on disk come back as they were, any number of times, and leave no file."""

import numpy as np
import pytest

from diarkit.errors import DataError
from diarkit.io import scratch
from diarkit.io.scratch import Scratch


def test_arrays_come_back(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(scratch.tempfile, "tempdir", None)
    rng = np.random.default_rng(0)
    tuples = [(rng.normal(size=(i, 3)), np.arange(i, dtype=np.int32)[::-1]) for i in (4, 0, 7)]
    store = Scratch()
    for arrays in tuples[:2]:
        store.append(arrays)
    assert len(list(store)) == 2
    store.append(tuples[2])  # after reading, at the end again
    assert not list(tmp_path.iterdir())
    for _ in range(2):
        for found, written in zip(store, tuples, strict=True):
            for one, other in zip(found, written, strict=True):
                assert one.dtype == other.dtype and np.array_equal(one, other)


def test_a_full_disk_is_told(monkeypatch):
    store = Scratch()
    monkeypatch.setattr(store, "_file", open("/dev/full", "wb"))
    with pytest.raises(DataError, match="No space left"):
        store.append((np.zeros(100000),))
