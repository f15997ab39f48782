"""Signals: pieces are the whole to the bit, resampling is its definition, files are read forward."""

import numpy as np
import pytest
import soundfile

from diarkit import signals
from diarkit.errors import DataError
from diarkit.features import FeatureExtractor
from diarkit.io.audio import open_audio
from diarkit.io.tables import read_arrays
from diarkit.options.features import InputOptions, MfccOptions


class Recorder:
    """An audio source in memory that remembers what was read of it."""

    def __init__(self, samples, rate):
        self.samples = np.asarray(samples, np.float32)
        self.num_samples, self.num_channels = self.samples.shape
        self.sample_frequency = rate
        self.calls = []
        self.name = "recorder"

    def read(self, start=0, stop=None):
        assert 0 <= start < stop <= self.num_samples
        self.calls.append((start, stop))
        return self.samples[start:stop].copy()


def noise(seed, *shape):
    return np.random.default_rng(seed).normal(0, 1000, shape).astype(np.float32)


@pytest.mark.parametrize("rate", [16000, 8000, 44100, 22050, 11025, 48000, 16001])
def test_any_reads_are_the_whole_to_the_bit(rate):
    """In any order, also outside of the signal, where there are zeros; 16001 Hz has no matrix."""
    samples = noise(1, rate * 20 if rate != 16001 else 30_000)
    whole = signals.resampled(signals.of_array(samples, rate), 16000)
    total = whole.num_samples
    everything = whole.read(0, total)
    assert everything.dtype == np.float32
    rng = np.random.default_rng(2)
    again = signals.resampled(signals.of_array(samples, rate), 16000)
    for _ in range(30):
        start, stop = np.sort(rng.integers(-1000, total + 1000, 2))
        expected = np.zeros(stop - start, np.float32)
        inside = slice(max(start, 0), min(stop, total))
        expected[inside.start - start : inside.stop - start] = everything[inside]
        assert np.array_equal(again.read(start, stop), expected)
    assert len(again.read(5, 5)) == len(again.read(7, 5)) == 0


