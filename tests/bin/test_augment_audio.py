"""augment-audio: what copies sound like and are called, that they are the same in pieces, what is refused."""

import numpy as np
import pytest
import soundfile

from diarkit.errors import DataError
from diarkit.io.audio import read_audio_table
from diarkit.io.datadir.copies import CopyFolder
from diarkit.options.augment import parse_copies

RATE = 8000


def tone(seconds, frequency, level=3000, rate=RATE):
    return (level * np.sin(2 * np.pi * frequency / rate * np.arange(int(seconds * rate)))).astype(np.int16)


def hiss(seed, seconds, level=2000, rate=RATE):
    return (level * np.random.default_rng(seed).standard_normal(int(seconds * rate))).astype(np.int16)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A data directory of two recordings with segments and turns, and sounds of every kind."""
    monkeypatch.chdir(tmp_path)
    for name in ("data", "music", "speech/a", "speech/b", "rirs"):
        (tmp_path / name).mkdir(parents=True)
    soundfile.write("data/one.wav", tone(2, 500), RATE)
    soundfile.write("data/two.flac", tone(3, 700), RATE)
    files = {"wav.scp": "one data/one.wav\ntwo data/two.flac\n", "utt2spk": "a-1 a\na-2 a\nb-1 b\n",
             "segments": "a-1 one 0 0.9\na-2 one 1.1 2\nb-1 two 0.25 2.75\n", "spk2gender": "a f\nb m\n",
             "spk2utt": "a a-1 a-2\nb b-1\n", "text": "a-1 good morning\na-2\nb-1 yes\n",
             "rttm": "SPEAKER one 1 0.000 0.900 <NA> <NA> a <NA> <NA>\nSPEAKER two 1 0.250 2.500 <NA> <NA> b <NA>\n",
             "uem": "one 1 0 2\ntwo 1 0 3\n", "reco2dur": "one 2\ntwo 3\n", "utt2dur": "a-1 0.9\na-2 0.9\nb-1 2.5\n",
             "feats.scp": "a-1 x.ark:4\na-2 x.ark:9\nb-1 x.ark:20\n",
             "vad.scp": "a-1 v.ark:4\na-2 v.ark:9\nb-1 v.ark:2\n"}
    for name, text in files.items():
        (tmp_path / "data" / name).write_text(text)
    soundfile.write("noise.wav", hiss(0, 0.5), RATE)
    (tmp_path / "noise.scp").write_text("n noise.wav\n")
    soundfile.write("music/tune.ogg", hiss(1, 5, rate=16000), 16000)  # of another rate
    for number in range(4):
        soundfile.write(f"speech/{'ab'[number % 2]}/{number}.wav", hiss(2 + number, 1), RATE)
    response = np.exp(-np.arange(2000) / 300)[:, None] * np.random.default_rng(9).standard_normal((2000, 2))
    response[50] = 3
    soundfile.write("rirs/room.wav", response / 4, RATE, "PCM_16")
    return tmp_path


SOUNDS = ("--noise=noise.scp", "--music=music", "--speech=speech", "--rirs=rirs")


def samples_of(folder):
    return {key: audio.read()[:, 0] for key, audio in read_audio_table(f"{folder}/wav.scp")}


def lines(path):
    return path.read_text().splitlines()


def test_copies_of_a_data_directory(run_tool, folder):
    done = run_tool("augment-audio", *SOUNDS, "data", "out")
    assert "2 recordings done, 0 failed" in done.stderr
    assert "left out, as copies have others: feats.scp" in done.stderr
    out = folder / "out"
    kinds = ["babble", "music", "noise", "reverb"]
    assert lines(out / "wav.scp") == [f"{reco}-{kind} out/wav/{reco}-{kind}.flac" for reco in ("one", "two")
                                      for kind in kinds]
    assert lines(out / "utt2spk") == [f"{utt}-{kind} {utt[0]}" for utt in ("a-1", "a-2", "b-1") for kind in kinds]
    assert lines(out / "utt2uniq") == [f"{utt}-{kind} {utt}" for utt in ("a-1", "a-2", "b-1") for kind in kinds]
    assert lines(out / "spk2gender") == ["a f", "b m"]
    assert "b-1-noise two-noise 0.25 2.75" in lines(out / "segments")
    assert "a-2-reverb" in lines(out / "text") and "b-1-music yes" in lines(out / "text")
    assert "SPEAKER two-babble 1 0.250 2.500 <NA> <NA> b <NA>" in lines(out / "rttm") and len(lines(out / "rttm")) == 8
    assert "b-1-music v.ark:2" in lines(out / "vad.scp")
    assert sorted(path.name for path in out.iterdir()) == sorted([
        "wav", "wav.scp", "utt2spk", "spk2utt", "utt2uniq", "segments", "text", "spk2gender", "rttm", "uem",
        "reco2dur", "utt2dur", "vad.scp"])
    (out / "vad.scp").unlink()  # of archives that are not there
    run_tool("validate-data-dir", "--no-feats", out)
    plain, copies = samples_of("data"), samples_of("out")
    for key, found in copies.items():
        samples = plain[key.rpartition("-")[0]]
        assert len(found) == len(samples) and not np.array_equal(found, samples)
        assert np.std(found) == pytest.approx(np.std(samples), rel=1e-3)
    assert len({found.tobytes() for found in copies.values()}) == 8
    speech = plain["one"]
    scale = copies["one-music"] @ speech / (speech @ speech)
    snr = 20 * np.log10(np.std(scale * speech) / np.std(copies["one-music"] - scale * speech))
    assert min(abs(snr - each) for each in (15, 10, 8, 5)) < 0.2


def test_the_same_bytes_in_pieces_and_in_any_order(run_tool, folder):
    options = [*SOUNDS, "--kinds=noise,babble,reverb+music,echo", "--format=wav"]
    run_tool("augment-audio", *options, "data", "whole")
    (folder / "two.scp").write_text("two data/two.flac\n")
    (folder / "back.scp").write_text("two data/two.flac\none data/one.wav\n")
    run_tool("augment-audio", *options, "--sounds-memory=0", "two.scp", "piece")
    run_tool("augment-audio", *options, "scp:back.scp", "back")
    run_tool("augment-audio", *options, "--seed=1", "two.scp", "other")
    whole, back = ({path.name: path.read_bytes() for path in (folder / name / "wav").iterdir()}
                   for name in ("whole", "back"))
    assert whole == back and len(whole) == 8
    for path in (folder / "piece" / "wav").iterdir():
        assert path.read_bytes() == whole[path.name]
        assert (folder / "other" / "wav" / path.name).read_bytes() != whole[path.name]
    assert lines(folder / "piece" / "utt2spk") == [f"two-{kind} two" for kind in ("babble", "echo", "noise",
                                                                                  "reverb-music")]
    run_tool("validate-data-dir", "--no-feats", "--no-text", "piece")


def test_other_speeds_are_other_speakers(run_tool, folder):
    done = run_tool("augment-audio", "--kinds=speed=0.9,speed=1.25", "data", "out")
    assert "left out, as copies have others: feats.scp vad.scp" in done.stderr
    out = folder / "out"
    assert lines(out / "utt2spk")[::3] == ["sp0.9-a-1 sp0.9-a", "sp1.25-a-1 sp1.25-a"]
    assert lines(out / "spk2gender") == ["sp0.9-a f", "sp0.9-b m", "sp1.25-a f", "sp1.25-b m"]
    assert lines(out / "segments")[3:] == ["sp1.25-a-1 sp1.25-one 0.00 0.72", "sp1.25-a-2 sp1.25-one 0.88 1.60",
                                           "sp1.25-b-1 sp1.25-two 0.20 2.20"]
    assert "SPEAKER sp1.25-two 1 0.200 2.000 <NA> <NA> sp1.25-b <NA>" in lines(out / "rttm")
    assert "sp0.9-two 3.333333" in lines(out / "reco2dur") and "sp1.25-a-1 0.72" in lines(out / "utt2dur")
    assert "sp1.25-two 1 0.000 2.400" in lines(out / "uem")
    run_tool("validate-data-dir", "--no-feats", out)
    for key, samples in samples_of("out").items():
        factor, frequency = float(key[2:].partition("-")[0]), 500 if key.endswith("one") else 700
        assert len(samples) == np.ceil((2 if key.endswith("one") else 3) * RATE / factor)
        peak = np.argmax(np.abs(np.fft.rfft(samples))) * RATE / len(samples)
        assert peak == pytest.approx(factor * frequency, abs=1)


def test_an_archive_of_waves(run_tool, folder):
    run_tool("augment-audio", "--kinds=telephone+codec=mulaw,clip", "data/wav.scp", "ark,scp:x.ark,x.scp")
    found = {key: audio.read()[:, 0] for key, audio in read_audio_table("x.scp")}
    assert list(found) == ["one-telephone-mulaw", "one-clip", "two-telephone-mulaw", "two-clip"]
    assert np.corrcoef(found["one-telephone-mulaw"], tone(2, 500))[0, 1] > 0.999
    run_tool("augment-audio", "--kinds=telephone+codec=mulaw,clip", "ark:x.ark", "again")
    assert "one-clip-telephone-mulaw again/wav/one-clip-telephone-mulaw.flac" in lines(folder / "again" / "wav.scp")


def test_a_recording_that_fails_is_left_out(run_tool, folder):
    (folder / "data" / "one.wav").write_bytes(b"RIFF")
    soundfile.write("data/empty.wav", np.zeros(0, np.int16), RATE)
    soundfile.write("data/stereo.wav", np.zeros((100, 2), np.int16), RATE)
    (folder / "data" / "wav.scp").write_text(
        "a/b data/two.flac\nempty data/empty.wav\none data/one.wav\nstereo data/stereo.wav\ntwo data/two.flac\n")
    done = run_tool("augment-audio", "--kinds=echo", "data", "out", status=1)
    for message in ("a/b: has a / in its name", "empty: no samples", "one: data/one.wav: ",
                    "stereo: 2 channels: choose one with --channel"):
        assert f"augment-audio: {message}" in done.stderr
    assert not (folder / "out" / "wav.scp").exists()
    done = run_tool("augment-audio", "--kinds=echo", "--max-failed=4", "data", "out")
    assert "2 utterances left out, of whose recordings there are no copies" in done.stderr
    assert lines(folder / "out" / "utt2spk") == ["b-1-echo b"] and lines(folder / "out" / "spk2gender") == ["b m"]


@pytest.mark.parametrize(("args", "message"), [
    (["data", "out"], "noise needs --noise"),
    (["--kinds=hiss", "data", "out"], "--kinds: there is no 'hiss'"),
    (["--kinds=noise", "--noise=noise.scp", "--noise-snrs=loud", "data", "out"], "--noise-snrs is a list"),
    (["--kinds=noise", "--noise=noise.scp", "--noise-snrs=5:-9999", "data", "out"], "--noise-snrs must be from -100"),
    (["--kinds=noise", "--noise=,", "data", "out"], "--noise names nothing: ','"),
])
def test_wrong_usage(run_tool, folder, args, message):
    done = run_tool("augment-audio", *args, status=2)
    assert done.stderr.startswith(f"augment-audio: {message}") and done.stderr.count("\n") == 1
    assert not (folder / "out").exists()


@pytest.mark.parametrize(("args", "message"), [
    (["--kinds=echo", "data", "./data/"], "./data/: cannot be written over itself"),
    (["--kinds=echo", "nowhere", "out"], "nowhere: no such file"),
    (["--kinds=noise", "--noise=data/wav", "data", "out"], "data/wav: no recordings in it"),
    (["--kinds=music", "--music=bad.scp", "data", "out"], "one: data/text: not audio but text"),
])
def test_what_cannot_be_done_is_one_line(run_tool, folder, args, message):
    (folder / "data" / "wav").mkdir()
    (folder / "bad.scp").write_text("x data/text\n")
    done = run_tool("augment-audio", *args, status=1)
    assert message in done.stderr and "Traceback" not in done.stderr
    assert not (folder / "out" / "wav.scp").exists()


def test_recordings_that_are_read_are_not_written_over(run_tool, folder):
    """A directory that was made is the source of the copies that have its names."""
    run_tool("augment-audio", "--kinds=echo", "data/wav.scp", "out")
    (folder / "list.scp").write_text("one out/wav/one-echo.flac\n")
    before = (folder / "out/wav/one-echo.flac").read_bytes()
    done = run_tool("augment-audio", "--kinds=echo", "list.scp", "out", status=1)
    assert "one: would be written over out/wav/one-echo.flac, which is read" in done.stderr
    assert (folder / "out/wav/one-echo.flac").read_bytes() == before


def test_a_list_from_standard_input(run_tool, folder):
    run_tool("augment-audio", "--kinds=echo", "data/wav.scp", "out")
    run_tool("augment-audio", "--kinds=echo", "-", "piped", input=(folder / "data/wav.scp").read_text())
    assert samples_of(folder / "piped").keys() == samples_of(folder / "out").keys()
    assert (folder / "piped/wav/one-echo.flac").read_bytes() == (folder / "out/wav/one-echo.flac").read_bytes()


def test_damaged_lists(run_tool, folder):
    """All are found before the work begins; each is read before those that were damaged before it."""
    for name, text, message in (
            ("uem", "one 1 5\n", "data/uem:1: 3 fields"),
            ("rttm", "SPEAKER one 1 x 2 <NA> <NA> a <NA> <NA>\n", "data/rttm:1: the start is not"),
            ("segments", "a-1 one 0 0.9 1\na-2 one 0 1\nb-1 two 0 1\n", "data/segments:1: channel 1"),
            ("utt2dur", "a-1 long\n", "data/utt2dur:1: not a number of seconds: 'long'"),
            ("segments", "a-1 one 0\n", "data/segments:1: "),
            ("utt2spk", "a-1 a\na-1 a\n", "data/utt2spk:2: 'a-1' is there twice")):
        (folder / "data" / name).write_text(text)
        with pytest.raises(DataError) as error:
            CopyFolder("data", "data/wav.scp", "out", parse_copies("echo"), "flac")
        assert str(error.value).startswith(message)
    done = run_tool("augment-audio", "--kinds=echo", "data", "out", status=1)
    assert done.stderr == "augment-audio: error: data/utt2spk:2: 'a-1' is there twice\n"
    assert not (folder / "out").exists()
