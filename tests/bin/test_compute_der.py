import csv
import json
import re

import pytest

REF = """SPEAKER f1 1 0.000 10.000 <NA> <NA> A <NA> <NA>
SPEAKER f1 1 8.000 7.000 <NA> <NA> B <NA> <NA>
SPEAKER f2 1 1.000 4.000 <NA> <NA> A <NA> <NA>
"""
HYP = """SPEAKER f1 1 0.200 9.300 <NA> <NA> x <NA> <NA>
SPEAKER f1 1 8.500 6.000 <NA> <NA> y <NA> <NA>
SPEAKER f2 1 2.000 3.000 <NA> <NA> x <NA> <NA>
"""
TABLE = """\
# md-eval; collar 0 s on each side; overlap scored; UEM extent of the reference; 2 recordings
# OVERALL SPEAKER DIARIZATION ERROR = 12.86 % of scored speaker time
recording    DER  miss%   fa%  conf%  scored  miss    fa  conf  ref_spk  hyp_spk
f1         10.00  10.00  0.00   0.00   17.00  1.70  0.00  0.00        2        2
f2         25.00  25.00  0.00   0.00    4.00  1.00  0.00  0.00        1        1
TOTAL      12.86  12.86  0.00   0.00   21.00  2.70  0.00  0.00        3        3
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "ref").write_text(REF)
    (tmp_path / "hyp").write_text(HYP)
    (tmp_path / "uem").write_text("f1 1 0 10\nf2 1 0 10\n")
    return tmp_path


def test_the_table(run_tool, files):
    done = run_tool("compute-der", "ref", "hyp", cwd=files)
    assert done.stdout == TABLE
    assert done.stderr == ""
    assert run_tool("compute-der", "ref", "-", cwd=files, input=HYP).stdout == TABLE
    assert run_tool("compute-der", "-", "hyp", cwd=files, input=REF).stdout == TABLE


def test_how_recipes_read_it(run_tool, files):
    pick = "compute-der ref hyp | awk '$1 == \"TOTAL\" { print $2 }'"
    assert run_tool("bash", "-c", pick, cwd=files).stdout == "12.86\n"
    kaldi = r"compute-der ref hyp | grep -oP 'DIARIZATION\ ERROR\ =\ \K[0-9]+([.][0-9]+)?'"
    assert run_tool("bash", "-c", kaldi, cwd=files).stdout == "12.86\n"


def test_options_reach_the_scorer_and_the_protocol(run_tool, files):
    options = ("--collar", "0.25", "--ignore-overlap", "--uem", "uem", "--scorer", "dscore")
    done = run_tool("compute-der", *options, "ref", "hyp", cwd=files)
    assert done.stdout.startswith(
        "# dscore; collar 0.25 s on each side; overlap not scored; UEM given; 2 recordings; JER by dscore's rules\n")
    content = json.loads(run_tool("compute-der", "--json", *options, "ref", "hyp", cwd=files).stdout)
    assert content["protocol"] == {"scorer": "dscore", "collar": 0.25, "ignore_overlap": True, "uem": "given"}
    # f1: 0.25-7.75 of A, overlap 8-10 left out; f2: 1.25-4.75, of which 1.25-2 is missed
    assert content["files"]["f1"]["scored"] == pytest.approx(7.5)
    assert content["files"]["f2"]["miss"] == pytest.approx(0.75)
    assert content["files"]["f1"]["mapping"] == {"A": "x", "B": "y"}
    assert content["overall"]["der"] == pytest.approx(100 * 0.75 / 11)
    # of 0-10 s, in seconds: A 0-10 and x 0.2-9.5, B 8-10 and y 8.5-10, A 1-5 and x 2-5
    assert content["files"]["f1"]["jer"] == pytest.approx(100 * (0.7 / 10 + 0.5 / 2) / 2)
    assert content["overall"]["jer"] == pytest.approx(100 * (0.7 / 10 + 0.5 / 2 + 1 / 4) / 3)


def test_jer_is_there_only_where_it_is_asked_for(run_tool, files):
    assert "JER" not in run_tool("compute-der", "ref", "hyp", cwd=files).stdout
    assert "jer" not in json.loads(run_tool("compute-der", "--json", "ref", "hyp", cwd=files).stdout)["overall"]
    table = run_tool("compute-der", "--jer", "--uem", "uem", "ref", "hyp", cwd=files).stdout.splitlines()
    assert table[2].split()[-1] == "JER" and table[-1].split()[-1] == "19.00"
    assert table[0].endswith("; JER by dscore's rules")


def test_the_usual_four_protocols(run_tool, files):
    done = run_tool("compute-der", "--protocols", "ref", "hyp", cwd=files)
    rows = {line.split()[0]: line.split()[1] for line in done.stdout.splitlines()[1:]}
    singly = {}
    for name, options in {"collar-0": (), "collar-0-no-overlap": ("--ignore-overlap",),
                          "collar-0.25": ("--collar=0.25",),
                          "collar-0.25-no-overlap": ("--collar=0.25", "--ignore-overlap")}.items():
        singly[name] = run_tool("compute-der", *options, "ref", "hyp", cwd=files).stdout.split()[-10]
    assert rows == {"protocol": "DER", **singly} and len(set(singly.values())) > 2
    content = json.loads(run_tool("compute-der", "--protocols", "--json", "ref", "hyp", cwd=files).stdout)
    assert [f"{each['overall']['der']:.2f}" for each in content["protocols"]] == list(singly.values())
    assert [each["protocol"]["collar"] for each in content["protocols"]] == [0, 0, 0.25, 0.25]


def test_csv_names_the_protocol_in_every_row(run_tool, files):
    rows = list(csv.DictReader(run_tool("compute-der", "--csv", "--ci", "ref", "hyp", cwd=files).stdout.splitlines()))
    assert [row["recording"] for row in rows] == ["f1", "f2", "TOTAL"]
    assert {(row["scorer"], row["uem"]) for row in rows} == {("md-eval", "extent of the reference")}
    assert float(rows[0]["der"]) == pytest.approx(10) and float(rows[2]["miss"]) == pytest.approx(2.7)
    assert rows[0]["der_low"] == "" and 0 <= float(rows[2]["der_low"]) < 12.86 < float(rows[2]["der_high"])


def test_the_interval_holds_the_der_and_wants_two_recordings(run_tool, files):
    line = run_tool("compute-der", "--ci", "ref", "hyp", cwd=files).stdout.splitlines()[2]
    low, high = re.fullmatch(r"# 95 % confidence interval of the DER: (\S+) to (\S+) % \(bootstrap over recordings\)",
                             line).groups()
    assert float(low) < 12.86 < float(high)
    one = run_tool("compute-der", "--ci", "-", "hyp", cwd=files, input=REF.replace(" f2 ", " f1 ")).stdout
    assert "DER: - to - %" in one


def test_classes_of_speakers_and_the_report_of_md_eval(run_tool, files):
    info = "".join(f"SPKR-INFO f1 1 <NA> <NA> <NA> {kind} {name} <NA> <NA>\n"
                   for kind, name in (("adult_female", "A"), ("adult_male", "B")))
    (files / "ref").write_text(REF + info)
    done = run_tool("compute-der", "ref", "hyp", cwd=files)
    assert "# class adult_female: scored 10.00 s" in done.stdout
    classes = json.loads(run_tool("compute-der", "--json", "ref", "hyp", cwd=files).stdout)["classes"]
    assert classes["unknown"] == {"scored": 4, "miss": 1, "as": {"unknown": 3}}
    report = run_tool("compute-der", "--format=md-eval", "--conditions=f", "ref", "hyp", cwd=files).stdout
    assert [line for line in report.splitlines() if "OVERALL" in line] == [
        f" OVERALL SPEAKER DIARIZATION ERROR = {der} percent of scored speaker time  `({name})"
        for der, name in (("10.00", "f=f1"), ("25.00", "f=f2"), ("12.86", "ALL"))]


def test_pyannote_by_pyannote(run_tool, files):
    """Its own DER, with twice the collar; overlap of a speaker with itself counts twice."""
    hyp = HYP + "SPEAKER f1 1 0.200 5.000 <NA> <NA> x <NA> <NA>\nSPEAKER f4 1 0 1 <NA> <NA> x <NA> <NA>\n"
    done = run_tool("compute-der", "--scorer=pyannote", "--json", "ref", "-", cwd=files, input=hyp)
    content = json.loads(done.stdout)
    assert content["protocol"]["uem"] == "extent of reference and hypothesis"
    assert content["files"]["f1"]["fa"] == pytest.approx(5)
    assert content["files"]["f1"]["mapping"] == {"A": "x", "B": "y"}
    assert "hypothesis overlaps with itself, counted twice: f1" in done.stderr
    assert "not in the reference, ignored: f4" in done.stderr
    options = ("--json", "--collar=0.25", "--ignore-overlap", "--uem=uem")
    ours, theirs = (json.loads(run_tool("compute-der", f"--scorer={scorer}", *options, "ref", "hyp", cwd=files).stdout)
                    ["overall"] for scorer in ("md-eval", "pyannote"))
    assert ours == pytest.approx(theirs) and ours["scored"] < 14


def test_what_the_scorers_pass_over_is_said(run_tool, files):
    done = run_tool("compute-der", "ref", "-", cwd=files, input=HYP.replace(" f2 ", " f3 "))
    assert done.stderr.splitlines() == [
        "compute-der: warning: not in the hypothesis, all missed: f2",
        "compute-der: warning: not in the reference, ignored: f3",
    ]


@pytest.mark.parametrize("arguments, status, message", [
    (("ref", "bad"), 1, "error: bad:1: "),
    (("bad", "hyp"), 1, "error: bad:1: "),
    (("--uem", "bad", "ref", "hyp"), 1, "error: bad:1: "),
    (("ref", "nowhere"), 1, "nowhere"),
    (("empty", "hyp"), 1, "no speech of the reference"),
    (("--collar=-1", "ref", "hyp"), 2, "--collar is negative"),
    (("--scorer=sctk", "ref", "hyp"), 2, "md-eval"),
    (("--scorer=pyannote", "--format=md-eval", "ref", "hyp"), 2, "no place for"),
    (("--conditions=g", "ref", "hyp"), 2, "--conditions is"),
    (("--conditions=f", "ref", "hyp"), 2, "--conditions is of --format=md-eval"),
    (("--format=md-eval", "--jer", "ref", "hyp"), 2, "no place for"),
    (("--format=md-eval", "--ci", "ref", "hyp"), 2, "no place for"),
    (("--json", "--csv", "ref", "hyp"), 2, "two formats"),
    (("--scorer=pyannote", "empty", "hyp"), 1, "no speech of the reference"),
    (("ref",), 2, "HYP"),
])
def test_failures_are_one_line(run_tool, files, arguments, status, message):
    (files / "bad").write_text("SPEAKER f1 1 nan 1 <NA> <NA> A <NA> <NA>\n")
    (files / "empty").write_text("")
    done = run_tool("compute-der", *arguments, cwd=files, status=status)
    assert done.stdout == ""
    assert message in done.stderr and done.stderr.count("\n") == 1


def test_bad_files_of_the_corpus(run_tool, shared):
    """Some of them as check_bad.py runs the tool on them; all are in tests/io/test_rttm.py."""
    check = shared / "badinputs" / "check_bad.py"
    done = run_tool("python3", check, "--strict-names", "--rttm", "compute-der good/ref.rttm {in}",
                    "--uem", "compute-der --uem {in} good/ref.rttm good/hyp.rttm",
                    "--only", "binary|latin1|bom|uem/inf", status=None)
    assert done.returncode == 0, done.stdout


def test_cases_through_the_checker(run_tool, shared):
    """A sample of the cases by check_der.py, as the tool is typed; all of them are in tests/test_der.py."""
    check = shared / "scoring" / "check_der.py"
    names = ("scored", "miss", "fa", "conf")
    regex = r"^(?P<file>\S+) +(?P<der>[\d.]+)" + r" +\S+" * 3 + "".join(rf" +(?P<{name}>[\d.]+)" for name in names)
    done = run_tool("python3", check, "--cases", check.parent / "cases", "--parse", "regex", "--regex", regex,
                    "--cmd", "compute-der --collar {collar} {uem_opt} {ovl_opt} {ref} {hyp}", "--jobs", "2",
                    "--only", "neg_dur_hyp|spkrinfo", status=None)
    assert done.returncode == 0, done.stdout
