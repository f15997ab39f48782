"""diarize: the same as the small tools one after the other, whatever the recordings are and however they come."""

import json
import os
import re
import signal
import subprocess
import time

import numpy as np
import pytest
import soundfile

from diarkit import toy
from diarkit.io.rttm import read_rttm
from diarkit.io.tables import read_arrays


def say(path, seconds, speakers, rate=16000, seed=0, **kwargs):
    samples, turns = toy.make_conversation(np.random.default_rng(seed), seconds, speakers, rate)
    soundfile.write(path, samples, rate, **kwargs)
    return samples, turns


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    """Toy recordings of all kinds in one folder."""
    folder = tmp_path_factory.mktemp("sounds")
    say(folder / "one.wav", 20, 2)
    say(folder / "phone.wav", 15, 2, rate=8000, seed=1)
    say(folder / "music.flac", 12, 3, rate=44100, seed=2, format="FLAC")
    soundfile.write(folder / "silence.wav", np.zeros(32000, np.int16), 16000)
    soundfile.write(folder / "tenth.wav", say(folder / "x.wav", 2, 1)[0][:1600], 16000)
    os.remove(folder / "x.wav")
    samples, _ = toy.make_conversation(np.random.default_rng(3), 8, 2, 96000)
    six = np.stack([samples * (c == 2) for c in range(6)], axis=1).astype(np.int32) << 16
    soundfile.write(folder / "six.wav", six, 96000, subtype="PCM_24")
    # a call of which each side is one channel
    rng = np.random.default_rng(4)
    sides = np.zeros((16000 * 12, 2))
    [left, right] = toy.make_voices(rng, 2)
    sides[16000:48000, 0] = toy.say(left, 32000, 16000, rng)
    sides[64000:112000, 1] = toy.say(right, 48000, 16000, rng)
    sides[128000:160000, 0] = toy.say(left, 32000, 16000, rng)
    soundfile.write(folder / "call.wav", (sides + 10 * rng.standard_normal(sides.shape)).astype(np.int16), 16000)
    (folder / "broken.wav").write_bytes((folder / "one.wav").read_bytes()[:1000])
    (folder / "text.wav").write_text("no sound\n")
    return folder


@pytest.fixture
def diarize(run_tool, toy_models):
    """Run diarize with the made-up model, the energy detector and what the test adds."""

    def run(*args, vad="energy", **kwargs):
        env = {**os.environ, "DIARKIT_MODELS": str(toy_models), **kwargs.pop("env", {})}
        return run_tool("diarize", f"--vad={vad}", *args, env=env, **kwargs)

    return run


def chain(run_tool, folder, wav_scp, models, vad, *cluster_options):
    """The small tools one after the other, through files; the RTTM."""
    env = {**os.environ, "DIARKIT_MODELS": str(models)}

    def run(*args):
        return run_tool(*args, cwd=folder, env=env)

    if vad == "energy":
        run("compute-mfcc", "--no-snip-edges", "--allow-resample", f"scp:{wav_scp}", "ark:mfcc.ark")
        run("vad", "--method=energy", "ark:mfcc.ark", "ark:vad.ark")
    else:
        run("vad", f"--method={vad}", f"scp:{wav_scp}", "ark:vad.ark")
    run("vad-to-segments", "--rule=hysteresis", "ark:vad.ark", "segments")
    run("make-subsegments", "segments", "subsegments", "spk2utt")
    run("extract-xvectors", f"scp:{wav_scp}", "subsegments", "ark,scp:xvector.ark,xvector.scp")
    run("score-cosine", "spk2utt", "scp:xvector.scp", "ark:scores.ark")
    run("cluster-ahc", *cluster_options, "ark:scores.ark", "spk2utt", "labels")
    return run("make-rttm", "subsegments", "labels", "-").stdout


