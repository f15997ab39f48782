"""Standard streams that are closed or full, through a tool."""

import subprocess

import pytest

TEXT = "r1 [ 1 2 3 ]\n"


@pytest.fixture
def shell(tmp_path):
    (tmp_path / "v").write_text(TEXT)
    (tmp_path / "segments").write_text("s r 0 1\n")

    def run(command):
        return subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    return run


@pytest.mark.parametrize("closed", ["2>&-", "2>/dev/full", "<&- >&- 2>&-", "0<&- 2>&-"])
def test_what_cannot_be_said_costs_nothing(shell, tmp_path, closed):
    done = shell(f"copy-vector ark:v ark,t:out {closed}")
    assert done.returncode == 0 and done.stdout == done.stderr == ""
    assert (tmp_path / "out").read_text() == "r1  [ 1 2 3 ]\n"


def test_what_is_said_does_not_go_where_data_go(shell):
    done = shell("copy-vector ark:v ark,t:- 2>&-")
    assert done.returncode == 0 and done.stdout == "r1  [ 1 2 3 ]\n"


@pytest.mark.parametrize("command", ["copy-vector ark:v ark:-", "score-vad segments segments", "show-table ark:v"])
def test_without_standard_output_there_is_no_success(shell, command):
    done = shell(command + " >&-")
    assert done.returncode == 1 and done.stderr.endswith("error: standard output is closed\n")
    done = shell(command + " >/dev/full")
    assert done.returncode == 1 and done.stderr.endswith("error: standard output: No space left on device\n")
    assert "Traceback" not in done.stderr
