"""identify-speakers and verify-speakers, through the command line."""

import numpy as np
import pytest

from diarkit.io.calibration import write_calibration
from diarkit.io.plda import write_plda
from diarkit.io.tables import ArrayWriter

SIZE = 16
RTTM = """SPEAKER call 1 0.000 1.500 <NA> <NA> 1 <NA> <NA>
SPEAKER call 1 1.500 1.000 <NA> <NA> 2 <NA> <NA>
SPEAKER call 1 2.500 0.7512 <NA> <NA> 1 <NA> <NA>
SPEAKER talk 1 0.500 2.000 <NA> <NA> 1 <NA> <NA>
SPEAKER talk 1 3.000 1.000 <NA> <NA> 2 <NA> <NA>
"""
CALL, TALK = {"1": "anna", "2": "x"}, {"1": "bob", "2": "bob"}


def write(name, vectors):
    with ArrayWriter(name) as out:
        for key, vector in vectors.items():
            out.write(key, np.asarray(vector, np.float32))


def speakers_of(rttm):
    return [(line.split()[1], line.split()[3], line.split()[7]) for line in rttm.splitlines()]


@pytest.fixture
def voices(tmp_path, monkeypatch):
    """profiles.ark of anna, bob and carl, emb.ark of the speakers of rttm, as CALL and TALK have them."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    means = {name: rng.normal(size=SIZE) for name in ("anna", "bob", "carl", "x")}
    write("ark:profiles.ark", {name: means[name] for name in ("anna", "bob", "carl")})
    diarized = {("call", label): name for label, name in CALL.items()} | {
        ("talk", label): name for label, name in TALK.items()}
    noise = {"1": 0.2, "2": 0.4}
    write("ark:emb.ark", {f"{reco}-speaker-{label}": means[name] + noise[label] * rng.normal(size=SIZE)
                          for (reco, label), name in diarized.items()})
    (tmp_path / "rttm").write_text(RTTM)
    return means


def test_names(voices, run_tool):
    done = run_tool("identify-speakers", "profiles.ark", "emb.ark", "rttm")
    assert done.stderr == "identify-speakers: 2 recordings done, 0 failed\n"
    assert [name for _, _, name in speakers_of(done.stdout)] == ["anna", "2", "anna", "bob", "2"]
    assert done.stdout.splitlines()[2] == "SPEAKER call 1 2.500 0.7512 <NA> <NA> anna <NA> <NA>"  # times as they were
    several = run_tool("identify-speakers", "--no-one-to-one", "--unknown-name=who", "profiles.ark", "emb.ark", "rttm")
    assert [name for _, _, name in speakers_of(several.stdout)] == ["anna", "who", "anna", "bob", "bob"]
    nobody = run_tool("identify-speakers", "--threshold=1.1", "profiles.ark", "emb.ark", "rttm")
    assert nobody.stdout == RTTM


def test_all_that_one_speaker_says(voices, run_tool):
    run_tool("identify-speakers", "profiles.ark", "emb.ark", "rttm", "named.rttm")
    done = run_tool("filter-rttm", "--speakers=anna", "named.rttm")
    assert [start for _, start, _ in speakers_of(done.stdout)] == ["0.000", "2.500"]


def test_the_report(voices, run_tool, tmp_path):
    run_tool("identify-speakers", "--scores=report", "profiles.ark", "emb.ark", "rttm", "named.rttm")
    header, *rows = [line.split("\t") for line in (tmp_path / "report").read_text().splitlines()]
    assert header == "recording speaker start end best score second score decision".split()
    assert [row[:5] + row[8:] for row in rows][2:] == [["talk", "1", "-", "-", "bob", "bob"],
                                                       ["talk", "2", "-", "-", "bob", "2"]]
    assert all(float(row[5]) > float(row[7]) for row in rows)
    (tmp_path / "trials").write_text("bob talk-speaker-2\n")
    run_tool("score-cosine", "trials", "ark:profiles.ark", "ark:emb.ark", "scores")
    assert float(rows[3][5]) == pytest.approx(float((tmp_path / "scores").read_text().split()[2]), abs=1e-4)


def test_a_label_that_is_the_name_of_somebody_enrolled(voices, run_tool, tmp_path):
    (tmp_path / "rttm").write_text(RTTM.replace(" 2 <NA> <NA>\n", " carl <NA> <NA>\n"))
    vectors = (tmp_path / "emb.ark").read_bytes().replace(b"speaker-2", b"speaker-carl")
    (tmp_path / "emb.ark").write_bytes(vectors)
    done = run_tool("identify-speakers", "profiles.ark", "emb.ark", "rttm")
    assert [name for _, _, name in speakers_of(done.stdout)] == ["anna", "carl_", "anna", "bob", "carl_"]


@pytest.mark.parametrize("names", ["of diarize", "of segments"])
def test_turns_and_speakers_by_windows(voices, run_tool, tmp_path, names):
    """The second turn of speaker 1 of the call is bob's, so that this speaker is more anna than bob."""
    windows = [("anna", 0, 1.0), ("anna", 0.5, 1.5), ("x", 1.5, 2.5), ("bob", 2.45, 3.25)]
    table, lines = {}, []
    for number, (name, start, end) in enumerate(windows):
        key = f"call-window-{start * 100:07.0f}-{end * 100:07.0f}" if names == "of diarize" else f"w{number}"
        table[key] = voices[name]
        lines.append(f"{key} call {start} {end}\n")
    write("ark:windows.ark", table)
    (tmp_path / "segments").write_text("".join(lines))
    more = [] if names == "of diarize" else ["--segments=segments"]
    call = "".join(RTTM.splitlines(True)[:3])
    done = run_tool("identify-speakers", *more, "--level=segment", "--scores=report", "profiles.ark", "windows.ark",
                    "-", input=call)
    assert [name for _, _, name in speakers_of(done.stdout)] == ["anna", "2", "bob"]
    assert (tmp_path / "report").read_text().splitlines()[3].split("\t")[:5] == ["call", "1", "2.500", "3.2512", "bob"]
    done = run_tool("identify-speakers", *more, "profiles.ark", "windows.ark", "-", input=call)
    assert [name for _, _, name in speakers_of(done.stdout)] == ["anna", "2", "anna"]
    done = run_tool("identify-speakers", *more, "--level=segment", "profiles.ark", "windows.ark", "-",
                    input=call + "SPEAKER call 1 9.0 1.0 <NA> <NA> 1 <NA> <NA>\n")
    assert "call: 1 of 4 turns have no vector" in done.stderr and speakers_of(done.stdout)[3][2] == "1"


