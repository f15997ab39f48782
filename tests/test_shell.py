"""utils/: the job runner, the options of shell scripts, and what steps share."""

import os
import signal
import subprocess
import time

import pytest

# ------------------------------------------------------------------------------------ run.sh


@pytest.fixture
def run_sh(run_tool, tmp_path):
    def call(*args, **kwargs):
        return run_tool("run.sh", *args, cwd=tmp_path, **kwargs)

    return call


def test_an_array_replaces_job_in_command_and_log(run_sh, tmp_path):
    run_sh("JOB=2:4", "log/x.JOB.log", "echo", "job JOB", "|", "tr", "j", "J", ">", "out.JOB")
    assert {path.name: path.read_text() for path in tmp_path.glob("out.*")} == {
        f"out.{n}": f"Job {n}\n" for n in (2, 3, 4)}
    assert len(list((tmp_path / "log").iterdir())) == 3


def test_the_log_begins_with_the_command_and_ends_with_the_code(run_sh, tmp_path):
    run_sh("x.log", "printf", "hello")
    lines = (tmp_path / "x.log").read_text().splitlines()
    assert lines[0] == "# printf hello"
    assert lines[1].startswith("# Started at ")
    assert lines[2:4] == ["#", "hello"]
    assert lines[-1].startswith("# Ended (code 0) at ")
    assert lines[-1].endswith(" seconds")


@pytest.mark.parametrize("words, output", [
    (["a   b"], "=a   b="),  # blanks: double quotes
    (['a "b"  c'], '=a "b"  c='),  # a double quote: single quotes
    (["it's \"x  y\""], "=it's \"x  y\"="),
    ([""], "=="),
    (["'p  q'"], "='p  q'="),  # blanks and single quotes: within double quotes
    (["$HOME_OF_NOBODY", "x"], "=x="),  # a bare word is bash's
    (["a", ";", "echo", "b"], "=a=b"),
])
def test_quoting_is_that_of_run_pl(run_sh, tmp_path, words, output):
    run_sh("x.log", "printf", "=%s=", *words)
    said = [line for line in (tmp_path / "x.log").read_text().splitlines() if not line.startswith("#")]
    assert "".join(said) == output


def test_any_failed_job_is_named_with_its_log_and_its_last_words(run_sh):
    done = run_sh("JOB=1:3", "log/x.JOB.log", "echo", "words of JOB", ";", "test", "JOB", "=", "2", status=1)
    lines = done.stderr.splitlines()
    assert [line for line in lines if "log is in" in line] == [
        f"run.sh: job {n} failed, log is in log/x.{n}.log, its last lines:" for n in (1, 3)]
    assert "    words of 3" in lines
    assert lines[-1] == "run.sh: 2 of 3 jobs failed"


def test_a_failure_early_in_a_pipe_counts(run_sh):
    run_sh("x.log", "false", "|", "cat", status=1)


def test_a_job_that_is_killed_counts_as_failed(run_sh, tmp_path):
    run_sh("x.log", "bash", "-c", "kill -9 $$", status=1)
    assert "# Ended (code 137) " in (tmp_path / "x.log").read_text()


def test_a_log_of_before_does_not_count_when_this_run_writes_none(run_sh, tmp_path):
    run_sh("log/x.log", "true")
    (tmp_path / "log/x.log").unlink()
    (tmp_path / "log/x.log").mkdir()  # cannot be written
    assert run_sh("log/x.log", "true", status=None).returncode != 0


@pytest.mark.parametrize("options", [
    ["--mem", "4G"], ["--mem=4G"], ["--gpu", "1"], ["-l", "arch=*64"], ["-pe", "smp", "4"], ["--config", "x"],
    ["-V"], ["--num-threads", "2", "--whatever", "x"],
])
def test_resource_options_are_ignored_before_and_after_the_range(run_sh, tmp_path, options):
    run_sh(*options, "JOB=1:2", *options, "x.JOB.log", "echo", "JOB")
    assert "\n2\n" in (tmp_path / "x.2.log").read_text()


@pytest.mark.parametrize("option", [["--max-jobs-run", "2"], ["--max-jobs-run=2"], ["-tc", "2"]])
def test_no_more_jobs_at_once_than_asked_for(run_sh, tmp_path, option):
    """Each job notes how many there are while it runs."""
    (tmp_path / "now").mkdir()
    run_sh(*option, "JOB=1:5", "x.JOB.log", "touch", "now/JOB", ";",
           "ls", "now", "|", "wc", "-l", ">", "n.JOB", ";", "sleep", "0.1", ";", "rm", "now/JOB")
    numbers = [int((tmp_path / f"n.{n}").read_text()) for n in range(1, 6)]
    assert max(numbers) == 2


