import os
import struct
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from diarkit.errors import CommandFailed, DataError, ItemError
from diarkit.io import streams
from diarkit.io.audio import open_audio, read_audio_table

RATE = 16000


@pytest.fixture
def samples():
    """(5000,) int16, all of the scale used."""
    samples = np.random.default_rng(0).integers(-32768, 32768, 5000).astype(np.int16)
    samples[:2] = -32768, 32767
    return samples


@pytest.fixture(autouse=True)
def no_pipes(monkeypatch, tmp_path):
    monkeypatch.delenv("DIARKIT_PIPES", raising=False)
    monkeypatch.chdir(tmp_path)
    yield
    streams.allow_pipes(False)


def write(samples, kind="WAV", subtype="PCM_16", name="x"):
    soundfile.write(name, samples, RATE, format=kind, subtype=subtype)
    with open(name, "rb") as file:
        return file.read()


def read(name, **kwargs):
    """The only channel of a recording."""
    with open_audio(name, **kwargs) as audio:
        block = audio.read()
        assert block.shape == (audio.num_samples, audio.num_channels) and block.dtype == np.float32
        return block[:, 0]


LOSSLESS = [
    ("WAV", "PCM_16"),
    ("WAVEX", "PCM_16"),
    ("WAVEX", "PCM_24"),
    ("WAV", "PCM_32"),
    ("RF64", "PCM_16"),
    ("FLAC", "PCM_16"),
    ("FLAC", "PCM_24"),
    ("AIFF", "PCM_16"),
    ("AU", "PCM_16"),
    ("NIST", "PCM_16"),
    ("W64", "PCM_16"),
    ("CAF", "PCM_16"),
]


@pytest.mark.parametrize("kind, subtype", LOSSLESS)
def test_formats_on_the_scale_of_16_bits(samples, kind, subtype):
    data = write(samples, kind, subtype)
    assert np.array_equal(read("x"), samples)
    assert np.array_equal(read("cat x |"), samples)
    with open("wav.ark", "wb") as file:  # an archive of sound, as Kaldi writes them
        file.write(b"first " + data + b"second " + data)
    if kind not in ("W64", "NIST"):  # which go by the length of the file
        assert np.array_equal(read("wav.ark:6"), samples)
    with open_audio("x") as audio:
        assert (audio.sample_frequency, audio.num_channels, audio.num_samples) == (RATE, 1, len(samples))


@pytest.mark.parametrize(
    "subtype, error", [("FLOAT", 0), ("DOUBLE", 0), ("ULAW", 1024), ("ALAW", 1024), ("PCM_U8", 256)]
)
def test_kinds_of_samples(samples, subtype, error):
    data = samples / 32768 if subtype in ("FLOAT", "DOUBLE") else samples
    write(data, "WAV", subtype)
    assert np.abs(read("x") - samples).max() <= error


@pytest.mark.parametrize("kind", ["WAV", "WAVEX", "RF64"])
def test_16_bits_are_read_without_libsndfile(samples, kind, monkeypatch):
    data = bytearray(write(samples.reshape(-1, 2), kind))
    with open("rifx", "wb") as file:  # the same, the most significant byte first
        file.write(b"RIFX" + struct.pack(">I4s4sIHHIIHH4sI", 36 + 2 * len(samples), b"WAVE", b"fmt ", 16, 1, 2, RATE,
                                         4 * RATE, 4, 16, b"data", 2 * len(samples)) + samples.astype(">i2").tobytes())
    with open("odd", "wb") as file:  # three bytes too many are half of a sample
        file.write(data + b"\1\2\3")
    monkeypatch.setattr("diarkit.io.sound.Coded", None)
    for name in ("x", "rifx", "odd"):
        with open_audio(name) as audio:
            assert np.array_equal(audio.read(), samples.reshape(-1, 2))
            assert np.array_equal(audio.read(7, 9), samples.reshape(-1, 2)[7:9])


def test_a_header_that_contradicts_itself_is_left_to_libsndfile(samples):
    """Four bytes a sample where there is one channel of 16 bits: it goes by the latter."""
    data = bytearray(write(samples))
    data[32:34] = b"\4\0"
    with open("x", "wb") as file:
        file.write(data)
    assert np.array_equal(read("x"), samples)


def test_a_file_that_is_cut_off_while_it_is_read(samples):
    write(samples)
    with open_audio("x") as audio:
        assert len(audio.read(0, 1000)) == 1000
        os.truncate("x", 44 + 2 * 1500 + 1)
        with pytest.raises(DataError, match=r"^x: at 0\.094 s: truncated"):
            audio.read(1000, 2000)


