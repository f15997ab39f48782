"""Commands of pipes: every one of `a | b | c` counts, and none is blamed for a reader that had enough."""

import os
import shutil
import subprocess

import pytest

from diarkit.errors import CommandFailed, DataError
from diarkit.io.streams import open_input, open_output


def read(name, size=-1):
    with open_input(name) as stream:
        return stream.read(size)


def write(name, data):
    with open_output(name) as stream:
        stream.write(data)


# ------------------------------------------------------------------------------------ reading


@pytest.mark.parametrize("command", [
    "(echo x; exit 3) | cat", "echo x | (cat; exit 3) | cat", "cat /dev/null | (echo x; exit 3)",
])
def test_a_failure_anywhere_in_a_pipe_is_an_error(command):
    with pytest.raises(CommandFailed) as caught:
        read(command + " |")
    assert str(caught.value) == f"command ended with status 3: {command}"


def test_a_command_whose_reader_had_enough_has_not_failed():
    assert read("yes | head -2 |") == b"y\ny\n"
    assert read("yes | cat | head -1 | cat |") == b"y\n"
    with pytest.raises(CommandFailed, match="status 4"):  # but it is the reader's failure that counts
        read("yes | (head -1; exit 4) |")


@pytest.mark.parametrize("command", ["cat /dev/zero | cat", "trap '' PIPE; cat /dev/zero 2> /dev/null || exit 1"])
def test_we_may_have_enough_too(command):
    """Some programs, ffmpeg is one, say by a status of their own that nobody reads them any more."""
    assert read(command + " |", 3) == b"\0\0\0"
    with pytest.raises(DataError, match="^mine$"), open_input(command + " |"):
        raise DataError("mine")


def test_a_failure_is_heard_behind_what_is_not_read():
    for size in (0, 10, 60000):
        with pytest.raises(CommandFailed, match="status 3"):
            read(f"head -c {size} /dev/zero; exit 3 |", 5)
    for _ in range(5):  # and not if there is more than a pipe holds, however fast it is written
        assert read("head -c 300000 /dev/zero; exit 3 |", 5) == bytes(5)
    with pytest.raises(CommandFailed, match="status 3"):
        read("head -c 300000 /dev/zero; exit 3 |")


def test_a_folder_without_bash_will_do(tmp_path, monkeypatch):
    for name in ("sh", "cat"):
        (tmp_path / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read("echo x | cat |") == b"x\n"
    with pytest.raises(CommandFailed, match="status 3: echo x; exit 3"):
        read("echo x; exit 3 |")
    write(f"| cat > {tmp_path}/out", b"data")
    assert (tmp_path / "out").read_bytes() == b"data"


# ------------------------------------------------------------------------------------ writing


def test_a_failure_anywhere_in_a_pipe_that_is_written_to(tmp_path):
    with pytest.raises(CommandFailed, match="status 3"):
        write(f"| (cat; exit 3) | cat > {tmp_path}/out", b"x")


def test_a_command_that_read_enough_has_not_failed(tmp_path):
    write(f"| (cat; yes) | head -1 > {tmp_path}/out", b"line\n" * 3)
    assert (tmp_path / "out").read_bytes() == b"line\n"


@pytest.mark.parametrize("command, status, says", [
    ("| cat", -13, ""), ("| cat | cat", -13, ""), ("| kill -9 $$", 1, "was killed by signal 9"),
    ("| (head -c 1; exit 3) | wc > /dev/null", 1, "ended with status 3"),
])
def test_the_end_of_the_reader_is_a_quiet_end(run_tool, tmp_path, command, status, says):
    """What our command writes to ends: we end as a command of that pipe does, by SIGPIPE, unless one failed."""
    script = tmp_path / "tool"
    script.write_text("import sys\nfrom diarkit.cli.endings import run\nfrom diarkit.io.streams import open_output\n"
                      "def main():\n    with open_output(sys.argv[1]) as out:\n"
                      "        for _ in range(100):\n            out.write(bytes(100000))\nsys.exit(run(main))\n")
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = run_tool("python", script, command, stdout=writer, stderr=subprocess.PIPE, capture_output=False,
                        status=status)
    finally:
        os.close(writer)
    assert says in done.stderr and "Traceback" not in done.stderr and bool(done.stderr) == bool(says)


def test_a_tool_fails_if_the_pipe_that_it_reads_does(run_tool, tmp_path):
    (tmp_path / "vectors").write_text("a [ 1 2 ]\nb [ 3 4 ]\nc [ 5 6 ]\n")
    done = run_tool("mean-vectors", "ark:(head -2 vectors; exit 3) | cat |", "mean", cwd=tmp_path, status=1)
    assert "command ended with status 3: (head -2 vectors; exit 3) | cat" in done.stderr
    assert not (tmp_path / "mean").exists()
    run_tool("mean-vectors", "ark:yes 'a [ 1 2 ]' | head -1 |", "mean", cwd=tmp_path)
    assert (tmp_path / "mean").exists()