def test_threads_of_a_job(run_sh, tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    run_sh("a", "printenv", "OMP_NUM_THREADS", env=environment)
    run_sh("--num-threads", "3", "b", "printenv", "OMP_NUM_THREADS", env=environment)
    assert [(tmp_path / name).read_text().splitlines()[3] for name in "ab"] == ["1", "3"]


def test_resume_runs_only_what_failed_or_has_changed(run_sh, tmp_path):
    def ran():
        text = (tmp_path / "ran").read_text()
        (tmp_path / "ran").unlink()
        return "".join(sorted(text.split()))

    note = ["JOB=1:3", "x.JOB.log", "echo", "JOB", ">>", "ran", ";"]
    run_sh("--resume", *note, "[", "JOB", "!=", "2", "-o", "-e", "good", "]", status=1)
    assert ran() == "123"
    (tmp_path / "good").touch()
    run_sh("--resume", *note, "[", "JOB", "!=", "2", "-o", "-e", "good", "]")
    assert ran() == "2"
    run_sh("--resume", *note, "[", "JOB", "!=", "2", "-o", "-e", "good", "]")
    assert not (tmp_path / "ran").exists()
    run_sh("--resume", *note, "[", "JOB", "!=", "4", "]")
    assert ran() == "123"
    run_sh(*note, "[", "JOB", "!=", "4", "]")
    assert ran() == "123"


def test_a_job_cut_off_in_the_middle_is_run_again(run_sh, tmp_path):
    run_sh("x.log", "echo", "a")
    text = (tmp_path / "x.log").read_text()
    (tmp_path / "x.log").write_text(text[:text.index("# Ended")])
    run_sh("--resume", "x.log", "echo", "a")
    assert (tmp_path / "x.log").read_text().count("# Ended (code 0)") == 1


@pytest.mark.parametrize("args", [
    [], ["x.log"], ["JOB=1:3", "x.log", "true"], ["JOB=0:3", "x.JOB", "true"], ["JOB=3:1", "x.JOB", "true"],
    ["JOB=1:x", "x.log"], ["--max-jobs-run", "0", "x.log", "true"],
    ["JOB=1:2", "K=1:2", "x.JOB", "true"], ["--mem"],
])
def test_wrong_usage_is_one_line_and_status_2(run_sh, args):
    done = run_sh(*args, status=2)
    assert done.stderr.startswith("run.sh: ")
    assert done.stderr.count("\n") == 1


def test_a_log_may_have_an_equals_sign_in_its_name(run_sh, tmp_path):
    run_sh("JOB=1", "ahc_t=0.5/x.JOB.log", "true")
    assert (tmp_path / "ahc_t=0.5/x.1.log").exists()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_jobs_too(tmp_path, signum):
    command = ["run.sh", "JOB=1:2", "x.JOB.log", "echo", "$$", ">", "pid.JOB", ";", "sleep", "60"]
    process = subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pids = [tmp_path / "pid.1", tmp_path / "pid.2"]
    while not all(path.exists() and path.read_text().strip() for path in pids):
        time.sleep(0.02)
        assert process.poll() is None
    process.send_signal(signum)
    assert process.wait(30) == -signum
    while any(is_running(path.read_text().strip()) for path in pids):
        time.sleep(0.02)


def is_running(pid):
    """A process that has ended may still be listed as a zombie, if nobody asks for its status."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True).stdout
    return state.strip()[:1] not in ("", "Z")


# ------------------------------------------------------------------------------------ parse_options.sh

SCRIPT = """#!/usr/bin/env bash
# What the script is for.
#   script [options] <in>

# Not part of the help.
set -euo pipefail
nj=4
max_failed=0
resume=false
name=
. parse_options.sh
declare -p nj max_failed resume name | sed 's/^declare -- //'
printf 'rest'; printf ' <%s>' "$@"; echo
"""


@pytest.fixture
def script(run_tool, tmp_path):
    path = tmp_path / "script"
    path.write_text(SCRIPT)
    path.chmod(0o755)

    def call(*args, **kwargs):
        return run_tool(path, *args, cwd=tmp_path, **kwargs)

    return call


@pytest.mark.parametrize("args, changed", [
    ("", ""),
    ("--nj 8", "nj=8"),
    ("--nj=8", "nj=8"),
    ("--NJ=8 --Max-Failed 5%", "nj=8 max_failed=5%"),
    ("--max-failed 3", "max_failed=3"),
    ("--max_failed=-0.3", "max_failed=-0.3"),
    ("--max-failed -0.3", "max_failed=-0.3"),
    ("--name a=b", "name=a=b"),
    ("--name=", ""),
    ("--resume", "resume=true"),
    ("--resume --nj 2", "resume=true nj=2"),
    ("--resume true", "resume=true"),
    ("--resume=true --no-resume", ""),
    ("--resume --resume false", ""),
])
def test_options(script, args, changed):
    expected = {"nj": "4", "max_failed": "0", "resume": "false", "name": ""}
    expected.update(pair.split("=", 1) for pair in changed.split())
    lines = script(*args.split(), "in", "--nj", "out").stdout.splitlines()
    assert lines == [*(f'{name}="{value}"' for name, value in expected.items()), "rest <in> <--nj> <out>"]


def test_words_that_end_the_options(script):
    assert script("--nj", "2", "--", "--nj").stdout.endswith("rest <--nj>\n")
    assert script("-", "x").stdout.endswith("rest <-> <x>\n")


def test_values_keep_blanks_and_quotes(script):
    value = "run.sh --mem 4G '$x' `y`"
    assert script("--name", value).stdout == script(f"--name={value}").stdout
    assert value.replace("$", "\\$").replace("`", "\\`") in script("--name", value).stdout


@pytest.mark.parametrize("args", [
    "--nope 1", "--nope=1", "--nj", "--resume=maybe", "--no-nj", "-x", "--config none", "--a[$(>made)]=1",
    "--nj.x=2", "--config",
])
def test_wrong_options_are_one_line_and_status_2(script, tmp_path, args):
    done = script(*args.split(), status=2)
    assert done.stderr.startswith("script: ")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert not (tmp_path / "made").exists()


def test_help_is_the_comment_at_the_top(script):
    assert script("--help").stdout == "What the script is for.\n  script [options] <in>\n"


def test_config_is_read_and_not_executed_and_the_command_line_wins(script, tmp_path):
    (tmp_path / "conf").write_text("# comment\n\n--nj=8\n  max-failed=2   # two\nname='a b'\nresume=true\r\n")
    lines = script("--nj", "9", "--config", "conf").stdout.splitlines()
    assert lines[:4] == ['nj="9"', 'max_failed="2"', 'resume="true"', 'name="a b"']
    (tmp_path / "evil").write_text("name=$(touch made)\n")
    script("--config=evil")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("line", ["nope=1", "touch made", "resume=7"])
def test_a_bad_line_of_a_config(script, tmp_path, line):
    (tmp_path / "conf").write_text(f"nj=3\n{line}\n")
    done = script("--config", "conf", status=2)
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "made").exists()


def test_a_script_may_have_a_config_of_its_own(run_tool, tmp_path):
    (tmp_path / "s").write_text('config=/dev/null\n. parse_options.sh\necho "$config $*"\n')
    assert run_tool("bash", tmp_path / "s", "--config", "my.conf", "x").stdout == "my.conf x\n"


# ------------------------------------------------------------------------------------ step.sh


@pytest.fixture
def step(run_tool, tmp_path):
    """Run lines of shell as a step would run them."""
    def call(lines, *args, **kwargs):
        path = tmp_path / "step"
        path.write_text(f"#!/usr/bin/env bash\n# A step.\nset -euo pipefail\nnj=4\n. step.sh\n{lines}\n")
        path.chmod(0o755)
        return run_tool(path, *args, cwd=tmp_path, **kwargs)

    return call


@pytest.mark.parametrize("lines, nj", [(1, 4), (3, 4), (4, 4), (5, 4), (11, 4), (10, 1), (100, 7)])
def test_split_table(step, tmp_path, lines, nj):
    table = [f"reco{n} a b\n" for n in range(lines)]
    (tmp_path / "table").write_text("".join(table))
    used = int(step(f'split_table {nj} table split; echo "$nj"').stdout)
    assert used == min(lines, nj)
    assert {path.name for path in (tmp_path / "split").iterdir()} == {str(n + 1) for n in range(used)}
    pieces = [(tmp_path / f"split/{n + 1}").read_text().splitlines(True) for n in range(used)]
    assert sum(pieces, []) == table  # in order, nothing lost
    assert max(map(len, pieces)) - min(map(len, pieces)) <= 1


def test_split_table_again_with_fewer_jobs(step, tmp_path):
    (tmp_path / "table").write_text("a\nb\nc\nd\n")
    step("split_table 4 table split; touch split/labels.3; split_table 2 table split")
    assert sorted(path.name for path in (tmp_path / "split").iterdir()) == ["1", "2", "labels.3"]


def test_split_table_refuses(step, tmp_path):
    (tmp_path / "empty").touch()
    assert step("split_table 2 empty split", status=1).stderr == "step: empty is empty\n"
    (tmp_path / "table").write_text("a\n")
    assert "--nj" in step("split_table x table split", status=1).stderr


def test_require_and_usage(step, tmp_path):
    (tmp_path / "a").touch()
    step("require a a")
    assert step("require a b c", status=1).stderr == "step: no such file: b\n"
    assert step("require .", status=1).stderr == "step: no such file: .\n"
    done = step("usage 2", status=2)
    assert (done.stdout, done.stderr) == ("", "A step.\n")


def test_join_tables_sorts_as_kaldi_does(step, tmp_path):
    (tmp_path / "x.1").write_text("b 1\nB 2\n")
    (tmp_path / "x.2").write_text("a 3\na-b 4\n")
    step("nj=2; join_tables out x")
    assert (tmp_path / "out").read_text() == "B 2\na 3\na-b 4\nb 1\n"
    step("nj=3; join_tables out x", status=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "step", "x.1", "x.2"]


def test_write_table_is_whole_or_not_at_all(step, tmp_path):
    step("write_table out echo a; write_table out echo b")
    assert (tmp_path / "out").read_text() == "b\n"
    assert "after" not in step("write_table out bash -c 'echo c; exit 3'; echo after", status=1).stdout
    assert (tmp_path / "out").read_text() == "b\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "step"]