def test_blocks_are_the_recording_however_it_is_cut(samples):
    stereo = samples.reshape(-1, 2)
    write(stereo)
    with open_audio("x") as audio:
        assert audio.num_channels == 2 and audio.num_samples == 2500
        for frames in (1, 7, 1000, 2500, 10**6):
            blocks = list(audio.blocks(frames))
            assert all(len(block) == frames for block in blocks[:-1])
            assert np.array_equal(np.concatenate(blocks), stereo)
        assert np.array_equal(np.concatenate(list(audio.blocks(7, start=100, stop=333))), stereo[100:333])
        assert np.array_equal(audio.read(2400, 9999), stereo[2400:])
        assert audio.read(9999).shape == audio.read(5, 5).shape == audio.read(5, 2).shape == (0, 2)
        pairs = zip(audio.blocks(100), audio.blocks(100, start=1), strict=False)  # two at the same time
        assert all(np.array_equal(one[1:], two[:99]) for one, two in list(pairs)[:-1])


@pytest.mark.parametrize("kind, subtype", [("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS"), ("FLAC", "PCM_16")])
def test_blocks_of_coded_sound_are_the_whole(kind, subtype):
    time = np.arange(50000) / RATE
    sound = 0.3 * np.sin(2 * np.pi * (200 + 500 * time) * time)
    write(sound, kind, subtype)
    whole = read("x")[:, None]
    with open_audio("x") as audio:
        blocks = list(audio.blocks(777))
        assert np.allclose(np.concatenate(list(audio.blocks(1000))), whole, atol=0.01)
    assert np.array_equal(np.concatenate(blocks), whole)


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0x7FFFF000, 0xFFFFFFFF, 0xFFFFFFDB])
@pytest.mark.parametrize("kind", ["WAV", "WAVEX"])
def test_wav_headers_from_pipes_do_not_know_the_length(samples, size, kind):
    data = bytearray(write(samples, kind))
    at = data.index(b"data") + 4
    data[at : at + 4] = data[4:8] = size.to_bytes(4, "little")
    with open("y", "wb") as file:
        file.write(data)
    assert np.array_equal(read("y"), samples)
    assert np.array_equal(read("cat y |"), samples)


def test_flac_from_a_pipe_does_not_know_its_length(samples):
    data = bytearray(write(samples, "FLAC"))
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    with open("y", "wb") as file:
        file.write(data)
    with open_audio("y") as audio:
        assert audio.num_samples == len(samples)
        for _ in range(2):
            assert np.array_equal(np.concatenate(list(audio.blocks(999)))[:, 0], samples)


def test_a_wav_of_nothing_is_nothing(samples):
    data = write(samples[:0])
    assert len(read("x")) == 0
    with open("x", "wb") as file:
        file.write(data + b"LIST\4\0\0\0INFO")
    assert len(read("x")) == 0


@pytest.mark.parametrize("kind, subtype", LOSSLESS)
def test_every_truncation_is_an_error_or_harmless(samples, kind, subtype):
    """Cut anywhere, a file gives an error that names it, or all of its sound (what is behind it is lost)."""
    data = write(samples, kind, subtype)
    for cut in [*range(0, 120, 3), *range(120, len(data), 997), len(data) - 1]:
        with open("cut", "wb") as file:
            file.write(data[:cut])
        try:
            sound = read("cut")
        except DataError as error:
            assert str(error).startswith("cut") and "\n" not in str(error)
        else:
            assert np.array_equal(sound, samples), f"{cut} of {len(data)} bytes"


def test_ogg_that_ends_within_a_page(samples):
    data = write(np.tile(samples, 20), "OGG", "VORBIS")
    pages = [at for at in range(len(data)) if data.startswith(b"OggS\0", at)]
    assert len(pages) > 4 and len(read("x")) == 20 * len(samples)
    for cut in (pages[-2] + 20, pages[-2] + 26, pages[-2] + 28, pages[-2] + 60, pages[-1] - 1, len(data) - 1):
        with open("cut", "wb") as file:
            file.write(data[:cut])
        with pytest.raises(DataError, match="^cut: truncated: it ends within a page of Ogg$"):
            read("cut")


