"""import-nnet3, and its models in extract-xvectors."""

import json
import sys

import numpy as np
import pytest
import soundfile

from diarkit.io.nnet3.files import write_network
from diarkit.io.tables import ArrayWriter, read_arrays

CLOSE = 1e-4


@pytest.fixture
def here(tmp_path, monkeypatch, nnet3):
    """A folder as a recipe leaves it, 1a; features of two recordings; windows of them of 1.5 s and less."""
    monkeypatch.chdir(tmp_path)
    maker = nnet3.Maker(5)
    second = maker.layer("tdnn2", maker.layer("tdnn1", "input", (-2, 0, 3), 16), (-2, 0, 2), 24)
    affine = maker.affine("tdnn6.affine", maker.pooling(second, 400), (0,), 8)
    last = maker.layer("tdnn7", maker.batch_norm("tdnn6.batchnorm", maker.relu("tdnn6.relu", affine)), (0,), 7)
    (tmp_path / "1a").mkdir()
    write_network("1a/final.raw", maker.network(maker.affine("output.affine", last, (0,), 3)))
    (tmp_path / "1a/extract.config").write_text("output-node name=output input=tdnn6.affine\n")
    rng = np.random.default_rng(0)
    with ArrayWriter("ark:f.ark") as out, ArrayWriter("ark:w.ark") as cut, open("windows", "w") as windows:
        for reco, count in (("a", 500), ("b", 310)):
            features = rng.normal(size=(count, 5)).astype(np.float32)
            out.write(reco, features)
            for start in range(0, count - 60, 75):
                end = min(start + 150, count)
                print(f"{reco}-{start:04}", reco, f"{start / 100:.2f} {end / 100:.2f}", file=windows)
                cut.write(f"{reco}-{start:04}", features[start:end])
    return tmp_path


def test_extraction_is_that_of_kaldi_s_tool(here, run_tool):
    done = run_tool("import-nnet3", "1a", "model")
    assert "embeddings of 8 numbers, the output of tdnn6.affine" in done.stderr and "401 frames" in done.stderr
    about = json.loads((here / "model/model.json").read_text())
    assert about["kind"] == "xvector" and about["input_dim"] == 5 and "front_end" not in about
    run_tool("extract-xvectors", "--model=model", "ark:f.ark", "windows", "ark:ours.ark")
    moved = "copy-nnet3 --nnet-config=1a/extract.config 1a/final.raw - |"
    run_tool("compute-nnet3-xvectors", "--min-chunk-size=20", moved, "ark:w.ark", "ark:kaldi.ark")
    ours, kaldi = dict(read_arrays("ark:ours.ark")), dict(read_arrays("ark:kaldi.ark"))
    assert list(ours) == list(kaldi) and len(ours) == 10
    assert max(abs(ours[key] - kaldi[key]).max() for key in ours) <= CLOSE
    run_tool("import-nnet3", "--embedding-node=tdnn7.affine", "1a", "deeper")
    assert json.loads((here / "deeper/model.json").read_text())["embedding_dim"] == 7


def test_from_recordings(here, run_tool, nnet3):
    (here / "fbank.conf").write_text("--sample-frequency=8000\n--num-mel-bins=5\n--snip-edges=false\n")
    run_tool("import-nnet3", "--features=fbank", "--front-end=fbank.conf", "--cmn-window=100", "1a/final.raw", "model")
    soundfile.write("a.wav", np.random.default_rng(0).normal(scale=0.1, size=16000), 8000)
    (here / "wav.scp").write_text("a a.wav\n")
    run_tool("extract-xvectors", "--model=model", "wav.scp", "ark:ours.ark")
    run_tool("bash", "-c", "compute-fbank --config fbank.conf wav.scp ark:- | apply-cmvn-sliding --cmn-window=100 "
             "--center=true ark:- ark:- | compute-nnet3-xvectors 'copy-nnet3 --nnet-config=1a/extract.config "
             "1a/final.raw - |' ark:- ark:kaldi.ark")
    [(_, ours)], [(_, kaldi)] = read_arrays("ark:ours.ark"), read_arrays("ark:kaldi.ark")
    assert abs(ours - kaldi).max() <= CLOSE


def test_what_will_not_do(here, run_tool, nnet3):
    (here / "mfcc.conf").write_text("--num-ceps=13\n")
    (here / "empty").touch()
    maker = nnet3.Maker(5)
    odd = maker.add("odd", "TanhComponent", {"Dim": 6}, 6, maker.affine("one", "input", (0,), 6))
    write_network("tanh.raw", maker.network(maker.affine("two", maker.pooling(odd, 9), (0,), 3)))
    for arguments, message in (
        (["--front-end=mfcc.conf", "1a"], "mfcc.conf: features of 13 numbers, and the network takes 5"),
        (["--front-end=none.conf", "1a"], "none.conf: no such file"), (["empty"], "empty: "),
        (["none"], "none: no such file"),
        (["tanh.raw"], "tanh.raw: odd: a TanhComponent"), (["f.ark"], "f.ark: <Nnet3> expected"),
        (["--embedding-node=tdnn5", "1a"], "1a/final.raw: no node tdnn5"), (["."], "final.raw: no such file"),
    ):  # fmt: skip
        done = run_tool("import-nnet3", *arguments, "model", status=1)
        assert message in done.stderr and done.stderr.count("\n") == 1
    assert "--cmn is for --front-end" in run_tool("import-nnet3", "--cmn=none", "1a", "model", status=2).stderr
    assert not (here / "model").exists()


def test_bad_files(shared, run_tool):
    done = run_tool(sys.executable, shared / "badinputs/check_bad.py", "--strict-names", "--model",
                    "import-nnet3 {in} {out}", status=None)
    counts = json.loads(done.stdout.splitlines()[-1])
    assert counts["failed"] == 0 and counts["total"] >= 3, done.stdout
