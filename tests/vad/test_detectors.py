"""Speech activity: Kaldi's decisions frame by frame, loops by the definition, networks in other hands."""

import numpy as np
import pytest

from diarkit import signals, toy
from diarkit.errors import DataError
from diarkit.features import FeatureExtractor
from diarkit.io.tables import read_arrays
from diarkit.options.activity import VadOptions
from diarkit.options.features import MfccOptions
from diarkit.vad import make_detector, smoothed, speech_share
from diarkit.vad.energy import energy_decisions
from diarkit.vad.silero import (
    SILERO_BLOCK,
    SILERO_CHUNK,
    SILERO_CONTEXT,
    SileroVad,
    extended,
    frame_levels,
    to_frames,
)
from diarkit.vad.webrtc import num_frames, webrtc_decisions

CALLHOME = dict(threshold=5.5, energy_mean_scale=0.5, proportion_threshold=0.12, frames_context=2)
GOLDEN = {
    "mfcc_callhome8k.ark": ("mfcc_callhome8k", CALLHOME),
    "mfcc_callhome8k_v1.ark": ("mfcc_callhome8k_v1", dict(threshold=5.5, energy_mean_scale=0.5)),
    "mfcc_vox16k.ark": ("mfcc_vox16k", CALLHOME),
    "mfcc_vox16k_defaultopts.txt": ("mfcc_vox16k", {}),
    "mfcc_vox16k_abs12_ctx5.txt": ("mfcc_vox16k", dict(threshold=12.0, energy_mean_scale=0.0, frames_context=5,
                                                       proportion_threshold=0.5)),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_kaldi_s_decisions(shared, name):
    feats, settings = GOLDEN[name]
    kaldi = shared / "golden/kaldi"
    if not (kaldi / "vad" / name).exists():
        pytest.skip("this golden file is kept apart")
    expected = dict(read_arrays(f"ark:{kaldi}/vad/{name}"))
    detector = make_detector(VadOptions(method="energy", **settings))
    count = 0
    for key, features in read_arrays(f"ark:{kaldi}/feats/{feats}.ark"):
        assert np.array_equal(detector(features), expected[key] > 0.5)
        count += len(features)
    assert count > 5000


def energy_loop(log_energy, threshold, mean_scale, context, proportion):
    """compute-vad by its words, in single precision."""
    mean = np.float32(sum(map(float, log_energy)) / len(log_energy))
    loud = [np.float32(e) > np.float32(threshold) + np.float32(mean_scale) * mean for e in log_energy]
    decisions = []
    for t in range(len(loud)):
        around = loud[max(t - context, 0) : t + context + 1]
        decisions.append(sum(around) >= np.float32(len(around)) * np.float32(proportion))
    return decisions


def test_energy_loop():
    rng = np.random.default_rng(0)
    for _ in range(200):
        log_energy = rng.normal(10, 3, rng.integers(1, 60)).astype(np.float32)
        settings = (rng.uniform(0, 10), rng.choice([0, 0.5]), int(rng.integers(0, 6)), rng.choice([0.12, 0.5, 0.6, 1]))
        found = energy_decisions(log_energy, *settings)
        assert found.dtype == bool
        assert found.tolist() == energy_loop(log_energy, *settings)


def test_chunks_to_frames():
    """A frame of 10 ms belongs to the chunk of 32 ms that its middle lies in."""
    decisions = np.array([True, False, True])
    assert to_frames(np.array([0.25, 0.5], np.float32), 0.032, 4).tolist() == [0.25, 0.25, 0.25, 0.5]
    expected = [decisions[int((10 * t + 5) // 32)] for t in range(9)]
    assert to_frames(decisions, 0.032, 9).tolist() == expected
    assert to_frames(decisions, 0.032, 12).tolist() == [*expected, True, True, True]  # past the last chunk
    assert to_frames(np.zeros(0, bool), 0.032, 2).tolist() == [False, False]


@pytest.mark.parametrize("num_samples", [0, 79, 80, 239, 240, 511, 512, 16000, 16079, 16080])
def test_frames_are_those_of_the_features(num_samples):
    signal = signals.of_array(np.zeros(num_samples), 16000)
    frames = FeatureExtractor(MfccOptions(snip_edges=False)).frames
    assert num_frames(signal) == frames.count(num_samples)


class LoudnessNetwork:
    """In place of Silero's sequence network: something recurrent that depends on all that it is given."""

    def __init__(self):
        self.calls = []

    def run(self, outputs, inputs):
        assert outputs == ["speech_probs", "hn", "cn"]
        x, h, c = inputs["input"], inputs["h"].copy(), inputs["c"].copy()
        assert x.dtype == np.float32 and x.shape[1] == SILERO_CONTEXT + SILERO_CHUNK and h.shape == (1, 1, 128)
        self.calls.append(len(x))
        found = []
        for row in x:
            h[:] = 0.9 * h + np.sqrt(np.mean(row**2))
            c[:] = c + row[0] + row[SILERO_CONTEXT]
            found.append(h[0, 0, 0] + c[0, 0, 0])
        return np.array(found, np.float32)[:, None], h, c


def test_silero_gets_its_chunks_with_their_context():
    rng = np.random.default_rng(1)
    samples = rng.normal(0, 1000, SILERO_CHUNK * (SILERO_BLOCK + 30) + 100).astype(np.float32)
    detector = SileroVad.__new__(SileroVad)
    detector.session = LoudnessNetwork()
    found = detector.probabilities(signals.of_array(samples, 16000))
    assert found.dtype == np.float32
    assert detector.session.calls == [SILERO_BLOCK, 31]  # memory does not grow with the length
    padded = np.concatenate([np.zeros(SILERO_CONTEXT), samples, np.zeros(SILERO_CHUNK - 100)]) / 32768
    h = c = 0.0
    for i, value in enumerate(found):
        row = padded[i * SILERO_CHUNK : (i + 1) * SILERO_CHUNK + SILERO_CONTEXT]
        h = 0.9 * h + np.sqrt(np.mean(row**2))
        c += row[0] + row[SILERO_CONTEXT]
        assert value == pytest.approx(h + c, abs=1e-4)
    assert len(found) == SILERO_BLOCK + 31
    assert detector.probabilities(signals.of_array([], 16000)).shape == (0,)
    with pytest.raises(ValueError, match="8000"):
        detector.probabilities(signals.of_array(samples, 8000))


def test_silero_begins_at_the_threshold_and_ends_below_it():
    detector = SileroVad.__new__(SileroVad)
    detector.probabilities = lambda signal: np.array([0.1, 0.3, 0.4, 0.3, 0.25, 0.3, 0.4])
    signal = signals.of_array(np.zeros(7 * 512), 16000)
    found = detector.decisions(signal, VadOptions(threshold=0.4, offset_ratio=0.7))
    assert len(found) == num_frames(signal)
    assert np.array_equal(found, to_frames([0, 0, 1, 1, 0, 0, 1], 0.032, len(found)))
    assert np.array_equal(detector.frame_probabilities(signal)[[0, 2, 3, -1]], [0.1, 0.1, 0.3, 0.4])


def test_frame_levels_by_the_definition():
    """Mean square of 25 ms around the middle of every 10 ms, without its mean, mirrored at the ends."""
    rng = np.random.default_rng(3)
    samples = rng.normal(50, 1000, 16000 * 4 + 37).astype(np.float32)  # more than one block of frames
    levels = frame_levels(signals.of_array(samples, 16000))
    assert len(levels) == num_frames(signals.of_array(samples, 16000))
    mirrored = np.concatenate([samples[:400][::-1], samples, samples[-400:][::-1]]).astype(float)
    for t in (0, 1, 100, 255, 256, len(levels) - 1):
        first = 400 + 160 * t + 80 - 200
        frame = mirrored[first : first + 400]
        assert levels[t] == pytest.approx(10 * np.log10(np.mean((frame - frame.mean()) ** 2)), abs=1e-3)
    assert np.isfinite(frame_levels(signals.of_array(np.zeros(16000), 16000))).all()


def extended_loop(decisions, levels, reach, above, below):
    """Step by step from both ends of every stretch of speech."""
    speech, rest = levels[decisions], levels[~decisions]
    floor = max(np.median(rest) + above, np.median(speech) - below)
    longer = decisions.copy()
    for t in range(len(decisions)):
        if not decisions[t]:
            continue
        for step in (1, -1):
            for n in range(1, reach + 1):
                place = t + step * n
                if not 0 <= place < len(decisions) or (not decisions[place] and levels[place] <= floor):
                    break
                if not decisions[place]:
                    longer[place] = True
                elif n == 1:
                    break
    return longer


def test_speech_is_extended_while_it_is_loud():
    rng = np.random.default_rng(4)
    for _ in range(200):
        n = int(rng.integers(2, 80))
        decisions = np.repeat(rng.random(n) < 0.4, rng.integers(1, 6))
        levels = rng.normal(0, 10, len(decisions))
        reach = int(rng.integers(1, 9))
        found = extended(decisions, levels, reach, 3.0, 8.0)
        if decisions.any() and not decisions.all():
            assert np.array_equal(found, extended_loop(decisions, levels, reach, 3.0, 8.0))
        else:
            assert np.array_equal(found, decisions)
    decisions = np.array([False] * 5 + [True] * 3 + [False] * 5)
    loud = np.array([0, 0, 0, 20, 20, 30, 30, 30, 20, 0, 20, 0, 0.0])
    assert np.flatnonzero(extended(decisions, loud, 20, 6, 35)).tolist() == [3, 4, 5, 6, 7, 8]
    assert np.flatnonzero(extended(decisions, loud, 1, 6, 35)).tolist() == [4, 5, 6, 7, 8]
    assert np.array_equal(extended(decisions, loud, 20, 25, 35), decisions)  # background too near
    assert np.array_equal(extended(decisions, loud, 20, 6, 5), decisions)  # speech too far


@pytest.fixture(scope="module")
def conversation():
    """Toy voices at 16 kHz: the samples, and for every frame whether somebody speaks."""
    samples, turns = toy.make_conversation(np.random.default_rng(5), 20, 2, 16000)
    speech = np.zeros(2000, bool)
    for start, end, _ in turns:
        speech[start // 10 : end // 10] = True
    return samples.astype(np.float32), speech


def test_silero_finds_speech(models, shared):
    """The real network, on real speech between silences."""
    from diarkit.io.audio import open_audio
    from diarkit.io.models import read_model

    silero = SileroVad(read_model(models / "silero-vad").weights)
    path = sorted((shared / "data/librispeech").rglob("*.flac"))[0]
    with open_audio(str(path)) as audio:
        speech = audio.read()[:48000, 0]
    silence = np.random.default_rng(2).normal(0, 3, 32000).astype(np.float32)
    found = silero.decisions(signals.of_array(np.concatenate([silence, speech, silence]), 16000), VadOptions())
    assert found[:170].mean() < 0.05 and found[-130:].mean() < 0.05
    assert found[210:500].mean() > 0.6


def webrtc_loop(samples, rate, mode, reach=5):
    """WebRTC's detector by its package, and of every 11 frames at least half."""
    webrtcvad = pytest.importorskip("webrtcvad")
    detector = webrtcvad.Vad(mode)
    length = rate // 100
    total = (len(samples) + length // 2) // length
    padded = np.concatenate([np.clip(np.rint(samples), -32768, 32767), np.zeros(length)]).astype("<i2")
    voiced = [detector.is_speech(padded[t * length : (t + 1) * length].tobytes(), rate) for t in range(total)]
    around = [voiced[max(t - reach, 0) : t + reach + 1] for t in range(total)]
    return [2 * sum(votes) >= len(votes) for votes in around]


@pytest.mark.parametrize("rate", [8000, 16000])
def test_webrtc_loop(conversation, rate):
    samples, _ = conversation
    signal = signals.resampled(signals.of_array(samples[: 5 * 16000 + 77], 16000), rate)
    for mode in range(4):
        found = webrtc_decisions(signal, mode)
        assert found.dtype == bool and len(found) == num_frames(signal)
        assert found.tolist() == webrtc_loop(signal.read(0, signal.num_samples), rate, mode)
    for smoothing in (1, 5):
        detector = make_detector(VadOptions(method="webrtc", webrtc_mode=1, webrtc_smoothing=smoothing))
        expected = webrtc_loop(signal.read(0, signal.num_samples), rate, 1, smoothing // 2)
        assert detector(signal).tolist() == expected


def test_webrtc_hears_the_toy_voices(conversation):
    samples, speech = conversation
    found = make_detector(VadOptions(method="webrtc"))(signals.of_array(samples, 16000))
    assert np.mean(found == speech) > 0.8
    assert not webrtc_decisions(signals.of_array(np.zeros(16000), 16000)).any()


def test_webrtc_is_not_overrun_by_loud_samples():
    loud = 60_000 * np.sin(np.arange(16000))
    assert len(webrtc_decisions(signals.of_array(loud, 16000))) == 100


def test_what_detectors_refuse():
    with pytest.raises(DataError, match="11025 Hz"):
        webrtc_decisions(signals.of_array(np.zeros(1000), 11025))
    for mode in (-1, 4):
        with pytest.raises(DataError, match="--webrtc-mode"):
            make_detector(VadOptions(method="webrtc", webrtc_mode=mode))
    for smoothing in (0, -1, 10):
        with pytest.raises(DataError, match="--webrtc-smoothing"):
            make_detector(VadOptions(method="webrtc", webrtc_smoothing=smoothing))
    for proportion in (0.0, 1.0):
        with pytest.raises(DataError, match="--proportion-threshold"):
            make_detector(VadOptions(method="energy", proportion_threshold=proportion))
    with pytest.raises(DataError, match="--energy-mean-scale"):
        make_detector(VadOptions(method="energy", energy_mean_scale=-0.5))
    detector = make_detector(VadOptions(method="energy"))
    with pytest.raises(DataError, match="no frames"):
        detector(np.zeros((0, 13)))
    assert detector(np.array([1.0, 20.0, 20.0, 1.0])).tolist() == [False, True, True, False]  # a vector as it is
    with pytest.raises(DataError, match="context"):
        make_detector(VadOptions(method="energy", frames_context=-1))


def test_smoothed_decisions():
    decisions = np.array([0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 0], bool)
    assert smoothed(decisions) is decisions
    assert np.flatnonzero(smoothed(decisions, min_silence=0.03)).tolist() == [1, 2, 3, 4, 5, 9]
    assert np.flatnonzero(smoothed(decisions, min_speech=0.02)).tolist() == [1, 2]
    assert np.flatnonzero(smoothed(decisions, min_silence=0.03, min_speech=0.02)).tolist() == [1, 2, 3, 4, 5]
    assert np.flatnonzero(smoothed(decisions, pad_start=0.02)).tolist() == [0, 1, 2, 3, 4, 5, 7, 8, 9]
    assert np.flatnonzero(smoothed(decisions, pad_end=0.02)).tolist() == [1, 2, 3, 4, 5, 6, 7, 9, 10]


def test_share_of_speech():
    assert speech_share([0, 1, 1, 0, 1]) == (0.6, 2)
    assert speech_share([]) == (0.0, 0)
