"""validate-rttm through its command line."""

import json

LINE = "SPEAKER m 1 1.0 2.5 <NA> <NA> A <NA> <NA>\n"


def test_good_suspicious_and_wrong(run_tool, tmp_path):
    (tmp_path / "good").write_text(LINE)
    (tmp_path / "odd").write_text(LINE + LINE.replace("2.5", "0"))
    (tmp_path / "bad").write_text(LINE.replace("1.0", "1,0") + LINE)
    (tmp_path / "uem").write_text("m 1 0 0.5\n")
    (tmp_path / "dur").write_text("m 3.0\n")
    done = run_tool("validate-rttm", "good", cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("", "validate-rttm: no errors, no warnings\n")
    done = run_tool("validate-rttm", "odd", cwd=tmp_path)
    assert done.stderr.splitlines() == [
        "validate-rttm: odd:2: warning: zero-length: the turn of A at 1.0 s has no duration",
        "validate-rttm: zero-length: md-eval takes no speech from it, only collars; dscore stops; "
        "pyannote leaves the turn out",
        "validate-rttm: no errors, 1 warning"]
    assert "odd:2: error: zero-length" in run_tool("validate-rttm", "--strict", "odd", cwd=tmp_path, status=1).stderr
    done = run_tool("validate-rttm", "bad", "good", cwd=tmp_path, status=1)
    assert "bad:1: error: number: the start is not a plain decimal number: '1,0'" in done.stderr
    assert done.stderr.endswith("1 error, no warnings\n")
    done = run_tool("validate-rttm", "--json", "--uem=uem", "--durations=dur", "-", cwd=tmp_path, input=LINE)
    problems = json.loads(done.stdout)["problems"]
    assert [(p["level"], p["file"], p["line"], p["check"]) for p in problems] == [
        ("warning", "standard input", 1, "beyond"), ("warning", "standard input", 1, "outside-uem")]
    assert done.stderr == "validate-rttm: no errors, 2 warnings\n"
    done = run_tool("bash", "-c", "validate-rttm --json good >&-", cwd=tmp_path, status=1)
    assert done.stderr == "validate-rttm: error: standard output is closed\n"
