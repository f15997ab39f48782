"""vad-to-segments: Kaldi's segments and those of hysteresis through the command line."""

import numpy as np
import pytest

from diarkit.io.datadir import read_segments
from diarkit.io.tables import ArrayWriter


@pytest.fixture
def decisions(tmp_path):
    speech = np.zeros(500, np.float32)
    speech[100:200] = speech[220:300] = 1  # 0.2 s of silence between
    speech[400:405] = 1
    with ArrayWriter(f"ark:{tmp_path}/vad.ark") as out:
        out.write("b", speech)
        out.write("silent", np.zeros(100, np.float32))
        out.write("a", np.ones(250, np.float32))
    return tmp_path


def test_kaldi_s_rule_is_the_default(run_tool, shared, tmp_path):
    kaldi = shared / "golden/kaldi"
    run_tool("vad-to-segments", "scp:vad/mfcc_callhome8k_v1.scp", tmp_path / "segments", cwd=kaldi)
    golden = kaldi / "scripts/segmentation_mfcc_callhome8k_v1.segments"
    assert (tmp_path / "segments").read_bytes() == golden.read_bytes()


def test_kaldi_s_options(run_tool, decisions):
    done = run_tool("vad-to-segments", "ark:vad.ark", "-", cwd=decisions)
    # 185 frames of speech get 46 of silence, eight at each of the first four ends; the third segment is too short.
    assert done.stdout == "a-0000-0250 a 0.00 2.50\nb-0092-0208 b 0.92 2.08\nb-0212-0308 b 2.12 3.08\n"
    assert "silent: no speech" in done.stderr and "3 recordings done, 0 failed" in done.stderr
    options = ["--silence_proportion", "0.05", "--min-duration=0", "--first-separator=_", "--frame-shift=0.02"]
    done = run_tool("vad-to-segments", *options, "ark:vad.ark", "-", cwd=decisions)
    assert "b_0798-0811 b 7.98 8.12\n" in done.stdout and "b_0196-0404 b 1.96 4.04\n" in done.stdout
    done = run_tool("vad-to-segments", "--max-segment-length=100", "ark:vad.ark", "x", cwd=decisions, status=1)
    assert "--max-segment-length" in done.stderr and done.stderr.count("\n") == 1
    assert not (decisions / "x").exists()


def test_hysteresis(run_tool, decisions):
    options = ["--rule=hysteresis", "--min-silence=0.3", "--min-speech=0.1", "--pad-start=0.03", "--pad-end=0.02"]
    done = run_tool("vad-to-segments", *options, "ark:vad.ark", "segments", cwd=decisions)
    assert (decisions / "segments").read_text() == (
        "a-0000000-0000250 a 0.00 2.50\nb-0000097-0000302 b 0.97 3.02\n")
    assert "silent: no speech" in done.stderr and "3 recordings done, 0 failed" in done.stderr
    options = ["--rule=hysteresis", "--min-silence=0.1", "--min-speech=0", "--pad-start=0", "--max-segment-length=1"]
    found = run_tool("vad-to-segments", *options, "ark:vad.ark", "-", cwd=decisions).stdout
    (decisions / "s").write_text(found)
    times = [(s.start, s.end) for s in read_segments(str(decisions / "s")) if s.reco == "b"]
    assert times == [(1, 2), (2.2, 3), (4, 4.05)]
    assert [line.split()[2:] for line in found.splitlines() if " a " in line] == [
        ["0.00", "0.833"], ["0.833", "1.667"], ["1.667", "2.50"]]


def test_the_rule_is_that_of_the_options(run_tool, decisions):
    """What is given for one rule is not passed over by the other."""
    (decisions / "conf").write_text("--pad_start=0.03\n")
    plain, told, of_conf, of_option = (run_tool("vad-to-segments", *options, "ark:vad.ark", "-", cwd=decisions).stdout
                                       for options in ([], ["--rule=hysteresis", "--pad-start=0.03"],
                                                       ["--config=conf"], ["--pad-start", "0.03"]))
    assert told == of_conf == of_option != plain
    for options in (["--rule=kaldi", "--pad-start=0.03"], ["--config=conf", "--silence-proportion=0.1"],
                    ["--rule=hysteresis", "--min-duration=0"]):
        done = run_tool("vad-to-segments", *options, "ark:vad.ark", "x", cwd=decisions, status=2)
        assert "has no meaning for the rule" in done.stderr and done.stderr.count("\n") == 1


def test_onset_and_offset(run_tool, tmp_path):
    with ArrayWriter(f"ark:{tmp_path}/p.ark") as out:
        out.write("p", np.repeat(np.float32([0.1, 0.6, 0.4, 0.1, 0.4, 0.6]), 100))
    for options, expected in (([], [(1, 2), (5, 6)]), (["--offset=0.3"], [(1, 3), (5, 6)]),
                              (["--onset=0.4", "--offset=0.4"], [(1, 3), (4, 6)])):
        found = run_tool("vad-to-segments", "--rule=hysteresis", "--pad-start=0", *options, "ark:p.ark", "-",
                         cwd=tmp_path).stdout
        assert [tuple(map(float, line.split()[2:])) for line in found.splitlines()] == expected


@pytest.mark.parametrize("rule", ["kaldi", "hysteresis"])
def test_what_is_no_vector_of_decisions(run_tool, tmp_path, rule):
    with ArrayWriter(f"ark:{tmp_path}/vad.ark") as out:
        out.write("m", np.ones((20, 3), np.float32))
        out.write("good", np.ones(200, np.float32))
        out.write("p", np.full(200, 0.25, np.float32))
    options = [f"--rule={rule}", *(["--pad-start=0"] if rule == "hysteresis" else [])]
    done = run_tool("vad-to-segments", *options, "ark:vad.ark", "segments", cwd=tmp_path, status=1)
    assert "Traceback" not in done.stderr and "m: " in done.stderr
    assert ("p: 0.25 is no decision" in done.stderr) == (rule == "kaldi")
    name = {"kaldi": "good-0000-0200", "hysteresis": "good-0000000-0000200"}[rule]
    assert (tmp_path / "segments.partial").read_text() == f"{name} good 0.00 2.00\n"
