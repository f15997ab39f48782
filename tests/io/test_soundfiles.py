"""Written recordings, and codecs: how much of the sound is left, and that it stays in step."""

import numpy as np
import pytest
import soundfile

from diarkit.augment.codecs import LEVELS, RATES, coded
from diarkit.errors import DataError
from diarkit.io import soundfiles
from diarkit.io.soundfiles import CODECS, through_codec, write_audio


@pytest.mark.parametrize("ending", ["wav", "flac"])
def test_written_recordings(tmp_path, ending):
    path = str(tmp_path / f"x.{ending}")
    assert write_audio(path, np.array([1.4, -2.6, 40000, -32768.2, 32767], np.float32), 11025) == 1
    samples, rate = soundfile.read(path, dtype="int16")
    assert rate == 11025 and samples.tolist() == [1, -3, 32767, -32768, 32767]
    with pytest.raises(DataError, match="no samples"):
        write_audio(path, np.zeros(0), 8000)
    assert [entry.name for entry in tmp_path.iterdir()] == [f"x.{ending}"]


def speechlike(rate):
    """A second of harmonics that come and go."""
    t = np.arange(rate) / rate
    voice = sum(np.sin(2 * np.pi * 140 * k * t + k) / k for k in range(1, 20))
    return (4000 * voice * (1.2 + np.sin(2 * np.pi * 3 * t))).astype(np.float32)


@pytest.mark.parametrize("name", sorted(CODECS))
def test_codecs_keep_the_sound_in_step(name):
    rate = 16000
    samples = speechlike(rate)
    found = coded(samples, rate, name, through_codec, np.random.default_rng(0))
    assert found.shape == samples.shape and found.dtype == np.float32
    assert np.abs(found - samples).max() > 1  # something was done
    within = slice(3000, 13000)
    likeness = {shift: np.corrcoef(samples[within], np.roll(found, -shift)[within])[0, 1] for shift in range(-40, 41)}
    assert max(likeness, key=likeness.get) in (-1, 0, 1) and likeness[0] > 0.8
    assert np.std(found) == pytest.approx(np.std(samples), rel=0.25)
    odd = coded(samples[:1001], rate, name, through_codec, np.random.default_rng(0))
    assert odd.shape == (1001,)


def test_rates_and_levels():
    called = []

    def coder(samples, rate, name, level):
        called.append((name, rate, round(level, 2)))
        return samples

    rng = np.random.default_rng(0)
    for rate in (4000, 8000, 16000, 22050):
        for name in RATES:
            coded(np.ones(100, np.float32), rate, name, coder, rng)
    assert {rate for name, rate, _ in called if name in ("mulaw", "alaw", "gsm")} == {8000}
    assert [rate for name, rate, _ in called if name == "opus"] == [8000, 8000, 16000, 16000]
    assert [rate for name, rate, _ in called if name == "mp3"] == [8000, 8000, 16000, 22050]
    assert all(low <= level <= high for name, _, level in called for low, high in [LEVELS.get(name, (0, 0))])
    assert set(RATES) == set(CODECS)


def test_mu_law_is_that_of_the_standard():
    """ITU-T G.711: at most 1/32 off within a segment, and exact for what has a code."""
    codes = np.array([0, 8, 16, 24, 132, 1052, 8031 * 4, -8, -132], np.float32)
    assert np.allclose(through_codec(codes, 8000, "mulaw")[:2], [0, 8])
    samples = np.linspace(-32000, 32000, 4001).astype(np.float32)
    found = through_codec(samples, 8000, "mulaw")
    assert np.all(np.abs(found - samples) <= np.maximum(np.abs(samples + np.sign(samples) * 132) / 30, 5))
    assert len(np.unique(found)) > 200


def test_a_codec_that_libsndfile_lacks(monkeypatch):
    monkeypatch.setattr("soundfile.check_format", lambda *names: False)
    with pytest.raises(DataError, match="has no codec opus"):
        soundfiles.through_codec(np.zeros(10), 8000, "opus")