@pytest.mark.parametrize("vad, options", [("energy", ()), ("webrtc", ("--num-speakers=3",))])
def test_as_the_small_tools(run_tool, diarize, toy_models, sounds, tmp_path, vad, options):
    names = ["music.flac", "one.wav", "phone.wav"]
    (tmp_path / "wav.scp").write_text("".join(f"{name.split('.')[0]} {sounds / name}\n" for name in names))
    expected = chain(run_tool, tmp_path, "wav.scp", toy_models, vad, *options)
    assert {line.split()[1] for line in expected.splitlines()} == {"music", "one", "phone"}
    assert diarize(*options, "--threads=2", tmp_path / "wav.scp", vad=vad).stdout == expected
    # and whatever the threads, and the names that they come by
    threads = {"energy": 1, "webrtc": 3}[vad]
    assert diarize(*options, f"--threads={threads}", *names, vad=vad, cwd=sounds).stdout == expected


def test_real_speech_as_the_small_tools(run_tool, models, shared, tmp_path):
    files = [shared / "data/ami/ES2003a_0-30.wav", shared / "data/conversations/phone/phone01.flac"]
    missing = [str(file) for file in files if not file.exists()]
    if missing:
        pytest.skip(f"not there: {missing}")
    (tmp_path / "wav.scp").write_text("".join(f"{file.stem} {file}\n" for file in files))
    expected = chain(run_tool, tmp_path, "wav.scp", models, "silero")
    env = {**os.environ, "DIARKIT_MODELS": str(models)}
    for threads in (1, 2):
        assert run_tool("diarize", f"--threads={threads}", *files, env=env).stdout == expected


def speakers(text):
    return {line.split()[7] for line in text.splitlines()}


def test_numbers_of_speakers(diarize, sounds):
    one = sounds / "one.wav"
    for options, number in ((["--num-speakers=4"], 4), (["--max-speakers=1"], 1), (["--min_speakers", "5"], None)):
        found = speakers(diarize(*options, one).stdout)
        assert found == {str(i + 1) for i in range(number or max(len(found), 5))}


def test_what_stands_in_the_rttm(diarize, sounds, tmp_path):
    text = diarize(sounds / "one.wav").stdout
    (tmp_path / "rttm").write_text(text)
    turns = read_rttm(str(tmp_path / "rttm"))
    assert len(turns) > 2 and {turn.reco for turn in turns} == {"one"} and {turn.channel for turn in turns} == {"1"}
    for a, b in zip(turns, turns[1:], strict=False):
        assert a.start + a.duration <= b.start + 1e-9  # nobody at the same time
    assert turns[-1].start + turns[-1].duration <= 20
    lines = text.splitlines()
    assert all(re.fullmatch(r"SPEAKER one 1 \d+\.\d{3} \d+\.\d{3} <NA> <NA> \d+ <NA> <NA>", line) for line in lines)


def test_output_folder_json_and_embeddings(diarize, sounds, tmp_path):
    rttm = diarize("one.wav", "phone.wav", cwd=sounds).stdout
    done = diarize("--output-dir", tmp_path / "new/out", "one.wav", "phone.wav", cwd=sounds)
    assert done.stdout == ""
    texts = {path.name: path.read_text() for path in (tmp_path / "new/out").iterdir()}
    assert set(texts) == {"one.rttm", "phone.rttm"} and texts["one.rttm"] + texts["phone.rttm"] == rttm

    done = diarize("--json", f"--embeddings-out=ark:{tmp_path}/e.ark", "one.wav", "phone.wav", cwd=sounds)
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    assert [found["recording"] for found in objects] == ["one", "phone"]
    assert [found["duration"] for found in objects] == [20, 15]
    for found in objects:
        turns = [f"SPEAKER {found['recording']} {turn['channel']} {turn['start']:.3f} "
                 f"{turn['end'] - turn['start']:.3f} <NA> <NA> {turn['speaker']} <NA> <NA>\n"
                 for turn in found["turns"]]
        assert "".join(turns) == texts[f"{found['recording']}.rttm"]
        for speaker in found["speakers"]:
            mine = sum(t["end"] - t["start"] for t in found["turns"] if t["speaker"] == speaker["speaker"])
            assert speaker["seconds"] == pytest.approx(mine, abs=0.002)
    embeddings = dict(read_arrays(f"ark:{tmp_path}/e.ark"))
    for found in objects:
        reco = found["recording"]
        names = {key for key in embeddings if key.startswith(f"{reco}-")}
        assert {f"{reco}-speaker-{speaker['speaker']}" for speaker in found["speakers"]} <= names
        assert sum("-window-" in name for name in names) > 3
        assert all(embeddings[name].shape == (192,) for name in names)
        assert np.linalg.norm(embeddings[f"{reco}-speaker-1"]) == pytest.approx(1, abs=1e-5)


