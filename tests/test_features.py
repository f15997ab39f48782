"""Features: Kaldi's own output, a second implementation, and what reading in blocks must not change."""

import re
from dataclasses import fields, replace

import numpy as np
import pytest
import soundfile

from diarkit import signals
from diarkit.errors import DataError
from diarkit.features import BLOCK, FeatureExtractor, Frames, dither_generator, read_mirrored, window_function
from diarkit.io.tables import read_arrays
from diarkit.melbanks import dct_matrix, lifter, mel_banks
from diarkit.options import FbankOptions, InputOptions, MfccOptions

CLASSES = {"mfcc": MfccOptions, "fbank": FbankOptions}
NOT_OURS = {"vtln_warp", "subtract_mean", "output_format"}
TOLERANCE, MEAN_TOLERANCE = 1e-3, 5e-5  # Kaldi computes in single precision


def parsed(words, kaldi):
    """Options of a Kaldi command as a mapping, --config files read; only their spelling is ours to know."""
    found = {}
    for word in words:
        name, value = re.fullmatch(r"--([a-z0-9-]+)=(\S+)", word).groups()
        if name == "config":
            found.update(parsed((kaldi / value).read_text().split(), kaldi))
        elif not name.startswith("write-"):
            found[name.replace("-", "_")] = value
    return found


def typed(cls, mapping):
    convert = {float: float, int: int, bool: lambda text: text == "true", str: str}
    kinds = {field.name: convert[field.type] for field in fields(cls)}
    return {name: kinds[name](value) for name, value in mapping.items() if name in kinds}


def golden_cases(kaldi):
    """(output, "mfcc" or "fbank", scp, options) of every command that we can serve and whose output is there."""
    for line in (kaldi / "commands/feats.txt").read_text().splitlines():
        match = re.fullmatch(r"compute-(mfcc|fbank)-feats (.*) scp:(\S+) (ark,scp:|ark,t:|ark:)([^,\s]+)\S*", line)
        if not match:
            continue
        kind, options, scp, _, output = match.groups()
        mapping = parsed(options.split(), kaldi)
        if not set(mapping) & NOT_OURS and (kaldi / output).exists():
            yield output, kind, scp, mapping


def recordings(kaldi, scp):
    for line in (kaldi / scp).read_text().splitlines():
        key, path = line.split()
        samples, rate = soundfile.read(kaldi / path, dtype="int16")
        yield key, signals.of_array(samples, rate)


def test_kaldi_s_output(shared):
    kaldi = shared / "golden/kaldi"
    seen = []
    for output, kind, scp, mapping in golden_cases(kaldi):
        opts = CLASSES[kind](**typed(CLASSES[kind], mapping))
        unknown = set(mapping) - {f.name for f in fields(opts)} - {f.name for f in fields(InputOptions)}
        assert not unknown, f"{output}: {unknown}"
        extractor = FeatureExtractor(opts)
        golden = dict(read_arrays(f"ark:{kaldi / output}"))
        for key, signal in recordings(kaldi, scp):
            found = extractor.compute_whole(signals.resampled(signal, int(opts.sample_frequency)))
            assert found.dtype == np.float32 and found.shape == golden[key].shape == (len(found), extractor.dim), output
            # Without a logarithm values go up to 1e9: there the difference counts relative to them.
            scale = 1 if getattr(opts, "use_log_fbank", True) else np.maximum(abs(golden[key]), 1)
            difference = abs(found - golden[key]) / scale
            assert difference.max() <= TOLERANCE and difference.mean() <= MEAN_TOLERANCE, (output, key)
        seen.append(output)
    assert len(seen) >= 20, seen


def random_signal(seed, num_samples, rate=16000):
    rng = np.random.default_rng(seed)
    hum = 3000 * np.sin(2 * np.pi * 130 * np.arange(num_samples) / rate)
    return signals.of_array(hum + rng.normal(100, 1000, num_samples), rate)


@pytest.mark.parametrize("snip_edges", [True, False])
@pytest.mark.parametrize("cls", [FbankOptions, MfccOptions])
def test_second_implementation(cls, snip_edges):
    """kaldi-native-fbank on random signals of random lengths."""
    knf = pytest.importorskip("kaldi_native_fbank", reason="kaldi-native-fbank is not installed")
    for seed, rate in enumerate((8000, 16000)):
        signal = random_signal(seed, 20_000 + 777 * seed, rate)
        opts = cls(sample_frequency=float(rate), num_mel_bins=24, snip_edges=snip_edges, high_freq=-200.0)
        theirs = knf.FbankOptions() if cls is FbankOptions else knf.MfccOptions()
        frame, mel = theirs.frame_opts, theirs.mel_opts
        frame.samp_freq, frame.dither, frame.snip_edges = rate, 0, snip_edges
        mel.num_bins, mel.high_freq = 24, -200
        theirs.use_energy = opts.use_energy
        online = knf.OnlineFbank(theirs) if cls is FbankOptions else knf.OnlineMfcc(theirs)
        online.accept_waveform(rate, signal.read(0, signal.num_samples).tolist())
        online.input_finished()
        expected = np.array([online.get_frame(t) for t in range(online.num_frames_ready)])
        found = FeatureExtractor(opts).compute(signal)
        assert found.shape == expected.shape
        difference = abs(found - expected)
        assert difference.max() <= TOLERANCE and difference.mean() <= MEAN_TOLERANCE


