"""Speech activity: a decision for every frame of 10 ms.

Three detectors: energy (Kaldi's compute-vad, from features), WebRTC's and Silero's (from the signal).
"""

import numpy as np

from diarkit.activity import hysteresis, runs
from diarkit.errors import DataError
from diarkit.features import BLOCK, Frames, log_energy
from diarkit.options import FbankOptions

FRAMES_PER_SECOND = 100
SILERO_RATE = 16000  # Hz
SILERO_CHUNK = 512  # samples of one decision
SILERO_CONTEXT = 64  # samples before it that the network sees too
SILERO_BLOCK = 512  # chunks of one call
WEBRTC_RATES = (8000, 16000, 32000, 48000)  # Hz
WEBRTC_SMOOTHING = 11  # frames of the majority vote


def energy_decisions(log_energy, threshold=5.0, mean_scale=0.5, context=0, proportion=0.6):
    """Kaldi's compute-vad (src/ivector/voice-activity-detection.cc).

    A frame is loud if its log energy is above threshold + mean_scale * mean; it is speech if at least
    `proportion` of the frames at most `context` away are loud. (T,) -> (T,) bool.
    """
    log_energy = np.asarray(log_energy, np.float32)
    total = len(log_energy)
    if total == 0:
        return np.zeros(0, bool)
    mean = np.float32(log_energy.sum(dtype=np.float64)) / np.float32(total)
    loud = log_energy > np.float32(threshold) + np.float32(mean_scale) * mean
    counts = np.concatenate([[0], np.cumsum(loud)])
    frames = np.arange(total)
    first, last = np.maximum(frames - context, 0), np.minimum(frames + context + 1, total)
    return counts[last] - counts[first] >= (last - first).astype(np.float32) * np.float32(proportion)


def to_frames(decisions, chunk, num_frames):
    """Decisions for chunks of `chunk` seconds to decisions for frames of 10 ms, each by its middle; bool."""
    middle = (np.arange(num_frames) + 0.5) / FRAMES_PER_SECOND
    places = np.minimum((middle / chunk).astype(int), len(decisions) - 1)
    return np.asarray(decisions, bool)[places] if len(decisions) else np.zeros(num_frames, bool)


