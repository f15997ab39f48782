"""Features: Kaldi's own output, a second implementation, and what reading in blocks must not change."""

import re
from dataclasses import asdict, fields, replace

import numpy as np
import pytest
import soundfile

from diarkit import signals
from diarkit.errors import DataError
from diarkit.features import BLOCK, FeatureExtractor, Frames, dither_generator, read_mirrored, window_function
from diarkit.io.tables import read_arrays
from diarkit.options.features import FbankOptions, InputOptions, MfccOptions
from diarkit.options.waves import FeatureTableOptions

CLASSES = {"mfcc": MfccOptions, "fbank": FbankOptions}
NOT_OURS = {"output_format"}  # of the tool
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
        known = {field.name for cls in (type(opts), InputOptions, FeatureTableOptions) for field in fields(cls)}
        unknown = set(mapping) - known
        assert not unknown, f"{output}: {unknown}"
        extractor = FeatureExtractor(opts)
        golden = dict(read_arrays(f"ark:{kaldi / output}"))
        for key, signal in recordings(kaldi, scp):
            shape, blocks = extractor.stream(signals.resampled(signal, int(opts.sample_frequency)),
                                             warp=float(mapping.get("vtln_warp", 1)),
                                             subtract_mean=mapping.get("subtract_mean") == "true")
            found = np.concatenate(list(blocks))
            assert shape == found.shape
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


