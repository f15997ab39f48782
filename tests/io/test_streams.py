import os
import subprocess
import sys
import time

import pytest

from diarkit.errors import CommandFailed, DataError
from diarkit.io import streams
from diarkit.io.streams import (
    open_input,
    open_output,
    open_text_input,
    open_text_output,
    parse_number,
    read_lines,
)


def read(name, **kwargs):
    with open_input(str(name), **kwargs) as stream:
        return stream.read()


def python(code, **kwargs):
    """Run a piece of Python in a process of its own; its CompletedProcess."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, **kwargs)


@pytest.fixture
def pipes(monkeypatch):
    """Sets whether commands in tables may run, and sets it back."""
    monkeypatch.delenv("DIARKIT_PIPES", raising=False)
    yield monkeypatch
    streams.allow_pipes(False)


def test_input_path_offset_and_command(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"0123456789")
    assert read(path) == b"0123456789"
    assert read(f"{path}:7") == b"789"
    assert read(f"cat {path} |") == b"0123456789"
    assert read(f"cat {path} | tr 0 a |") == b"a123456789"


def test_a_name_that_ends_like_an_offset(tmp_path):
    path = tmp_path / "a:5"
    path.write_bytes(b"0123456789")
    assert read(path) == b"0123456789"


@pytest.mark.parametrize("name", ["missing", "", "/dev/zero", "/dev/urandom", "x:10", "x:99"])
def test_input_that_cannot_be_opened_is_one_line_with_its_name(tmp_path, name):
    (tmp_path / "x").write_bytes(b"0123456789")
    full = name if name.startswith("/") else f"{tmp_path}/{name}"
    with pytest.raises(DataError, match=f"^{full.split(':')[0].rstrip('/')}[^\n]*$"):
        read(full)


def test_a_fifo_is_read_as_an_argument_but_not_from_a_table(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(DataError, match="not an ordinary file"):
        read(fifo, from_table=True)
    with subprocess.Popen(["sh", "-c", f"echo hello > {fifo}"]):
        assert read(fifo) == b"hello\n"


def test_a_command_that_fails_is_an_error():
    with pytest.raises(CommandFailed, match="status 3.*exit 3"):
        read("echo x; exit 3 |")
    with pytest.raises(CommandFailed, match="status 127"):
        read("no-such-command-anywhere 2> /dev/null |")
    with pytest.raises(CommandFailed, match="signal 9"):
        read("kill -9 $$ |")


def test_a_command_that_we_stop_reading_is_no_error():
    for command in ("exec cat /dev/zero", "cat /dev/zero; exit $?"):
        with open_input(f"{command} |") as stream:
            assert stream.read(3) == b"\0\0\0"


def test_a_failed_command_is_named_before_what_its_short_output_caused():
    with pytest.raises(CommandFailed, match="status 1"):
        with open_input("echo x; exit 1 |") as stream:
            stream.read()
            raise DataError("truncated")
    with pytest.raises(ZeroDivisionError):  # but a bug stays one
        with open_input("echo x; exit 1 |") as stream:
            raise ZeroDivisionError


def test_commands_in_tables_need_permission(pipes, tmp_path):
    command = f"touch {tmp_path}/ran; echo x |"
    with pytest.raises(DataError, match="--allow-pipes or DIARKIT_PIPES=1"):
        read(command, from_table=True)
    pipes.setenv("DIARKIT_PIPES", "0")
    with pytest.raises(DataError, match="allowed"):
        read(command, from_table=True)
    assert not (tmp_path / "ran").exists()
    pipes.setenv("DIARKIT_PIPES", "1")
    assert read(command, from_table=True) == b"x\n"
    pipes.delenv("DIARKIT_PIPES")
    streams.allow_pipes()
    assert read(command, from_table=True) == b"x\n"


def test_a_table_names_neither_standard_input_nor_devices():
    for name in ("-", "/dev/null", "/dev/stdin"):
        with pytest.raises(DataError):
            read(name, from_table=True)
    assert read("/dev/null") == b""


@pytest.mark.parametrize("again", ["-", "/dev/stdin"])
def test_standard_input_is_read_once(again):
    done = python(
        "from diarkit.io.streams import *\n"
        "with open_input('-') as s: print(s.read())\n"
        f"try:\n  open_input({again!r})\n"
        "except ValueError as e: print(e)",
        input=b"abc",
    )
    assert done.stdout.decode().splitlines() == ["b'abc'", "standard input can be read only once"]


# -------------------------------------------------------------------------------------- output


def test_output_appears_at_the_end_only(tmp_path):
    path = tmp_path / "out"
    path.write_text("old")
    with open_output(str(path)) as stream:
        stream.write(b"new")
        stream.flush()
        assert path.read_text() == "old"
        others = [p.name for p in tmp_path.iterdir() if p != path]
        assert len(others) == 1 and others[0].startswith(".")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["out"]


def test_output_of_a_failure_is_kept_as_partial(tmp_path):
    path = tmp_path / "out"
    with pytest.raises(ZeroDivisionError):
        with open_output(str(path)) as stream:
            stream.write(b"half")
            raise ZeroDivisionError
    assert os.listdir(tmp_path) == ["out.partial"]
    assert (tmp_path / "out.partial").read_bytes() == b"half"
    with open_output(str(path)) as stream:  # success takes it away
        stream.write(b"whole")
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize(
    "error, data", [(KeyboardInterrupt, b"half"), (SystemExit, b"half"), (ValueError, b"")]
)
def test_output_of_an_interruption_or_without_content_is_removed(tmp_path, error, data):
    with pytest.raises(error):
        with open_output(str(tmp_path / "out")) as stream:
            stream.write(data)
            raise error
    assert os.listdir(tmp_path) == []


def test_a_killed_process_leaves_nothing_under_the_final_name(tmp_path):
    code = (
        "import sys, time\nfrom diarkit.io.streams import open_output\n"
        "with open_output(sys.argv[1]) as s:\n"
        "  s.write(b'x' * 100000); s.flush(); print('ready', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, tmp_path / "out"], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        process.kill()
    assert all(name.startswith(".out.") for name in os.listdir(tmp_path))


def test_output_honours_umask_and_keeps_the_mode_of_what_it_replaces(tmp_path):
    path = tmp_path / "out"
    before = os.umask(0o027)
    try:
        with open_output(str(path)):
            pass
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640
    path.chmod(0o604)
    with open_output(str(path)):
        pass
    assert path.stat().st_mode & 0o777 == 0o604


def test_output_through_a_symbolic_link(tmp_path):
    (tmp_path / "folder").mkdir()
    link = tmp_path / "link"
    link.symlink_to("folder/real")
    with open_output(str(link)) as stream:
        stream.write(b"x")
    assert link.is_symlink() and (tmp_path / "folder" / "real").read_bytes() == b"x"


@pytest.mark.parametrize("name", ["", "missing/out", "file/out"])
def test_output_that_cannot_be_opened(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=str(tmp_path)):
        open_output(f"{tmp_path}/{name}" if name else str(tmp_path))


def test_two_outputs_are_not_one_file(tmp_path):
    path, other = str(tmp_path / "x"), tmp_path / "other"
    other.symlink_to("x")
    for name in (path, f"{tmp_path}/./x", str(other)):
        with pytest.raises(DataError, match="is written twice"), open_output(path), open_output(name):
            pass
        assert os.listdir(tmp_path) == ["other"]
    for _ in range(2):  # one after the other is fine
        with open_output(path) as out:
            out.write(b"data")
    with pytest.raises(ZeroDivisionError), open_output(path):
        raise ZeroDivisionError
    with open_output(path) as out, open_output("/dev/null"), open_output("/dev/null"):
        out.write(b"after a failure too")
    done = python("from diarkit.io.streams import open_output\nwith open_output('-'), open_output('/dev/stdout'): pass")
    assert b"standard output: is written twice" in done.stderr


def test_output_to_a_named_pipe_and_devices(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with subprocess.Popen(["cat", fifo], stdout=subprocess.PIPE) as cat:
        with open_output(str(fifo)) as stream:
            stream.write(b"through")
        assert cat.stdout.read() == b"through"
    with open_output("/dev/null") as stream:
        stream.write(b"x")
    assert os.path.exists("/dev/null") and not os.path.isfile("/dev/null")


def test_a_full_disk_is_an_error_that_names_the_file():
    with pytest.raises(OSError) as caught:
        with open_output("/dev/full") as stream:
            stream.write(b"x")
    assert caught.value.filename == "/dev/full"


def test_standard_output_by_any_name_is_never_replaced(tmp_path):
    for name in ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
        with open(tmp_path / "log", "wb") as log:
            log.write(b"before\n")
            log.flush()
            code = f"from diarkit.io.streams import *\nwith open_output({name!r}) as s: s.write(b'x')"
            subprocess.run([sys.executable, "-c", code], stdout=log, check=True)
        assert (tmp_path / "log").read_bytes() == b"before\nx"
        assert os.listdir(tmp_path) == ["log"]


def test_standard_output_that_is_full_is_an_error():
    code = "from diarkit.io.streams import *\nwith open_output('-') as s: s.write(b'x')"
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode != 0 and b"No space left" in done.stderr


def test_output_to_a_command(tmp_path):
    with open_output(f"| tr a b > {tmp_path}/out") as stream:
        stream.write(b"aaa")
    assert (tmp_path / "out").read_bytes() == b"bbb"
    with pytest.raises(CommandFailed, match="status 4"):
        with open_output("| cat > /dev/null; exit 4") as stream:
            stream.write(b"x")
    with pytest.raises(CommandFailed, match="status 5"):
        with open_output("| exit 5") as stream:
            for _ in range(100):
                stream.write(b"x" * 10000)
                stream.flush()


def test_a_command_is_stopped_when_we_fail(tmp_path):
    """It must not take the end of what it was given for the end of the data."""
    with pytest.raises(ZeroDivisionError):
        with open_output(f"| sort | (cat; touch {tmp_path}/finished)") as stream:
            stream.write(b"x\n")
            raise ZeroDivisionError
    time.sleep(0.1)
    assert not (tmp_path / "finished").exists()


# ---------------------------------------------------------------------------------------- text


def test_text_lines(tmp_path):
    path = tmp_path / "x"
    path.write_bytes("\ufeffa b\r\n\u00fc \u2028\n\nlast".encode())
    assert list(read_lines(str(path))) == [(1, "a b"), (2, "\u00fc \u2028"), (3, ""), (4, "last")]
    assert list(read_lines(f"ark,t:{path}")) == list(read_lines(str(path)))
    with open_text_input(str(path)) as text:
        assert text.readline() == "a b\n"
        assert text.read() == "\u00fc \u2028\n\nlast\n"


@pytest.mark.parametrize("bad", [b"caf\xe9", b"a\0b", b"\x1b[0m", b"\xff\xfea\0"])
def test_what_is_no_text_is_named_with_its_line(tmp_path, bad):
    path = tmp_path / "x"
    path.write_bytes(b"good\n" + bad + b"\ngood\n")
    with pytest.raises(DataError, match=f"{path}:2: not"):
        list(read_lines(str(path)))


def test_text_output(tmp_path):
    with open_text_output(f"ark,t:{tmp_path}/x") as out:
        out.write("\u00fc\n")
    assert (tmp_path / "x").read_bytes() == b"\xc3\xbc\n"
    with pytest.raises(ZeroDivisionError):
        with open_text_output(f"{tmp_path}/y") as out:
            out.write("half\n")
            raise ZeroDivisionError
    assert (tmp_path / "y.partial").read_text() == "half\n" and not (tmp_path / "y").exists()


def test_text_output_leaves_standard_output_open():
    done = python(
        "from diarkit.io.streams import *\n"
        "for i in range(2):\n"
        "  with open_text_output('-') as out: out.write(f'{i}\\n')\n"
        "print('end')"
    )
    assert done.stdout == b"0\n1\nend\n" and not done.stderr


@pytest.mark.parametrize("text", ["1", "-1.5", "+.5", "1.", "1e-3", "0", "1E+2"])
def test_numbers(text):
    assert parse_number(text) == float(text)


@pytest.mark.parametrize(
    "text", ["", "nan", "inf", "1_0", "0x1", "1,5", "\u0661", "1e999", " 1", "1 ", "-", ".", "1e"]
)
def test_no_numbers(text):
    assert parse_number(text) is None
