"""Files of transforms: folders, Kaldi's files, VBx's .npz."""

import io
import json
import zipfile

import numpy as np
import pytest

from diarkit.errors import DataError
from diarkit.io.tables import write_array
from diarkit.io.transforms import Transform, read_npz, read_transform, write_transform

STAGES = [("mean", {"mean": np.arange(4.0)}), ("unit", {}), ("matrix", {"matrix": np.arange(10.0).reshape(2, 5)}),
          ("matrix", {"matrix": np.asfortranarray(np.arange(6.0).reshape(3, 2))}), ("length", {})]
ARRAYS = {"mean1": np.arange(4.0), "lda": np.arange(12.0).reshape(4, 3), "mean2": np.arange(3.0)}


def same(ours, theirs):
    assert [kind for kind, _ in ours] == [kind for kind, _ in theirs]
    for (_, ours_), (_, theirs_) in zip(ours, theirs, strict=True):
        assert list(ours_) == list(theirs_)
        for name in ours_:
            assert ours_[name].dtype == np.float64
            np.testing.assert_array_equal(ours_[name], theirs_[name])


def test_a_folder_gives_back_what_was_written(tmp_path, monkeypatch):
    write_transform(tmp_path / "m", Transform(STAGES, 4), {"training": {"chain": "x"}})
    found = read_transform(str(tmp_path / "m"))
    assert found.size == 4
    same(found.stages, STAGES)
    description = json.loads((tmp_path / "m/model.json").read_text())
    assert description["kind"] == "transform" and description["training"] == {"chain": "x"}
    monkeypatch.setenv("DIARKIT_MODELS", str(tmp_path))
    same(read_transform("m").stages, STAGES)  # by its name among the models


def test_kaldi_s_files(tmp_path):
    for name, array, kind in (("v", np.arange(3.0), "mean"), ("m", np.ones((2, 3), np.float32), "matrix")):
        for text in (False, True):
            write_array(f"{tmp_path}/{name}", array, text=text)
            found = read_transform(f"{tmp_path}/{name}")
            assert found.size is None
            same(found.stages, [(kind, {kind: array.astype(float)})])
    long = "x" * 300  # no name of a file can be so long
    same(read_transform(f"cat {tmp_path}/m | grep -av {long} |").stages, [("matrix", {"matrix": np.ones((2, 3))})])
    for text in (" [ ]\n", "1.5\n", " [ 1 nan ]\n"):
        (tmp_path / "x").write_text(text)
        with pytest.raises(DataError, match="/x: "):
            read_transform(f"{tmp_path}/x")
    with pytest.raises(DataError, match="no such file"):
        read_transform(f"{tmp_path}/nothing")


def spoil(change):
    """A folder's description and weights, of which one thing is changed."""
    from safetensors.numpy import load_file, save_file

    def call(folder):
        description = json.loads((folder / "model.json").read_text())
        weights = load_file(folder / "model.safetensors")
        change(description, weights)
        (folder / "model.json").write_text(json.dumps(description))
        save_file(weights, folder / "model.safetensors")

    return call


@pytest.mark.parametrize("change, words", [
    (lambda d, w: d.update(kind="vad-dnn"), "a model of kind vad-dnn, not transform"),
    (lambda d, w: d.update(stages=["mean", "zca"]), "model.json: its stages are not"),
    (lambda d, w: d.update(stages=[["mean"]]), "model.json: its stages are not"),
    (lambda d, w: d.update(stages=None), "model.json: its stages are not"),
    (lambda d, w: d.update(size="4"), "model.json: says no size"),
    (lambda d, w: d.update(size=5), "model.safetensors: stage 0, a mean of 4, does not fit vectors of 5"),
    (lambda d, w: w.pop("0.mean"), "model.safetensors: 0.mean is missing"),
    (lambda d, w: w.update({"0.mean": np.ones((1, 4))}), "0.mean is not what it should be"),
    (lambda d, w: w.update({"0.mean": np.ones(4, int)}), "0.mean is not what it should be"),
    (lambda d, w: w.update({"2.matrix": np.full((2, 5), np.nan)}), "2.matrix has NaN or infinity"),
    (lambda d, w: w.update({"3.matrix": np.ones((3, 4))}), "stage 3, a matrix of 3x4, does not fit vectors of 2"),
])
def test_a_folder_that_cannot_be_used(tmp_path, change, words):
    write_transform(tmp_path / "m", Transform(STAGES, 4), {})
    spoil(change)(tmp_path / "m")
    with pytest.raises(DataError, match=words):
        read_transform(str(tmp_path / "m"))


