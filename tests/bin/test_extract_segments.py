"""extract-segments: what is cut out, and that what cannot be had is told and counted."""

import sys

import numpy as np
import pytest
import soundfile

from diarkit.io.audio import read_audio_table


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / "one.wav", rng.integers(-9999, 9999, 16000).astype(np.int16), 8000)
    soundfile.write(tmp_path / "two.flac", rng.integers(-9999, 9999, (16000, 2)).astype(np.int16), 16000)
    (tmp_path / "wav.scp").write_text("one one.wav\ntwo two.flac\n")
    return tmp_path


def read(folder, rspecifier):
    return {key: (audio.sample_frequency, audio.read()) for key, audio in read_audio_table(rspecifier)}


def test_segments(run_tool, folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "segments").write_text("b two 0.25 0.5 1\na one 0.5 1.25\nc one 1.5 -1 0\n")
    done = run_tool("extract-segments", "scp:wav.scp", "segments", "ark,scp:x.ark,x.scp")
    assert "3 segments done, 0 failed" in done.stderr
    found = read(folder, "scp:x.scp")
    one, two = soundfile.read("one.wav", dtype="int16")[0], soundfile.read("two.flac", dtype="int16")[0]
    expected = {"b": (16000, two[4000:8000, 1]), "a": (8000, one[4000:10000]), "c": (8000, one[12000:])}
    assert list(found) == list(expected)
    for utt, (rate, samples) in expected.items():
        assert found[utt][0] == rate and np.array_equal(found[utt][1][:, 0], samples)
    piped = run_tool("extract-segments", "ark:x.ark", "-", "ark:-", input=b"x c 0 0.25\n", text=False).stdout
    assert piped[:6] == b"x RIFF" and len(piped) == 2 + 44 + 2 * 2000


def test_what_cannot_be_had_is_told_and_counted(run_tool, folder):
    (folder / "segments").write_text("a one 0 1\nb two 0 1\nc three 0 1\nd one 1 1.05\ne one 1 9\nf one 1\n")
    run = dict(cwd=folder, status=1)
    done = run_tool("extract-segments", "scp:wav.scp", "segments", "ark:x.ark", **run)
    lines = [line.removeprefix("extract-segments: ") for line in done.stderr.splitlines()]
    assert [line.split(":")[0] for line in lines[:5]] == ["b", "c", "d", "e", "f"]
    assert "segments:6" in lines[4] and lines[5] == "1 segments done, 5 failed"
    assert not (folder / "x.ark").exists() and (folder / "x.ark.partial").exists()
    run_tool("extract-segments", "--max-failed=3", "--min-segment-length=0.01", "--max-overshoot=10", "scp:wav.scp",
             "segments", "ark:x.ark", cwd=folder)
    assert {key: len(samples) for key, (_, samples) in read(folder, f"ark:{folder}/x.ark").items()} == {
        "a": 8000, "d": 400, "e": 8000}
    run_tool("extract-segments", "scp:wav.scp", "segments", "ark,t:y", **run)
    run_tool("extract-segments", "scp:wav.scp", "none", "ark:y", **run)
    assert not (folder / "y").exists()


def test_bad_input(shared, run_tool):
    run_tool(sys.executable, shared / "badinputs/check_bad.py", "--strict-names", "--segments",
             "extract-segments scp:good/wav.scp {in} ark:{out}")