def num_frames(signal):
    """Frames of 10 ms in a signal, as Frames.count without snip_edges has them."""
    shift = signal.sample_frequency // FRAMES_PER_SECOND
    return (signal.num_samples + shift // 2) // shift


def webrtc_decisions(signal, mode=2):
    """WebRTC's detector on frames of 10 ms, and a majority vote over 11 frames; (T,) bool.

    `signal` has one of WebRTC's rates, 8, 16, 32 or 48 kHz; `mode` 0 (lets much through) to 3 (little).
    """
    import webrtcvad

    rate = signal.sample_frequency
    if rate not in WEBRTC_RATES:
        raise DataError(f"WebRTC's detector does not know {rate} Hz")
    detector = webrtcvad.Vad(mode)
    length = rate // FRAMES_PER_SECOND
    total = num_frames(signal)
    voiced = np.zeros(total, bool)
    for t in range(total):
        samples = np.clip(np.rint(signal.read(t * length, (t + 1) * length)), -32768, 32767)
        voiced[t] = detector.is_speech(samples.astype("<i2").tobytes(), rate)
    half = WEBRTC_SMOOTHING // 2
    return energy_decisions(voiced, threshold=0.5, mean_scale=0, context=half, proportion=0.5)


def frame_levels(signal):
    """The level of every frame of 25 ms around the middle of 10 ms, in dB of the mean square; (T,) float32."""
    frames = Frames(FbankOptions(sample_frequency=signal.sample_frequency, snip_edges=False))
    total = frames.count(signal.num_samples)
    levels = np.zeros(total, np.float32)
    for t in range(0, total, BLOCK):
        block = frames.cut(signal, t, min(t + BLOCK, total))
        block -= block.mean(axis=1, keepdims=True)
        levels[t : t + BLOCK] = 10 / np.log(10) * (log_energy(block) - np.log(frames.length))
    return levels


def extended(decisions, levels, reach, above_background, below_speech):
    """Speech made longer at both ends while it is loud: a detector that hears words misses their soft ends.

    Loud is `above_background` dB more than the median level outside speech, and no more than `below_speech`
    dB less than that of speech; `reach` is the most that is added to an end, in frames. In noise little is
    louder than the background, and little changes. (T,) bool, (T,) dB -> (T,) bool.
    """
    decisions = np.asarray(decisions, bool)
    if reach < 1 or decisions.all() or not decisions.any():
        return decisions
    floor = max(np.median(levels[~decisions]) + above_background, np.median(levels[decisions]) - below_speech)
    loud = levels > floor
    longer = decisions.copy()
    for first, last in runs(decisions):
        after = loud[last : last + reach]
        longer[last : last + (len(after) if after.all() else np.argmin(after))] = True
        before = loud[max(first - reach, 0) : first][::-1]
        longer[first - (len(before) if before.all() else np.argmin(before)) : first] = True
    return longer


class SileroVad:
    """Silero's voice activity detector, its sequence network run by onnxruntime, on signals of 16 kHz.

    Parameters
    ----------
    network : bytes, the ONNX file (inputs input (N, 576), h, c; outputs speech_probs (N,), hn, cn)
    """

    def __init__(self, network):
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        # One thread: the network is a recurrence, and the result must not depend on the machine's cores.
        settings.intra_op_num_threads = settings.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(network, settings, providers=["CPUExecutionProvider"])

    def probabilities(self, signal):
        """The probability of speech in every 512 samples (32 ms), the last ones padded with zeros; (N,) float32."""
        if signal.sample_frequency != SILERO_RATE:
            raise ValueError(f"Silero's detector wants {SILERO_RATE} Hz, not {signal.sample_frequency}")
        chunks = -(-signal.num_samples // SILERO_CHUNK)
        state = [np.zeros((1, 1, 128), np.float32)] * 2
        found = [np.zeros(0, np.float32)]
        for first in range(0, chunks, SILERO_BLOCK):
            count = min(SILERO_BLOCK, chunks - first)
            begin = first * SILERO_CHUNK
            samples = signal.read(begin - SILERO_CONTEXT, begin + count * SILERO_CHUNK) / np.float32(32768)
            width = SILERO_CONTEXT + SILERO_CHUNK
            frames = np.lib.stride_tricks.sliding_window_view(samples, width)[::SILERO_CHUNK]
            inputs = {"input": np.ascontiguousarray(frames), "h": state[0], "c": state[1]}
            values, *state = self.session.run(["speech_probs", "hn", "cn"], inputs)
            found.append(values.reshape(-1))
        return np.concatenate(found)

    def decisions(self, signal, opts):
        """Speech for every frame of 10 ms; (T,) bool. `opts` is VadOptions."""
        threshold = 0.2 if opts.threshold is None else opts.threshold
        active = hysteresis(self.probabilities(signal), threshold, threshold * opts.offset_ratio)
        decisions = to_frames(active, SILERO_CHUNK / SILERO_RATE, num_frames(signal))
        reach = round(opts.extend * FRAMES_PER_SECOND)
        if reach < 1 or not decisions.any():
            return decisions
        return extended(decisions, frame_levels(signal), reach, opts.above_background, opts.below_speech)


def make_detector(opts, network=None):
    """The detector that VadOptions name: features (energy) or a signal of 16 kHz (webrtc, silero) -> (T,) bool.

    `network` is the ONNX file of Silero's detector.
    """
    if opts.method == "energy":
        if opts.frames_context < 0:
            raise DataError(f"--frames-context must not be negative, {opts.frames_context} is")
        threshold = 5.0 if opts.threshold is None else opts.threshold
        return lambda features: energy_decisions(
            first_column(features), threshold, opts.energy_mean_scale, opts.frames_context, opts.proportion_threshold)
    if opts.method == "webrtc":
        if opts.webrtc_mode not in range(4):
            raise DataError(f"--webrtc-mode must be 0, 1, 2 or 3, not {opts.webrtc_mode}")
        return lambda signal: webrtc_decisions(signal, opts.webrtc_mode)
    silero = SileroVad(network)
    return lambda signal: silero.decisions(signal, opts)


def first_column(features):
    """The log energy of a matrix of features, or a vector as it is."""
    features = np.asarray(features)
    if features.size == 0:
        raise DataError("no frames")
    return features if features.ndim == 1 else features[:, 0]


def speech_share(decisions):
    """The part of the frames that is speech, and the number of stretches."""
    decisions = np.asarray(decisions) > 0.5
    return (float(decisions.mean()) if len(decisions) else 0.0), len(runs(decisions))
