import base64
import json
import os
import shutil
import subprocess
import sys

import pytest

HYP = """SPEAKER m 1 0.000 10.000 <NA> <NA> 1 <NA> <NA>
SPEAKER m 1 10.000 5.000 <NA> <NA> 2 <NA> <NA>
SPEAKER m 1 15.000 5.000 <NA> <NA> 1 <NA> <NA>
"""
REF = """SPEAKER m 1 0.000 12.500 <NA> <NA> Anna <NA> <NA>
SPEAKER m 1 12.500 5.000 <NA> <NA> Bert <NA> <NA>
"""
OTHER = "SPEAKER n 1 5.000 5.000 <NA> <NA> 1 <NA> <NA>\n"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "hyp").write_text(HYP)
    (tmp_path / "ref").write_text(REF)
    (tmp_path / "both").write_text(HYP + OTHER)
    return tmp_path


def test_in_characters(run_tool, files):
    done = run_tool("plot-rttm", "--width=44", "hyp", cwd=files, env=utf8())
    assert done.stdout == (
        "m: 0:20, 2 speakers, 100 % speech, 0 % overlapped\n"
        "1         ▕██████████     █████▏ 0:15   75 %\n"
        "2         ▕          █████     ▏ 0:05   25 %\n"
        "           0:00      0:10      0:20\n"
    )
    assert run_tool("plot-rttm", "--width=44", "-", cwd=files, input=HYP, env=utf8()).stdout == done.stdout
    plain = run_tool("plot-rttm", "--width=44", "--ascii", "hyp", cwd=files).stdout
    assert "1         |##########     #####| 0:15   75 %\n" in plain and plain.isascii()
    ascii_terminal = utf8(PYTHONIOENCODING="ascii")
    assert run_tool("plot-rttm", "--width=44", "hyp", cwd=files, env=ascii_terminal).stdout == plain


WITH_REFERENCE = (
    "# md-eval; collar 0 s on each side; overlap scored; UEM extent of the reference; 1 recording\n"
    "m: 0:20, 2 speakers, 100 % speech, 0 % overlapped, DER 28.57 %\n"
    "1         |##########     #####| 0:15   75 %\n"
    "  Anna    |############=       |\n"
    "2         |          #####     | 0:05   25 %\n"
    "  Bert    |            =####=  |\n"
    "errors    |          ccc  ccc//|\n"
    "           0:00      0:10      0:20\n"
)


def test_with_a_reference(run_tool, files):
    options = ("plot-rttm", "--width=44", "--ascii")
    assert run_tool(*options, "ref", "hyp", cwd=files).stdout == WITH_REFERENCE
    assert run_tool(*options, "--reference", "ref", "-", cwd=files, input=HYP).stdout == WITH_REFERENCE
    assert run_tool(*options, "--format=text", "ref", "hyp", "-", cwd=files).stdout == WITH_REFERENCE
    run_tool(*options, "ref", "hyp", "out.txt", cwd=files)
    assert (files / "out.txt").read_text() == WITH_REFERENCE


OPTIONS = [(), ("--collar=0.5",), ("--uem=uem",),
           ("--ignore-overlap", "--collar=0.1", "--uem=uem"), ("--scorer=dscore",)]


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_der_and_protocol_are_those_of_compute_der(run_tool, files, options):
    (files / "uem").write_text("m 1 1 19\nn 1 0 10\n")
    (files / "more").write_text(REF + "SPEAKER m 1 3.000 2.500 <NA> <NA> Bert <NA> <NA>\n" + OTHER)
    expected = run_tool("compute-der", *options, "more", "both", cwd=files).stdout.splitlines()
    ders = dict(line.split()[:2] for line in expected[1:] if line.split()[0] in ("m", "n", "TOTAL"))
    lines = run_tool("plot-rttm", *options, "--ascii", "more", "both", cwd=files).stdout.splitlines()
    assert expected[0].startswith(lines[0]) and lines[0].startswith("# ")  # which may go on, about JER
    assert {line.split(":")[0]: line.split("DER ")[1].split()[0] for line in lines if "DER" in line} == {
        reco: ders[reco] for reco in ("m", "n")}
    page = run_tool("plot-rttm", *options, "--format=html", "more", "both", "-", cwd=files).stdout
    data = json.loads(page.split('id="data">')[1].split("</script>")[0])
    assert "# " + data["protocol"] == lines[0]
    assert data["total"]["der"] == ders["TOTAL"]
    assert {item["name"]: item["score"]["der"] for item in data["recordings"]} == {r: ders[r] for r in ("m", "n")}


def test_what_compute_der_warns_of(run_tool, files):
    done = run_tool("plot-rttm", "ref", "both", "out.html", cwd=files)
    assert done.stderr == "plot-rttm: warning: not in the reference, ignored: n\n" and done.stdout == ""


def test_sound_in_the_page(run_tool, files):
    (files / "m.wav").write_bytes(b"RIFF\x04\x00\x00\x00WAVE")
    run_tool("plot-rttm", "--audio=m.wav", "ref", "hyp", "out.html", cwd=files)
    assert base64.b64encode((files / "m.wav").read_bytes()).decode() in (files / "out.html").read_text()
    run_tool("plot-rttm", "--audio=m.wav", "--link-audio", "ref", "hyp", "out.html", cwd=files)
    assert '"sound":"./m.wav"' in (files / "out.html").read_text()


