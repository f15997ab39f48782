import json
import sys

import numpy as np
import pytest

from diarkit.backend.plda_scorer import PldaScorer
from diarkit.backend.plda_scoring import score_matrix
from diarkit.io.plda import read_plda, write_plda
from diarkit.io.tables import ArrayWriter, read_arrays
from diarkit.options.calibration import NormOptions
from diarkit.options.plda import LengthOptions, ProjectionOptions

SIZE = 6


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A model and the vectors of three recordings, of 30, 5 and 1 segments."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    write_plda("plda", (rng.normal(size=SIZE), rng.normal(size=(SIZE, SIZE)), np.arange(SIZE, 0, -1.0)))
    names = [f"r{r}-{i}" for r, n in enumerate((30, 5, 1)) for i in range(n)]
    vectors = {name: rng.normal(size=SIZE).astype(np.float32) for name in names}
    with ArrayWriter("ark,scp:v.ark,v.scp") as out, open("spk2utt", "w") as lists:
        for name, vector in vectors.items():
            out.write(name, vector)
        for r in range(3):
            print(f"r{r}", *(name for name in vectors if name.startswith(f"r{r}")), file=lists)
    return vectors


def recordings(vectors):
    return {f"r{r}": np.stack([vector for name, vector in vectors.items() if name.startswith(f"r{r}")])
            for r in range(3)}


@pytest.mark.parametrize("options, opts, lengths", [
    ([], ProjectionOptions(0.1), LengthOptions()),
    (["--target-energy=0.6", "--exact-energy", "--no-normalize-length"], ProjectionOptions(0.6, True),
     LengthOptions(False)),
    (["--min-dim=4", "--simple-length-normalization"], ProjectionOptions(min_dim=4), LengthOptions(True, True)),
])  # fmt: skip
def test_a_symmetric_matrix_a_recording(data, run_tool, options, opts, lengths):
    done = run_tool("score-plda", *options, "plda", "spk2utt", "scp:v.scp", "ark,scp:s.ark,s.scp")
    assert "3 recordings done, 0 failed" in done.stderr
    assert done.stderr.count("warning: 2 recordings, the first is r1, have fewer than 20 segments") == 1
    found, expected = dict(read_arrays("scp:s.scp")), recordings(data)
    assert list(found) == list(expected)
    for reco, scores in found.items():
        assert scores.dtype == np.float32 and np.array_equal(scores, scores.T)
        assert np.array_equal(scores, score_matrix(read_plda("plda"), expected[reco], opts, lengths))


def test_the_warning_about_short_recordings(data, run_tool):
    for options in (["--target-energy=1"], ["--warn-below=0"]):
        done = run_tool("score-plda", *options, "plda", "spk2utt", "ark:v.ark", "ark,t:-")
        assert "warning" not in done.stderr
        assert done.stdout.startswith("r0  [\n")


def test_scores_of_kaldi(shared, run_tool, data):
    golden = shared / "golden/kaldi/plda"
    run_tool("score-plda", "--num-utts", f"{golden}/num_utts.txt", f"{golden}/plda_raw.txt",
             f"ark:{golden}/spk_means.txt", f"ark:{golden}/test.ark", f"{golden}/trials", "scores")
    found, expected = (np.loadtxt(path, usecols=2) for path in ("scores", golden / "trials_scores.txt"))
    names = [[line.split()[:2] for line in open(path)] for path in ("scores", golden / "trials_scores.txt")]
    assert names[0] == names[1]
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-4)


def test_trials_of_single_vectors_are_the_matrix(data, run_tool):
    names = [name for name in data if name.startswith("r1")]
    pairs = [(a, b) for a in names for b in names]
    for line in ("{} {}\n", "{} {} nontarget\n", "1 {} {}\n"):
        with open("trials", "w") as file:
            file.writelines(line.format(*pair) for pair in pairs)
        out = run_tool("score-plda", "plda", "scp:v.scp", "ark:v.ark", "trials", "-").stdout
        rows = [row.split() for row in out.splitlines()]
        assert [tuple(row[:2]) for row in rows] == pairs
        expected = score_matrix(read_plda("plda"), recordings(data)["r1"], ProjectionOptions(1))
        np.testing.assert_allclose([float(row[2]) for row in rows], expected.ravel(), rtol=1e-4, atol=1e-5)


def test_trials_without_vectors_are_counted(data, run_tool, tmp_path):
    (tmp_path / "trials").write_text("r0-0 r0-1\nx r0-1\nr0-0 y\n\nr0-2 r0-0\n")
    done = run_tool("score-plda", "plda", "scp:v.scp", "scp:v.scp", "trials", "scores", status=1)
    assert "score-plda: x r0-1: no vector of x\nscore-plda: r0-0 y: no vector of y\n" in done.stderr
    assert "2 trials done, 2 failed" in done.stderr and not (tmp_path / "scores").exists()
    run_tool("score-plda", "--max-failed=2", "plda", "scp:v.scp", "scp:v.scp", "trials", "scores")
    assert [line.split()[0] for line in open("scores")] == ["r0-0", "r0-2"]