def test_stretches_of_vorbis_are_those_of_the_whole():
    """Also in the last page, where libsndfile finds others; in a file of few pages, too."""
    for seconds in (0.3, 3):
        write(0.3 * np.sin(np.random.default_rng(0).standard_normal(int(seconds * RATE)).cumsum()), "OGG", "VORBIS")
        whole = read("x")
        for start in range(0, len(whole), 331):
            with open_audio("x") as audio:
                assert np.array_equal(audio.read(start, start + 700)[:, 0], whole[start : start + 700]), start
                assert np.array_equal(audio.read(start // 2, start // 2 + 9)[:, 0], whole[start // 2 : start // 2 + 9])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_found_with_their_time(samples, bad):
    sound = samples / 32768
    sound[4000] = bad
    write(sound, "WAV", "FLOAT")
    with open_audio("x") as audio:
        assert np.array_equal(audio.read(0, 4000)[:, 0], samples[:4000])
        with pytest.raises(DataError, match=r"^x: at 0\.250 s: .*NaN"):
            list(audio.blocks(1000))


@pytest.mark.parametrize(
    "at, value, message",
    [
        (22, b"\0\0", "0 channels"),
        (22, b"\xff\xff", "channels"),
        (24, b"\1\0\0\0", "1 Hz"),
        (34, b"\0\0", "0 bits"),
        (24, b"\xff\xff\xff\xff", "x: "),
        (34, b"\x11\0", "17 bits"),
        (24, b"\x80\x84\x1e\0", "2000000 Hz"),
    ],
)
def test_impossible_headers(samples, at, value, message):
    data = bytearray(write(samples))
    data[at : at + len(value)] = value
    with open("x", "wb") as file:
        file.write(data)
    with pytest.raises(DataError, match=f"^x: .*{message}|^{message}"):
        open_audio("x")


@pytest.mark.parametrize("name", ["missing", ".", "empty", "text", "/dev/zero"])
def test_what_is_no_recording(name):
    open("empty", "w").close()
    with open("text", "w") as file:
        file.write("<!DOCTYPE html>\n<html>404 Not Found</html>\n")
    with pytest.raises(DataError, match=f"^{name}: [^\n]*$"):
        open_audio(name)


def test_standard_input(samples):
    write(samples, "FLAC")
    code = (
        "from diarkit.io.audio import *\n"
        "with open_audio('-') as a: print(a.name, *a.read()[:2, 0], a.num_samples)"
    )
    expected = "standard input -32768.0 32767.0 5000\n"
    with open("x") as file:
        done = subprocess.run([sys.executable, "-c", code], stdin=file, capture_output=True, text=True)
    assert done.stdout == expected, done.stderr
    with subprocess.Popen(["cat", "x"], stdout=subprocess.PIPE) as cat:
        done = subprocess.run([sys.executable, "-c", code], stdin=cat.stdout, capture_output=True, text=True)
    assert done.stdout == expected, done.stderr


def test_a_command_that_fails(samples):
    write(samples)
    with pytest.raises(CommandFailed, match="status 3"):
        open_audio("cat x; exit 3 |")


def test_no_files_stay_open(samples):
    write(samples)
    count = len(os.listdir("/proc/self/fd"))
    for name in ("x", "cat x |", "missing", "false |"):
        try:
            with open_audio(name) as audio:
                audio.read()
        except DataError:
            pass
    assert len(os.listdir("/proc/self/fd")) == count


def test_table(samples, monkeypatch):
    for i in range(3):
        write(samples[i:], name=f"{i}.wav")
    with open("wav.scp", "w") as file:
        file.write("a 0.wav\nbad missing.wav\nb cat 1.wav |\nc 2.wav\n")

    def drain(rspecifier):
        reader = read_audio_table(rspecifier)
        found = {}
        while True:
            try:
                key, audio = next(reader)
                found[key] = audio.read()[:, 0]
            except ItemError as error:
                found[error.key] = str(error)
            except StopIteration:
                return found, reader.passed_over

    for rspecifier in ("scp:wav.scp", "wav.scp", "scp:cat wav.scp |"):
        found, passed_over = drain(rspecifier)
        assert list(found) == ["a", "bad", "b", "c"] and passed_over == 0
        assert np.array_equal(found["c"], samples[2:])
        assert found["bad"] == "bad: missing.wav: no such file" and "--allow-pipes" in found["b"]
    monkeypatch.setenv("DIARKIT_PIPES", "1")
    found, passed_over = drain("scp,p:wav.scp")
    assert list(found) == ["a", "b", "c"] and passed_over == 1
    assert np.array_equal(found["b"], samples[1:])
    os.rename("wav.scp", "list")  # a plain path is a list, whatever it is called
    assert list(drain("list")[0]) == ["a", "bad", "b", "c"]


def test_a_recording_is_closed_when_the_next_is_asked_for(samples):
    write(samples)
    with open("wav.scp", "w") as file:
        file.writelines(f"{i} x\n" for i in range(50))
    count = len(os.listdir("/proc/self/fd"))
    for _ in read_audio_table("wav.scp"):
        assert len(os.listdir("/proc/self/fd")) <= count + 3


def test_golden_recordings(shared, monkeypatch):
    monkeypatch.chdir(shared / "golden" / "kaldi")
    for key, audio in read_audio_table("scp:wav16k.scp"):
        [(_, path)] = [line.split() for line in open("wav16k.scp") if line.startswith(key + " ")]
        expected, _ = soundfile.read(path, dtype="int16")
        assert np.array_equal(audio.read()[:, 0], expected) and audio.sample_frequency == 16000
