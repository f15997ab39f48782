"""import-onnx, and its models in extract-xvectors and diarize."""

import json
import sys

import numpy as np
import pytest
import soundfile

from diarkit.io.tables import read_arrays

onnx = pytest.importorskip("onnx", reason="no package onnx")
WEIGHTS = np.random.default_rng(0).normal(size=(80, 8)).astype(np.float32)


def save(path, frames="T", weights=WEIGHTS):
    """A network that gives tanh(frames @ weights), its mean over time."""
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        [helper.make_node("MatMul", ["feats", "w"], ["a"]), helper.make_node("Tanh", ["a"], ["b"]),
         helper.make_node("ReduceMean", ["b"], ["embs"], axes=[1], keepdims=0)], "g",
        [helper.make_tensor_value_info("feats", TensorProto.FLOAT, ("B", frames, len(weights)))],
        [helper.make_tensor_value_info("embs", TensorProto.FLOAT, ("B", weights.shape[1]))],
        [numpy_helper.from_array(weights, "w")])
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)],
                                       ir_version=9).SerializeToString())


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "a.onnx")
    soundfile.write("a.wav", np.random.default_rng(1).normal(scale=0.1, size=48000), 16000)
    (tmp_path / "wav.scp").write_text("a a.wav\n")
    (tmp_path / "windows").write_text("a-1 a 0 1.5\na-2 a 0.75 2.25\na-3 a 1.5 2.98\n")
    return tmp_path


def test_extraction(here, run_tool):
    done = run_tool("import-onnx", "a.onnx", "model")
    assert "embeddings of 8 numbers, time-first, windows of any number of frames" in done.stderr
    about = json.loads((here / "model/model.json").read_text())
    assert about["kind"] == "onnx" and about["embedding_dim"] == 8 and about["front_end"]["cmn"] == "window"
    assert (here / "model/model.onnx").read_bytes() == (here / "a.onnx").read_bytes()
    run_tool("extract-xvectors", "--model=model", "wav.scp", "windows", "ark:v.ark")
    run_tool("compute-fbank", "--num-mel-bins=80", "--window-type=hamming", "wav.scp", "ark:f.ark")
    [(_, features)] = read_arrays("ark:f.ark")
    found = dict(read_arrays("ark:v.ark"))
    assert list(found) == ["a-1", "a-2", "a-3"]
    for key, first, last in (("a-1", 0, 150), ("a-2", 75, 225)):
        window = features[first:last] - features[first:last].mean(axis=0)
        assert abs(found[key] - np.tanh(window @ WEIGHTS).mean(axis=0)).max() < 1e-4
    run_tool("extract-xvectors", "--model=model", "--features", "ark:f.ark", "windows", "ark:w.ark")
    again = dict(read_arrays("ark:w.ark"))
    assert all(abs(again[key] - found[key]).max() < 1e-5 for key in found)
    run_tool("extract-xvectors", "--model=model", "--precision=bfloat16", "wav.scp", "ark:x.ark", status=2)


def test_networks_of_a_fixed_number_of_frames(here, run_tool):
    save(here / "a.onnx", frames=100)
    assert "windows of 100 frames" in run_tool("import-onnx", "a.onnx", "model").stderr
    run_tool("extract-xvectors", "--model=model", "wav.scp", "windows", "ark:v.ark")
    assert len(dict(read_arrays("ark:v.ark"))) == 3


def test_presets_and_conf_files(here, run_tool):
    save(here / "vbx.onnx", weights=WEIGHTS[:64])
    run_tool("import-onnx", "--preset=vbx-8k", "--cmn=recording", "vbx.onnx", "vbx")
    front_end = json.loads((here / "vbx/model.json").read_text())["front_end"]
    assert front_end["options"]["sample_frequency"] == 8000 and front_end["cmn"] == "recording"
    run_tool("extract-xvectors", "--model=vbx", "wav.scp", "windows", "ark:v.ark")
    (here / "fbank.conf").write_text("--num-mel-bins=64\n--sample-frequency=8000\n")
    run_tool("import-onnx", "--front-end=fbank.conf", "--cmn=none", "vbx.onnx", "other")
    assert json.loads((here / "other/model.json").read_text())["front_end"]["options"] == {
        "num_mel_bins": 64, "sample_frequency": 8000.0}


def test_diarize_takes_them(here, run_tool, models):
    run_tool("import-onnx", "a.onnx", "model")
    done = run_tool("diarize", "--model=model", "a.wav")
    assert "1 recordings done" in done.stderr


def test_what_will_not_do(here, run_tool):
    (here / "empty").touch()
    (here / "garbage").write_bytes(b"\x08\x07garbage" * 1000)
    for arguments, message in (
        (["--preset=vbx", "a.onnx"], "a.onnx: its input is BxTx80"), (["empty"], "empty: onnxruntime cannot run it"),
        (["garbage"], "garbage: onnxruntime"), (["none"], "none: no such file"), (["."], "is a folder"),
        (["--front-end=garbage", "a.onnx"], "garbage:1: "),
    ):  # fmt: skip
        done = run_tool("import-onnx", *arguments, "model", status=1)
        assert message in done.stderr and done.stderr.count("\n") == 1, done.stderr
    run_tool("import-onnx", "--features=mfcc", "a.onnx", "model", status=2)
    run_tool("import-onnx", "--preset=mine", "a.onnx", "model", status=2)
    assert not (here / "model").exists()


def test_bad_files(shared, run_tool):
    done = run_tool(sys.executable, shared / "badinputs/check_bad.py", "--strict-names", "--model",
                    "import-onnx {in} {out}", status=None)
    counts = json.loads(done.stdout.splitlines()[-1])
    assert counts["failed"] == 0 and counts["total"] >= 3, done.stdout