def test_likelihood_ratios(voices, run_tool, tmp_path):
    """With a PLDA model, and calibrated; the threshold is that of the prior and the costs."""
    write_plda("plda", (np.zeros(SIZE), np.eye(SIZE), np.full(SIZE, 9.0)))
    (tmp_path / "num_utts").write_text("anna 3\nbob 1\ncarl 2\n")
    args = ["identify-speakers", "--no-one-to-one", "--plda=plda", "--num-utts=num_utts", "--scores=report"]
    inputs = ["profiles.ark", "emb.ark", "rttm", "out"]
    run_tool(*args, *inputs)
    rows = [line.split("\t") for line in (tmp_path / "report").read_text().splitlines()[1:]]
    assert [row[8] for row in rows] == ["anna", "2", "bob", "bob"]
    (tmp_path / "trials").write_text("anna call-speaker-1\nanna call-speaker-2\n")
    run_tool("score-plda", "--num-utts=ark:num_utts", "plda", "ark:profiles.ark", "ark:emb.ark", "trials", "scores")
    llr = float((tmp_path / "scores").read_text().split()[2])
    assert float(rows[0][5]) == pytest.approx(llr, abs=1e-3) and llr > 5
    run_tool(*args, f"--c-fa={np.exp(llr) * 1.01}", *inputs)
    assert speakers_of((tmp_path / "out").read_text())[0][2] == "1"
    run_tool(*args, f"--c-fa={np.exp(llr) * 0.99}", *inputs)
    assert speakers_of((tmp_path / "out").read_text())[0][2] == "anna"
    cosine = float(run_tool("verify-speakers", "profiles.ark", "emb.ark", "-", input="call anna").stdout.split()[3])
    write_calibration("calibration", (np.array([10.0]), -10 * cosine))  # so that the odds are even
    for prior, decision in ((0.51, "accept"), (0.49, "reject")):
        done = run_tool("verify-speakers", "--calibration=calibration", f"--p-target={prior}", *inputs[:2], "-",
                        input="call anna")
        assert done.stdout.split()[4] == decision
    write_calibration("two", (np.array([1.0, 1]), 0.0))
    done = run_tool("verify-speakers", "--calibration=two", *inputs[:2], "-", input="", status=2)
    assert "scores of 2 systems" in done.stderr


