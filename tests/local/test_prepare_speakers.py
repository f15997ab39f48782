"""local/prepare-speakers: folders of speakers, as LibriSpeech has them, become data directories."""

import os

import numpy as np
import pytest
import soundfile


@pytest.fixture
def speakers(run_tool, root, tmp_path, monkeypatch):
    """A function that runs the tool in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*args, status=0):
        done = run_tool(root / "local/prepare-speakers", *args, status=status)
        assert "Traceback" not in done.stderr
        return done

    return run


def sounds(*paths):
    for path in paths:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        soundfile.write(path, np.random.default_rng(0).uniform(-0.3, 0.3, 800), 16000)


def lines(path):
    with open(path) as file:
        return file.read().splitlines()


def test_layouts(speakers, run_tool):
    sounds("libri/84/121/84-121-0001.flac", "libri/84/121/84-121-0002.flac", "libri/174/50/174-50-0000.flac",
           "vox/id1/video/00001.wav", "vox/id1/.hidden/1.wav", "flat/p225-001.WAV", "flat/p225-002.wav",
           "flat/p226.ogg")
    sounds("elsewhere/a.wav")
    os.symlink("../vox/id1", "elsewhere/loop")
    os.symlink("../elsewhere", "vox/id2")  # a link to a folder, and in it one to a folder beside
    os.symlink("..", "vox/id1/up")
    with open("libri/84/121/84-121.trans.txt", "w") as text:
        text.write("84-121-0001 HELLO\n")
    done = speakers("libri", "flat", "data")
    assert "4 speakers in data" in done.stderr
    assert lines("data/wav.scp") == [
        "174-50-0000 libri/174/50/174-50-0000.flac", "84-121-0001 libri/84/121/84-121-0001.flac",
        "84-121-0002 libri/84/121/84-121-0002.flac", "p225-001 flat/p225-001.WAV", "p225-002 flat/p225-002.wav",
        "p226 flat/p226.ogg"]
    assert lines("data/spk2utt")[:3] == ["174 174-50-0000", "84 84-121-0001 84-121-0002", "p225 p225-001 p225-002"]
    assert lines("data/reco2dur")[0] == "174-50-0000 0.05"
    run_tool("validate-data-dir", "--no-feats", "--no-text", "data")
    speakers("vox", "vox2")
    assert lines("vox2/utt2spk") == ["id1-video-00001 id1", "id2-a id2", "id2-loop-video-00001 id2"]


def test_held_out_speakers(speakers):
    sounds(*(f"corpus/s{n}/a.wav" for n in range(6)), "more/t/a.wav")
    with open("without", "w") as file:
        file.write("s5\n")
    speakers("--held-out=2", "--held-out-dir=dev", "--exclude=without", "corpus", "more", "train")
    train, dev = ({line.split()[1] for line in lines(f"{name}/utt2spk")} for name in ("train", "dev"))
    assert len(dev) == 2 and "t" in train and not train & dev and train | dev == {"t", *(f"s{n}" for n in range(5))}
    speakers("--held-out=2", "--held-out-dir=dev2", "--exclude=without", "corpus", "more", "train2")
    assert lines("dev2/utt2spk") == lines("dev/utt2spk")
    drawn = set()
    for seed in range(1, 5):
        speakers("--held-out=2", "--held-out-dir=dev2", f"--seed={seed}", "corpus", "train2")
        drawn.add(tuple(lines("dev2/utt2spk")))
    assert len(drawn) > 1


@pytest.mark.parametrize(("args", "status", "message"), [
    (["nowhere", "out"], 1, "nowhere: no such folder"),
    (["empty", "out"], 1, "empty: no recordings in it"),
    (["one", "one", "out"], 1, "one: speaker a is in two of the corpora"),
    (["--held-out=2", "--held-out-dir=dev", "one", "out"], 1, "there are 2 speakers: 2 of them cannot be held out"),
    (["--held-out=1", "one", "out"], 2, "--held-out and --held-out-dir go together"),
    (["--held-out=1", "--held-out-dir=./out", "one", "out"], 2, "--held-out-dir is the DATA_DIR of the others"),
    (["--exclude=all", "one", "out"], 1, "all: all speakers of the corpora are in it"),
    (["--exclude=none", "one", "out"], 1, "none: no such file"),
    (["blank", "out"], 1, "blank/a/x y.wav: names become keys, and those have no blanks"),
    (["same", "out"], 1, "a-b-c: same/a-b/c.wav: a recording of this name is there already, same/a/b-c.wav"),
    (["broken", "out"], 1, "a-x: broken/a/x.wav: not audio"),
])
def test_what_cannot_be(speakers, args, status, message):
    sounds("one/a/x.wav", "one/b/x.wav", "blank/a/x y.wav", "same/a/b-c.wav", "same/a-b/c.wav")
    os.makedirs("broken/a")
    os.makedirs("empty")
    for name, text in (("broken/a/x.wav", "hello"), ("all", "a\nb\n"), ("empty/README", "nothing")):
        with open(name, "w") as file:
            file.write(text)
    done = speakers(*args, status=status)
    assert message in done.stderr
    assert not os.path.exists("out/wav.scp")
