"""train-xvector through its command line, killed, resumed and by two workers, on voices that are made up."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from safetensors.numpy import load_file

from diarkit import toy

RATE, SPEAKERS = 8000, 7
TINY = [f"--sample-frequency={RATE}", "--high-freq=3800", "--num-mel-bins=16", "--network=tdnn",
        "--frame-layers=-1,0,1:8 0:8", "--segment-layers=6", "--min-chunk=30", "--max-chunk=50", "--batch-size=12",
        "--epoch-examples=96", "--epochs=3", "--threads=1", "--dev-speakers=2", "--dev-crop=0.5", "--average=2",
        "--optimizer=adam", "--learning-rate=0.01", "--warmup=0", "--margin-start=0", "--margin-end=0"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Seven voices, two utterances of each, one of them very short, one in a file of its own rate."""
    folder = tmp_path_factory.mktemp("voices")
    rng = np.random.default_rng(0)
    scp, utt2spk = [], []
    for speaker, voice in enumerate(toy.make_voices(rng, SPEAKERS)):
        for number, seconds in enumerate((1.6, 0.2 if speaker == 0 else 1.2)):
            name = f"s{speaker}-{number}"
            samples = toy.say(voice, int(seconds * RATE), RATE, rng) / 32768
            soundfile.write(folder / f"{name}.wav", samples, RATE)
            scp.append(f"{name} {folder}/{name}.wav\n")
            utt2spk.append(f"{name} s{speaker}\n")
    (folder / "wav.scp").write_text("".join(scp))
    (folder / "utt2spk").write_text("".join(utt2spk))
    return folder


@pytest.fixture(scope="module")
def trained(folder):
    """The folder of a training that nothing came between."""
    done = subprocess.run(["train-xvector", *TINY, "wav.scp", "utt2spk", "whole"], cwd=folder, capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    (folder / "whole.log").write_text(done.stderr)
    assert done.stdout == ""
    return folder / "whole"


def rows(path):
    lines = [line.split("\t") for line in (path / "log.tsv").read_text().splitlines()]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def test_what_is_written(trained, run_tool):
    assert sorted(os.listdir(trained)) == ["checkpoint.safetensors", "log.tsv", "model.json", "model.safetensors",
                                           "training.svg"]
    description = json.loads((trained / "model.json").read_text())
    assert description["kind"] == "xvector" and description["embedding_dim"] == 6 and description["speakers"] == 5
    assert description["network"]["type"] == "tdnn" and description["front_end"]["options"]["num_mel_bins"] == 16
    assert description["training"]["learning_rate"] == 0.01 and description["training"]["epochs_done"] == 3
    said = (trained.parent / "whole.log").read_text()
    assert "s0-1: 18 frames, shorter than an example: repeated" in said
    assert "epoch 3 of 3: loss " in said and "held-out EER " in said and "examples/s" in said
    log = rows(trained)
    assert [row["epoch"] for row in log] == ["1", "2", "3"] and float(log[-1]["loss"]) < float(log[0]["loss"])
    assert 0 <= float(log[-1]["held_out_eer"]) <= 100
    assert (trained / "training.svg").read_text().startswith("<?xml")


def test_killed_and_resumed(trained, folder, run_tool):
    """Really killed, in the middle of an epoch; the model has the same bytes as if it had not been."""
    command = ["train-xvector", *TINY, "--checkpoint-minutes=0", "--workers=2", "--cache=0", "wav.scp", "utt2spk",
               "killed"]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    checkpoint, deadline = folder / "killed/checkpoint.safetensors", time.monotonic() + 60
    while not checkpoint.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    _, said = process.communicate()
    assert process.returncode == -signal.SIGKILL, said
    assert not (folder / "killed/model.json").exists()
    left = folder / "killed/.checkpoint.safetensors.0a1b2c3d.tmp"  # as a kill while it is written leaves it
    left.write_bytes(b"half")
    done = run_tool(*command, cwd=folder)
    assert not left.exists()
    assert "goes on from killed/checkpoint.safetensors: 0 epochs and " in done.stderr
    for name in ("model.safetensors", "model.json"):
        assert (folder / "killed" / name).read_bytes() == (trained / name).read_bytes()
    mine = [{**row, "seconds": "", "examples_per_second": ""} for row in rows(folder / "killed")]
    assert mine == [{**row, "seconds": "", "examples_per_second": ""} for row in rows(trained)]


def test_two_workers_are_one(trained, folder, run_tool):
    """The loss of every epoch is that of one process within 1e-3, and so are the weights."""
    tool = Path(__file__).resolve().parents[2] / "bin/train-xvector"
    done = run_tool(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", tool, *TINY,
                    "wav.scp", "utt2spk", "two", cwd=folder, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.stderr.count("epoch 1 of 3") == 1
    for a, b in zip(rows(trained), rows(folder / "two"), strict=True):
        assert float(a["loss"]) == pytest.approx(float(b["loss"]), rel=1e-3)
        assert a["accuracy"] == b["accuracy"]
    weights, others = (load_file(path / "model.safetensors") for path in (trained, folder / "two"))
    for key in weights:
        assert np.allclose(weights[key], others[key], rtol=1e-3, atol=1e-3), key


def test_each_utterance_that_does_not_do_is_told_once(folder, run_tool):
    (folder / "some.scp").write_text("s0-0 nowhere.wav\nother nowhere.wav\n")
    done = run_tool("train-xvector", *TINY, "some.scp", "utt2spk", "none", cwd=folder, status=1)
    lines = done.stderr.splitlines()
    assert [line for line in lines if "s0-0" in line] == ["train-xvector: s0-0: nowhere.wav: no such file"]
    assert "train-xvector: s0-1: in utt2spk, and no such utterance" in lines
    assert "train-xvector: 0 utterances done, 15 failed" in lines and not (folder / "none").exists()


@pytest.mark.parametrize("options, status, word", [
    (["--batch-size=1"], 2, "--batch-size must be at least 2"),
    (["--loss=triplet", "--dropout=0.1"], 2, "--dropout"),
    (["--speed-perturb=fast"], 2, "--speed-perturb"),
    (["--sample-frequency=4000", "--high-freq=1900"], 1, "8000 Hz where 4000 Hz are expected; --allow"),
])
def test_what_cannot_be(folder, run_tool, options, status, word):
    done = run_tool("train-xvector", *TINY, *options, "wav.scp", "utt2spk", "none", cwd=folder, status=status)
    assert word in done.stderr and "Traceback" not in done.stderr and not (folder / "none").exists()
