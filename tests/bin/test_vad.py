"""vad: Kaldi's decisions through the command line, other rates and channels."""

import os

import numpy as np
import soundfile

from diarkit import signals, toy
from diarkit.io.tables import read_arrays
from diarkit.vad_webrtc import webrtc_decisions


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
