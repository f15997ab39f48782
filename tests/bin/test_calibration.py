"""train-calibration and apply-calibration: trials, several systems, and matrices with a reference."""

import json
import re

import numpy as np
import pytest

from diarkit.backend.calibration import Calibration, train
from diarkit.io.blocks import BLOCK
from diarkit.io.calibration import write_calibration
from diarkit.io.tables import ArrayWriter, read_arrays


@pytest.fixture
def trials(tmp_path):
    rng = np.random.default_rng(0)
    with open(tmp_path / "trials", "w") as key, open(tmp_path / "s1", "w") as one, open(tmp_path / "s2", "w") as two:
        for i in range(300):
            target = i % 4 == 0
            key.write(f"a{i} b{i} {'target' if target else 'nontarget'}\n")
            one.write(f"a{i} b{i} {10 * rng.normal(2 * target) + 5:.4f}\n")
            two.write(f"a{i} b{i} {rng.normal(-2 * target):.4f}\n")
    return tmp_path


@pytest.fixture
def matrices(tmp_path):
    """Two recordings of two speakers, a second each in turn, and one that has no reference."""
    rng = np.random.default_rng(1)
    with (ArrayWriter(f"ark:{tmp_path}/scores.ark") as out, open(tmp_path / "spk2utt", "w") as spk2utt,
          open(tmp_path / "segments", "w") as segments, open(tmp_path / "utt2spk", "w") as utt2spk,
          open(tmp_path / "rttm", "w") as rttm):
        for reco in ("r1", "r2", "r3"):
            speakers = np.arange(12) % 2
            scores = rng.normal(2.0 * (speakers[:, None] == speakers), 0.8)
            out.write(reco, ((scores + scores.T) / 2 + 7).astype(np.float32))
            spk2utt.write(" ".join([reco, *(f"{reco}-{i}" for i in range(12))]) + "\n")
            for i in range(12):
                segments.write(f"{reco}-{i} {reco} {i} {i + 1}\n")
                if reco != "r3":
                    utt2spk.write(f"{reco}-{i} {'ab'[i % 2]}\n")
                    rttm.write(f"SPEAKER {reco} 1 {i} 0.9 <NA> <NA> {'ab'[i % 2]} <NA> <NA>\n")
    return tmp_path


def costs(stderr):
    return {name: float(cost) for name, cost in re.findall(r": (\S+): Cllr ([\d.]+) bits", stderr)}


def test_trials_of_one_system(trials, run_tool):
    done = run_tool("train-calibration", "s1", "trials", "model", cwd=trials)
    said = costs(done.stderr)
    assert said["s1"] > 1 > said["calibrated"] and "75 targets, 225 nontargets" in done.stderr
    even = float(re.search(r"even odds are at a score of (\S+)", done.stderr)[1])
    model = json.loads((trials / "model/model.json").read_text())
    assert model["training"] == {"prior": 0.5, "ridge": 1e-6} and model["trained_with"] == 300
    [weight], offset = model["weights"], model["offset"]
    assert even == pytest.approx(-offset / weight, rel=1e-5)

    found = run_tool("apply-calibration", "model", "s1", "-", cwd=trials).stdout.splitlines()
    before = [line.split() for line in (trials / "s1").read_text().splitlines()]
    assert [line.split()[:2] for line in found] == [line[:2] for line in before]
    assert [float(line.split()[2]) for line in found] == pytest.approx(
        [weight * float(line[2]) + offset for line in before], rel=1e-5, abs=1e-5)


