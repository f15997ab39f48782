"""The recipe egs/mini from end to end, at toy sizes: made-up voices as a corpus."""

import re
import subprocess
from pathlib import Path

import pytest

MINI = Path(__file__).resolve().parents[2] / "egs/mini"


def in_mini(*command):
    return subprocess.run([str(word) for word in command], cwd=MINI, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=600)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """(the folder of a run, its CompletedProcess)"""
    folder = tmp_path_factory.mktemp("mini")
    made = in_mini("../../local/make-toy-corpus", "--num-recordings=14", "--duration=12", "--min-speakers=1",
                   "--max-speakers=1", folder / "corpus")
    assert made.returncode == 0, made.stderr
    (folder / "excluded").write_text("toy14\n")
    (folder / "xvector.conf").write_text("--network=tdnn\n--frame-layers=0:16\n--segment-layers=8:8\n--epochs=2\n"
                                         "--features=mfcc\n--num-ceps=20\n--dev-speakers=0\n--epoch-examples=64\n")
    options = ("--corpus", folder / "corpus/wav", "--exclude", folder / "excluded", "--held-out", 4, "--num-gauss", 16,
               "--ivector-dim", 8, "--xvector-config", folder / "xvector.conf", "--data", folder / "data",
               "--exp", folder / "exp")
    return folder, in_mini(MINI / "run.sh", *options)


def test_every_system_has_its_errors(done):
    folder, result = done
    assert result.returncode == 0, result.stderr
    for system in ("ivector-dev_3s", "ivector-dev_3s-plda", "xvector-dev_1.5s", "xvector-dev_1.5s-plda"):
        table = (folder / f"exp/eer/{system}/eer").read_text()
        assert table in result.stdout
        # 4 speakers of 12 s: 4 pieces of 3 s each, or 8 of 1.5 s
        assert re.search(r"\b24\b.*\b96\b" if "_3s" in system else r"\b112\b.*\b384\b", table), table


def test_nobody_is_in_both_parts_or_excluded(done):
    folder, _ = done
    train, dev = ({line.split()[1] for line in (folder / f"data/{part}/utt2spk").read_text().splitlines()}
                  for part in ("train", "dev"))
    assert len(train) == 9 and len(dev) == 4 and not train & dev and "toy14" not in train | dev


def test_a_corpus_is_asked_for():
    result = in_mini(MINI / "run.sh")
    assert result.returncode == 2 and "--corpus" in result.stderr
    result = in_mini(MINI / "run.sh", "--corpus", "/no/such/folder", "--data", "/tmp/nowhere")
    assert result.returncode == 1 and "/no/such/folder" in result.stderr
