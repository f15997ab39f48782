"""compute-mfcc and compute-fbank: command lines of Kaldi, channels and rates, segments, streams, what fails midway."""

import os
import re
import sys

import numpy as np
import pytest
import soundfile

from diarkit import toy
from diarkit.io.htk import read_htk
from diarkit.io.readers import TableReader
from diarkit.io.tables import read_arrays, read_numbers

TOOLS = ("compute-mfcc", "compute-fbank")
TOLERANCE, MEAN_TOLERANCE = 1e-3, 5e-5  # Kaldi computes in single precision


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


def differences(found, expected, linear=False):
    """The largest and the mean difference; of features without a logarithm, up to 1e9, relative to their size."""
    assert found.shape == expected.shape
    difference = abs(found - expected) / (np.maximum(abs(expected), 1) if linear else 1)
    return difference.max(), difference.mean()


def test_kaldi_s_command_lines(shared, run_tool, tmp_path):
    """As typed, but for the program's name and the place of the output; the others are in tests/test_features.py."""
    kaldi, seen = shared / "golden/kaldi", 0
    command = re.compile(r"compute-(mfcc|fbank)-feats (.*) (scp:\S+) (ark,scp:|ark,t:|ark:)(feats/[^,\s]+)\S*")
    for line in (kaldi / "commands/feats.txt").read_text().splitlines():
        match = command.fullmatch(line)
        if not match or not (kaldi / match[5]).exists():
            continue
        if not re.search("--config|ark,t|format|vtln|downsample|subtract|log-fbank", line):
            continue
        kind, options, scp, form, output = match.groups()
        out = f"{tmp_path}/x.ark"
        run_tool(f"compute-{kind}", *options.replace(":feats/", f":{tmp_path}/").split(), scp,
                 f"{form}{out}" + (f",{tmp_path}/x.scp" if form == "ark,scp:" else ""), cwd=kaldi)
        reader = read_htk if "format=htk" in options else None
        found, expected = (dict(TableReader(f"ark:{name}", reader) if reader else read_arrays(f"ark:{name}"))
                           for name in (out, kaldi / output))
        if reader:  # the header, too
            assert open(out, "rb").read(17) == (kaldi / output).read_bytes()[:17]
        assert list(found) == list(expected), line
        for key in found:
            most, mean = differences(found[key], expected[key], linear="use-log-fbank=false" in options)
            assert most <= TOLERANCE and mean <= MEAN_TOLERANCE, (line, key, most, mean)
        seen += 1
    assert seen >= 8
    durations, golden = dict(read_numbers(f"ark:{tmp_path}/utt2dur_8k")), kaldi / "feats/utt2dur_8k"
    if golden.exists():
        assert durations == pytest.approx(dict(read_numbers(f"ark:{golden}")), abs=1e-5)


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


def test_kaldi_s_manners_take_the_first_channel(run_tool, sounds):
    (sounds / "b.scp").write_text("b b.flac\n")
    done = run_tool("compute-mfcc", "b.scp", "ark:x.ark", cwd=sounds, env={**os.environ, "DIARKIT_KALDI": ""})
    assert "b: 2 channels, the first of them is taken" in done.stderr
    run_tool("compute-mfcc", "--channel=0", "b.scp", "ark:y.ark", cwd=sounds)
    assert np.array_equal(read(sounds)["b"], read(sounds, "y.ark")["b"])


@pytest.mark.parametrize("tool", TOOLS)
def test_streams_and_dither(run_tool, sounds, tool):
    wav_scp = "a a.wav\n"
    plain = run_tool(tool, "-", "ark:-", cwd=sounds, input=wav_scp.encode(), text=False).stdout
    run_tool(tool, "a.scp", "ark:x.ark", cwd=sounds)
    assert plain == (sounds / "x.ark").read_bytes()
    noisy = [run_tool(tool, "--dither=1", *seed, "a.scp", "ark:-", cwd=sounds, text=False).stdout
             for seed in ((), (), ("--seed=1",))]
    assert noisy[0] == noisy[1] != noisy[2] and noisy[0] != plain


def test_sizes_and_options_without_effect(run_tool, sounds):
    run_tool("compute-fbank", "--num-mel-bins=40", "--use-energy", "--no-snip-edges", "a.scp", "ark:x.ark", cwd=sounds)
    assert read(sounds)["a"].shape == (600, 41)
    run_tool("compute-mfcc", "--num_ceps", "20", "--Frame-Shift=20", "a.scp", "ark:x.ark", cwd=sounds)
    assert read(sounds)["a"].shape == (299, 20)
    plain = run_tool("compute-mfcc", "a.scp", "ark:-", cwd=sounds, text=False).stdout
    same = run_tool("compute-mfcc", "--debug-mel=true", "--max-feature-vectors=10", "--utt2spk=", "--vtln-map=",
                    "a.scp", "ark:-", cwd=sounds, text=False).stdout
    assert plain == same


def test_what_is_short_is_passed_over(run_tool, sounds):
    (sounds / "two.scp").write_text("a a.wav\nr right.wav\n")
    done = run_tool("compute-mfcc", "--min-duration=2.5", "--write-utt2dur=ark,t:durations", "two.scp", "ark:x.ark",
                    cwd=sounds)
    assert "r: passed over, 2 s is less than --min-duration" in done.stderr
    assert "1 recordings done, 0 failed, 1 passed over" in done.stderr
    assert list(read(sounds)) == ["a"] and dict(read_numbers(f"ark:{sounds}/durations")) == {"a": 6.0}
    run_tool("compute-mfcc", "--min-duration=2", "two.scp", "ark:x.ark", cwd=sounds)
    assert list(read(sounds)) == ["a", "r"]


