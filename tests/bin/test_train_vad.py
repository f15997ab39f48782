"""train-vad, and vad --method=dnn with what it makes, through their command lines."""

import json

import numpy as np
import pytest
import soundfile

from diarkit import toy
from diarkit.io.tables import read_arrays

SMALL = ["--epochs=2", "--chunk=1", "--batch-size=4", "--channels=8", "--layers=3", "--means=2", "--num-mel-bins=12",
         "--sample-frequency=8000", "--held-out=0.5"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    labels = []
    for name, rate in (("a", 8000), ("b", 16000)):
        samples, turns = toy.make_conversation(np.random.default_rng(len(name) + rate), 8, 2, rate)
        soundfile.write(folder / f"{name}.wav", samples, rate)
        labels += [f"{name} {start / 1000} {end / 1000} speech\n" for start, end, _ in turns]
    hiss = np.random.default_rng(0).normal(0, 0.02, 8000 * 3)
    soundfile.write(folder / "hiss.wav", hiss, 8000)
    (folder / "wav.scp").write_text("".join(f"{name} {folder}/{name}.wav\n" for name in ("a", "b", "hiss")))
    (folder / "labels").write_text("".join(labels) + "hiss noise\n")
    return folder


def test_train_and_use(run_tool, folder):
    done = run_tool("train-vad", *SMALL, "scp:wav.scp", "labels", "model", cwd=folder)
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if "epoch" in line]
    assert len(lines) == 2 and "epoch 2 of 2: loss " in lines[1] and "% of speech missed" in lines[1]
    description = json.loads((folder / "model/model.json").read_text())
    assert description["kind"] == "vad-dnn" and description["classes"] == ["silence", "speech", "noise"]
    assert description["front_end"]["num_mel_bins"] == 12
    assert description["network"] == {"channels": 8, "layers": 3, "means": 2}
    assert description["training"]["epochs"] == 2 and description["training"]["noise_snrs"]

    run_tool("vad", "--method=dnn", "--model=model", "--probabilities", "wav.scp", "ark:p.ark", cwd=folder)
    p = dict(read_arrays(f"ark:{folder}/p.ark"))
    assert {key: len(value) for key, value in p.items()} == {"a": 800, "b": 800, "hiss": 300}
    assert all(value.dtype == np.float32 and 0 <= value.min() < value.max() <= 1 for value in p.values())
    threshold = float(np.median(p["b"]))
    done = run_tool("vad", "--method=dnn", "--model=model", f"--threshold={threshold}", "--offset-ratio=1", "wav.scp",
                    "ark:d.ark", cwd=folder)
    decisions = dict(read_arrays(f"ark:{folder}/d.ark"))
    for key, value in decisions.items():
        assert np.array_equal(value, p[key] >= threshold)
    share = sum(value.sum() for value in decisions.values()) / 1900
    assert f"{share:.2%} of 1900 frames are speech" in done.stderr


def test_what_is_missing(run_tool, folder, tmp_path):
    (tmp_path / "labels").write_text("a 0 1 speech\n")
    done = run_tool("train-vad", *SMALL, folder / "wav.scp", "labels", "m", cwd=tmp_path, status=1)
    assert "b: no labels in labels" in done.stderr and not (tmp_path / "m").exists()
    (tmp_path / "labels").write_text("a 0 1 speech\nb 1 0 speech\n")
    done = run_tool("train-vad", *SMALL, folder / "wav.scp", "labels", "m", cwd=tmp_path, status=1)
    assert "labels:2: " in done.stderr and done.stderr.count("\n") == 1
    assert "--model" in run_tool("vad", "--method=dnn", folder / "wav.scp", "ark:x", cwd=tmp_path, status=2).stderr
    done = run_tool("vad", "--method=dnn", "--model=/none", folder / "wav.scp", "ark:x", cwd=tmp_path, status=1)
    assert "/none" in done.stderr and done.stderr.count("\n") == 1 and not (tmp_path / "x").exists()
