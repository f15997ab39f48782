import numpy as np
import pytest

from diarkit.io.tables import ArrayWriter, read_arrays


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {
        "m": rng.normal(size=(3, 2)).astype(np.float32),
        "v": np.array([0, 0.5]),
        "i": np.array([3, -1]),
    }
    with ArrayWriter(f"ark,scp:{tmp_path}/x.ark,{tmp_path}/x.scp") as out:
        for key, array in arrays.items():
            out.write(key, array)
    return arrays


def test_prints_what_can_be_read_again(run_tool, tmp_path, table):
    for name in ("x.ark", "x.scp"):
        done = run_tool("show-table", tmp_path / name)
        (tmp_path / "text").write_text(done.stdout)
        back = dict(read_arrays(f"ark:{tmp_path}/text"))
        assert list(back) == list(table)
        assert all(np.array_equal(back[key], table[key].astype(back[key].dtype)) for key in table)
        assert "3 entries done, 0 failed" in done.stderr
    with open(tmp_path / "x.ark", "rb") as file:
        again = run_tool("show-table", "-", stdin=file)
    assert again.stdout == done.stdout


def test_shapes(run_tool, tmp_path, table):
    done = run_tool("show-table", "--shapes", tmp_path / "x.ark")
    lines = done.stdout.splitlines()
    assert lines[1:] == [
        "v vector float64 2 min 0 mean 0.25 max 0.5",
        "i integers int32 2 min -1 mean 1 max 3",
    ]
    assert lines[0].startswith("m matrix float32 3x2 min ")
    assert run_tool("show-table", "--shapes", "--limit=1", tmp_path / "x.ark").stdout == lines[0] + "\n"


def test_a_bad_entry_is_named_and_the_rest_shown(run_tool, tmp_path, table):
    with open(tmp_path / "x.scp", "a") as file:
        file.write("bad missing.ark:1\n")
    done = run_tool("show-table", "--shapes", tmp_path / "x.scp", status=1)
    assert len(done.stdout.splitlines()) == 3
    assert "bad: missing.ark" in done.stderr and "3 entries done, 1 failed" in done.stderr


def test_a_damaged_archive_is_one_line(run_tool, tmp_path, table):
    data = (tmp_path / "x.ark").read_bytes()
    (tmp_path / "x.ark").write_bytes(data[:-1])
    done = run_tool("show-table", tmp_path / "x.ark", status=1)
    errors = [line for line in done.stderr.splitlines() if "error" in line]
    assert len(errors) == 1 and "x.ark: i: " in errors[0] and "Traceback" not in done.stderr


def test_gaussians_of_frames(run_tool, tmp_path):
    (tmp_path / "g").write_text("a 3 1 ; ; \n")
    (tmp_path / "p").write_text("a [ 3 0.75 1 0.25 ] [ ] \n")
    for name, kind in (("g", "gselect"), ("p", "posteriors")):
        assert run_tool("show-table", f"--kind={kind}", tmp_path / name).stdout == (tmp_path / name).read_text()
        shapes = run_tool("show-table", f"--kind={kind}", "--shapes", tmp_path / name).stdout
        assert shapes == f"a {kind} frames 2 of 2 Gaussians\n"
