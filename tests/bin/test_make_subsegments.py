"""make-subsegments through its command line: the golden files of Kaldi's script, and our own form of its output."""

import re
import shlex

import pytest


def golden_lines(shared):
    """Kaldi's command lines that are for get_uniform_subsegments.py, each with the file that it wrote."""
    for line in (shared / "golden/kaldi/commands/scripts.txt").read_text().splitlines():
        command, _, output = line.partition(" > ")
        if "get_uniform_subsegments.py " in command:
            yield shlex.split(command.split("get_uniform_subsegments.py ")[1]), output


def test_golden_files(run_tool, shared):
    folder = shared / "golden/kaldi"
    compared = 0
    for arguments, output in golden_lines(shared):
        if not any(word.startswith("--constant-duration") for word in arguments):
            arguments = ["--constant-duration=false", *arguments]  # the script's default
        if (folder / output).exists():
            done = run_tool("make-subsegments", *arguments, cwd=folder)
            assert done.stdout == (folder / output).read_text(), arguments
            compared += 1
    assert compared >= 4


SEGMENTS = "b-1 b 0.38 3.73\na-1 a 0.5 0.8\nb-2 b 10.00 12.345\n"


@pytest.mark.parametrize("options, expected", [
    ([], """\
b-1-00000000-00000150 b 0.38 1.88
b-1-00000074-00000225 b 1.13 2.63
b-1-00000150-00000300 b 1.88 3.38
b-1-00000225-00000335 b 2.63 3.73
a-1-00000000-00000030 a 0.50 0.80
b-2-00000000-00000150 b 10.00 11.50
b-2-00000075-00000225 b 10.75 12.25
b-2-00000150-00000235 b 11.50 12.345
"""),
    (["--relative", "--exact-names", "--hard-min"], """\
b-1-00000000-00000150 b-1 0.000 1.500
b-1-00000075-00000225 b-1 0.750 2.250
b-1-00000150-00000300 b-1 1.500 3.000
b-1-00000225-00000335 b-1 2.250 3.350
b-2-00000000-00000150 b-2 0.000 1.500
b-2-00000075-00000225 b-2 0.750 2.250
b-2-00000150-00000235 b-2 1.500 2.345
"""),
    (["--max-segment-duration=2", "--overlap-duration=1.5", "--max-remaining-duration=1",
      "--no-constant-duration"], """\
b-1-00000000-00000200 b 0.38 2.38
b-1-00000050-00000335 b 0.88 3.73
a-1-00000000-00000030 a 0.50 0.80
b-2-00000000-00000235 b 10.00 12.345
"""),
])
def test_forms(run_tool, tmp_path, options, expected):
    (tmp_path / "segments").write_text(SEGMENTS)
    run_tool("make-subsegments", *options, "segments", "out", "spk2utt", cwd=tmp_path)
    assert (tmp_path / "out").read_text() == expected
    names = {}
    for line in expected.splitlines():
        names.setdefault(line[0], []).append(line.split()[0])
    assert (tmp_path / "spk2utt").read_text() == "".join(f"{key} {' '.join(names[key])}\n" for key in names)


def test_segments_alone_as_the_script(run_tool, tmp_path):
    done = run_tool("make-subsegments", "--window=1", "--period=1", "-", input="x r 1 3\n")
    assert done.stdout == "x-00000000-00000100 x 0.000 1.000\nx-00000100-00000200 x 1.000 2.000\n"


def test_what_cannot_be(run_tool, tmp_path):
    (tmp_path / "segments").write_text("good r 0 1\nopen r 1 -1\n")
    done = run_tool("make-subsegments", "segments", "out", "spk2utt", cwd=tmp_path, status=1)
    assert "open: its end is -1" in done.stderr and "1 segments done, 1 failed" in done.stderr
    assert not (tmp_path / "out").exists() and not (tmp_path / "spk2utt").exists()
    done = run_tool("make-subsegments", "--overlap-duration=1.5", "-", "-", input="good r 0 1\n", status=1)
    assert re.search(r"every 0 s: both must be", done.stderr) and done.stdout == ""
