"""The recipe egs/toy from end to end, and what holds for steps: any nj, failures, --resume."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

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
    [value] = re.findall(r"^TOTAL +([\d.]+) ", text, re.M)
    return float(value)


def test_der_is_low_and_that_of_the_results_page(done):
    value = der((done / "stdout").read_text())
    assert value == der((done / "exp/ahc/der").read_text())
    assert 1 < value < 20
    published = re.search(r"\| DER \| ([\d.]+) %", (TOY / "RESULTS.md").read_text())
    assert abs(value - float(published[1])) < 1.5  # another processor may move a window


def test_every_recording_is_in_the_answer(done):
    recordings = {line.split()[0] for line in (done / "data/wav.scp").read_text().splitlines()}
    assert {line.split()[1] for line in (done / "exp/ahc/rttm").read_text().splitlines()} == recordings


def test_one_job_gives_the_same_bytes_as_four(done, tmp_path):
    copy_of(done, tmp_path)
    result = recipe(tmp_path, "--nj", 1, "--stage", 1)
    assert result.returncode == 0, result.stderr
    for name in ("vad/segments", "xvectors/segments", "xvectors/spk2utt", "ahc/labels", "ahc/rttm"):
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
    result = recipe(tmp_path, "--nj", 8, "--stage", 1)
    assert result.returncode == 0, result.stderr
    ours = [line for line in (done / "exp/ahc/rttm").read_text().splitlines(True) if "toy02" in line]
    assert (tmp_path / "exp/ahc/rttm").read_text() == "".join(ours)


def test_a_recording_that_is_gone_fails_the_recipe_unless_allowed(done, tmp_path):
    copy_of(done, tmp_path)
    (tmp_path / "data/wav/toy03.wav").unlink()
    result = recipe(tmp_path, "--nj", 2, "--stage", 1)
    assert result.returncode == 1
    assert "toy03" in result.stderr
    assert re.search(r"^run.sh: 1 of 2 jobs failed$", result.stderr, re.M)
    assert not (tmp_path / "exp/ahc").exists()

    result = recipe(tmp_path, "--nj", 2, "--stage", 1, "--max-failed", 1)
    assert result.returncode == 0, result.stderr
    ours = [line for line in (done / "exp/ahc/rttm").read_text().splitlines(True) if "toy03" not in line]
    assert (tmp_path / "exp/ahc/rttm").read_text() == "".join(ours)


def test_resume_runs_only_what_is_missing(done, tmp_path):
    shutil.copytree(done, tmp_path, dirs_exist_ok=True)
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
    jobs = "" if step == "train_plda.sh" else " [--nj 4]"
    assert run_tool(step, "--help").stdout.split("\n")[1].startswith(f"  {step}{jobs} [--cmd run.sh]")
    assert run_tool(step, status=2).stdout == ""
    done = run_tool(step, "--no-such-option", "x", status=2)
    assert done.stderr.count("\n") == 1
    model = [tmp_path / "model"] if step in ("extract_xvectors.sh", "score_plda.sh") else []
    done = run_tool(step, *model, tmp_path / "data", tmp_path / "out", status=1)
    assert "no such file" in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
