"""Corpora: what is drawn, what stays in memory, and that this changes nothing."""

from collections import Counter
from contextlib import contextmanager

import numpy as np
import pytest
import soundfile

from diarkit.augment.sounds import Corpora
from diarkit.errors import DataError
from diarkit.io.audio import open_audio
from diarkit.io.noises import open_sound, read_sounds
from diarkit.io.soundfiles import Samples
from diarkit.options.augment import SoundOptions

RATE = 8000


@pytest.fixture
def files(tmp_path):
    """A file of each sort: in step and not, of other rates, of two channels."""
    rng = np.random.default_rng(0)
    paths = []
    for name, rate, channels, subtype in (
            ("a.wav", RATE, 1, "PCM_16"), ("b.wav", 11025, 2, "PCM_16"), ("c.flac", RATE, 1, "PCM_16"),
            ("d.ogg", RATE, 1, "VORBIS"), ("e.mp3", RATE, 1, "MPEG_LAYER_III"), ("f.opus", RATE, 1, "OPUS")):
        paths.append(str(tmp_path / name))
        samples = rng.standard_normal((40000, channels)).cumsum(axis=0)
        soundfile.write(paths[-1], 0.3 * np.sin(samples), rate, subtype, format="OGG" if "opus" in name else None)
    return paths


def test_what_is_kept_changes_nothing(files):
    """Also of MP3 and Opus, which sound otherwise where reading begins."""
    found = []
    for room in (0, 200_000, 1 << 30):
        corpora = Corpora({"noise": [files]}, open_audio, RATE, room)
        rng = np.random.default_rng(1)
        found.append([corpora.stretch(corpora.draw("noise", rng), 3000, rng) for _ in range(60)])
        kept = sum(samples.nbytes for samples in corpora.kept.values())
        assert kept <= room and len(corpora.kept) == (0 if room == 0 else 1 if room == 200_000 else 6)
    for one, other, third in zip(*found, strict=True):
        assert one.shape == (3000,) and one.dtype == np.float32
        assert np.array_equal(one, other) and np.array_equal(one, third)
    assert len({samples.tobytes() for samples in found[0]}) == 60


def test_sources_are_drawn_from_as_often_as_each_other():
    corpora = Corpora({"rirs": [["a"], [], ["b", "c", "d"]], "music": [[]]}, None, RATE)
    rng = np.random.default_rng(0)
    counts = Counter(corpora.draw("rirs", rng) for _ in range(3000))
    assert counts["a"] == pytest.approx(1500, abs=100)
    assert all(counts[name] == pytest.approx(500, abs=80) for name in "bcd")
    assert "rirs" in corpora and "music" not in corpora and "noise" not in corpora


def test_stretches_begin_anywhere_and_channels_are_drawn():
    both = np.stack([np.arange(100), -np.arange(100)], axis=1).astype(np.float32)

    @contextmanager
    def opened(entry):
        sound = Samples(entry, both[:, 0], RATE)
        sound.num_channels = 2
        sound.read_at = lambda start, count: both[start : start + count]
        yield sound

    corpora = Corpora({"noise": [["x"]]}, opened, RATE)
    rng = np.random.default_rng(0)
    found = [corpora.stretch("x", 90, rng) for _ in range(300)]
    assert {abs(each[0]) for each in found} == set(range(11)) and {np.sign(each[1]) for each in found} == {1, -1}
    assert all(len(each) == 90 and abs(each[-1]) == abs(each[0]) + 89 for each in found)
    assert {len(corpora.stretch("x", 200, rng)), len(corpora.whole("x", rng))} == {100}


def test_sounds_that_cannot_be_read(tmp_path):
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), RATE)
    (tmp_path / "text.wav").write_text("hello")
    corpora = Corpora({}, open_sound, RATE)
    for name, message in (("empty.wav", "no samples"), ("text.wav", "not audio"), ("none.wav", "no such file")):
        with pytest.raises(DataError, match=f"{name}.*{message}"):
            corpora.stretch(str(tmp_path / name), 5, np.random.default_rng(0))


def test_lists_of_sounds(tmp_path):
    for name in ("deep/er/b.wav", "deep/a.FLAC", "deep/notes.txt", "data/x.wav", "empty/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "data/wav.scp").write_text("k some/where.wav\nl other.flac\n")
    (tmp_path / "list.scp").write_text("k this.wav\n")
    found = read_sounds(SoundOptions(noise=f"{tmp_path}/deep,{tmp_path}/data", rirs=f"{tmp_path}/list.scp",
                                     music=f"scp:{tmp_path}/data/wav.scp,{tmp_path}/data/x.wav"))
    assert found == {"noise": [[f"{tmp_path}/deep/a.FLAC", f"{tmp_path}/deep/er/b.wav"],
                               ["some/where.wav", "other.flac"]],
                     "music": [["some/where.wav", "other.flac"], [f"{tmp_path}/data/x.wav"]], "speech": [],
                     "rirs": [["this.wav"]]}
    for name, message in (("empty", "no recordings in it"), ("nowhere", "no such file or folder")):
        with pytest.raises(DataError, match=f"{name}: {message}"):
            read_sounds(SoundOptions(noise=f"{tmp_path}/{name}"))
