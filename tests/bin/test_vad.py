"""vad: Kaldi's decisions through the command line, other rates and channels."""

import os

import numpy as np
import soundfile

from diarkit import signals, toy
from diarkit.io.tables import ArrayWriter, read_arrays
from diarkit.vad.webrtc import webrtc_decisions


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


def test_smoothing_and_silent_recordings(run_tool, tmp_path):
    column = np.zeros((100, 2), np.float32)
    column[10:20, 0] = column[23:50, 0] = column[80:82, 0] = 20
    with ArrayWriter(f"ark:{tmp_path}/feats.ark") as out:
        out.write("empty", np.zeros((0, 2), np.float32))
        out.write("a", column)
        out.write("quiet", np.zeros((50, 2), np.float32))
        out.write("v", np.ones(10, np.float32))
    options = ["--method=energy", "--min-silence=0.04", "--min-speech=0.03", "--pad-start=0.02", "--pad-end=0.01"]
    done = run_tool("vad", *options, "--omit-unvoiced-utts", "ark:feats.ark", "ark:x.ark", cwd=tmp_path, status=1)
    found = dict(read_arrays(f"ark:{tmp_path}/x.ark.partial"))
    assert list(found) == ["a"] and np.flatnonzero(found["a"]).tolist() == list(range(8, 51))
    assert "empty: no frames" in done.stderr and "v: " in done.stderr and "2 recordings done, 2 failed" in done.stderr
    assert "28.67% of 150 frames are speech; 1 recordings have none" in done.stderr
    done = run_tool("vad", "--method=energy", "--probabilities", "ark:feats.ark", "ark:y", cwd=tmp_path, status=2)
    assert "probabilities" in done.stderr


def test_without_silero(run_tool, tmp_path):
    (tmp_path / "wav.scp").write_text("a a.wav\n")
    env = {**os.environ, "DIARKIT_MODELS": str(tmp_path)}
    done = run_tool("vad", "wav.scp", "ark:x.ark", cwd=tmp_path, env=env, status=1)
    assert done.stderr.count("\n") == 1 and "import-pretrained silero-vad" in done.stderr
    assert not (tmp_path / "x.ark").exists()