def test_fusion_needs_every_system_in_the_order_of_the_training(trials, run_tool):
    done = run_tool("train-calibration", "s1", "s2", "trials", "model", cwd=trials)
    assert costs(done.stderr)["calibrated"] < 0.5 and "even odds" not in done.stderr
    assert "warning" not in done.stderr, "one system may well have a negative weight"
    weights = json.loads((trials / "model/model.json").read_text())["weights"]
    assert weights[0] > 0 > weights[1]
    run_tool("apply-calibration", "model", "s1", "s2", "out", cwd=trials)
    assert len((trials / "out").read_text().splitlines()) == 300
    done = run_tool("apply-calibration", "model", "s1", "out1", cwd=trials, status=2)
    assert "scores of 2 systems, not 1" in done.stderr

    lines = (trials / "s2").read_text().splitlines(True)
    for content, message in ((lines[:-1], "s2: fewer scores than s1"), (lines + ["x y 1\n"], "s2:301: more scores"),
                             (lines[:4] + lines[5:] + lines[4:5], "s2:5: the trial a5 b5, in s1 a4 b4"),
                             (["a0 b0 nan\n"] + lines[1:], "s2:1: the score is not a plain")):
        (trials / "s2").write_text("".join(content))
        done = run_tool("apply-calibration", "model", "s1", "s2", "out2", cwd=trials, status=1)
        assert message in done.stderr and not (trials / "out2").exists()


def test_matrices_by_utt2spk_and_by_rttm_agree(matrices, run_tool):
    done = run_tool("train-calibration", "--spk2utt=spk2utt", "--max-failed=1", "ark:scores.ark", "utt2spk", "by-list",
                    cwd=matrices)
    assert "r3: not in the reference" in done.stderr
    done = run_tool("train-calibration", "--spk2utt=spk2utt", "--segments=segments", "--max-failed=1",
                    "ark:scores.ark", "rttm", "by-rttm", cwd=matrices)
    assert "r3: not in the reference" in done.stderr and "60 targets, 72 nontargets" in done.stderr
    one, other = (json.loads((matrices / name / "model.json").read_text()) for name in ("by-list", "by-rttm"))
    assert one["weights"] == other["weights"] and one["offset"] == other["offset"]

    run_tool("apply-calibration", "by-rttm", "ark:scores.ark", "ark:out.ark", cwd=matrices)
    before = dict(read_arrays(f"ark:{matrices}/scores.ark"))
    for reco, found in read_arrays(f"ark:{matrices}/out.ark"):
        assert found == pytest.approx(one["weights"][0] * before[reco] + one["offset"], abs=1e-5)
        assert found.dtype == np.float32


def test_matrices_of_two_systems(matrices, run_tool):
    with ArrayWriter(f"ark:{matrices}/b.ark") as out:
        for reco, scores in read_arrays(f"ark:{matrices}/scores.ark"):
            out.write(reco, scores[:5] if reco == "r2" else -2 * scores)
    args = ["--spk2utt=spk2utt", "ark:scores.ark", "ark:b.ark", "utt2spk", "model"]
    done = run_tool("train-calibration", "--max-failed=2", *args, cwd=matrices)
    assert "r2: matrices of (12, 12) and (5, 12) scores" in done.stderr
    done = run_tool("apply-calibration", "model", "ark:scores.ark", "ark:b.ark", "ark:out.ark", cwd=matrices, status=1)
    assert "r2: a matrix of (12, 12)" in done.stderr
    assert [key for key, _ in read_arrays(f"ark:{matrices}/out.ark.partial")] == ["r1", "r3"]


def test_options_of_the_training(trials, run_tool):
    scores = np.array([float(line.split()[2]) for line in (trials / "s1").read_text().splitlines()])
    with open(trials / "s1", "a") as file:
        file.write("x y 1\n")
    done = run_tool("train-calibration", "--prior=0.1", "--ridge=0.5", "s1", "trials", "model", cwd=trials)
    assert "warning: s1: 1 scores of pairs that are no trials, passed over\n" in done.stderr
    model = json.loads((trials / "model/model.json").read_text())
    expected = train([scores], np.arange(300) % 4 == 0, 0.1, 0.5)
    assert model["weights"] == pytest.approx(expected.weights) and model["offset"] == pytest.approx(expected.offset)


