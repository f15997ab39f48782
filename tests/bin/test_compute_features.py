"""compute-mfcc and compute-fbank: options and conf files of Kaldi, channels and rates, streams."""

import numpy as np
import pytest
import soundfile

from diarkit import toy
from diarkit.io.tables import read_arrays

TOOLS = ("compute-mfcc", "compute-fbank")


@pytest.fixture
def sounds(tmp_path):
    samples, _ = toy.make_conversation(np.random.default_rng(0), 6, 2, 16000)
    soundfile.write(tmp_path / "a.wav", samples, 16000)
    soundfile.write(tmp_path / "b.flac", np.stack([samples[:32000], samples[32000:64000]], axis=1), 16000)
    soundfile.write(tmp_path / "c.wav", samples[::2], 8000)
    soundfile.write(tmp_path / "right.wav", samples[32000:64000], 16000)
    (tmp_path / "wav.scp").write_text("".join(f"{name[0]} {name}\n" for name in ("a.wav", "b.flac", "c.wav")))
    (tmp_path / "a.scp").write_text("a a.wav\n")
    return tmp_path


def read(folder, name="x.ark"):
    return dict(read_arrays(f"ark:{folder}/{name}"))


@pytest.mark.parametrize("tool, conf, scp, golden", [
    ("compute-mfcc", "mfcc_callhome8k", "wav8k.scp", "mfcc_callhome8k"),
    ("compute-mfcc", "mfcc_vox16k", "wav16k.scp", "mfcc_vox16k"),
    ("compute-fbank", "fbank_vox16k", "wav16k.scp", "fbank_vox16k"),
])
def test_kaldi_s_command_lines(shared, run_tool, tmp_path, tool, conf, scp, golden):
    kaldi = shared / "golden/kaldi"
    out = f"ark,scp:{tmp_path}/x.ark,{tmp_path}/x.scp"
    run_tool(tool, f"--config=conf/{conf}.conf", "--dither=0", f"scp:{scp}", out, cwd=kaldi)
    expected = dict(read_arrays(f"ark:{kaldi}/feats/{golden}.ark"))
    found = dict(read_arrays(f"scp:{tmp_path}/x.scp"))
    assert list(found) == list(expected)
    for key, features in found.items():
        assert abs(features - expected[key]).max() < 1e-3


@pytest.mark.parametrize("tool", TOOLS)
def test_channels_and_rates_are_not_changed_unasked(run_tool, sounds, tool):
    done = run_tool(tool, "wav.scp", "ark:x.ark", cwd=sounds, status=1)
    assert "b: 2 channels: choose one with --channel" in done.stderr
    assert "c: 8000 Hz where 16000 Hz are expected; --allow-upsample" in done.stderr
    assert "1 recordings done, 2 failed" in done.stderr
    assert not (sounds / "x.ark").exists() and list(read(sounds, "x.ark.partial")) == ["a"]
    run_tool(tool, "--channel=0", "--allow-upsample", "wav.scp", "ark:x.ark", cwd=sounds)
    assert list(read(sounds)) == ["a", "b", "c"]
    (sounds / "b.scp").write_text("b b.flac\nright right.wav\n")
    run_tool(tool, "--channel=1", "--max-failed=1", "b.scp", "ark:y.ark", cwd=sounds)
    (sounds / "r.scp").write_text("b right.wav\n")
    run_tool(tool, "r.scp", "ark:z.ark", cwd=sounds)
    assert np.array_equal(read(sounds, "y.ark")["b"], read(sounds, "z.ark")["b"])


@pytest.mark.parametrize("tool", TOOLS)
def test_streams_and_dither(run_tool, sounds, tool):
    wav_scp = "a a.wav\n"
    plain = run_tool(tool, "-", "ark:-", cwd=sounds, input=wav_scp.encode(), text=False).stdout
    run_tool(tool, "a.scp", "ark:x.ark", cwd=sounds)
    assert plain == (sounds / "x.ark").read_bytes()
    noisy = [run_tool(tool, "--dither=1", *seed, "a.scp", "ark:-", cwd=sounds, text=False).stdout
             for seed in ((), (), ("--seed=1",))]
    assert noisy[0] == noisy[1] != noisy[2] and noisy[0] != plain


def test_sizes(run_tool, sounds):
    run_tool("compute-fbank", "--num-mel-bins=40", "--use-energy", "--no-snip-edges", "a.scp", "ark:x.ark", cwd=sounds)
    assert read(sounds)["a"].shape == (600, 41)
    run_tool("compute-mfcc", "--num_ceps", "20", "--Frame-Shift=20", "a.scp", "ark:x.ark", cwd=sounds)
    assert read(sounds)["a"].shape == (299, 20)


@pytest.mark.parametrize("options", [["--num-mel-bins=0"], ["--low-freq=9000"], ["--seed=-1", "--dither=1"]])
def test_settings_that_make_no_features(run_tool, sounds, options):
    done = run_tool("compute-fbank", *options, "a.scp", "ark:x.ark", cwd=sounds, status=1)
    assert "Traceback" not in done.stderr and len(done.stderr.splitlines()) <= 2
    assert not (sounds / "x.ark").exists()
