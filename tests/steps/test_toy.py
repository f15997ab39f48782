"""The recipe egs/toy from end to end, and what holds for steps: any nj, failures, --resume."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

BEFORE_TRAINING = ("--stop-stage", 3)
TOY = Path(__file__).resolve().parents[2] / "egs/toy"


def in_toy(*command):
    return subprocess.run([str(word) for word in command], cwd=TOY, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=600)


def recipe(folder, *args):
    """Run egs/toy with all that it makes in `folder`; its CompletedProcess."""
    return in_toy(TOY / "run.sh", "--data", folder / "data", "--exp", folder / "exp", *args)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folder of a run with four jobs."""
    folder = tmp_path_factory.mktemp("toy")
    result = recipe(folder, "--nj", 4)
    assert result.returncode == 0, result.stderr
    (folder / "stdout").write_text(result.stdout)
    return folder


def copy_of(done, folder):
    shutil.copytree(done / "data", folder / "data")
    for path in (folder / "data").glob("*.scp"):
        path.write_text(path.read_text().replace(str(done), str(folder)))
    return folder


def der(text):
    return float(re.search(r"^TOTAL +([\d.]+) ", text, re.M)[1])


def published(row):
    """The DER of a row of the table of RESULTS.md, %."""
    return float(re.search(rf"^\| {re.escape(row)} \| ([\d.]+) %", (TOY / "RESULTS.md").read_text(), re.M)[1])


def test_der_is_low_and_that_of_the_results_page(done):
    value = der((done / "stdout").read_text())
    assert value == der((done / "exp/ahc/der").read_text())
    assert 1 < value < 20
    assert abs(value - published("MFCC statistics, cosine")) < 1.5  # another processor may move a window


@pytest.mark.parametrize("kind, row", [("ivector", "i-vectors, PLDA"), ("xvector", "x-vectors, PLDA")])
def test_what_is_trained_tells_voices_apart(done, kind, row):
    value = der((done / f"exp/{kind}/ahc/der").read_text())
    assert value < 30  # one speaker a recording: 54 %
    assert abs(value - published(row)) < 5  # training carries the last bits of another processor further


def test_every_recording_is_in_the_answer(done):
    recordings = {line.split()[0] for line in (done / "data/wav.scp").read_text().splitlines()}
    assert {line.split()[1] for line in (done / "exp/ahc/rttm").read_text().splitlines()} == recordings


def test_one_job_gives_the_same_bytes_as_four(done, tmp_path):
    copy_of(done, tmp_path)
    result = recipe(tmp_path, "--nj", 1, "--stage", 1)
    assert result.returncode == 0, result.stderr
    for name in ("vad/segments", "xvectors/segments", "xvectors/spk2utt", "ahc/labels", "ahc/rttm", "ubm/final.ubm",
                 "ivector/final.ie", "xvector/model.safetensors", "ivector/plda/plda", "xvector/plda/plda",
                 "ivector/ahc/rttm", "xvector/ahc/rttm"):
        assert (tmp_path / "exp" / name).read_bytes() == (done / "exp" / name).read_bytes(), name
    for stage, name in (("mfcc", "feats"), ("xvectors", "xvector"), ("scores", "scores")):
        pieces = [done / f"exp/{stage}/{name}.{job}.ark" for job in range(1, 5)]
        whole = tmp_path / f"exp/{stage}/{name}.1.ark"
        assert whole.read_bytes() == b"".join(path.read_bytes() for path in pieces), name


def test_more_jobs_than_recordings(done, tmp_path):
    copy_of(done, tmp_path)
    for name in ("wav.scp", "rttm", "uem"):
        path = tmp_path / "data" / name
        path.write_text("".join(line for line in path.read_text().splitlines(True) if "toy02" in line))
    result = recipe(tmp_path, "--nj", 8, "--stage", 1, *BEFORE_TRAINING)
    assert result.returncode == 0, result.stderr
    ours = [line for line in (done / "exp/ahc/rttm").read_text().splitlines(True) if "toy02" in line]
    assert (tmp_path / "exp/ahc/rttm").read_text() == "".join(ours)


def test_a_recording_that_is_gone_fails_the_recipe_unless_allowed(done, tmp_path):
    copy_of(done, tmp_path)
    (tmp_path / "data/wav/toy03.wav").unlink()
    result = recipe(tmp_path, "--nj", 2, "--stage", 1, *BEFORE_TRAINING)
    assert result.returncode == 1
    assert "toy03" in result.stderr
    assert re.search(r"^run.sh: 1 of 2 jobs failed$", result.stderr, re.M)
    assert not (tmp_path / "exp/ahc").exists()

    result = recipe(tmp_path, "--nj", 2, "--stage", 1, "--max-failed", 1, *BEFORE_TRAINING)
    assert result.returncode == 0, result.stderr
    ours = [line for line in (done / "exp/ahc/rttm").read_text().splitlines(True) if "toy03" not in line]
    assert (tmp_path / "exp/ahc/rttm").read_text() == "".join(ours)


def test_resume_runs_only_what_is_missing(done, tmp_path):
    for name in ("xvectors", "scores"):
        shutil.copytree(done / "exp" / name, tmp_path / "exp" / name)
    for path in [*tmp_path.rglob("*.scp"), *tmp_path.rglob("split/*"), *tmp_path.rglob("log/*")]:
        path.write_text(path.read_text().replace(str(done), str(tmp_path)))
    logs = {path: path.read_text() for path in (tmp_path / "exp/scores/log").iterdir()}
    assert len(logs) == 4
    damaged = tmp_path / "exp/scores/log/score_cosine.2.log"
    damaged.write_text(logs[damaged].replace("(code 0)", "(code 1)"))
    result = in_toy("score_cosine.sh", "--nj", 4, "--cmd", "run.sh --resume",
                    "--config", "conf/score-cosine.conf", tmp_path / "exp/xvectors", tmp_path / "exp/scores")
    assert result.returncode == 0, result.stderr
    assert {path for path, text in logs.items() if path.read_text() != text} <= {damaged}
    assert "(code 0)" in damaged.read_text()


@pytest.mark.parametrize("step", sorted(path.name for path in (TOY.parents[1] / "steps").glob("*.sh")))
def test_every_step_has_help_and_refuses_wrong_usage(step, run_tool, tmp_path):
    jobs = "" if step in ("train_plda.sh", "score_trials.sh") else " [--nj 4]"
    assert run_tool(step, "--help").stdout.split("\n")[1].startswith(f"  {step}{jobs} [--cmd run.sh]")
    assert run_tool(step, status=2).stdout == ""
    done = run_tool(step, "--no-such-option", "x", status=2)
    assert done.stderr.count("\n") == 1
    three = ("extract_xvectors.sh", "extract_ivectors.sh", "train_ivector_extractor.sh", "score_plda.sh",
             "score_trials.sh")
    model = [tmp_path / "model"] if step in three else []
    done = run_tool(step, *model, tmp_path / "data", tmp_path / "out", status=1)
    assert "no such file" in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