def slow_mfcc(samples, opts):
    """MFCC or fbank of a short signal by the definition, frame by frame, in double precision."""
    rate = opts.sample_frequency
    length, shift = int(rate * opts.frame_length / 1000), int(rate * opts.frame_shift / 1000)
    size = 1 << (length - 1).bit_length()
    rows = []
    for t in range((len(samples) + shift // 2) // shift):
        frame = []
        for i in range(t * shift + shift // 2 - length // 2, t * shift + shift // 2 - length // 2 + length):
            while not 0 <= i < len(samples):
                i = -i - 1 if i < 0 else 2 * len(samples) - 1 - i
            frame.append(float(samples[i]))
        frame = np.array(frame) - np.mean(frame)
        energy = np.log(np.sum(frame**2))
        frame = np.concatenate([[frame[0] * (1 - 0.97)], frame[1:] - 0.97 * frame[:-1]])
        frame *= (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / (length - 1))) ** 0.85
        energy = energy if opts.raw_energy else np.log(np.sum(frame**2))
        power = abs(np.fft.fft(frame, size)[: size // 2]) ** 2
        frequencies = 1127 * np.log(1 + np.arange(size // 2) * rate / size / 700)
        low, high = 1127 * np.log(1 + opts.low_freq / 700), 1127 * np.log(1 + rate / 2 / 700)
        width = (high - low) / (opts.num_mel_bins + 1)
        row = []
        for b in range(opts.num_mel_bins):
            weights = 1 - abs(frequencies - (low + (b + 1) * width)) / width
            row.append(np.log(np.sum(np.where(weights > 0, weights, 0) * power)))
        if hasattr(opts, "num_ceps"):
            n = opts.num_mel_bins
            row = [np.sqrt((1 if k == 0 else 2) / n) * sum(row[b] * np.cos(np.pi * k * (b + 0.5) / n) for b in range(n))
                   * (1 + opts.cepstral_lifter / 2 * np.sin(np.pi * k / opts.cepstral_lifter))
                   for k in range(opts.num_ceps)]
            row[0] = energy
        rows.append(row)
    return np.array(rows)


@pytest.mark.parametrize("opts", [
    FbankOptions(snip_edges=False, num_mel_bins=40), MfccOptions(snip_edges=False),
    MfccOptions(snip_edges=False, raw_energy=False)])
def test_the_definition(opts):
    for num_samples in (100, 1000, 5000):  # the first is shorter than half a frame and mirrored several times
        signal = random_signal(num_samples, num_samples)
        samples = signal.read(0, num_samples)
        found = FeatureExtractor(opts).compute(signal)
        assert abs(found - slow_mfcc(samples, opts)).max() < TOLERANCE


def test_parts_are_the_whole_to_the_bit():
    rng = np.random.default_rng(1)
    for opts in (MfccOptions(snip_edges=False), FbankOptions(num_mel_bins=80, snip_edges=False), MfccOptions()):
        extractor = FeatureExtractor(opts)
        signal = random_signal(2, 160 * (2 * BLOCK + 77))
        whole = extractor.compute(signal)
        total = extractor.frames.count(signal.num_samples)
        assert whole.shape == (total, extractor.dim)
        for _ in range(20):
            first, last = np.sort(rng.integers(0, total + 1, 2))
            assert np.array_equal(extractor.compute(signal, first, last), whole[first:last])
        blocks = list(extractor.blocks(signal))
        assert [t for t, _ in blocks] == list(range(0, total, BLOCK))
        assert np.array_equal(np.concatenate([part for _, part in blocks]), whole)
        assert np.array_equal(extractor.compute(signal, total - 3, total + 10), whole[-3:])


def test_a_recording_shorter_than_a_frame():
    extractor = FeatureExtractor(MfccOptions())
    for num_samples in (0, 1, 399):
        assert extractor.compute(signals.of_array(np.ones(num_samples), 16000)).shape == (0, 13)
        with pytest.raises(DataError, match=f"{num_samples} samples"):
            extractor.compute_whole(signals.of_array(np.ones(num_samples), 16000))
    assert extractor.compute_whole(signals.of_array(np.ones(400), 16000)).shape == (1, 13)
    without = FeatureExtractor(MfccOptions(snip_edges=False))
    assert without.compute_whole(signals.of_array(np.ones(80), 16000)).shape == (1, 13)
    with pytest.raises(DataError):
        without.compute_whole(signals.of_array(np.ones(79), 16000))


@pytest.mark.parametrize("opts", [MfccOptions(), FbankOptions(use_energy=True), MfccOptions(raw_energy=False)])
def test_digital_silence_is_finite(opts):
    assert np.isfinite(FeatureExtractor(opts).compute(signals.of_array(np.zeros(16000), 16000))).all()


def test_dither_is_the_seed_s_and_the_recording_s():
    signal = random_signal(3, 8000)
    opts = MfccOptions(dither=1.0)

    def noisy(key, opts):
        return FeatureExtractor(opts).compute_whole(signal, dither_generator(opts, key))

    assert np.array_equal(noisy("a", opts), noisy("a", opts))
    assert not np.array_equal(noisy("a", opts), noisy("b", opts))
    assert not np.array_equal(noisy("a", opts), noisy("a", replace(opts, seed=1)))
    assert dither_generator(replace(opts, dither=0.0), "a") is None
    with pytest.raises(DataError, match="seed"):
        dither_generator(replace(opts, seed=-1), "a")
    assert np.array_equal(noisy("a", replace(opts, dither=0.0)), noisy("b", replace(opts, dither=0.0)))
    # and is as loud as it says: silence with dither has the energy of the noise
    silence = signals.of_array(np.zeros(160_000), 16000)
    for dither in (1.0, 10.0):
        loud = replace(opts, dither=dither)
        energy = FeatureExtractor(loud).compute(silence, generator=dither_generator(loud, "a"))[:, 0]
        assert abs(np.exp(energy).mean() / 400 - dither**2) < 0.02 * dither**2


def test_mirrored_ends():
    signal = signals.of_array(np.arange(5), 16000)
    expected = [3, 4, 4, 3, 2, 1, 0, 0, 1, 2, 3, 4, 4, 3, 2, 1, 0, 0, 1]
    assert read_mirrored(signal, -7, 12).tolist() == expected
    assert read_mirrored(signal, 1, 4).tolist() == [1, 2, 3]


def test_frames_are_counted_as_kaldi_counts():
    assert [Frames(MfccOptions()).count(n) for n in (0, 399, 400, 559, 560)] == [0, 0, 1, 1, 2]
    without = Frames(MfccOptions(snip_edges=False))
    assert [without.count(n) for n in (0, 79, 80, 239, 240, 480_000)] == [0, 0, 1, 1, 2, 3000]
    assert without.start(0) == 80 - 200
    # 22.05 kHz: 220.5 and 551.25 samples, cut off
    odd = Frames(MfccOptions(sample_frequency=22050.0))
    assert (odd.shift, odd.length) == (220, 551)


def test_small_matrices():
    assert np.allclose(dct_matrix(23, 23) @ dct_matrix(23, 23).T, np.eye(23))
    assert np.array_equal(lifter(13, 0), np.ones(13))
    assert lifter(13, 22)[[0, 11]].tolist() == [1, 12]
    assert window_function("hamming", 400)[[0, -1]] == pytest.approx(0.08)
    assert window_function("rectangular", 3).tolist() == [1, 1, 1]
    assert window_function("blackman", 401)[200] == pytest.approx(1)
    banks = mel_banks(23, 512, FbankOptions())
    assert banks.shape == (23, 256) and banks.dtype == np.float32
    assert (banks >= 0).all() and banks.max() <= 1


@pytest.mark.parametrize("opts, message", [
    (MfccOptions(num_ceps=24), "24 cepstra out of 23"),
    (MfccOptions(low_freq=9000.0), "do not fit below 8000"),
    (MfccOptions(high_freq=8001.0), "do not fit below 8000"),
    (MfccOptions(high_freq=-8000.0), "do not fit below 8000"),
    (MfccOptions(low_freq=-1.0), "do not fit"),
    (FbankOptions(num_mel_bins=200), "too many"),
    (FbankOptions(num_mel_bins=0), "mel filters"),
    (FbankOptions(num_mel_bins=-3), "mel filters"),
    (MfccOptions(num_ceps=0), "cepstra"),
    (FbankOptions(frame_shift=0.0), "too short"),
    (FbankOptions(frame_length=0.05), "too short"),
    (FbankOptions(frame_length=-5.0), "too short"),
    (FbankOptions(sample_frequency=0.0), "too short"),
])
def test_settings_that_make_no_features(opts, message):
    with pytest.raises(DataError, match=message):
        FeatureExtractor(opts)
