"""Speech activity by Silero's network, and how its decisions are made longer where it is loud."""

import numpy as np

from diarkit.activity import hysteresis, runs
from diarkit.errors import DataError
from diarkit.features import BLOCK, Frames, log_energy
from diarkit.options.features import FbankOptions
from diarkit.vad.webrtc import FRAMES_PER_SECOND, num_frames

SILERO_RATE = 16000  # Hz
SILERO_CHUNK = 512  # samples of one decision
SILERO_CONTEXT = 64  # samples before it that the network sees too
SILERO_BLOCK = 512  # chunks of one call


def to_frames(values, chunk, num_frames):
    """Values for chunks of `chunk` seconds to values for frames of 10 ms, each by its middle."""
    values = np.asarray(values)
    middle = (np.arange(num_frames) + 0.5) / FRAMES_PER_SECOND
    places = np.minimum((middle / chunk).astype(int), len(values) - 1)
    return values[places] if len(values) else np.zeros(num_frames, values.dtype)


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
        settings.log_severity_level = 4  # what is wrong is said by the error
        try:
            self.session = onnxruntime.InferenceSession(network, settings, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has a kind for each that can happen, and no common one
            raise DataError(f"no ONNX network that can be run: {str(error).splitlines()[0][:200]}") from None
        names = {item.name for item in self.session.get_inputs()}, {item.name for item in self.session.get_outputs()}
        if names != ({"input", "h", "c"}, {"speech_probs", "hn", "cn"}):
            raise DataError("an ONNX network with other inputs and outputs than Silero's")

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
            try:
                values, *state = self.session.run(["speech_probs", "hn", "cn"], inputs)
            except Exception as error:
                raise DataError(f"the ONNX network fails: {str(error).splitlines()[0][:200]}") from None
            if not np.isfinite(values).all():
                raise DataError("the ONNX network gives NaN or infinity")
            found.append(values.reshape(-1))
        return np.concatenate(found)

    def frame_probabilities(self, signal):
        """The probability of speech for every frame of 10 ms; (T,) float32."""
        return to_frames(self.probabilities(signal), SILERO_CHUNK / SILERO_RATE, num_frames(signal))

    def decisions(self, signal, opts):
        """Speech for every frame of 10 ms; (T,) bool. `opts` is VadOptions."""
        threshold = 0.2 if opts.threshold is None else opts.threshold
        active = hysteresis(self.probabilities(signal), threshold, threshold * opts.offset_ratio)
        decisions = to_frames(active, SILERO_CHUNK / SILERO_RATE, num_frames(signal))
        reach = round(opts.extend * FRAMES_PER_SECOND)
        if reach < 1 or not decisions.any():
            return decisions
        return extended(decisions, frame_levels(signal), reach, opts.above_background, opts.below_speech)
