"""score-vad through its command line: the three kinds of files, from files and from pipes."""

import json

import numpy as np
import pytest

from diarkit.io.tables import ArrayWriter


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "ref").write_text("SPEAKER a 1 1.0 2.0 <NA> <NA> x <NA> <NA>\nSPEAKER a 1 2.5 1.5 <NA> <NA> y <NA>\n")
    (tmp_path / "segments").write_text("a-1 a 2.00 4.50\n")
    decisions = np.zeros(500, np.float32)
    decisions[200:450] = 1
    with ArrayWriter(f"ark:{tmp_path}/vad.ark") as out:
        out.write("a", decisions)
    (tmp_path / "uem").write_text("a 1 0 4.2\n")
    return tmp_path


def total(done):
    return [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("TOTAL")][0]


def test_kinds_of_files(run_tool, folder):
    for hyp in ("segments", "ark:vad.ark"):
        done = run_tool("score-vad", "ref", hyp, cwd=folder)
        assert total(done) == ["50.00", "33.33", "16.67", "3.00", "1.00", "0.50"]
        assert done.stderr == ""
    done = run_tool("score-vad", "segments", "-", cwd=folder, input=(folder / "ref").read_text())
    assert total(done) == ["60.00", "20.00", "40.00", "2.50", "0.50", "1.00"]
    done = run_tool("score-vad", "--json", "--uem=uem", "--collar=0.25", "ref", "-", cwd=folder,
                    input="\n" + (folder / "segments").read_text())
    overall = json.loads(done.stdout)["overall"]
    # speech 1.25-2.25, 3.25-3.75; missed 1.25-2
    assert overall["speech_seconds"] == pytest.approx(1.5) and overall["missed_seconds"] == pytest.approx(0.75)
    assert overall["false_alarm_seconds"] == 0


def test_frame_shift(run_tool, folder):
    done = run_tool("score-vad", "--frame-shift=0.02", "ref", "ark:vad.ark", cwd=folder)
    assert total(done) == ["266.67", "100.00", "166.67", "3.00", "3.00", "5.00"]


def test_bad_input(run_tool, folder):
    (folder / "bad").write_text("a-1 a 2.00 1.00\n")
    (folder / "open").write_text("a-1 a 2.00 -1\n")
    (folder / "nothing").write_text("")
    (folder / "matrix").write_text("a [\n 0 1\n 1 0 ]\n")
    for name, told in (("bad", "bad:1"), ("open", "a-1"), ("no-file", "no-file"), ("ark:ref", "ref"),
                       ("ark:matrix", "a: ark:matrix: a vector")):
        done = run_tool("score-vad", "ref", name, cwd=folder, status=1)
        assert told in done.stderr and done.stderr.count("\n") == 1 and done.stdout == ""
    assert "nothing to score" in run_tool("score-vad", "nothing", "segments", cwd=folder, status=1).stderr
    assert total(run_tool("score-vad", "ref", "nothing", cwd=folder))[:3] == ["100.00", "100.00", "0.00"]
    run_tool("score-vad", "--collar=-1", "ref", "segments", cwd=folder, status=2)
    run_tool("score-vad", "--frame-shift=0", "ref", "segments", cwd=folder, status=2)
