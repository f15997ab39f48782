"""wav-to-duration: seconds of recordings, from headers or from all of their samples."""

import numpy as np
import pytest
import soundfile

from diarkit.io.tables import read_numbers


@pytest.fixture
def folder(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(12000, np.int16), 8000)
    soundfile.write(tmp_path / "b.flac", np.zeros((8000, 2), np.int16), 16000)
    samples = np.zeros(8000, np.float32)
    samples[-1] = np.nan
    soundfile.write(tmp_path / "c.wav", samples, 16000, subtype="FLOAT")
    (tmp_path / "wav.scp").write_text("a a.wav\nb b.flac\nc c.wav\n")
    return tmp_path


def test_durations(run_tool, folder):
    done = run_tool("wav-to-duration", "scp:wav.scp", "ark,t:-", cwd=folder)
    assert done.stdout.split() == ["a", "1.5", "b", "0.5", "c", "0.5"]
    assert "2.5 s in all, from 0.5 to 1.5" in done.stderr and "3 recordings done" in done.stderr
    run_tool("wav-to-duration", "wav.scp", "ark:x", cwd=folder)
    assert dict(read_numbers(f"ark:{folder}/x")) == {"a": 1.5, "b": 0.5, "c": 0.5}
    assert (folder / "x").read_bytes().startswith(b"a \0B\4\0\0\xc0\x3f")  # single precision, as Kaldi has it


def test_the_entire_file(run_tool, folder):
    done = run_tool("wav-to-duration", "--read-entire-file=true", "scp:wav.scp", "ark,t:-", cwd=folder, status=1)
    assert done.stdout.split() == ["a", "1.5", "b", "0.5"] and "c: c.wav: at 0.500 s" in done.stderr


def test_waves_from_a_pipe(run_tool, folder):
    (folder / "segments").write_text("x a 0.25 1\ny a 0 -1\n")
    waves = run_tool("extract-segments", "wav.scp", "segments", "ark:-", cwd=folder, text=False).stdout
    done = run_tool("wav-to-duration", "ark:-", "ark,t:-", cwd=folder, input=waves, text=False)
    assert done.stdout.split() == [b"x", b"0.75", b"y", b"1.5"]
