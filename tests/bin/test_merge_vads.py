"""merge-vads through its command line: Kaldi's two tables and map, more tables, what lacks."""

import pytest

from diarkit.io.tables import read_arrays

TABLES = {"a": "one [ 0 0 1 1 ]\ntwo [ 1 1 ]\nthree [ 1 ]\nfour [ 1 ]\n",
          "b": "two [ 1 0 ]\none [ 0 1 0 1 ]\nthree [ 1 1 ]\n",
          "c": "one [ 1 1 1 0 ]\ntwo [ 0 0 ]\nthree [ 0 ]\nfour [ 1 ]\n"}


@pytest.fixture
def folder(tmp_path):
    for name, text in TABLES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_two_tables(run_tool, folder):
    done = run_tool("merge-vads", "ark:a", "ark:b", "ark:o", cwd=folder, status=1)
    assert "three: 1 and 2 decisions" in done.stderr and "four: not in b" in done.stderr
    assert "2 recordings done, 2 failed" in done.stderr
    found = {key: value.tolist() for key, value in read_arrays(f"ark:{folder}/o.partial")}
    assert found == {"one": [0, 0, 0, 1], "two": [1, 0]}


def test_three_tables(run_tool, folder):
    done = run_tool("merge-vads", "--rule=majority", "--max-failed=2", "ark:a", "ark:b", "ark:c", "ark,t:-", cwd=folder)
    assert done.stdout.split("\n")[:2] == ["one  [ 0 1 1 1 ]", "two  [ 1 0 ]"]
    done = run_tool("merge-vads", "--rule=or", "ark:a", "ark:c", "ark,t:-", cwd=folder)
    assert done.stdout.splitlines() == ["one  [ 1 1 1 1 ]", "two  [ 1 1 ]", "three  [ 1 ]", "four  [ 1 ]"]


def test_a_map(run_tool, folder):
    (folder / "map").write_text("# first second result\n0 0 0\n\n 0 1 2 # music\n1 0 3\n1 1 1\n")
    done = run_tool("merge-vads", "--map=map", "--max-failed=2", "ark:a", "ark:b", "ark,t:-", cwd=folder)
    assert done.stdout.splitlines() == ["one  [ 0 2 3 1 ]", "two  [ 1 3 ]"]
    (folder / "map").write_text("0 0 0\n0 1\n")
    done = run_tool("merge-vads", "--map=map", "ark:a", "ark:b", "ark:x", cwd=folder, status=1)
    assert "map:2" in done.stderr and not (folder / "x").exists()
    run_tool("merge-vads", "--map=map", "ark:a", "ark:b", "ark:c", "ark:x", cwd=folder, status=2)
    run_tool("merge-vads", "ark:a", "ark:x", cwd=folder, status=2)