def test_channels(diarize, sounds, tmp_path):
    sides = [soundfile.read(sounds / "call.wav", dtype="int16")[0][:, c] for c in range(2)]
    for name, samples in (("left", sides[0]), ("mixed", (sides[0].astype(float) + sides[1]) / 2)):
        soundfile.write(tmp_path / f"{name}.wav", np.asarray(samples) / 32768, 16000, subtype="FLOAT")
    call = sounds / "call.wav"
    mixed = diarize(call)
    assert "call: 2 channels are mixed; see --channels" in mixed.stderr
    assert mixed.stdout == diarize(tmp_path / "mixed.wav").stdout.replace("mixed", "call")
    left = diarize("--channels=0", call)
    assert "mixed" not in left.stderr
    assert left.stdout == diarize(tmp_path / "left.wav").stdout.replace("left", "call")
    assert "there is no channel 2" in diarize("--channels=2", call, status=1).stderr
    assert diarize("--channels=both", call, status=2).stderr.count("\n") == 1

    # one side after the other: known turns, speakers and channels from 1, in order of time; no model is needed
    env = {"DIARKIT_MODELS": str(tmp_path / "none")}
    turns = [line.split() for line in diarize("--channels=separate", call, env=env).stdout.splitlines()]
    assert [(turn[2], turn[7]) for turn in turns] == [("1", "1"), ("2", "2"), ("1", "1")]
    for turn, (start, end) in zip(turns, ((1, 3), (4, 7), (8, 10)), strict=True):
        assert float(turn[3]) == pytest.approx(start, abs=0.15)
        assert float(turn[3]) + float(turn[4]) == pytest.approx(end, abs=0.15)
    assert "one channel only" in diarize("--channels=separate", sounds / "one.wav", status=1).stderr


def test_a_broken_recording_costs_itself_only(diarize, sounds, tmp_path):
    names = ["one.wav", "broken.wav", "text.wav", "missing.wav", "phone.wav"]
    done = diarize("--output-dir", tmp_path, *names, cwd=sounds, status=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.rttm", "phone.rttm"]
    for message in ("broken: broken.wav: truncated", "text: text.wav: not audio", "missing: missing.wav",
                    "2 recordings done, 3 failed"):
        assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert len(speakers(diarize("--max-failed=60%", *names, cwd=sounds).stdout)) > 0


def test_odd_recordings(diarize, sounds, tmp_path):
    """Silence, a tenth of a second, 96 kHz with 24 bits and six channels: with each detector."""
    for vad in ("energy", "webrtc"):
        done = diarize("--output-dir", tmp_path / vad, "silence.wav", "tenth.wav", "six.wav", vad=vad, cwd=sounds)
        assert "silence: no speech" in done.stderr and "3 recordings done, 0 failed" in done.stderr
        assert "six: 6 channels are mixed" in done.stderr
        assert (tmp_path / vad / "silence.rttm").read_text() == ""
        assert len((tmp_path / vad / "six.rttm").read_text().splitlines()) > 0


def test_an_empty_recording(diarize, tmp_path):
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 16000)
    done = diarize(tmp_path / "none.wav")
    assert done.stdout == "" and "none: no speech" in done.stderr


def test_standard_input(diarize, sounds):
    with open(sounds / "phone.wav", "rb") as file:
        piped = diarize("-", stdin=file).stdout
    data = (sounds / "phone.wav").read_bytes()
    through_a_pipe = diarize("-", input=data, text=False).stdout.decode()
    assert piped == through_a_pipe == diarize(sounds / "phone.wav").stdout.replace("phone", "stdin")
    assert piped


