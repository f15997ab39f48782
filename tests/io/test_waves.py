"""Archives of waves: the bytes that Kaldi writes, reading them from files and pipes, cutting segments."""

import os
import struct
import subprocess
import sys

import numpy as np
import pytest

from diarkit.errors import CommandFailed, DataError, ItemError
from diarkit.io.audio import open_audio, read_audio_table
from diarkit.io.sound import Sound, Stretch
from diarkit.io.waves import OPEN, RecordingsByKey, SegmentReader, WaveWriter

RATE = 8000


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def noise(seed, *shape):
    return np.random.default_rng(seed).integers(-32768, 32768, shape).astype(np.int16)


class Memory(Sound):
    """A recording in memory; reading `bad` raises."""

    name = "memory"

    def __init__(self, samples, bad=None, rate=RATE):
        self.samples = np.asarray(samples, np.float32)
        self.num_samples, self.num_channels = self.samples.shape
        self.sample_frequency = rate
        self.bad = bad

    def read_at(self, start, count):
        if self.bad is not None and start <= self.bad < start + count:
            raise DataError("damaged here")
        return self.samples[start : start + count]


def wave(samples, rate=RATE):
    """The bytes of a WAV file as Kaldi's WaveData::Write has them; (N, channels) int16."""
    data = samples.astype("<i2").tobytes()
    channels = samples.shape[1]
    return struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, channels, rate,
                       rate * channels * 2, channels * 2, 16, b"data", len(data)) + data


def drain(reader):
    """{key: samples or the reason why not}."""
    found = {}
    while True:
        try:
            key, audio = next(reader)
            found[key] = audio.read()
        except ItemError as error:
            found[error.key] = error.reason
        except StopIteration:
            return found


def test_bytes_of_an_archive():
    mono, stereo = noise(0, 700, 1), noise(1, 300, 2)
    with WaveWriter("ark,scp:w.ark,w.scp") as out:
        out.write("a", Memory(mono))
        out.write("b", Memory(stereo))
        assert not os.path.exists("w.ark") and not os.path.exists("w.scp")
    expected = b"a " + wave(mono) + b"b " + wave(stereo)
    with open("w.ark", "rb") as file:
        assert file.read() == expected
    with open("w.scp") as file:
        assert file.read() == f"a w.ark:2\nb w.ark:{2 + len(wave(mono)) + 2}\n"
    for rspecifier in ("scp:w.scp", "ark:w.ark", "ark:cat w.ark |"):
        found = drain(read_audio_table(rspecifier))
        assert list(found) == ["a", "b"]
        assert np.array_equal(found["a"], mono) and np.array_equal(found["b"], stereo)
    with open_audio("w.ark:2") as audio:
        assert audio.sample_frequency == RATE


def test_to_a_pipe_and_to_places():
    with open("places", "w") as file:
        file.write("a one.wav\n")
    samples = noise(2, 100, 1)
    for wspecifier in ("ark:| cat > piped", "scp:places"):
        with WaveWriter(wspecifier) as out:
            out.write("a", Memory(samples))
    with open("piped", "rb") as piped, open("one.wav", "rb") as one:
        assert piped.read() == b"a " + one.read() == b"a " + wave(samples)


@pytest.mark.parametrize("wspecifier", ["ark,scp:w.ark,w.scp", "ark:| cat > w.ark"])
def test_what_fails_midway_leaves_nothing(wspecifier):
    samples = noise(3, 600_000, 1)  # more than a block of reading
    with WaveWriter(wspecifier) as out:
        out.write("a", Memory(samples[:50]))
        for key, audio in (("b", Memory(samples, bad=599_999)), ("a", Memory(samples)), ("x y", Memory(samples)),
                           ("none", Memory(samples[:0]))):
            with pytest.raises(DataError):
                out.write(key, audio)
        out.write("c", Memory(samples[:60]))
    with open("w.ark", "rb") as file:
        assert file.read() == b"a " + wave(samples[:50]) + b"c " + wave(samples[:60])


def test_samples_that_16_bits_do_not_hold():
    with WaveWriter("ark:w.ark") as out:
        out.write("a", Memory(np.array([[1.9], [-1.9], [32768.0], [1e9], [-32769.0], [-32768.0]])))
        assert out.clipped == 3
    assert drain(read_audio_table("ark:w.ark"))["a"][:, 0].tolist() == [1, -1, 32767, 32767, -32768, -32768]


