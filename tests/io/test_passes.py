"""Tables that are gone through several times."""

import io
import os
import sys

import numpy as np
import pytest

from diarkit.errors import ItemError
from diarkit.io.passes import Passes
from diarkit.io.tables import ArrayWriter


@pytest.fixture(autouse=True)
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    table = {key: rng.normal(size=(count, 2)).astype(np.float32) for key, count in (("a", 5), ("b", 1), ("c", 8))}
    with ArrayWriter("ark,scp:x.ark,x.scp") as out:
        for key, matrix in table.items():
            out.write(key, matrix)
    return table


def test_each_pass_gives_all_blocks(table, monkeypatch):
    class Stdin:
        buffer = io.BytesIO(open("x.ark", "rb").read())

    monkeypatch.setattr(sys, "stdin", Stdin)
    out, into = os.pipe()
    os.write(into, open("x.ark", "rb").read())
    os.close(into)
    for rspecifier in ("scp:x.scp", "ark:cat x.ark |", "ark:-", f"ark:/dev/fd/{out}"):
        passes = Passes(rspecifier)
        for rows in (3, 3, 100):
            found = [(key, list(blocks)) for key, blocks in passes.blocks(rows)]
            assert [key for key, _ in found] == list(table)
            for key, blocks in found:
                assert max(map(len, blocks)) <= rows and (np.concatenate(blocks) == table[key]).all()


def test_what_is_bad_on_standard_input_is_told_once(monkeypatch):
    class Stdin:
        buffer = io.BytesIO(b"a  [\n 1 2 ]\nb  [\n 1 nan ]\nc  [\n 3 4 ]\n")

    monkeypatch.setattr(sys, "stdin", Stdin)
    passes = Passes("ark:-")
    first = passes.blocks()
    assert next(first)[0] == "a"
    with pytest.raises(ItemError, match="NaN"):
        next(first)
    assert [key for key, _ in first] == ["c"] and first.passed_over == 0
    assert [key for key, _ in passes.blocks()] == ["a", "c"]