def by_definition(samples, opts, warp=1.0):
    """MFCC or fbank of a short signal frame by frame, filter by filter, in double precision."""
    rate = opts.sample_frequency
    length, shift = int(rate * opts.frame_length / 1000), int(rate * opts.frame_shift / 1000)
    size = 1 << (length - 1).bit_length() if opts.round_to_power_of_two else length + length % 2
    banks = filters_by_definition(opts, size, warp)
    phase = 2 * np.pi * np.arange(length) / (length - 1)
    hann = 0.5 - 0.5 * np.cos(phase)
    window = {"hanning": hann, "povey": hann**0.85, "rectangular": np.ones(length), "sine": np.sin(phase / 2),
              "hamming": 0.54 - 0.46 * np.cos(phase),
              "blackman": opts.blackman_coeff - np.cos(phase) / 2 + (0.5 - opts.blackman_coeff) * np.cos(2 * phase),
              }[opts.window_type]
    if opts.snip_edges:
        starts = range(0, len(samples) - length + 1, shift)
    else:
        starts = [t * shift + shift // 2 - length // 2 for t in range((len(samples) + shift // 2) // shift)]
    return np.array([one_frame(samples, start, window, banks, size, opts) for start in starts])


def one_frame(samples, start, window, banks, size, opts):
    frame = []
    for i in range(start, start + len(window)):
        while not 0 <= i < len(samples):
            i = -i - 1 if i < 0 else 2 * len(samples) - 1 - i
        frame.append(float(samples[i]))
    frame = np.array(frame)
    if opts.remove_dc_offset:
        frame -= frame.mean()
    energy = np.log(max(np.sum(frame**2), 2**-23))
    c = opts.preemphasis_coefficient
    frame = window * np.concatenate([[frame[0] * (1 - c)], frame[1:] - c * frame[:-1]])
    energy = energy if opts.raw_energy else np.log(max(np.sum(frame**2), 2**-23))
    if opts.energy_floor:
        energy = max(energy, np.log(opts.energy_floor))
    power = abs(np.fft.fft(frame, size)[: size // 2]) ** 2
    power = power if getattr(opts, "use_power", True) else np.sqrt(power)
    row = banks @ power
    if getattr(opts, "use_log_fbank", True):
        row = np.log(np.maximum(row, 2**-23))
    if isinstance(opts, FbankOptions):
        extra = [energy] * opts.use_energy
        return [*row, *extra] if opts.htk_compat else [*extra, *row]
    n, q = opts.num_mel_bins, opts.cepstral_lifter
    row = [np.sqrt((1 if k == 0 else 2) / n) * sum(row[b] * np.cos(np.pi * k * (b + 0.5) / n) for b in range(n))
           * (1 + q / 2 * np.sin(np.pi * k / q) if q else 1) for k in range(opts.num_ceps)]
    if opts.use_energy:
        row[0] = energy
    elif opts.htk_compat:
        row[0] *= 2**0.5
    return [*row[1:], row[0]] if opts.htk_compat else row


def filters_by_definition(opts, size, warp):
    """(num_mel_bins, size / 2), each weight on its own; the warp as the comment of Kaldi's VtlnWarpFreq has it."""
    nyquist = opts.sample_frequency / 2
    low, high = opts.low_freq, opts.high_freq + (nyquist if opts.high_freq <= 0 else 0)
    vtln_low, vtln_high = opts.vtln_low, opts.vtln_high + (nyquist if opts.vtln_high < 0 else 0)

    def mel(f):
        return 1127 * np.log(1 + f / 700)

    def warped(m):
        f = 700 * (np.exp(m / 1127) - 1)
        left, right = vtln_low * max(1, warp), vtln_high * min(1, warp)
        if warp == 1 or not low <= f <= high:
            return m
        if f < left:
            return mel(low + (f - low) * (left / warp - low) / (left - low))
        if f < right:
            return mel(f / warp)
        return mel(high + (f - high) * (high - right / warp) / (high - right))

    step = (mel(high) - mel(low)) / (opts.num_mel_bins + 1)
    banks = np.zeros((opts.num_mel_bins, size // 2))
    for b in range(opts.num_mel_bins):
        left, centre, right = (warped(mel(low) + (b + i) * step) for i in range(3))
        for k in range(size // 2):
            m = mel(k * opts.sample_frequency / size)
            if left < m <= centre:
                banks[b, k] = (m - left) / (centre - left)
            elif centre < m < right:
                banks[b, k] = (right - m) / (right - centre)
    return banks


@pytest.mark.parametrize("opts, warp", [
    (FbankOptions(snip_edges=False, num_mel_bins=40), 1), (MfccOptions(snip_edges=False), 1),
    (MfccOptions(snip_edges=False, raw_energy=False), 1), (MfccOptions(htk_compat=True), 1),
    (MfccOptions(htk_compat=True, use_energy=False, window_type="hanning"), 1),
    (MfccOptions(frame_shift=12.5, frame_length=20.0, window_type="hamming"), 1),
    (MfccOptions(energy_floor=1e9, snip_edges=False), 1), (MfccOptions(num_mel_bins=30, num_ceps=30), 1),
    (MfccOptions(low_freq=100.0, high_freq=-400.0, num_ceps=5, cepstral_lifter=10.0), 1),
    (MfccOptions(), 1.1), (MfccOptions(use_energy=False), 0.85), (FbankOptions(vtln_low=60.0, vtln_high=7000.0), 0.9),
    (MfccOptions(round_to_power_of_two=False, frame_length=31.0, window_type="sine"), 1),
    (MfccOptions(round_to_power_of_two=False, frame_length=25.1), 1),  # an odd number of samples
    (MfccOptions(round_to_power_of_two=False, frame_length=25.1, window_type="rectangular", use_energy=False), 1),
    (MfccOptions(preemphasis_coefficient=0.0, remove_dc_offset=False, cepstral_lifter=0.0), 1),
    (MfccOptions(blackman_coeff=0.3, window_type="blackman", use_energy=False), 1),
    (MfccOptions(frame_length=32.0, window_type="rectangular", use_energy=False), 1),  # as long as the transform
    (FbankOptions(use_energy=True, raw_energy=False, energy_floor=1e9, num_mel_bins=80), 1.2),
    (FbankOptions(use_energy=True, htk_compat=True), 1), (FbankOptions(use_power=False), 1),
    (FbankOptions(use_log_fbank=False), 1),
], ids=str)
def test_the_definition(opts, warp):
    for num_samples in (100, 3000):  # the first is shorter than half a frame and mirrored several times
        signal = random_signal(num_samples, num_samples)
        found = FeatureExtractor(opts).compute(signal, warp=warp)
        expected = by_definition(signal.read(0, num_samples), opts, warp).reshape(-1, found.shape[1])
        assert found.shape == expected.shape
        scale = 1 if getattr(opts, "use_log_fbank", True) else np.maximum(expected, 1)
        assert (abs(found - expected) / scale < 3e-4).all()


def test_what_is_left_of_a_block_does_not_matter():
    """Arrays are used again, for fewer frames too."""
    extractor = FeatureExtractor(MfccOptions(window_type="rectangular"))
    loud, quiet = signals.of_array(np.full(100_000, 3e4) * (-1) ** np.arange(100_000), 16000), random_signal(5, 20_000)
    expected = FeatureExtractor(extractor.opts).compute(quiet)
    extractor.compute(loud)
    assert np.array_equal(extractor.compute(quiet), expected)


def test_threads_do_not_disturb_each_other():
    from concurrent.futures import ThreadPoolExecutor

    extractor = FeatureExtractor(FbankOptions(num_mel_bins=80))
    sources = [random_signal(seed, 60_000) for seed in range(4)]
    expected = [extractor.compute(source) for source in sources]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            for one, other in zip(pool.map(extractor.compute, sources), expected, strict=True):
                assert np.array_equal(one, other)


def test_a_stream_is_all_frames_in_blocks():
    extractor, signal = FeatureExtractor(MfccOptions()), random_signal(4, 160 * 3 * BLOCK)
    whole = extractor.compute_whole(signal, warp=0.9)
    shape, blocks = extractor.stream(signal, warp=0.9)
    blocks = list(blocks)
    assert shape == whole.shape and max(map(len, blocks)) == BLOCK and len(blocks) == 3
    assert np.array_equal(np.concatenate(blocks), whole)
    shape, [centred] = extractor.stream(signal, warp=0.9, subtract_mean=True)
    assert shape == whole.shape and abs(centred - (whole - whole.astype(float).mean(axis=0))).max() < 1e-4
    with pytest.raises(DataError, match="399 samples"):
        extractor.stream(random_signal(0, 399))


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
    single = Frames(MfccOptions(sample_frequency=10000.0, frame_shift=2.3, frame_length=12.3))
    assert (single.shift, single.length) == (22, 123)  # 2.3 is less in single precision, 12.3 more
    odd = Frames(MfccOptions(sample_frequency=22050.0))
    assert (odd.shift, odd.length) == (220, 551)


def test_defaults_are_kaldi_s():
    """Those of its feature-window.h, mel-computations.h, feature-mfcc.h and feature-fbank.h, but for the dither."""
    common = dict(sample_frequency=16000, frame_length=25, frame_shift=10, snip_edges=True,
                  preemphasis_coefficient=0.97, remove_dc_offset=True, window_type="povey", blackman_coeff=0.42,
                  round_to_power_of_two=True,
                  low_freq=20, high_freq=0, vtln_low=100, vtln_high=-500, energy_floor=0, raw_energy=True,
                  htk_compat=False, num_mel_bins=23, dither=0, seed=0)
    assert asdict(MfccOptions()) == {**common, "num_ceps": 13, "cepstral_lifter": 22, "use_energy": True}
    assert asdict(FbankOptions()) == {**common, "use_energy": False, "use_log_fbank": True, "use_power": True}


def test_windows():
    assert window_function("hamming", 400)[[0, -1]] == pytest.approx(0.08)
    assert window_function("rectangular", 3).tolist() == [1, 1, 1]
    assert window_function("blackman", 401)[200] == pytest.approx(1)


@pytest.mark.parametrize("opts, message", [
    (MfccOptions(num_ceps=24), "24 cepstra out of 23"),
    (MfccOptions(low_freq=9000.0), "do not fit below 8000"),
    (MfccOptions(high_freq=8001.0), "do not fit below 8000"),
    (MfccOptions(high_freq=-8000.0), "do not fit below 8000"),
    (MfccOptions(low_freq=-1.0), "do not fit"),
    (FbankOptions(num_mel_bins=200), "too many"),
    (FbankOptions(num_mel_bins=2), "at least 3"),
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