def test_claims(voices, run_tool, tmp_path):
    write("ark:whole.ark", {"memo": voices["carl"]})
    done = run_tool("verify-speakers", "profiles.ark", "whole.ark", "-", input="memo carl\nmemo bob\n")
    assert [line.split()[:3] + line.split()[4:] for line in done.stdout.splitlines()] == [
        ["memo", "-", "carl", "accept"], ["memo", "-", "bob", "reject"]]
    claims = "call anna\n\ncall 2 anna\ntalk bob\n"
    done = run_tool("verify-speakers", "profiles.ark", "emb.ark", "-", "decisions", input=claims)
    assert done.stderr.splitlines()[-1].endswith("1 claims rejected")
    rows = [line.split() for line in (tmp_path / "decisions").read_text().splitlines()]
    assert [(row[1], row[4]) for row in rows] == [("1", "accept"), ("2", "reject"), ("1", "accept")]
    fail = ["verify-speakers", "--fail-on-reject", "profiles.ark", "emb.ark", "-"]
    assert run_tool(*fail, input="call 2 anna\n", status=1).stdout.split()[4] == "reject"
    run_tool(*fail, input="call anna\n")
    done = run_tool(*fail, input="call zoe\nmiss anna\ncall 7 anna\n", status=1)
    for message in ("call: zoe is not enrolled in profiles.ark", "miss: no vector in emb.ark",
                    "call: no vector of speaker 7 in emb.ark"):
        assert message in done.stderr
    done = run_tool("verify-speakers", "profiles.ark", "emb.ark", "-", input="call\n", status=1)
    assert "-:1: 1 fields, expected <recording> <name>" in done.stderr.replace("standard input", "-")


def test_recordings_that_cannot_be_had(voices, run_tool, tmp_path):
    (tmp_path / "rttm").write_text(RTTM + "SPEAKER other 1 0 1 <NA> <NA> 1 <NA> <NA>\n")
    done = run_tool("identify-speakers", "--max-failed=1", "profiles.ark", "emb.ark", "rttm")
    assert "other: no vectors of its speakers in emb.ark" in done.stderr and "other" not in done.stdout
    run_tool("identify-speakers", "profiles.ark", "emb.ark", "rttm", "named", status=1)
    assert not (tmp_path / "named").exists()
    write("ark:short.ark", {"call-speaker-1": [1, 2], "talk-speaker-1": np.zeros(SIZE)})
    done = run_tool("identify-speakers", "profiles.ark", "short.ark", "rttm", status=1)
    assert "call: call-speaker-1: 2 numbers, the profiles have 16" in done.stderr
    assert "talk: talk-speaker-1: zeros" in done.stderr


def test_an_empty_rttm(voices, run_tool):
    assert run_tool("identify-speakers", "profiles.ark", "emb.ark", "-", input="").stdout == ""


@pytest.mark.parametrize("profiles, message", [
    ({"a": [1, 2], "b": [1, 2, 3]}, "ark:bad: b: 3 numbers, where others have 2"),
    ({"a": [1, 2], "b": [0, 0]}, "ark:bad: b: zeros, which are nobody's profile"),
    ({}, "ark:bad: no vectors"),
])
def test_profiles_that_cannot_be(voices, run_tool, tmp_path, profiles, message):
    write("ark:bad", profiles)
    done = run_tool("identify-speakers", "ark:bad", "emb.ark", "rttm", "named", status=1)
    assert message in done.stderr and not (tmp_path / "named").exists()


def test_a_model_of_other_dimensions_is_named(voices, run_tool):
    write_plda("plda", (np.zeros(3), np.eye(3), np.arange(3, 0, -1)))
    done = run_tool("identify-speakers", "--plda=plda", "profiles.ark", "emb.ark", "rttm", status=1)
    assert "plda: a model of 3 numbers, profiles.ark has 16" in done.stderr


@pytest.mark.parametrize("args", [
    ["--p-target=0.1"], ["--p-target=2", "--plda=x"], ["--threshold=1", "--plda=x", "--c-fa=2"], ["--num-utts=x"],
    ["--c-miss=0", "--plda=x"], ["--unknown-name=anna"], ["--unknown-name=not known"]])
def test_wrong_usage(voices, run_tool, args):
    run_tool("identify-speakers", *args, "profiles.ark", "emb.ark", "rttm", status=2)
