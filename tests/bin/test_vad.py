"""vad and vad-to-segments: Kaldi's decisions through the command line, other rates and channels, segments."""

import os

import numpy as np
import pytest
import soundfile

from diarkit import signals, toy
from diarkit.io.datadir import read_segments
from diarkit.io.tables import ArrayWriter, read_arrays
from diarkit.vad import webrtc_decisions


def test_kaldi_s_command_line(shared, run_tool, tmp_path):
    kaldi = shared / "golden/kaldi"
    run_tool("vad", "--method=energy", "--config=conf/vad_callhome.conf", "scp:feats/mfcc_vox16k.scp",
             f"ark:{tmp_path}/vad.ark", cwd=kaldi)
    found = dict(read_arrays(f"ark:{tmp_path}/vad.ark"))
    expected = dict(read_arrays(f"ark:{kaldi}/vad/mfcc_vox16k.ark"))
    assert list(found) == list(expected)
    for key, decisions in found.items():
        assert decisions.dtype == np.float32 and np.array_equal(decisions, expected[key])
    # its default options, given by their names here
    done = run_tool("vad", "--method=energy", "--threshold=5", "--energy-mean-scale=0.5", "--proportion-threshold=0.6",
                    "--verbose", "scp:feats/mfcc_vox16k.scp", "ark,t:-", cwd=kaldi)
    golden = (kaldi / "vad/mfcc_vox16k_defaultopts.txt").read_text()
    assert done.stdout.split() == golden.split()
    assert "of the frames are speech" in done.stderr


def test_webrtc_takes_any_rate_and_a_channel(run_tool, tmp_path):
    samples, _ = toy.make_conversation(np.random.default_rng(0), 5, 2, 44100)
    soundfile.write(tmp_path / "a.wav", np.stack([samples, 0 * samples], axis=1), 44100)
    (tmp_path / "wav.scp").write_text("a a.wav\n")
    assert "--channel" in run_tool("vad", "--method=webrtc", "wav.scp", "ark:-", cwd=tmp_path, status=1).stderr
    for channel, source in ((0, samples), (1, 0 * samples)):
        run_tool("vad", "--method=webrtc", f"--channel={channel}", "scp:wav.scp", "ark:x.ark", cwd=tmp_path)
        [(_, found)] = read_arrays(f"ark:{tmp_path}/x.ark")
        signal = signals.resampled(signals.of_array(source, 44100), 16000)
        assert np.array_equal(found > 0.5, webrtc_decisions(signal)) and len(found) == 500


def test_without_silero(run_tool, tmp_path):
    (tmp_path / "wav.scp").write_text("a a.wav\n")
    env = {**os.environ, "DIARKIT_MODELS": str(tmp_path)}
    done = run_tool("vad", "wav.scp", "ark:x.ark", cwd=tmp_path, env=env, status=1)
    assert done.stderr.count("\n") == 1 and "import-pretrained silero-vad" in done.stderr
    assert not (tmp_path / "x.ark").exists()


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


def test_segments(run_tool, decisions):
    options = ["--min-silence=0.3", "--min-speech=0.1", "--pad-start=0.03", "--pad-end=0.02"]
    done = run_tool("vad-to-segments", *options, "ark:vad.ark", "segments", cwd=decisions)
    assert (decisions / "segments").read_text() == (
        "b-0000097-0000302 b 0.97 3.02\na-0000000-0000250 a 0.00 2.50\n")
    assert "silent: no speech" in done.stderr and "3 recordings done, 0 failed" in done.stderr
    options = ["--min-silence=0.1", "--min-speech=0", "--pad-start=0", "--max-segment-length=1"]
    found = run_tool("vad-to-segments", *options, "ark:vad.ark", "-", cwd=decisions).stdout
    (decisions / "s").write_text(found)
    times = [(s.start, s.end) for s in read_segments(str(decisions / "s")) if s.reco == "b"]
    assert times == [(1, 2), (2.2, 3), (4, 4.05)]
    assert [line.split()[2:] for line in found.splitlines() if " a " in line] == [
        ["0.00", "0.833"], ["0.833", "1.667"], ["1.667", "2.50"]]


def test_what_is_no_vector_of_decisions(run_tool, tmp_path):
    with ArrayWriter(f"ark:{tmp_path}/vad.ark") as out:
        out.write("m", np.ones((20, 3), np.float32))
        out.write("good", np.ones(200, np.float32))
    done = run_tool("vad-to-segments", "--pad-start=0", "ark:vad.ark", "segments", cwd=tmp_path, status=1)
    assert "Traceback" not in done.stderr and "m: " in done.stderr
    assert (tmp_path / "segments.partial").read_text() == "good-0000000-0000200 good 0.00 2.00\n"
