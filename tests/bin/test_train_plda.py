"""train-plda, adapt-plda and copy-plda."""

import json
import sys

import numpy as np
import pytest

from diarkit.io.plda import read_plda, write_plda
from diarkit.io.tables import ArrayWriter

SIZE = 4


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Vectors of 12 speakers, 3 each, as v.ark and v.scp."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    with ArrayWriter("ark,scp:v.ark,v.scp") as out, open("spk2utt", "w") as lists:
        for speaker in range(12):
            mean = 3 * rng.normal(size=SIZE)
            for i in range(3):
                out.write(f"u{speaker:02}-{i}", (mean + rng.normal(size=SIZE)).astype(np.float32))
            print(f"s{speaker}", *(f"u{speaker:02}-{i}" for i in range(3)), file=lists)
    return tmp_path


def same(a, b, bound=1e-6):
    return all(np.allclose(x, y, rtol=0, atol=bound * abs(y).max()) for x, y in zip(a, b, strict=True))


def test_models_of_kaldi_from_tool_to_tool(shared, run_tool, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    golden = shared / "golden/kaldi/plda"
    vectors = f"ark:{golden}/train.ark"
    done = run_tool("train-plda", f"ark,t:{golden}/spk2utt", vectors, "plda")
    assert "428 vectors done, 0 failed" in done.stderr and "before iteration 10:" in done.stderr
    run_tool("adapt-plda", "--within-covar-scale=0.75", "--between-covar-scale=0.25", "plda", f"ark:{golden}/test.ark",
             "adapted")
    run_tool("copy-plda", "--smoothing=0.1", "plda", "smooth")
    for found, expected in (("plda", "raw"), ("adapted", "raw_adapted"), ("smooth", "raw_smooth0.1")):
        assert same(read_plda(found), read_plda(f"{golden}/plda_{expected}.txt")), found
    run_tool("train-plda", "--num-em-iters=1", "--binary=false", f"{golden}/spk2utt", vectors, "one")
    assert open("one").read().startswith("<Plda>  [ ")
    assert same(read_plda("one"), read_plda(f"{golden}/plda_raw_em1.txt"))


def test_copies(data, run_tool):
    rng = np.random.default_rng(0)
    write_plda("a", (rng.normal(size=3), rng.normal(size=(3, 3)), np.array([3.0, 1, 0])))
    run_tool("copy-plda", "a", "b")
    assert open("a", "rb").read() == open("b", "rb").read()
    text = run_tool("copy-plda", "--binary=false", "a", "-").stdout
    assert text.startswith("<Plda>  [ ") and same(read_plda("a"), read_plda("b"), 0)
    run_tool("copy-plda", "--smoothing=1.5", "a", "c", status=2)
    assert not (data / "c").exists()


def test_factors(data, run_tool):
    run_tool("train-plda", "--num-factors=2", "spk2utt", "scp:v.scp", "plda")
    assert (read_plda("plda").psi > 0).tolist() == [True, True, False, False]
    done = run_tool("train-plda", "--num-factors=5", "spk2utt", "scp:v.scp", "more", status=1)
    assert "5 factors of 12 speakers in 4 dimensions: at most 4" in done.stderr
    assert not (data / "more").exists()


def test_what_is_missing_is_counted(data, run_tool):
    with open("spk2utt", "a") as file:
        file.write("more u99\nnone\n")
    done = run_tool("train-plda", "spk2utt", "scp:v.scp", "plda", status=1)
    assert "u99: no vector in scp:v.scp" in done.stderr and "36 vectors done, 1 failed" in done.stderr
    assert not (data / "plda").exists()
    run_tool("train-plda", "--max-failed=1", "spk2utt", "scp:v.scp", "plda")
    (data / "few").write_text("".join((data / "spk2utt").read_text().splitlines(True)[:12]))
    run_tool("train-plda", "few", "scp:v.scp", "without")
    assert open("plda", "rb").read() == open("without", "rb").read()


@pytest.mark.parametrize("lists, message", [
    ("s1 u01-0 u01-1\ns2 u01-1\n", "spk2utt: u01-1: of two speakers, s2 is the second"),
    ("s1 u01-0\ns2 u01-1\n", "no speaker has two vectors"), ("s1 u01-0 u01-1\n", "one speaker is not enough"),
    ("s1 u01-0 u01-1\ns2 u02-0\n", "warning: vectors of one speaker differ along 1 of 4 dimensions"),
    ("", "no vector to train on"),
])  # fmt: skip
def test_lists_that_will_not_do(data, run_tool, lists, message):
    (data / "spk2utt").write_text(lists)
    done = run_tool("train-plda", "spk2utt", "scp:v.scp", "plda", status=0 if message.startswith("warning") else 1)
    assert message in done.stderr and "Traceback" not in done.stderr
    assert (data / "plda").exists() == (done.returncode == 0)


def test_options_and_models_that_will_not_do(data, run_tool):
    run_tool("train-plda", "--num-em-iters=0", "spk2utt", "scp:v.scp", "plda", status=2)
    write_plda("plda", (np.zeros(3), np.eye(3), np.ones(3)))
    run_tool("adapt-plda", "--mean-diff-scale=-1", "plda", "scp:v.scp", "adapted", status=2)
    done = run_tool("adapt-plda", "plda", "scp:v.scp", "adapted", status=1)
    assert "vectors of 4 numbers, but a PLDA model of 3" in done.stderr
    assert not (data / "adapted").exists()


def test_bad_files(shared, run_tool, data):
    with open("lists", "w") as file:
        file.write("s1 utt1\ns2 utt2\n")
    write_plda("plda", (np.zeros(128), np.eye(128), np.ones(128)))
    for template in (["--vectors", f"train-plda {data}/lists ark:{{in}} {{out}}"],
                     ["--vectors", f"adapt-plda {data}/plda ark:{{in}} {{out}}"],
                     ["--model", "copy-plda {in} {out}"]):
        done = run_tool(sys.executable, shared / "badinputs/check_bad.py", "--strict-names", *template, status=None)
        counts = json.loads(done.stdout.splitlines()[-1])
        assert counts["failed"] == 0 and counts["total"] >= 3, done.stdout