def test_which_recordings_and_regions(run_tool, files):
    (files / "uem").write_text("m 1 10 20\n")
    both = run_tool("plot-rttm", "both", cwd=files).stdout
    assert [line.split(":")[0] for line in both.splitlines() if "speaker" in line] == ["m", "n"]
    assert run_tool("plot-rttm", "--recording=n", "both", cwd=files).stdout == both[both.index("n: 0:10"):]
    part = run_tool("plot-rttm", "--uem=uem", "both", cwd=files).stdout
    assert part.startswith("m: 0:10, 2 speakers") and "n: " not in part


SIGNATURES = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF", "html": b"<!doctype html>"}


@pytest.mark.parametrize("kind", SIGNATURES)
def test_pictures_are_the_same_bytes_each_time(run_tool, files, kind):
    for name in ("1", "2"):
        run_tool("plot-rttm", "ref", "both", f"{name}.{kind}", cwd=files)
    content = (files / f"1.{kind}").read_bytes()
    assert content.startswith(SIGNATURES[kind])
    assert content == (files / f"2.{kind}").read_bytes()


def test_names_in_pictures_are_taken_as_they_are(run_tool, files):
    """matplotlib would set $...$ as a formula and fail on half of one."""
    (files / "odd").write_text(HYP.replace(" 1 <NA> <NA>\n", " $x_{$ <NA> <NA>\n"))
    run_tool("plot-rttm", "odd", "odd.svg", cwd=files)


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_names_that_the_font_has_not_or_that_are_not_seen(run_tool, files, kind):
    text = HYP.replace("> 1 <", "> \ufeff\u202e\u8a71 <").replace(" m ", " \ufeffm ")
    (files / "odd").write_text(text, encoding="utf-8")
    assert run_tool("plot-rttm", "odd", f"odd.{kind}", cwd=files).stderr == ""


def test_width_of_a_picture_is_in_pixels(run_tool, files):
    run_tool("plot-rttm", "--width=900", "hyp", "out.png", cwd=files)
    assert int.from_bytes((files / "out.png").read_bytes()[16:20], "big") == 900


@pytest.mark.parametrize("arguments, status, message", [
    (("ref", "hyp", "out.gif"), 2, "out.gif does not"),
    (("hyp", "out.gif"), 1, "out.gif: no such file"),
    (("--format=html", "ref", "hyp"), 2, "the last word is OUT"),
    (("--collar=-1", "ref", "hyp"), 2, "--collar is negative"),
    (("--audio=x.wav", "ref", "hyp"), 2, "--audio is for the page"),
    (("--audio=hyp", "ref", "hyp", "out.html"), 1, "hyp: not WAV"),
    (("--audio=hyp", "--max-audio=0", "ref", "hyp", "out.html"), 2, "--max-audio"),
    (("--uem=bad", "ref", "hyp", "out.html"), 1, "bad:1: "),
    (("--collar=30", "ref", "hyp", "out.html"), 1, "no speech of the reference is left to score"),
    (("--width=-1", "hyp"), 2, "--width"),
    (("--width=500", "hyp", "out.png"), 2, "--width"),
    (("many", "out.png"), 1, "300 recordings with 300 lanes are too much"),
    (("--recording=x", "hyp"), 1, "hyp: no turns of x"),
    (("empty", "out.png"), 1, "empty: no turns"),
    (("nowhere",), 1, "nowhere"),
    (("--reference=bad", "hyp"), 1, "bad:1: "),
])
def test_failures_are_one_line(run_tool, files, arguments, status, message):
    (files / "empty").write_text("")
    (files / "bad").write_text("not an RTTM\n")
    (files / "many").write_text("".join(OTHER.replace(" n ", f" n{i} ") for i in range(300)))
    done = run_tool("plot-rttm", *arguments, cwd=files, status=status)
    assert done.stdout == "" and message in done.stderr and done.stderr.count("\n") == 1
    assert not list(files.glob("out*")) and (files / "hyp").read_text() == HYP


@pytest.mark.parametrize("out", [(), ("--format=svg", "-")])
def test_standard_output_may_be_closed(files, out):
    done = subprocess.run(["bash", "-c", 'exec "$@" >&-', "-", "plot-rttm", "hyp", *out], cwd=files,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stderr) == (1, "plot-rttm: error: standard output is closed\n")


def test_a_name_as_long_as_a_file(run_tool, files):
    (files / "long").write_text(HYP.replace(" 1 <NA> <NA>\n", f" {'x' * 100000} <NA> <NA>\n"))
    assert run_tool("plot-rttm", "--width=80", "long", cwd=files, timeout=20).stdout.splitlines()[1].startswith("xx")


BAD = {"rttm": "plot-rttm good/ref.rttm {in} {out}.html", "uem": "plot-rttm --uem {in} good/ref.rttm good/ref.rttm"}


@pytest.mark.parametrize("family", BAD)
def test_bad_inputs(shared, run_tool, family):
    checker = shared / "badinputs/check_bad.py"
    if not checker.exists():
        pytest.skip(f"no {checker}")
    done = run_tool(sys.executable, checker, "--strict-names", "--only", "nan|neg|latin|fields|binary|over|bom|crlf",
                    f"--{family}", BAD[family], status=None)
    counts = json.loads(done.stdout.splitlines()[-1])
    assert counts["failed"] == 0 and counts["total"] >= 2, done.stdout


@pytest.mark.skipif(sys.platform != "linux" or not shutil.which("script"), reason="needs script(1)")
def test_colour_on_a_terminal_only(files):
    done = subprocess.run(["script", "-qec", "plot-rttm hyp", "/dev/null"], cwd=files, capture_output=True,
                          stdin=subprocess.DEVNULL, env=utf8())
    assert b"\x1b[38;5;" in done.stdout


def utf8(**more):
    return {**os.environ, "PYTHONIOENCODING": "utf-8", **more}