def test_warps_of_recordings_and_of_speakers(run_tool, sounds):
    (sounds / "two.scp").write_text("a a.wav\nr right.wav\n")
    (sounds / "warps").write_text("a 0.9\nr 1.1\n")
    (sounds / "by_speaker").write_text("s 1.1\n")
    (sounds / "utt2spk").write_text("a s\nr t\n")

    def run(*options, status=0, name="x.ark"):
        done = run_tool("compute-mfcc", *options, "two.scp", f"ark:{name}", cwd=sounds, status=status)
        return read(sounds, name if status == 0 else f"{name}.partial") if status != 2 else {}, done.stderr

    plain, down, up = (run(f"--vtln-warp={warp}")[0] for warp in (1, 0.9, 1.1))
    mapped, _ = run("--vtln-map=ark:warps", "--vtln-warp=5")
    assert np.array_equal(mapped["a"], down["a"]) and np.array_equal(mapped["r"], up["r"])
    assert not np.array_equal(mapped["a"], plain["a"])
    by_speaker, stderr = run("--vtln-map=ark:by_speaker", "--utt2spk=ark:utt2spk", status=1, name="y.ark")
    assert list(by_speaker) == ["a"] and np.array_equal(by_speaker["a"], up["a"])
    assert "r: t: not in by_speaker" in stderr
    (sounds / "utt2spk").write_text("a s\n")
    assert "r: not in utt2spk" in run("--vtln-map=ark:by_speaker", "--utt2spk=utt2spk", status=1, name="z.ark")[1]
    assert "--vtln-map" in run("--utt2spk=utt2spk", status=2)[1]


@pytest.mark.parametrize("tool", TOOLS)
def test_segments(run_tool, sounds, tool):
    """As from the archive that extract-segments makes, read from a pipe; here with a channel from --channel."""
    (sounds / "segments").write_text("y a 2 3.5\nx b 0.30003 1.2 1\nz a 0.5 -1\n")
    run_tool(tool, "--no-snip-edges", "--segments=segments", "wav.scp", "ark:x.ark", cwd=sounds)
    waves = run_tool("extract-segments", "wav.scp", "segments", "ark:-", cwd=sounds, text=False).stdout
    piped = run_tool(tool, "--no-snip-edges", "ark:-", "ark:-", cwd=sounds, input=waves, text=False).stdout
    assert piped == (sounds / "x.ark").read_bytes()
    assert {key: len(features) for key, features in read(sounds).items()} == {"y": 150, "x": 90, "z": 550}
    (sounds / "segments").write_text("x b 0.30003 1.2\n")
    run_tool(tool, "--no-snip-edges", "--channel=1", "--segments=segments", "wav.scp", "ark:y.ark", cwd=sounds)
    assert np.array_equal(read(sounds, "y.ark")["x"], read(sounds)["x"])


@pytest.mark.parametrize("form", ["ark:-", "ark,t:-", "ark,scp:x.ark,x.scp"])
def test_a_recording_that_is_damaged_late_leaves_nothing(run_tool, sounds, form):
    samples = np.zeros(300_000, np.float32)
    samples[299_000] = np.nan
    soundfile.write(sounds / "nan.wav", samples, 16000, subtype="FLOAT")
    flac = (sounds / "b.flac").read_bytes()
    (sounds / "cut.flac").write_bytes(flac[: len(flac) - 20_000])
    (sounds / "four.scp").write_text("a a.wav\nnan nan.wav\ncut cut.flac\nlast right.wav\n")
    done = run_tool("compute-mfcc", "--max-failed=2", "--channel=0", "four.scp", form, cwd=sounds, text=False)
    stderr = done.stderr.decode()
    assert "nan: nan.wav: at 18.688 s: a sample that is NaN" in stderr and "cut: cut.flac: " in stderr
    if form == "ark,scp:x.ark,x.scp":
        found = read(sounds)
        assert (sounds / "x.scp").read_text().split()[::2] == ["a", "last"]
    else:
        (sounds / "piped").write_bytes(done.stdout)
        found = read(sounds, "piped")
    assert list(found) == ["a", "last"] and len(found["last"]) == 198


def test_a_command_that_fails(run_tool, sounds):
    (sounds / "x.scp").write_text("a a.wav\nb cat right.wav; exit 3 |\nc cat right.wav |\n")
    done = run_tool("compute-mfcc", "--allow-pipes", "x.scp", "ark:x.ark", cwd=sounds, status=1)
    assert "b: command ended with status 3: cat right.wav; exit 3" in done.stderr
    assert list(read(sounds, "x.ark.partial")) == ["a", "c"]
    done = run_tool("compute-mfcc", "scp,p:x.scp", "ark:x.ark", cwd=sounds)
    assert list(read(sounds)) == ["a"] and "2 passed over" in done.stderr


@pytest.mark.parametrize("options", [["--num-mel-bins=0"], ["--low-freq=9000"], ["--seed=-1", "--dither=1"],
                                     ["--vtln-warp=1.1", "--vtln-low=10"], ["--vtln-map=ark:none"]])
def test_settings_that_make_no_features(run_tool, sounds, options):
    done = run_tool("compute-fbank", *options, "a.scp", "ark:x.ark", cwd=sounds, status=1)
    assert "Traceback" not in done.stderr and len(done.stderr.splitlines()) <= 2
    assert not (sounds / "x.ark").exists()


def test_bad_input(shared, run_tool):
    """A sample; all of it: --wav and --wavscp of check_bad.py."""
    run_tool(sys.executable, shared / "badinputs/check_bad.py", "--strict-names", "--only", "trunc|zero|nan|pipe",
             "--wav", "compute-mfcc scp:{in_scp} ark:{out}", "--wavscp", "compute-fbank scp:{in} ark:{out}")
