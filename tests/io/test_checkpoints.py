"""Checkpoints: what is written is read, and what is none is refused without being run."""

import pickle

import numpy as np
import pytest
from safetensors.numpy import save

from diarkit.errors import DataError
from diarkit.io.checkpoints import read_checkpoint, write_checkpoint


def test_there_and_back(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    arrays = {"network/a.weight": np.arange(6, dtype="f4").reshape(2, 3), "steps": np.array(3.0, "f4"),
              "count": np.array(5)}
    state = {"epoch": 3, "sums": [0.1, 2.0], "error": None, "options": {"margin": 0.2}}
    write_checkpoint(path, arrays, state)
    first = path.read_bytes()
    found, told = read_checkpoint(path)
    assert told == state and set(found) == set(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype and np.array_equal(found[name], array)
        found[name] += 1  # they can be written to
    write_checkpoint(path, arrays, state)
    assert path.read_bytes() == first and [file.name for file in tmp_path.iterdir()] == [path.name]


class Bomb:
    def __reduce__(self):
        return (print, ("this was run",))


@pytest.mark.parametrize("content", [
    b"", b"text", pickle.dumps(Bomb()), save({"a": np.zeros(3, "f4")}),
    save({"a": np.zeros(3, "f4")}, metadata={"state": "[1"}), save({"a": np.zeros(3, "f4")}, metadata={"state": "[1]"}),
    save({"a": np.zeros(300, "f4")}, metadata={"state": "{}"})[:-100],
])
def test_what_is_no_checkpoint(tmp_path, capsys, content):
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(content)
    with pytest.raises(DataError, match="checkpoint.safetensors: not a checkpoint"):
        read_checkpoint(path)
    assert capsys.readouterr() == ("", "")
