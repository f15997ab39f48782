import json

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
recording    DER  scored  missed  false_alarm  confusion  ref_speakers  hyp_speakers
f1         10.00   17.00    1.70         0.00       0.00             2             2
f2         25.00    4.00    1.00         0.00       0.00             1             1
TOTAL      12.86   21.00    2.70         0.00       0.00             3             3
OVERALL SPEAKER DIARIZATION ERROR = 12.86 % of scored speaker time
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
        "# dscore; collar 0.25 s on each side; overlap not scored; UEM given; 2 recordings\n")
    content = json.loads(run_tool("compute-der", "--json", *options, "ref", "hyp", cwd=files).stdout)
    assert content["protocol"] == {"scorer": "dscore", "collar": 0.25, "ignore_overlap": True, "uem": "given"}
    # f1: 0.25-7.75 of A, overlap 8-10 left out; f2: 1.25-4.75, of which 1.25-2 is missed
    assert content["files"]["f1"]["scored"] == pytest.approx(7.5)
    assert content["files"]["f2"]["miss"] == pytest.approx(0.75)
    assert content["files"]["f1"]["mapping"] == {"A": "x", "B": "y"}
    assert content["overall"]["der"] == pytest.approx(100 * 0.75 / 11)


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
    names = ("der", "scored", "miss", "fa", "conf")
    regex = r"^(?P<file>\S+)" + "".join(rf" +(?P<{name}>[\d.]+)" for name in names)
    done = run_tool("python3", check, "--cases", check.parent / "cases", "--parse", "regex", "--regex", regex,
                    "--cmd", "compute-der --collar {collar} {uem_opt} {ovl_opt} {ref} {hyp}", "--jobs", "2",
                    "--only", "neg_dur_hyp|spkrinfo", status=None)
    assert done.returncode == 0, done.stdout