def test_folders_lists_and_duplicate_names(diarize, sounds, tmp_path):
    folder = tmp_path / "more songs"
    folder.mkdir()
    for name in ("phone.wav", "tenth.wav"):
        (folder / name).write_bytes((sounds / name).read_bytes())
    (folder / "notes.txt").write_text("no recording\n")
    (folder / "two words.WAV").write_bytes((sounds / "tenth.wav").read_bytes())
    (tmp_path / "wav.scp").write_text(f"phone {sounds}/one.wav\nother {sounds}/tenth.wav\n")
    done = diarize("--output-dir", tmp_path / "out", folder, tmp_path / "wav.scp", status=1)
    assert "phone: two recordings have this name" in done.stderr and "4 recordings done, 1 failed" in done.stderr
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["other.rttm", "phone.rttm", "tenth.rttm", "two_words.rttm"]
    (tmp_path / "empty").mkdir()
    assert "no recordings in this folder" in diarize(tmp_path / "empty", status=1).stderr


def test_a_name_in_a_list_leads_nowhere(diarize, sounds, tmp_path):
    (tmp_path / "in").mkdir()
    names = ["../../up", ".hidden", f"{tmp_path}/root", "fine"]
    (tmp_path / "in/wav.scp").write_text("".join(f"{name} {sounds}/tenth.wav\n" for name in names)
                                         + f"pipe touch {tmp_path}/PWNED; cat {sounds}/tenth.wav |\n")
    done = diarize("--output-dir", tmp_path / "in/out", tmp_path / "in/wav.scp", status=1, env={"DIARKIT_PIPES": "0"})
    assert "1 recordings done, 4 failed" in done.stderr
    files = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert files == ["in/out/fine.rttm", "in/wav.scp"]


def test_without_a_model(run_tool, sounds, tmp_path):
    env = {**os.environ, "DIARKIT_MODELS": str(tmp_path)}
    done = run_tool("diarize", sounds / "tenth.wav", env=env, status=1)
    assert done.stderr.count("\n") == 1 and "import-pretrained silero-vad" in done.stderr
    done = run_tool("diarize", "--vad=energy", sounds / "tenth.wav", env=env, status=1)
    assert done.stderr.count("\n") == 1 and "import-pretrained campplus" in done.stderr
    (tmp_path / "campplus").mkdir()
    for text, message in (("{", "not a model"), ('{"kind": "campplus", "version": 99}', "version 99"),
                          ('{"kind": "campplus", "version": 1}', "no weights")):
        (tmp_path / "campplus/model.json").write_text(text)
        done = run_tool("diarize", "--vad=energy", sounds / "tenth.wav", env=env, status=1)
        assert message in done.stderr and done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize("options", [
    ["--num-speakers=0"], ["--min-speakers=3", "--max-speakers=2"], ["--window=0"], ["--period=0"],
    ["--webrtc-mode=7", "--vad=webrtc"], ["--frames-context=-1"], ["--channels=-1"]])
def test_settings_that_cannot_be(diarize, sounds, options):
    done = diarize(*options, sounds / "one.wav", status=None)
    assert done.returncode in (1, 2) and done.stdout == ""
    assert "Traceback" not in done.stderr and len(done.stderr.splitlines()) <= 2


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_killed_run_leaves_nothing_that_looks_finished(toy_models, sounds, tmp_path, signum):
    """A signal while the second recording, 20 minutes, is worked on; the first is finished and stays."""
    env = {**os.environ, "DIARKIT_MODELS": str(toy_models)}
    (tmp_path / "out").mkdir()
    long = tmp_path / "long.wav"
    samples, _ = soundfile.read(sounds / "one.wav", dtype="int16")
    soundfile.write(long, np.tile(samples, 60), 16000)
    process = subprocess.Popen(
        ["diarize", "--vad=energy", "--threads=1", "--output-dir", tmp_path / "out", sounds / "phone.wav", long],
        env=env, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not (tmp_path / "out/phone.rttm").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.3)  # now it is about the long one
    process.send_signal(signum)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == -signum, stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["phone.rttm"]
    assert (tmp_path / "out/phone.rttm").read_text().startswith("SPEAKER phone 1 ")
    assert "Traceback" not in stderr