def test_vbx_s_npz(tmp_path):
    for name, save, change in (("a", np.savez, {}), ("b", np.savez_compressed, {}),
                               ("c", np.savez, {"lda": np.asfortranarray(ARRAYS["lda"].astype(">f4"))})):
        save(tmp_path / f"{name}.npz", **{**ARRAYS, **change}, more=np.array("x"))
        same(read_transform(f"{tmp_path}/{name}.npz").stages, [
            ("mean", {"mean": ARRAYS["mean1"]}), ("unit", {}), ("matrix", {"matrix": ARRAYS["lda"].T}),
            ("mean", {"mean": ARRAYS["mean2"]}), ("unit", {})])


@pytest.mark.parametrize("change, words", [
    ({"lda": None}, "has no lda"),
    ({"lda": np.ones((3, 4))}, "mean1, lda and mean2 do not fit: 4, 3 x 4, 3"),
    ({"mean1": np.ones(4, int)}, "mean1 is an array of int64"),
    ({"mean2": np.ones((1, 3))}, "mean2 is an array of float64 of shape"),
    ({"mean2": np.array([1, np.inf, 0])}, "mean2: 1 of 3 values are NaN or infinite"),
    ({"mean1": np.array([{}] * 4, object)}, "mean1 is an array of object"),
    ({"lda": np.zeros((4, 0))}, "lda is an array of float64 of shape"),
])
def test_an_npz_of_other_arrays(tmp_path, change, words):
    np.savez(tmp_path / "t.npz", **{name: array for name, array in {**ARRAYS, **change}.items() if array is not None})
    with pytest.raises(DataError, match=f"t.npz: {words}"):
        read_npz(str(tmp_path / "t.npz"))


def npz(path, name, content):
    """A good .npz, but for one member of these bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for member, array in ARRAYS.items():
            stream = io.BytesIO()
            np.save(stream, array)
            file.writestr(f"{member}.npy", content if member == name else stream.getvalue())


def test_an_npz_that_promises_more_than_it_has(tmp_path):
    path = str(tmp_path / "t.npz")
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (1 << 60, 1 << 60)})
    for content, words in ((stream.getvalue() + bytes(96), "do not fit in"), (stream.getvalue(), "do not fit in"),
                           (b"\x93NUMPY\7\0abc", "version 7.0"), (b"", "damaged"), (b"PKL", "damaged"),
                           (b"\x93NUMPY\1\0\xff\xff{", "damaged")):
        npz(path, "lda", content)
        with pytest.raises(DataError, match=f"t.npz: .*{words}"):
            read_npz(path)
    np.savez(path, **ARRAYS)
    good = (tmp_path / "t.npz").read_bytes()
    for damaged in (b"", b"not a zip", good[: len(good) // 2], good.replace(good[300:310], b"\xff" * 10, 1)):
        (tmp_path / "t.npz").write_bytes(damaged)
        with pytest.raises(DataError, match="t.npz: damaged"):
            read_npz(path)
    (tmp_path / "t.npz").unlink()
    for name, words in (("t.npz", "cannot be read: No such file"), ("t.h5", "transform.npz")):
        with pytest.raises(DataError, match=words):
            read_transform(f"{tmp_path}/{name}")


def test_a_member_that_unpacks_to_more_than_is_allowed(tmp_path, monkeypatch):
    monkeypatch.setattr("diarkit.io.transforms.LARGEST", 90)
    np.savez(tmp_path / "t.npz", **ARRAYS)
    with pytest.raises(DataError, match="lda: .* do not fit"):
        read_npz(str(tmp_path / "t.npz"))
