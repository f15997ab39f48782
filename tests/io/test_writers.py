import os
import subprocess
import sys

import numpy as np
import pytest

from diarkit.errors import CommandFailed, DataError, ItemError
from diarkit.io import streams
from diarkit.io.tables import ArrayWriter, read_arrays


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DIARKIT_PIPES", raising=False)
    yield
    streams.allow_pipes(False)


def write(wspecifier, keys="abc", error=None, **kwargs):
    with ArrayWriter(wspecifier, **kwargs) as out:
        for i, key in enumerate(keys):
            out.write(key, np.arange(3.0) + i)
        if error:
            raise error


def keys(rspecifier):
    return "".join(key for key, _ in read_arrays(rspecifier))


@pytest.mark.parametrize(
    "wspecifier, names",
    [
        ("ark:x", "x"),
        ("x", "x"),
        ("ark,t:x", "x"),
        ("ark,f:x", "x"),
        ("ark,scp:x,y.scp", "x y.scp"),
        ("ark,scp,t,f:x,y.scp", "x y.scp"),
        ("ark:| cat > x", "x"),
    ],
)
def test_all_or_nothing_under_the_final_name(wspecifier, names):
    write(wspecifier)
    assert sorted(os.listdir()) == names.split()
    assert keys("ark:x") == "abc" and ("y.scp" not in names or keys("scp:y.scp") == "abc")


@pytest.mark.parametrize("wspecifier", ["ark:x", "ark,t:x", "ark,scp:x,y.scp"])
def test_failure_leaves_partial(wspecifier):
    with pytest.raises(ZeroDivisionError):
        write(wspecifier, error=ZeroDivisionError())
    names = ["x.partial"] + ["y.scp.partial"] * ("scp" in wspecifier)
    assert sorted(os.listdir()) == names
    assert keys("ark:x.partial") == "abc"
    with pytest.raises(KeyboardInterrupt):
        write(wspecifier, error=KeyboardInterrupt())
    assert sorted(os.listdir()) == names
    write(wspecifier)
    assert not any(name.endswith(".partial") for name in os.listdir())


def test_failure_of_the_scp_keeps_the_ark_away():
    with pytest.raises(DataError, match="missing/y.scp"):
        write("ark,scp:x,missing/y.scp")
    assert os.listdir() == []
    with pytest.raises(OSError):
        write("ark,scp:x,/dev/full")
    assert os.listdir() == ["x.partial"]


def test_the_archive_of_an_scp_is_a_file():
    os.mkfifo("fifo")
    for name in ("/dev/null", "/dev/stdout", "-"):
        with pytest.raises(DataError, match="must be a file"):
            write(f"ark,scp:{name},y.scp")
        assert os.listdir() == ["fifo"]


def test_killed():
    code = (
        "import numpy as np, os, signal\nfrom diarkit.io.tables import ArrayWriter\n"
        "with ArrayWriter('ark,scp,f:x,y.scp') as out:\n"
        "  out.write('a', np.zeros(3)); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -9
    assert all(name.startswith(".") for name in os.listdir())


def test_a_bad_item_leaves_no_trace():
    with ArrayWriter("ark,scp:x,y.scp") as out:
        for key in ("", "a b", "a\tb", "a\n", "\x7f", "a\0"):
            with pytest.raises(ItemError, match="white space"):
                out.write(key, np.zeros(1))
        with pytest.raises(ItemError, match="^a: .*NaN"):
            out.write("a", np.array([np.nan]))
        with pytest.raises(ItemError, match="^a: .*32 bits"):
            out.write("a", np.array([2**40]))
        with pytest.raises(ValueError, match="a table holds no"):
            out.write("a", np.zeros((1, 1, 1)))
        out.write("a", np.zeros(1))
        with pytest.raises(ItemError, match="^a: .*once"):
            out.write("a", np.zeros(1))
        out.write("b", np.zeros(1))
    assert keys("ark:x") == "ab" and keys("scp:y.scp") == "ab"


def test_flush_lets_a_reader_see_every_entry():
    code = (
        "import numpy as np, sys\nfrom diarkit.io.tables import ArrayWriter\n"
        "with ArrayWriter(sys.argv[1]) as out:\n"
        "  out.write('a', np.zeros(3)); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, "ark,f:-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout.read(5) == b"a \0BD"  # would wait for ever
        child.stdin.close()


def test_places_that_an_scp_lists(monkeypatch):
    with open("places.scp", "w") as file:
        file.write("c z\na x\nb y\n")
    write("scp:places.scp")
    assert sorted(os.listdir()) == ["places.scp", "x", "y", "z"]
    assert keys("scp:places.scp") == "cab"
    with pytest.raises(ItemError, match="d: not in places.scp"):
        write("scp:places.scp", "d")
    write("scp,p:places.scp", "d")
    with open("places.scp", "w") as file:
        file.write("a | cat > ran\n")
    with pytest.raises(DataError, match="allow-pipes"):
        write("scp:places.scp", "a")
    assert not os.path.exists("ran")
    streams.allow_pipes()
    write("scp:places.scp", "a")
    assert os.path.exists("ran")


def test_a_command_that_fails():
    with pytest.raises(CommandFailed, match="status 3"):
        write("ark:| cat > /dev/null; exit 3")


def test_nothing_is_final_if_the_command_for_the_scp_fails():
    with pytest.raises(CommandFailed, match="status 3"):
        write("ark,scp:x,| cat > /dev/null; exit 3")
    assert os.listdir() == ["x.partial"]


def test_compression():
    matrix = np.random.default_rng(0).normal(size=(100, 4)).astype(np.float32)
    with ArrayWriter("ark:x", compression=2) as out:
        out.write("m", matrix)
        out.write("v", matrix[0])  # vectors are never compressed
    back = dict(read_arrays("ark:x"))
    assert 0 < np.abs(back["m"] - matrix).max() < 0.05 and np.array_equal(back["v"], matrix[0])
    assert os.path.getsize("x") < 700