def test_more_than_a_wav_file_can_have():
    class Long(Memory):
        num_samples = None

    audio = Long(noise(4, 10, 1))
    audio.num_samples = 2**31
    with WaveWriter("ark:w.ark") as out, pytest.raises(ItemError, match="more than a WAV file"):
        out.write("a", audio)
    with pytest.raises(DataError, match="text"):
        WaveWriter("ark,t:w.txt")
    assert not os.path.exists("w.txt")


def archive(name, *entries):
    with open(name, "wb") as file:
        for key, data in entries:
            file.write(key.encode() + b" " + data)


@pytest.mark.parametrize("form", ["ark:{}", "ark:cat {} |"])
def test_one_bad_recording_costs_itself(form):
    samples = noise(5, 90, 1)
    silent = bytearray(wave(samples))
    silent[22:24] = bytes(2)  # no channels
    floats = wave(np.zeros((45, 2), np.int16)).replace(struct.pack("<HH", 1, 2), struct.pack("<HH", 3, 2), 1)
    archive("w.ark", ("a", wave(samples)), ("b", bytes(silent)), ("c", floats), ("d", wave(samples)))
    found = drain(read_audio_table(form.format("w.ark")))
    assert list(found) == ["a", "b", "c", "d"] and np.array_equal(found["d"], samples)
    assert "0 channels" in found["b"]
    reader = read_audio_table(form.replace("ark", "ark,p", 1).format("w.ark"))
    assert "b" not in drain(reader) and reader.passed_over >= 1


@pytest.mark.parametrize("form", ["ark:{}", "ark:cat {} |"])
@pytest.mark.parametrize("cut", [1, 3, 20, 40, 46, 100])
def test_an_archive_that_ends_early(form, cut):
    samples = noise(6, 90, 1)
    whole = wave(samples)
    with open("w.ark", "wb") as file:
        file.write(b"a " + whole + (b"b " + whole)[:cut])
    reader = read_audio_table(form.format("w.ark"))
    assert np.array_equal(next(reader)[1].read(), samples)
    with pytest.raises(DataError, match="w.ark"):
        next(reader)
    reader = read_audio_table(form.replace("ark", "ark,p", 1).format("w.ark"))
    assert list(drain(reader)) == ["a"] and reader.passed_over == 1


@pytest.mark.parametrize("data", [b"\0BFM \4\1\0\0\0\4\1\0\0\0\0\0\0\0", b"[ 1 2 ]\n", b"RIFF\0\0\0\0AVI fmt ",
                                  b"RIFF\0\0\0\0WAVEjunk\xff\xff\xff\x7f"])
def test_archives_of_something_else(data):
    archive("w.ark", ("a", data + bytes(100)))
    for form in ("ark:w.ark", "ark:cat w.ark |"):
        with pytest.raises(DataError, match="w.ark.*WAV"):
            next(read_audio_table(form))


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFF000])
def test_a_size_that_is_not_known_is_the_rest(size):
    samples = noise(7, 200, 1)
    data = bytearray(wave(samples))
    data[4:8] = data[40:44] = struct.pack("<I", size)
    archive("w.ark", ("a", wave(samples)), ("b", bytes(data)))
    for form in ("ark:w.ark", "ark:cat w.ark |"):
        assert np.array_equal(drain(read_audio_table(form))["b"], samples)


def test_a_wave_without_samples_is_one():
    empty, samples = wave(noise(8, 0, 1)), noise(8, 20, 1)
    archive("w.ark", ("a", empty), ("b", wave(samples)))
    for form in ("ark:w.ark", "ark:cat w.ark |"):
        found = drain(read_audio_table(form))
        assert len(found["a"]) == 0 and np.array_equal(found["b"], samples)


def test_a_command_that_fails_and_standard_input():
    archive("w.ark", ("a", wave(noise(9, 20, 1))))
    reader = read_audio_table("ark:cat w.ark; exit 3 |")
    next(reader)
    with pytest.raises(CommandFailed, match="status 3"):
        next(reader)
    code = "from diarkit.io.audio import *\nfor key, audio in read_audio_table('ark:-'): print(key, audio.num_samples)"
    with open("w.ark", "rb") as file:
        done = subprocess.run([sys.executable, "-c", code], stdin=file, capture_output=True, text=True)
    assert done.stdout == "a 20\n", done.stderr


@pytest.mark.parametrize("form", ["scp:w.scp", "ark:w.ark", "ark:cat w.ark |", "w.scp"])
def test_recordings_by_key_in_any_order(form):
    sounds = {f"r{i}": noise(i, 50 + i, 1) for i in range(2 * OPEN)}
    with WaveWriter("ark,scp:w.ark,w.scp") as out:
        for key, samples in sounds.items():
            out.write(key, Memory(samples))
    before = len(os.listdir("/proc/self/fd"))
    with RecordingsByKey(form) as table:
        for key in [*reversed(sounds), *sounds, "r3", "r3"]:
            assert np.array_equal(table[key].read(), sounds[key])
            assert len(os.listdir("/proc/self/fd")) <= before + OPEN + 3
        with pytest.raises(ItemError, match="r99: not in"):
            table["r99"]
    del table
    assert len(os.listdir("/proc/self/fd")) == before