@pytest.mark.parametrize("names, message", [
    ("r3 r0-0 none", "r3: no vector for none"), ("r3", "r3: has no segments"),
    ("r3 r0-0 odd", "odd is not a vector of 6"), ("r3 odd", "vectors of 2 numbers, but a PLDA model of 6"),
])  # fmt: skip
def test_a_recording_that_will_not_do_costs_that_one(data, run_tool, names, message):
    with open("spk2utt", "a") as file:
        file.write(f"{names}\n")
    with ArrayWriter("ark,scp:odd.ark,odd.scp") as out:
        out.write("odd", np.ones(2))
    with open("v.scp", "a") as file:
        file.write(open("odd.scp").read())
    done = run_tool("score-plda", "--max-failed=1", "plda", "spk2utt", "scp:v.scp", "ark:s.ark")
    assert message in done.stderr and "3 recordings done, 1 failed" in done.stderr
    assert len(list(read_arrays("ark:s.ark"))) == 3


@pytest.mark.parametrize("norm", ["s", "z"])
def test_a_cohort_normalises_recordings_and_trials(data, run_tool, norm):
    args = ["--cohort=scp:v.scp", "--top-n=7", f"--norm={norm}"]
    plda, strangers = read_plda("plda"), np.stack(list(data.values()))
    scorer = PldaScorer(plda, ProjectionOptions(0.5), LengthOptions(), strangers, NormOptions("x", norm, 7))
    run_tool("score-plda", "--target-energy=0.5", *args, "plda", "spk2utt", "scp:v.scp", "ark:s.ark")
    found = dict(read_arrays("ark:s.ark"))
    for reco, vectors in recordings(data).items():
        np.testing.assert_array_equal(found[reco], np.concatenate(list(scorer.rows(vectors))))
    with open("trials", "w") as file:
        file.write("r1-1 r0-4\nr0-2 r0-2\n")
    with open("counts", "w") as file:
        file.writelines(f"{name} {1 + 4 * (name == 'r1-1')}\n" for name in data)
    out = run_tool("score-plda", *args, "--num-utts=counts", "plda", "scp:v.scp", "scp:v.scp", "trials", "-").stdout
    score = scorer.pairs(strangers, strangers, np.array([1 + 4 * (name == "r1-1") for name in data]))
    expected = score(np.array([31, 2]), np.array([4, 2]))
    np.testing.assert_allclose([float(line.split()[2]) for line in out.splitlines()], expected, rtol=1e-5)


@pytest.mark.parametrize("options, status, message", [
    (["plda", "spk2utt", "scp:v.scp"], 2, "expected: PLDA SPK2UTT VECTORS SCORES, or PLDA TRAIN TEST TRIALS SCORES"),
    (["--num-utts=x", "plda", "spk2utt", "scp:v.scp", "ark:-"], 2, "--num-utts has no meaning with 4 arguments"),
    (["--min-dim=2", "plda", "scp:v.scp", "scp:v.scp", "trials", "-"], 2, "--min-dim has no meaning with 5 arguments"),
    (["--target-energy=1.1", "plda", "spk2utt", "scp:v.scp", "ark:-"], 2, "is not between 0 and 1"),
    (["--warn-below=-1", "plda", "spk2utt", "scp:v.scp", "ark:-"], 2, "--warn-below=-1 is negative"),
    (["--norm=z", "plda", "spk2utt", "scp:v.scp", "ark:-"], 2, "--norm has no meaning without --cohort"),
    (["--min-dim=0", "plda", "spk2utt", "scp:v.scp", "ark:-"], 2, "must be at least 1"),
    (["flat", "spk2utt", "scp:v.scp", "ark:-"], 1, "flat: the transform of the PLDA model is singular"),
    (["small", "scp:v.scp", "scp:v.scp", "trials", "-"], 1, "vectors of 6 numbers, but a PLDA model of 2"),
    (["--cohort=ark:short.ark", "plda", "spk2utt", "scp:v.scp", "ark:-"], 1,
     "ark:short.ark: vectors of 2 numbers, but a PLDA model of 6"),
    (["--cohort=ark:none", "plda", "spk2utt", "scp:v.scp", "ark:-"], 1, "none: no such file"),
    (["--num-utts=counts", "plda", "scp:v.scp", "scp:v.scp", "trials", "-"], 1, "counts: r0-0: no number of vectors"),
])  # fmt: skip
def test_what_cannot_be(data, run_tool, tmp_path, options, status, message):
    rows = "1 1 1 1 1 1\n" * SIZE
    (tmp_path / "flat").write_text(f"<Plda>  [ 0 0 0 0 0 0 ]\n [\n{rows}]\n [ 1 1 1 1 1 1 ]\n</Plda> ")
    write_plda("small", (np.zeros(2), np.eye(2), np.ones(2)))
    with ArrayWriter("ark:short.ark") as out:
        out.write("short", np.ones(2))
    (tmp_path / "counts").write_text("x 1\n")
    (tmp_path / "trials").write_text("r0-0 r0-1\n")
    done = run_tool("score-plda", *options, status=status)
    assert message in done.stderr and "Traceback" not in done.stderr and done.stdout == ""


def test_bad_files(shared, run_tool, data, tmp_path):
    (tmp_path / "lists").write_text("r utt1 utt2\n")
    write_plda("plda", (np.zeros(128), np.eye(128), np.ones(128)))
    checker = shared / "badinputs/check_bad.py"
    for template in (["--vectors", f"score-plda {tmp_path}/plda {tmp_path}/lists ark:{{in}} ark:{{out}}"],
                     ["--model", f"score-plda {{in}} {tmp_path}/lists ark:good/vecs.ark ark:{{out}}"]):
        done = run_tool(sys.executable, checker, "--strict-names", *template, status=None)
        counts = json.loads(done.stdout.splitlines()[-1])
        assert counts["failed"] == 0 and counts["total"] >= 3, done.stdout
