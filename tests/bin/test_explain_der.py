"""explain-der through its command line: the report, JSON, CSV, what can be listened to, and what it refuses."""

import csv
import json

import pytest

from diarkit.io.rttm import read_rttm

REF = """SPEAKER f1 1 0.000 10.000 <NA> <NA> A <NA> <NA>
SPEAKER f1 1 8.000 7.000 <NA> <NA> B <NA> <NA>
SPEAKER f1 1 20.000 0.400 <NA> <NA> C <NA> <NA>
SPEAKER f2 2 1.000 4.000 <NA> <NA> A <NA> <NA>
"""
HYP = """SPEAKER f1 1 0.500 9.000 <NA> <NA> x <NA> <NA>
SPEAKER f1 1 9.500 8.000 <NA> <NA> y <NA> <NA>
SPEAKER f1 1 20.000 0.400 <NA> <NA> y <NA> <NA>
SPEAKER f2 2 2.000 3.000 <NA> <NA> x <NA> <NA>
"""
ONE = """\
# md-eval; collar 0 s on each side; overlap scored; UEM extent of the reference; 1 recording

DER 31.03 %: 5.40 s of errors in 17.40 s of speaker time of 1 recording. The biggest cause is
missed speech: 2.50 s, 46 % of all errors; of it 20 % where nobody was found, 80 % further
speakers who overlap, 30 % within 0.25 s of a boundary (23 % of the speech is overlap). There
are 3 speakers, 2 were found. With no false alarm where nobody talks, the DER would be 16.67 %.
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "ref").write_text(REF)
    (tmp_path / "hyp").write_text(HYP)
    return tmp_path


def section(text, name):
    """Rows of words of a section of the report, the names first."""
    [block] = [block for block in text.split("\n\n") if block.startswith(f"{name.upper()}: ")]
    lines = block.splitlines()
    first = next(n for n, line in enumerate(lines) if "  " in line)
    return [[word.strip() for word in line.split("  ")] for line in lines[first:]]


def test_the_report(run_tool, files):
    done = run_tool("explain-der", "ref", "hyp", cwd=files)
    assert done.stderr == ""
    assert done.stdout.startswith("# md-eval; collar 0 s on each side; overlap scored; UEM extent of the reference; 2 ")
    assert max(map(len, done.stdout.splitlines())) <= 100
    total = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("TOTAL")]
    assert total[0] == ["6.40", "29.91", "100.00"]
    plain = run_tool("compute-der", "ref", "hyp", cwd=files).stdout
    assert [line.split()[1] for line in plain.splitlines() if line.startswith("TOTAL")] == ["29.91"]
    assert run_tool("explain-der", "ref", "-", cwd=files, input=HYP).stdout == done.stdout

    one = run_tool("explain-der", "--recording=f1", "--top=1", "ref", "hyp", cwd=files).stdout
    assert one.startswith(ONE)
    assert "FILES" not in one and "COUNTS" not in one
    # f1: A 0-0.5 and 9.5-10, B 8-9.5 are missed, 15-17.5 is false alarm, C is taken for y, who is B
    assert one.split("\n\n")[2].splitlines()[2:] == [
        "missed       all                                     2.50    14.37   46.30",
        "missed       nobody was found, the first speaker     0.50     2.87    9.26",
        "missed       further speakers in overlap             2.00    11.49   37.04",
        "false alarm  all                                     2.50    14.37   46.30",
        "false alarm  where nobody talks                      2.50    14.37   46.30",
        "false alarm  beside speech                           0.00     0.00    0.00",
        "confusion    all                                     0.40     2.30    7.41",
        "confusion    one speaker talks                       0.40     2.30    7.41",
        "confusion    several talk                            0.00     0.00    0.00",
        "TOTAL                                                5.40    31.03  100.00",
    ]
    assert [row[-1] for row in section(one, "errors")] == ["seconds", "2.50", "... 4 more"]


def test_json_has_everything_and_csv_a_section(run_tool, files):
    arguments = ("--collar=0.25", "--ignore-overlap", "--scorer=dscore", "ref", "hyp")
    content = json.loads(run_tool("explain-der", "--json", *arguments, cwd=files).stdout)
    plain = json.loads(run_tool("compute-der", "--json", *arguments, cwd=files).stdout)
    assert content["protocol"] == plain["protocol"]
    assert content["overall"].items() <= plain["overall"].items()
    assert list(content["sections"]) == ["kinds", "what-if", "places", "turns", "silence", "files", "speakers",
                                         "confusions", "unmatched", "merges", "counts", "errors"]
    for row in content["sections"]["files"]:
        assert row["DER"] == pytest.approx(plain["files"][row["recording"]]["der"])
    assert content["summary"].startswith(f"DER {plain['overall']['der']:.2f} %: ")

    done = run_tool("explain-der", "--csv", "--section", "speakers", *arguments, cwd=files)
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert {(row["scorer"], row["collar"], row["ignore_overlap"]) for row in rows} == {("dscore", "0.25", "True")}
    assert [row["recording"] for row in rows[-1:]] == ["TOTAL"] and len(rows) == 5
    assert float(rows[-1]["miss"]) == pytest.approx(plain["overall"]["miss"])
    one = json.loads(run_tool("explain-der", "--json", "--section=merges", "ref", "hyp", cwd=files).stdout)
    assert one["sections"] == {"merges": [
        {"recording": "f1", "what": "merge", "speaker": "y", "others": ["B", "C"], "seconds": pytest.approx(0.4)}]}


def test_what_can_be_listened_to(run_tool, files):
    run_tool("explain-der", "--recording=f1", "--labels=labels", "--section=kinds", "ref", "hyp", cwd=files)
    assert (files / "labels").read_text() == (
        "0.000000\t0.500000\tmissed: A\n"
        "8.000000\t9.500000\tmissed: B\n"
        "9.500000\t10.000000\tmissed: A\n"
        "15.000000\t17.500000\tfalse alarm: y\n"
        "20.000000\t20.400000\tconfusion: C said y\n")
    run_tool("explain-der", "--rttm-out=errors", "ref", "hyp", cwd=files)
    found = [(turn.reco, turn.channel, turn.speaker) for turn in read_rttm(str(files / "errors"))]
    assert found == [("f1", "1", "missed:A"), ("f1", "1", "missed:B"), ("f1", "1", "missed:A"),
                     ("f1", "1", "false-alarm:y"), ("f1", "1", "confusion:C>y"), ("f2", "2", "missed:A")]


def test_one_recording_has_its_regions_and_no_others_of_like_names(run_tool, files):
    (files / "uem").write_text("f1.wav 1 0 10\nf2 2 0 10\n")
    (files / "ref").write_text(REF + REF.replace(" f1 ", " f1.b "))
    arguments = ("--uem=uem", "--scorer=dscore", "--section=kinds", "ref", "hyp")
    done = run_tool("explain-der", "--recording=f1", *arguments, cwd=files)
    # A 10 s and B 2 s, of which A lacks 1 s and B 1.5 s
    assert done.stdout.splitlines()[-1].split() == ["TOTAL", "2.50", "20.83", "100.00"]
    assert done.stderr == ""


def test_limits_are_those_that_are_asked_for(run_tool, files):
    done = run_tool("explain-der", "--section=turns", "--short=0.3,5", "ref", "hyp", cwd=files)
    lengths = [row[0] for row in section(done.stdout, "turns")]
    assert lengths[1:] == ["below 0.3 s", "0.3 to 5 s", "5 s and more", "TOTAL"]
    done = run_tool("explain-der", "--section=silence", "--pauses=6", "--boundary=1", "ref", "hyp", cwd=files)
    assert [row[0] for row in section(done.stdout, "silence")][1:3] == ["below 6 s", "6 s and more"]
    done = run_tool("explain-der", "--section=places", "--boundary=1", "--after-change=2", "ref", "hyp", cwd=files)
    assert "  within 1 s of a start " in done.stdout and "  first 2 s after a change " in done.stdout


@pytest.mark.parametrize("arguments, status, message", [
    (("ref", "bad"), 1, "error: bad:1: "),
    (("--uem", "bad", "ref", "hyp"), 1, "error: bad:1: "),
    (("ref", "nowhere"), 1, "nowhere"),
    (("empty", "hyp"), 1, "no speech of the reference"),
    (("--recording=f3", "ref", "hyp"), 1, "no recording f3"),
    (("--collar=-1", "ref", "hyp"), 2, "--collar is negative"),
    (("--boundary=1e308", "ref", "hyp"), 2, "--boundary is too large"),
    (("--short=1,1", "ref", "hyp"), 2, "--short"),
    (("--pauses=nan", "ref", "hyp"), 2, "--pauses"),
    (("--pauses=0,1", "ref", "hyp"), 2, "--pauses"),
    (("--section=where", "ref", "hyp"), 2, "what-if"),
    (("--csv", "ref", "hyp"), 2, "--section"),
    (("--csv", "--json", "--section=kinds", "ref", "hyp"), 2, "--csv"),
    (("--labels=out", "ref", "hyp"), 2, "--recording"),
    (("--recording=f1", "--labels=out", "--rttm-out=out", "ref", "hyp"), 2, "two files"),
    (("--rttm-out=-", "ref", "hyp"), 2, "standard output"),
])
def test_failures_are_one_line(run_tool, files, arguments, status, message):
    (files / "bad").write_text("SPEAKER f1 1 nan 1 <NA> <NA> A <NA> <NA>\n")
    (files / "empty").write_text("")
    done = run_tool("explain-der", *arguments, cwd=files, status=status)
    assert done.stdout == "" and not (files / "out").exists()
    assert message in done.stderr and done.stderr.count("\n") == 1


def test_bad_files_of_the_corpus(run_tool, shared):
    """Some of them as check_bad.py runs the tool on them; all are in tests/io/test_rttm.py."""
    check = shared / "badinputs" / "check_bad.py"
    done = run_tool("python3", check, "--strict-names", "--rttm", "explain-der good/ref.rttm {in}",
                    "--uem", "explain-der --uem {in} good/ref.rttm good/hyp.rttm",
                    "--only", "binary|latin1|bom|uem/inf", status=None)
    assert done.returncode == 0, done.stdout