def segments(text, recordings, **options):
    """What SegmentReader finds for lines of segments; recordings: key -> (N, channels) samples."""
    with WaveWriter("ark:r.ark") as out:
        for key, samples in recordings.items():
            out.write(key, Memory(samples))
    with open("segments", "w") as file:
        file.write(text)
    return drain(SegmentReader("ark:r.ark", "segments", **options))


def test_segments_are_rounded_and_cut_off_as_kaldi_does():
    samples = noise(10, RATE, 1)  # a second
    found = segments(
        "a r 0.25 0.5\n"
        "half r 0.10006 0.60007\n"  # 800.48 and 4800.56
        "end r 0.5 -1\n"
        "over r 0.5 1.5\n"  # half a second too late
        "far r 0.5 1.5001\n"
        "short r 0.5 0.6\n"  # 0.1 is a little more in single precision
        "enough r 0.5 0.60001\n"
        "none r 1.0 1.2\n"
        "late r 1.0001 1.2\n"
        "other s 0 1\n"
        "backwards r 0.5 0.4\n"
        "word r zero 1\n"
        "few r 0\n"
        "mono r 0 0.5 0\n"
        "left r 0 0.5 1\n"
        "bad r 0 0.5 A\n", {"r": samples})
    expected = {"a": (2000, 4000), "half": (800, 4801), "end": (4000, 8000), "over": (4000, 8000),
                "enough": (4000, 4800), "mono": (0, 4000)}
    for utt, (start, stop) in expected.items():
        assert np.array_equal(found.pop(utt), samples[start:stop]), utt
    assert "ends at 1.5001 s" in found["far"] and "0.1 s of sound" in found["short"] and "0 s of" in found["none"]
    assert "starts at 1.0001 s" in found["late"] and "s: not in r.ark" in found["other"]
    assert "segments:11: " in found["backwards"] and "segments:12: " in found["word"] and "segments:13" in found["few"]
    assert "no channel 1" in found["left"] and "segments:16" in found["bad"]
    assert list(found) == ["far", "short", "none", "late", "other", "backwards", "word", "few", "left", "bad"]


def test_limits_of_segments_can_be_set():
    samples = noise(11, RATE, 1)
    found = segments("a r 0.5 0.6\nb r 0.9 2.9\n", {"r": samples}, min_length=0.09, max_overshoot=2)
    assert np.array_equal(found["a"], samples[4000:4800]) and np.array_equal(found["b"], samples[7200:])
    found = segments("a r 0.5 0.75\nb r 0.5 0.7499\nc r 1 -1\nd r 0 1.25\n", {"r": samples}, min_length=0.25)
    assert "0.25 s" in found["b"] and len(found["a"]) == 2000 and len(found["d"]) == 8000
    assert "0 s of sound" in segments("c r 1 -1\n", {"r": samples}, min_length=0)["c"]


def test_channels_of_segments():
    stereo, text = noise(12, RATE, 2), "a r 0 0.5 1\nb r 0 0.5\nc r 0 0.5 2\n"
    found = segments(text, {"r": stereo})
    assert np.array_equal(found["a"], stereo[:4000, 1:])
    assert "2 channels" in found["b"] and "no channel 2" in found["c"]
    assert np.array_equal(segments(text, {"r": stereo}, one_channel=False)["b"], stereo[:4000])


def test_order_is_that_of_the_segments():
    sounds = {key: noise(i, RATE, 1) for i, key in enumerate("rst")}
    found = segments("b t 0 0.5\na r 0 0.5\nc s 0 0.5\nd r 0.5 1\n", sounds)
    assert list(found) == ["b", "a", "c", "d"]
    assert np.array_equal(found["d"], sounds["r"][4000:]) and np.array_equal(found["b"], sounds["t"][:4000])


def test_stretches():
    samples = noise(13, 1000, 3)
    part = Stretch(Stretch(Memory(samples), 100, 900), 50, 700, 2)
    assert (part.num_samples, part.num_channels, part.duration) == (650, 1, 650 / RATE)
    assert np.array_equal(part.read(), samples[150:800, 2:])
    assert np.array_equal(np.concatenate(list(part.blocks(77, 10, 500))), samples[160:650, 2:])