def test_which_pairs_are_looked_at(matrices, run_tool):
    args = ["--spk2utt=spk2utt", "--segments=segments", "--max-failed=1", "ark:scores.ark", "rttm", "model"]
    run_tool("train-calibration", "--max-pairs=22", *args, cwd=matrices)
    assert json.loads((matrices / "model/model.json").read_text())["trained_with"] == 2 * 22
    run_tool("train-calibration", "--min-share=0.89", *args, cwd=matrices)
    done = run_tool("train-calibration", "--min-share=0.95", *args, cwd=matrices, status=1)
    assert "no scores of two segments of known speakers" in done.stderr


def test_matrices_of_two_systems_that_come_in_blocks(tmp_path, run_tool):
    size, rng = BLOCK + 3, np.random.default_rng(2)
    one, other = rng.normal(size=(2, size, size)).astype(np.float32)
    for name, scores in (("a", one), ("b", other)):
        with ArrayWriter(f"ark:{tmp_path}/{name}.ark") as out:
            out.write("r", scores)
    write_calibration(tmp_path / "model", Calibration(np.array([2.0, -0.5]), 1.0), {})
    run_tool("apply-calibration", "model", "ark:a.ark", "ark:b.ark", "ark:out.ark", cwd=tmp_path)
    [(_, found)] = read_arrays(f"ark:{tmp_path}/out.ark")
    assert np.allclose(found, 2 * one - 0.5 * other + 1, atol=1e-5)


def test_what_cannot_be_calibrated_is_one_line(trials, matrices, run_tool):
    (trials / "targets").write_text("a0 b0 target\na4 b4 target\n")
    assert "no nontarget trials" in run_tool("train-calibration", "s1", "targets", "m", cwd=trials, status=1).stderr
    (trials / "one").write_text("".join(f"r1-{i} a\n" for i in range(12)))
    args = ["--spk2utt=spk2utt", "--max-failed=2", "ark:scores.ark", "one", "m"]
    done = run_tool("train-calibration", *args, cwd=trials, status=1)
    assert done.stderr.endswith("no nontargets among 66 scores: nothing to calibrate with\n")
    done = run_tool("train-calibration", "--segments=segments", "ark:scores.ark", "rttm", "m", cwd=trials, status=2)
    assert "--spk2utt" in done.stderr
    done = run_tool("train-calibration", "--ridge=0", "s1", "trials", "m", cwd=trials, status=2)
    assert "not greater than 0" in done.stderr
    assert not (trials / "m").exists()
    (trials / "sep").write_text("".join(f"a{i} b{i} {int(i % 4 == 0)}\n" for i in range(300)))
    for scores in (["sep"], ["s1", "sep"]):
        assert "separate" in run_tool("train-calibration", *scores, "trials", "m", cwd=trials).stderr
    (trials / "same").write_text("".join(f"a{i} b{i} 7\n" for i in range(300)))
    done = run_tool("train-calibration", "same", "trials", "m", cwd=trials)
    assert "warning: the weight of same is 0: its scores are all equal" in done.stderr
    assert "even odds" not in done.stderr
    (trials / "less").write_text("".join(f"a{i} b{i} {-i % 4}\n" for i in range(300)))
    done = run_tool("train-calibration", "less", "trials", "m", cwd=trials)
    assert "warning: the weight of less is -" in done.stderr and "higher for nontargets" in done.stderr
    assert "even odds" not in done.stderr
    run_tool("train-calibration", "--spk2utt=spk2utt", "--segments=/dev/null", "ark:scores.ark", "rttm", "n",
             cwd=trials, status=1)
    done = run_tool("train-calibration", "--spk2utt=spk2utt", "ark:/dev/null", "one", "n", cwd=trials, status=1)
    assert "ark:/dev/null: no scores of two segments" in done.stderr
    done = run_tool("apply-calibration", "nothing", "s1", "-", cwd=trials, status=1)
    assert done.stdout == "" and done.stderr.count("\n") == 1
