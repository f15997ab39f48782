"""The small tools that change RTTM, and rttm-to-uem, through their command lines."""

import pytest

RTTM = """; what we know
SPKR-INFO m 1 <NA> <NA> <NA> adult A <NA> <NA>
SPEAKER m 1 10.50 2.5 <NA> <NA> A <NA> <NA>
SPEAKER  m 1 12.0  4 <NA> <NA> B 0.9
SPEAKER n 2 0.0001 0.1 <NA> <NA> A <NA> <NA>
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rttm").write_text(RTTM)
    return tmp_path


@pytest.fixture
def turns(run_tool, folder):
    """A function that runs a tool and gives (recording, channel, start, duration, speaker) of its lines, as text."""

    def turns(tool, *args, content=None, **kwargs):
        done = run_tool(tool, *args, cwd=folder, **kwargs, **({} if content is None else {"input": content}))
        return [tuple(line.split()[i] for i in (1, 2, 3, 4, 7)) for line in done.stdout.splitlines()]

    return turns


A, B, N = ("m", "1", "10.500", "2.500", "A"), ("m", "1", "12.000", "4.000", "B"), ("n", "2", "0.0001", "0.100", "A")
INFO = ("m", "1", "<NA>", "<NA>", "A")


def test_filter_keeps_lines_as_they_are(run_tool, folder):
    done = run_tool("filter-rttm", "rttm", cwd=folder)
    assert done.stdout.splitlines() == [" ".join(line.split()) for line in RTTM.splitlines()[1:]]
    (folder / "list").write_text("m and more\n")
    for args, wanted in [
        (["--recordings=list"], [2, 3, 4]), (["--speakers=a|B"], [4]), (["--speakers=(?i)a"], [2, 3, 5]),
        (["--channel=2"], [5]), (["--type=speaker"], [3, 4, 5]), (["--min-duration=2.5"], [2, 3, 4]),
        (["--type=SPEAKER", "--max-duration=2.5"], [3, 5]), (["--exclude", "--speakers=A"], [4]),
    ]:  # fmt: skip
        done = run_tool("filter-rttm", *args, "rttm", cwd=folder)
        assert done.stdout.splitlines() == [" ".join(RTTM.splitlines()[n - 1].split()) for n in wanted], args
    assert "no regular expression" in run_tool("filter-rttm", "--speakers=(", "rttm", cwd=folder, status=2).stderr


def test_crop(turns, run_tool, folder):
    assert turns("crop-rttm", "rttm") == [INFO, A, B, N]
    assert turns("crop-rttm", "--start=11", "--end=12.25", "rttm") == [
        INFO, ("m", "1", "11.000", "1.250", "A"), ("m", "1", "12.000", "0.250", "B")]
    (folder / "uem").write_text("m NA 0 11\nm NA 12 12.5\n")
    done = run_tool("crop-rttm", "--uem=uem", "--end=12.4", "rttm", "out", cwd=folder)
    assert done.stderr == "crop-rttm: n: not in the UEM, left out\n"
    assert [line.split()[3:5] for line in (folder / "out").read_text().splitlines()] == [
        ["<NA>", "<NA>"], ["10.500", "0.500"], ["12.000", "0.400"], ["12.000", "0.400"]]
    assert (folder / "out").read_text().splitlines()[3].split()[8:] == ["0.9", "<NA>"]
    run_tool("crop-rttm", "--start=5", "--end=5", "rttm", cwd=folder, status=2)


def test_shift(turns, run_tool, folder):
    assert turns("shift-rttm", "--by=0.001", "rttm")[1:3] == [
        ("m", "1", "10.501", "2.500", "A"), ("m", "1", "12.001", "4.000", "B")]
    assert turns("shift-rttm", "--scale=0.5", "--by=1", "rttm")[1:] == [
        ("m", "1", "6.250", "1.250", "A"), ("m", "1", "7.000", "2.000", "B"), ("n", "2", "1.00005", "0.050", "A")]
    assert turns("shift-rttm", "--scale=1.0000001", "rttm")[1] == ("m", "1", "10.500001", "2.500", "A")
    done = run_tool("shift-rttm", "--by=-0.5", "rttm", cwd=folder, status=1)
    assert "n: what A has at 0.0001 s would be at -0.4999 s" in done.stderr
    assert "done, 1 failed" in done.stderr
    (folder / "offsets").write_text("m -10.5\n")
    assert turns("shift-rttm", "--offsets=offsets", "rttm", status=1)[1:] == [
        ("m", "1", "0.000", "2.500", "A"), ("m", "1", "1.500", "4.000", "B")]
    (folder / "segments").write_text("m whole 100 200\nn whole 0.1 3\n")
    assert turns("shift-rttm", "--segments=segments", "rttm")[1:] == [
        ("whole", "1", "110.500", "2.500", "A"), ("whole", "1", "112.000", "4.000", "B"),
        ("whole", "2", "0.1001", "0.100", "A")]
    (folder / "offsets").write_text("m 1e12\nn 1\n")
    assert len(turns("shift-rttm", "--offsets=offsets", "--max-failed=1", "rttm")) == 1
    done = run_tool("shift-rttm", "--by=1e300", "rttm", cwd=folder, status=1)
    assert "m: what A has would be at 1e+300 s, which is too large" in done.stderr
    run_tool("shift-rttm", "--by=1", "--offsets=offsets", "rttm", cwd=folder, status=2)


def test_merge(turns, folder):
    more = RTTM + "SPEAKER m 1 13.2 1 <NA> <NA> A <NA> <NA>\nSPEAKER m 1 11 1 <NA> <NA> A <NA> <NA>\n"
    assert turns("merge-rttm", "rttm", "-", "-", content=more) == [INFO, A, B, ("m", "1", "13.200", "1.000", "A"), N]
    assert turns("merge-rttm", "--max-gap=0.2", "rttm", "-", "-", content=more) == [
        INFO, ("m", "1", "10.500", "3.700", "A"), B, N]
    assert len(turns("merge-rttm", "--no-join", "rttm", "-", "-", content=more)) == 6


def test_flatten(turns):
    assert turns("flatten-rttm", "rttm") == [INFO, A, ("m", "1", "13.000", "3.000", "B"), N]
    assert turns("flatten-rttm", "--rule=longest", "rttm") == [INFO, ("m", "1", "10.500", "1.500", "A"), B, N]
    assert turns("flatten-rttm", "--rule=nobody", "rttm")[1:3] == [
        ("m", "1", "10.500", "1.500", "A"), ("m", "1", "13.000", "3.000", "B")]


def test_rename(turns, run_tool, folder):
    (folder / "map").write_text("A Anna\nm A Bo\n")
    (folder / "recos").write_text("m mm\n")
    assert turns("rename-rttm", "--map=map", "--recordings=recos", "--channel=7", "rttm") == [
        ("mm", "7", *INFO[2:4], "Bo"), ("mm", "7", *A[2:4], "Bo"), ("mm", "7", *B[2:]), ("n", "7", *N[2:4], "Anna")]
    assert turns("rename-rttm", "--number=longest", "--prefix=S", "rttm") == [
        (*INFO[:4], "S2"), (*A[:4], "S2"), (*B[:4], "S1"), (*N[:4], "S1")]
    assert turns("rename-rttm", "--number=first", "--across", "rttm") == [
        (*INFO[:4], "spk1"), (*A[:4], "spk1"), (*B[:4], "spk2"), (*N[:4], "spk1")]
    (folder / "ref").write_text("SPEAKER m 9 13 3 <NA> <NA> A <NA> <NA>\nSPEAKER o 1 0 1 <NA> <NA> A <NA> <NA>\n")
    done = run_tool("rename-rttm", "--reference=ref", "rttm", cwd=folder)
    assert [line.split()[7] for line in done.stdout.splitlines()] == ["A_", "A_", "A", "A"]
    assert done.stderr == "rename-rttm: n: no speaker of it is in the reference, names stay\n"
    run_tool("rename-rttm", "--map=map", "--number=first", "rttm", cwd=folder, status=2)
    run_tool("rename-rttm", "--number=first", "--prefix=a b", "rttm", cwd=folder, status=2)


def test_rttm_to_uem(run_tool, folder):
    def uem(*args, **kwargs):
        return run_tool("rttm-to-uem", *args, "-", cwd=folder, **kwargs).stdout

    assert uem("rttm") == "m 1 10.500 16.000\nn 2 0.0001 0.1001\n"
    (folder / "hyp").write_text("SPEAKER m 1 0 1 <NA> <NA> x <NA> <NA>\nSPEAKER m 1 1 1 <NA> <NA> y <NA> <NA>\n")
    assert uem("--channel=1", "rttm", "hyp") == "m 1 0.000 16.000\nn 1 0.0001 0.1001\n"
    assert uem("--speech", "rttm", "hyp") == "m 1 0.000 2.000\nm 1 10.500 16.000\nn 2 0.0001 0.1001\n"
    (folder / "both").write_text("SPEAKER m 1 0.5 2 <NA> <NA> x <NA> <NA>\nSPEAKER m 1 0.8 3 <NA> <NA> x <NA> <NA>\n"
                                 "SPEAKER n 1 0 1 <NA> <NA> x <NA> <NA>\n")
    assert uem("--overlap", "hyp", "both") == "m 1 1.000 2.000\n"
    uem("--overlap", "--speech", "hyp", status=2)
    (folder / "reco2dur").write_text("o 7\nm 20.25\n")
    assert uem("--durations=reco2dur", "rttm", status=1) == "m 1 0.000 20.250\no 1 0.000 7.000\n"
    (folder / "zero").write_text("SPEAKER m 1 1 0 <NA> <NA> x <NA> <NA>\n")
    assert uem("zero", status=1) == ""


def test_tools_in_a_pipe_give_what_scoring_takes(run_tool, folder):
    """Pieces with times of their own, put back into the whole, score as the whole does."""
    (folder / "whole").write_text("SPEAKER w 1 1.0 3 <NA> <NA> A <NA> <NA>\nSPEAKER w 1 5.0 4 <NA> <NA> B <NA> <NA>\n")
    (folder / "segments").write_text("p1 w 0 4.5\np2 w 4.5 10\n")
    (folder / "one").write_text("w p1\n")
    (folder / "two").write_text("w p2\n")
    pipe = ("(crop-rttm --end=4.5 whole - | rename-rttm --recordings=one -;"
            " crop-rttm --start=4.5 whole - | shift-rttm --by=-4.5 - | rename-rttm --recordings=two -) |"
            " shift-rttm --segments=segments - - | merge-rttm - - | compute-der whole -")
    done = run_tool("bash", "-o", "pipefail", "-c", pipe, cwd=folder)
    assert [line.split()[1] for line in done.stdout.splitlines() if line.startswith("TOTAL")] == ["0.00"]