def direct(samples, rate_in, rate_out):
    """Kaldi's LinearResample by its formula, sample by sample, in double precision."""
    cutoff = 0.99 / 2 * min(rate_in, rate_out)
    output = []
    for n in range(-(-len(samples) * rate_out // rate_in)):
        t = n / rate_out - np.arange(len(samples)) / rate_in
        near = abs(t) < 3 / cutoff
        weights = (1 + np.cos(2 * np.pi * cutoff * t / 6)) * cutoff * np.sinc(2 * cutoff * t)
        output.append(np.sum(samples[near] * weights[near]) / rate_in)
    return np.array(output)


@pytest.mark.parametrize("rate_in, rate_out", [
    (8000, 16000), (16000, 8000), (44100, 16000), (48000, 16000), (16000, 11025), (96000, 16000), (8000, 44100),
    (16001, 16000), (192000, 16000), (100, 16000)])
def test_resampling_is_its_definition(rate_in, rate_out):
    samples = noise(rate_in, min(3000, rate_in // 4))
    found = signals.resampled(signals.of_array(samples, rate_in), rate_out)
    assert found.sample_frequency == rate_out
    expected = direct(samples.astype(float), rate_in, rate_out)
    assert found.num_samples == len(expected)
    assert abs(found.read(0, found.num_samples) - expected).max() < 0.05  # of a standard deviation of 1000


@pytest.mark.parametrize("rate_in, rate_out", [(44100, 16000), (8000, 16000), (96000, 16000), (22050, 8000)])
def test_the_matrix_and_the_direct_way_agree(rate_in, rate_out):
    source = signals.of_array(noise(3, rate_in), rate_in)
    resampler = signals.Resampler(rate_in, rate_out)
    assert resampler.matrix is not None
    total = resampler.num_outputs(rate_in)
    matrix = resampler.compute(source, 0, total)
    assert abs(matrix - resampler.compute_directly(source, 0, total)).max() < 0.01


def test_a_tone_keeps_its_frequency_and_loudness():
    for rate in (8000, 44100, 48000):
        t = np.arange(rate) / rate
        signal = signals.resampled(signals.of_array(1000 * np.sin(2 * np.pi * 440 * t), rate), 16000)
        assert signal.duration == 1
        t = np.arange(16000) / 16000
        middle = slice(500, 15500)
        assert abs(signal.read(0, 16000) - 1000 * np.sin(2 * np.pi * 440 * t))[middle].max() < 2


def test_what_does_not_fit_is_filtered_out():
    t = np.arange(48000) / 48000
    signal = signals.resampled(signals.of_array(1000 * np.sin(2 * np.pi * 11000 * t), 48000), 16000)
    assert abs(signal.read(500, 15500)).max() < 5


def test_kaldi_s_downsampling(shared):
    kaldi = shared / "golden/kaldi"
    golden = kaldi / "feats/variant_mfcc_downsample8k.ark"
    if not golden.exists():
        pytest.skip("this golden file is kept apart")
    with open_audio(str(kaldi / "wav/test_16k.wav")) as audio:
        signal = signals.of_recording(audio, 8000, InputOptions(allow_downsample=True))
        found = FeatureExtractor(MfccOptions(sample_frequency=8000.0)).compute_whole(signal)
    [(_, expected)] = read_arrays(f"ark:{golden}")
    assert abs(found - expected).max() < 1e-3


def test_channels_are_chosen_or_mixed():
    samples = noise(4, 300_000, 3)
    audio = Recorder(samples, 16000)
    for channel in range(3):
        assert np.array_equal(signals.of_audio(audio, channel).read(0, 300_000), samples[:, channel])
    mixed = signals.of_audio(audio).read(0, 300_000)
    assert mixed.dtype == np.float32
    assert np.allclose(mixed, samples.astype(float).mean(axis=1), atol=1e-3)
    for channel in (-1, 3):
        with pytest.raises(DataError, match=f"no channel {channel}: the recording has 3"):
            signals.of_audio(audio, channel)
    single = Recorder(noise(5, 500, 1), 8000)
    assert np.array_equal(signals.of_audio(single).read(0, 500), single.samples[:, 0])


@pytest.mark.parametrize("rate", [16000, 44100])
def test_a_long_recording_is_read_forward_and_once(rate):
    """A reader that goes back less than a chunk, as one that cuts overlapping windows, costs no second reading."""
    seconds = 60
    audio = Recorder(noise(6, rate * seconds, 2), rate)
    signal = signals.resampled(signals.of_audio(audio), 16000)
    for start in range(0, seconds * 16000, 4000):
        signal.read(start - 12_000, start + 24_000)
    starts = [start for start, _ in audio.calls]
    assert starts == sorted(starts)
    assert sum(stop - start for start, stop in audio.calls) == audio.num_samples
    assert len(signal.kept) <= signals.KEPT
    assert max(stop - start for start, stop in audio.calls) <= signals.CHUNK


def test_what_was_read_is_not_shared():
    """A caller may write into what it gets."""
    signal = signals.of_array(np.ones(1000), 16000)
    signal.read(0, 1000)[:] = 7
    assert (signal.read(0, 1000) == 1).all()


def test_small_tools_refuse_what_they_were_not_asked_to_change():
    stereo, low = Recorder(noise(7, 8000, 2), 16000), Recorder(noise(8, 8000, 1), 8000)
    with pytest.raises(DataError, match="channel"):
        signals.of_recording(stereo, 16000, InputOptions())
    assert np.array_equal(signals.of_recording(stereo, 16000, InputOptions(channel=1)).read(0, 8000),
                          stereo.samples[:, 1])
    with pytest.raises(DataError, match="channel"):
        signals.of_any(stereo, 16000, -1)
    assert signals.of_any(low, 16000, -1).num_samples == 16000
    assert signals.of_any(low, 16000, 0).sample_frequency == 16000
    for wanted, right, wrong in ((16000, "allow_upsample", "allow_downsample"),
                                 (4000, "allow_downsample", "allow_upsample")):
        for options in ({}, {wrong: True}):
            with pytest.raises(DataError, match="8000"):
                signals.of_recording(low, wanted, InputOptions(**options))
        for name in (right, "allow_resample"):
            assert signals.of_recording(low, wanted, InputOptions(**{name: True})).sample_frequency == wanted


def test_an_error_in_the_middle_of_a_file_is_told(tmp_path):
    samples = np.zeros(400_000, np.float32)
    samples[300_000] = np.nan
    soundfile.write(tmp_path / "bad.wav", samples, 16000, subtype="FLOAT")
    with open_audio(str(tmp_path / "bad.wav")) as audio:
        signal = signals.of_audio(audio)
        signal.read(0, 200_000)
        with pytest.raises(DataError, match=r"bad\.wav: at 18\.750 s"):
            signal.read(200_000, 400_000)
