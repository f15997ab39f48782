"""copy-nnet3, compute-nnet3-xvectors and, under Kaldi's names, the commands of the golden set."""

import json
import os
import shutil
import sys

import numpy as np
import pytest

from diarkit.io.nnet3.files import read_network, write_network
from diarkit.io.tables import ArrayWriter, read_arrays

BOUND = 1e-3  # of x-vectors from Kaldi's


@pytest.fixture
def here(tmp_path, monkeypatch, nnet3):
    """A small network, final.raw, and features of three utterances, f.ark."""
    monkeypatch.chdir(tmp_path)
    maker = nnet3.Maker(5)
    pooled = maker.pooling(maker.layer("tdnn1", "input", (-2, 0, 2), 8), 400)
    output = maker.affine("output.affine", maker.layer("tdnn2", pooled, (0,), 6), (0,), 3)
    write_network("final.raw", maker.network(output))
    (tmp_path / "extract.config").write_text("output-node name=output input=tdnn2.affine\n")
    rng = np.random.default_rng(0)
    with ArrayWriter("ark,scp:f.ark,f.scp") as out:
        for name, count in (("a", 30), ("b", 120), ("c", 3)):
            out.write(name, rng.normal(size=(count, 5)).astype(np.float32))
    return tmp_path


def test_from_tool_to_tool(here, run_tool):
    run_tool("copy-nnet3", "--binary=false", "final.raw", "final.txt")
    run_tool("copy-nnet3", "final.raw", "again.raw")
    assert (here / "again.raw").read_bytes() == (here / "final.raw").read_bytes()
    assert (here / "final.txt").read_text().startswith("<Nnet3> \ninput-node name=input dim=5\n")
    moved = "copy-nnet3 --nnet-config=extract.config final.raw - |"
    run_tool("compute-nnet3-xvectors", "--chunk-size=50", "--min-chunk-size=10", moved, "scp:f.scp", "ark:v.ark")
    run_tool("copy-nnet3", "--nnet-config=extract.config", "--edits=remove-orphans", "final.txt", "small.txt")
    assert list(read_network("small.txt").components)[-1] == "tdnn2.affine"
    assert read_network("small.txt").nodes[-1].values["input"] == "tdnn2.affine"
    done = run_tool("compute-nnet3-xvectors", "--chunk-size=50", "--min-chunk-size=10", "small.txt", "ark:f.ark",
                    "ark:w.ark")
    assert "3 utterances done, 0 failed" in done.stderr
    found, again = dict(read_arrays("ark:v.ark")), dict(read_arrays("ark:w.ark"))
    assert list(found) == list(again) == ["a", "b", "c"]
    assert all(np.allclose(found[key], again[key], atol=1e-5) and found[key].shape == (6,) for key in found)
    run_tool("compute-nnet3-xvectors", "--apply-exp", "--min-chunk-size=10", "small.txt", "ark:f.ark", "ark:e.ark")
    run_tool("compute-nnet3-xvectors", "--min-chunk-size=10", "small.txt", "ark:f.ark", "ark:n.ark")
    assert all(np.allclose(np.exp(x), y) for (_, x), (_, y) in zip(read_arrays("ark:n.ark"), read_arrays("ark:e.ark"),
                                                                   strict=True))


def test_options_of_copy(here, run_tool):
    run_tool("copy-nnet3", "--learning-rate=0.25", "final.raw", "fast.raw")
    assert read_network("fast.raw").components["tdnn1.affine"].get("LearningRate") == 0.25
    done = run_tool("copy-nnet3", "--verbose", "--nnet-config=extract.config", "final.raw", "x.raw")
    assert "no output needs the node output.affine" in done.stderr
    assert "output.affine" in read_network("x.raw").components
    (here / "bad.config").write_text("\noutput-node name=output input=nothing\n")
    done = run_tool("copy-nnet3", "--nnet-config=bad.config", "final.raw", "y.raw", status=1)
    assert "bad.config: output takes its input from nothing" in done.stderr
    (here / "bad.config").write_text("\noutput-node input=nothing\n")
    assert "bad.config:2: " in run_tool("copy-nnet3", "--nnet-config=bad.config", "final.raw", "y.raw",
                                        status=1).stderr
    run_tool("copy-nnet3", "--edits=rename", "final.raw", "y.raw", status=2)
    assert not (here / "y.raw").exists()


