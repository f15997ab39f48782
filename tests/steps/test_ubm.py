"""steps/train_ubm.sh: any number of jobs gives the bytes of train-ubm on the same features."""

import numpy as np
import pytest

from diarkit.io.tables import ArrayWriter

DIM = 4


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A data directory with features and decisions about speech."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    rng = np.random.default_rng(0)
    means = rng.normal(size=(4, DIM)) * 3
    with (ArrayWriter("ark,scp:f.ark,data/feats.scp") as feats, ArrayWriter("ark,scp:v.ark,data/vad.scp") as vad):
        for number in range(5):
            frames = means[rng.integers(0, 4, 80)] + rng.normal(size=(80, DIM))
            feats.write(f"u{number}", frames.astype(np.float32))
            vad.write(f"u{number}", (rng.random(80) < 0.7).astype(np.float32))
    return tmp_path


def test_any_number_of_jobs_gives_the_bytes_of_one_process(data, run_tool):
    (data / "init.conf").write_text("--num-iters=4\n")
    options = ["--num-gauss", 4, "--num-iters", 1, "--init-config", "init.conf", "--delta-order", 1, "--num-gselect", 2]
    run_tool("train_ubm.sh", "--nj", 2, *options, "data", "exp of two")
    feats = ("ark:add-deltas --delta-window=3 --delta-order=1 scp:data/feats.scp ark:- | apply-cmvn-sliding "
             "--norm-vars=false --center=true --cmn-window=300 ark:- ark:- | "
             "select-voiced-frames ark:- scp:data/vad.scp ark:- |")
    run_tool("train-ubm", "--num-gauss=4", "--num-init-iters=4", "--num-em-iters=1", "--num-gselect=2", "--subsample=2",
             "--covariance=full", feats, "whole.ubm")
    assert (data / "exp of two/final.ubm").read_bytes() == (data / "whole.ubm").read_bytes()
    assert (data / "exp of two/final.dubm").read_bytes() == (data / "exp of two/1.dubm").read_bytes()


def test_what_is_missing(data, run_tool):
    (data / "data/vad.scp").unlink()
    assert "no such file: data/vad.scp" in run_tool("train_ubm.sh", "data", "exp", status=1).stderr
    run_tool("train_ubm.sh", "--covariance", "round", "data", "exp", status=2)
    done = run_tool("train_ubm.sh", "--nj", 1, "--use-vad", "false", "--num-gauss", 4, "--num-iters", 0,
                    "--covariance", "diag", "data", "exp")
    assert not done.stdout and (data / "exp/final.dubm").read_bytes() == (data / "exp/0.dubm").read_bytes()
    assert not (data / "exp/final.ubm").exists()
