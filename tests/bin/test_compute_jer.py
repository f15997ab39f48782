import csv
import io
import json

import pytest

REF = """SPEAKER f1 1 0.000 10.000 <NA> <NA> A <NA> <NA>
SPEAKER f1 1 8.000 7.000 <NA> <NA> B <NA> <NA>
SPEAKER f2 1 1.000 4.000 <NA> <NA> A <NA> <NA>
"""
HYP = """SPEAKER f1 1 0.000 9.000 <NA> <NA> x <NA> <NA>
SPEAKER f1 1 8.000 7.000 <NA> <NA> y <NA> <NA>
SPEAKER f2 1 2.000 3.000 <NA> <NA> x <NA> <NA>
SPEAKER f2 1 4.000 1.000 <NA> <NA> y <NA> <NA>
"""
PROTOCOL = "# dscore; frames of 10 ms, no collar, overlap scored; UEM extent of reference and hypothesis; 2 recordings"
TABLE = PROTOCOL + """
recording    JER  ref_spk  hyp_spk  count_error  count_right
f1          5.00        2        2         0.00         1.00
f2         25.00        1        2         1.00         0.00
TOTAL      11.67        3        4         0.50         0.50
"""
PURITY = PROTOCOL + """
recording    JER  ref_spk  hyp_spk  count_error  count_right  purity  coverage  purity_coverage_f
f1          5.00        2        2         0.00         1.00  1.0000    0.9412             0.9697
f2         25.00        1        2         1.00         0.00  1.0000    0.7500             0.8571
TOTAL      11.67        3        4         0.50         0.50  1.0000    0.9048             0.9500
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "ref").write_text(REF)
    (tmp_path / "hyp").write_text(HYP)
    (tmp_path / "uem").write_text("f1 1 0 8\nf2 1 0 10\n")
    return tmp_path


def test_the_table(run_tool, files):
    done = run_tool("compute-jer", "ref", "hyp", cwd=files)
    assert done.stdout == TABLE
    assert done.stderr == ""
    pick = "compute-jer - hyp < ref | awk '$1 == \"TOTAL\" { print $2 }'"
    assert run_tool("bash", "-c", pick, cwd=files).stdout == "11.67\n"
    assert run_tool("compute-jer", "--metrics=purity", "ref", "hyp", cwd=files).stdout == PURITY


def test_json_and_what_options_do(run_tool, files):
    options = ("--json", "--uem", "uem", "--metrics=changes,purity", "--tolerance=1.5")
    done = run_tool("compute-jer", *options, "ref", "hyp", cwd=files)
    content = json.loads(done.stdout)
    assert content["protocol"] == {"scorer": "dscore", "frame_shift": 0.01, "collar": 0.0, "ignore_overlap": False,
                                   "uem": "given", "tolerance": 1.5}
    assert content["files"]["f1"]["speakers"] == {"A": 0.0}  # B begins where the UEM ends
    assert content["files"]["f2"]["speakers"] == {"A": pytest.approx(25)}
    assert content["overall"]["jer"] == pytest.approx(12.5)
    assert content["overall"]["count_right"] == 0.5
    # f2: 1 and 5 of the reference; 2, 4 and 5 of the hypothesis
    assert content["files"]["f2"]["change_precision"] == pytest.approx(2 / 3)
    assert content["files"]["f2"]["change_recall"] == 1
    assert set(content["files"]["f2"]) - set(content["overall"]) == {"speakers"}


def test_csv_has_the_numbers_unrounded(run_tool, files):
    text = run_tool("compute-jer", "--csv", "--metrics=all", "ref", "hyp", cwd=files).stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["recording"] for row in rows] == ["f1", "f2", "TOTAL"]
    assert float(rows[-1]["jer"]) == pytest.approx(35 / 3, abs=1e-9)
    assert (rows[1]["ref_speakers"], rows[1]["hyp_speakers"], rows[-1]["count_error"]) == ("1", "2", "0.5")
    assert {(row["scorer"], row["uem"], row["tolerance"]) for row in rows} == {
        ("dscore", "extent of reference and hypothesis", "0.25")}
    table = run_tool("compute-jer", "--metrics=all", "ref", "hyp", cwd=files).stdout.splitlines()
    assert table[0] == PROTOCOL + "; change points within 0.25 s"
    assert table[1].split()[6:] == text.splitlines()[0].split(",")[6:-6]
    assert table[-1].split()[6:] == [f"{float(value):.4f}" for value in text.splitlines()[-1].split(",")[6:-6]]


def test_what_is_passed_over_is_said(run_tool, files):
    done = run_tool("compute-jer", "ref", "-", cwd=files, input=HYP.replace(" f2 ", " f3 "))
    assert done.stderr.splitlines() == [
        "compute-jer: warning: not in the hypothesis, all missed: f2",
        "compute-jer: warning: not in the reference, not counted in the total: f3",
    ]


@pytest.mark.parametrize("arguments, status, message", [
    (("ref", "bad"), 1, "error: bad:1: "),
    (("--uem", "bad", "ref", "hyp"), 1, "error: bad:1: "),
    (("empty", "hyp"), 1, "no speech of the reference"),
    (("--metrics=nmi", "ref", "hyp"), 2, "no measures nmi; there are purity"),
    (("--tolerance=-1", "ref", "hyp"), 2, "--tolerance is negative"),
    (("--json", "--csv", "ref", "hyp"), 2, "two formats"),
])
def test_failures_are_one_line(run_tool, files, arguments, status, message):
    (files / "bad").write_text("SPEAKER f1 1 nan 1 <NA> <NA> A <NA> <NA>\n")
    (files / "empty").write_text("")
    done = run_tool("compute-jer", *arguments, cwd=files, status=status)
    assert done.stdout == ""
    assert message in done.stderr and done.stderr.count("\n") == 1


def test_bad_files_of_the_corpus(run_tool, shared):
    """Some of them, the tool once for each; all of them are in tests/io/test_rttm.py."""
    check = shared / "badinputs" / "check_bad.py"
    done = run_tool("python3", check, "--strict-names", "--rttm", "compute-jer good/ref.rttm {in}",
                    "--uem", "compute-jer --uem {in} good/ref.rttm good/hyp.rttm",
                    "--only", "binary|latin1|bom|uem/inf", status=None)
    assert done.returncode == 0, done.stdout