def test_utterances_that_fail_cost_themselves(here, run_tool):
    with ArrayWriter("ark:odd.ark", finite=False) as out:
        out.write("wide", np.zeros((30, 6), np.float32))
        out.write("nan", np.full((30, 5), np.nan, np.float32))
        out.write("empty", np.zeros((0, 0), np.float32))
        out.write("vector", np.zeros(5, np.float32))
        out.write("huge", np.full((30, 5), 1e38, np.float32))
        out.write("good", np.ones((30, 5), np.float32))
    done = run_tool("compute-nnet3-xvectors", "--max-failed=5", "--min-chunk-size=10", "final.raw", "ark:odd.ark",
                    "ark:v.ark")
    assert [key for key, _ in read_arrays("ark:v.ark")] == ["good"]
    for message in ("wide: features of 6 columns, and the network takes 5", "nan: ", "empty: ", "vector: ",
                    "huge: the network gives NaN or infinity", "1 utterances done, 5 failed"):
        assert message in done.stderr
    assert "RuntimeWarning" not in done.stderr
    done = run_tool("compute-nnet3-xvectors", "--min-chunk-size=2", "final.raw", "scp:f.scp", "ark:w.ark", status=1)
    assert "c: 3 frames, and the network needs 5" in done.stderr and not (here / "w.ark").exists()
    run_tool("compute-nnet3-xvectors", "--max-failed=1", "--no-pad-input", "final.raw", "scp:f.scp", "ark:w.ark",
             status=1)
    run_tool("compute-nnet3-xvectors", "--chunk-size=0", "final.raw", "scp:f.scp", "ark:w.ark", status=2)
    run_tool("compute-nnet3-xvectors", "--min-chunk-size=0", "final.raw", "scp:f.scp", "ark:w.ark", status=2)


def test_networks_that_will_not_do(here, run_tool, nnet3):
    maker = nnet3.Maker(5)
    write_network("frames.raw", maker.network(maker.layer("tdnn1", "input", (-2, 0, 2), 8)))
    for network, message in (("frames.raw", "frames.raw: tdnn1.batchnorm is taken once a chunk"), ("f.ark", "<Nnet3>"),
                             ("nothing.raw", "no such file"), ("copy-nnet3 nothing.raw - |", "nothing.raw")):
        done = run_tool("compute-nnet3-xvectors", network, "ark:f.ark", "ark:v.ark", status=1)
        assert message in done.stderr and "Traceback" not in done.stderr and not (here / "v.ark").exists()


def test_bad_files(shared, run_tool, here, nnet3):
    maker = nnet3.Maker(24)  # columns of the good features among them
    write_network("fits.raw", maker.network(maker.affine("a", maker.pooling("input", 9), (0,), 2)))
    for template in (["--model", "copy-nnet3 {in} {out}"],
                     ["--model", f"compute-nnet3-xvectors {{in}} ark:{here}/f.ark ark:{{out}}"],
                     ["--feats", f"compute-nnet3-xvectors {here}/fits.raw ark:{{in}} ark:{{out}}"]):
        done = run_tool(sys.executable, shared / "badinputs/check_bad.py", "--strict-names", *template, status=None)
        counts = json.loads(done.stdout.splitlines()[-1])
        assert counts["failed"] == 0 and counts["total"] >= 3, done.stdout


def test_commands_of_the_golden_set(shared, root, run_tool, tmp_path, tmp_path_factory):
    """Those that Kaldi's names serve, each on Kaldi's own results. Prints (pytest -s) the largest differences."""
    golden = shared / "golden/kaldi"
    names = tmp_path_factory.mktemp("kaldi") / "names"
    run_tool(root / "utils/kaldi-names", names)
    environment = {**os.environ, "PATH": f"{names}:{os.environ['PATH']}", "LC_ALL": "C"}
    (tmp_path / "feats").symlink_to(golden / "feats")
    shutil.copytree(golden / "xvec", tmp_path / "work/xvec")
    (tmp_path / "data").mkdir()
    (tmp_path / "work/feats").symlink_to(golden / "feats")
    compared = set()
    for line in (golden / "commands/xvec.txt").read_text().splitlines():
        program = line.split()[0]
        if not (names / program).exists() or "edited.raw" in line or "init.raw" in line:
            assert program in ("nnet3-init", "python3", "nnet3-copy", "nnet3-info", "awk"), program
            continue
        output = line.split()[-1].split(":")[-1].split(",")[0]
        target = tmp_path / "work" / output
        expected = golden / output if output.startswith("xvec") else None
        if target.exists():
            target.chmod(0o644)
            target.unlink()
        run_tool("bash", "-c", line, env=environment, cwd=tmp_path / "work")
        if expected is None or not expected.exists():
            continue
        compared.add(output)
        if program == "nnet3-copy":
            assert target.read_bytes() == expected.read_bytes(), output
            continue
        ours, theirs = dict(read_arrays(f"ark:{target}")), dict(read_arrays(f"ark:{expected}"))
        assert list(ours) == list(theirs)
        worst = max(abs(ours[key] - theirs[key]).max() for key in ours)
        print(f"{output:40} {worst:.2g}")
        assert worst <= BOUND, output
    assert len(compared) >= 6
