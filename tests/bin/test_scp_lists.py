"""filter-scp, subset-scp, split-scp."""

import pytest

LINES = [f"u{i:02} s{i // 5} file{i}.wav\n" for i in range(12)]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").write_text("".join(LINES))
    (tmp_path / "ids").write_text("u03 anything\nu11\nmissing\nu03\n")


def test_filter_scp(run_tool):
    kept = [LINES[3], LINES[11]]
    assert run_tool("filter-scp", "ids", "x").stdout == "".join(kept)
    assert run_tool("filter-scp", "ids", stdin=open("x")).stdout == "".join(kept)
    run_tool("filter-scp", "--exclude", "ids", "-", "y", stdin=open("x"))
    assert open("y").read() == "".join(line for line in LINES if line not in kept)
    with open("speakers", "w") as file:
        file.write("s1\n")
    for options in (["-f", "2"], ["--field=2"]):
        assert run_tool("filter-scp", *options, "speakers", "x").stdout == "".join(LINES[5:10])
        assert run_tool("filter-scp", "--exclude", *options, "speakers", "x").stdout == "".join(LINES[:5] + LINES[10:])
    assert "x:1: no word 4" in run_tool("filter-scp", "-f", "4", "ids", "x", status=1).stderr
    run_tool("filter-scp", "-f", "0", "ids", "x", status=2)
    assert "nothing: no such file" in run_tool("filter-scp", "ids", "nothing", "y", status=1).stderr
    assert open("y").read() != ""  # and the file of an earlier run stays


def test_subset_scp(run_tool):
    def chosen(*args):
        return run_tool("subset-scp", *args, "x").stdout.splitlines(True)

    assert chosen("3") == [LINES[5], LINES[8], LINES[11]]  # half from each half, and so on
    assert chosen("--first", "3") == LINES[:3] and chosen("--last", "3") == LINES[-3:]
    some = chosen("--shuffle", "5")
    assert len(set(some)) == 5 and some == sorted(some) and set(some) <= set(LINES)
    assert chosen("--shuffle", "5") == some != chosen("--shuffle", "--seed=1", "5")
    assert chosen("--quiet", "13") == LINES and chosen("12") == LINES
    assert "x: 12 lines, fewer than 13" in run_tool("subset-scp", "13", "x", status=1).stderr
    for args in (["0"], ["--first", "--last", "1"], ["one"]):
        run_tool("subset-scp", *args, "x", status=2)
    run_tool("subset-scp", "1", "-", "y", stdin=open("x"))
    assert open("y").read() in LINES


def pieces(count):
    return [open(f"p{i}").read().splitlines(True) for i in range(1, count + 1)]


def test_split_scp(run_tool):
    run_tool("split-scp", "x", *(f"p{i}" for i in range(1, 6)))
    assert list(map(len, pieces(5))) == [3, 3, 2, 2, 2] and sum(pieces(5), []) == LINES
    parts = [run_tool("split-scp", "-j", "5", str(i), "x").stdout for i in range(5)]
    assert parts == ["".join(piece) for piece in pieces(5)]
    run_tool("split-scp", "--one-based", "-j", "5", "1", "x", "q")
    assert open("q").read() == parts[0]
    assert "12 lines, fewer than 13" in run_tool("split-scp", "-j", "13", "0", "x", status=1).stderr
    for args in (["-j", "5", "5"], ["--one-based", "-j", "5", "0"], ["-j", "0", "0"]):
        run_tool("split-scp", *args, "x", status=2)
    run_tool("split-scp", "x", status=2)


def test_split_scp_by_speaker(run_tool):
    with open("utt2spk", "w") as file:
        file.writelines(" ".join(line.split()[:2]) + "\n" for line in LINES)
    run_tool("split-scp", "--utt2spk=utt2spk", "x", "p1", "p2")
    assert pieces(2) == [LINES[:5], LINES[5:]]
    done = run_tool("split-scp", "--utt2spk=utt2spk", "-j", "4", "0", "x", status=1)
    assert "3 speakers, fewer than 4" in done.stderr and done.stdout == ""
    with open("x", "a") as file:
        file.write("u99 s1 file\n")
    error = run_tool("split-scp", "--utt2spk=utt2spk", "x", "p1", "p2", status=1).stderr
    assert "x:13: 'u99' is not in utt2spk" in error
