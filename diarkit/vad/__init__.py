"""Speech activity: a decision for every frame of 10 ms, by one of four detectors.

Energy (Kaldi's compute-vad, from features), WebRTC's, Silero's and ours (from the signal). Each is in a module of its
own, imported only when it is asked for.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from diarkit.activity import hysteresis, runs, speech_segments
from diarkit.errors import DataError
from diarkit.vad.energy import energy_decisions, first_column

RATE = 16000  # Hz, of the signals that detectors take


class Detector(NamedTuple):
    """What decides: called with features (energy) or with a signal, it gives (T,) bool.

    `probabilities`, of the same, gives (T,) float32, the probability of speech; None where there is none.
    """

    decide: Callable
    probabilities: Callable | None = None
    sample_frequency: int = RATE

    def __call__(self, item):
        return self.decide(item)


def make_detector(opts, model=None):
    """The Detector that VadOptions or DetectorOptions name.

    `model` is the diarkit.io.models.Model of Silero's detector or of method dnn. Raises DataError for options that make
    no sense, and naming its folder for a model that cannot be.
    """
    makers = {"energy": make_energy, "webrtc": make_webrtc, "silero": make_silero, "dnn": make_dnn}
    return makers[opts.method](opts, model)


def make_energy(opts, model=None):
    if opts.frames_context < 0:
        raise DataError(f"--frames-context must not be negative, {opts.frames_context} is")
    if opts.energy_mean_scale < 0:
        raise DataError(f"--energy-mean-scale must not be negative, {opts.energy_mean_scale:g} is")
    if not 0 < opts.proportion_threshold < 1:
        raise DataError(f"--proportion-threshold must be between 0 and 1, {opts.proportion_threshold:g} is not")
    threshold = 5.0 if opts.threshold is None else opts.threshold
    return Detector(lambda features: energy_decisions(
        first_column(features), threshold, opts.energy_mean_scale, opts.frames_context, opts.proportion_threshold))


def make_webrtc(opts, model=None):
    from diarkit.vad.webrtc import webrtc_decisions

    if opts.webrtc_mode not in range(4):
        raise DataError(f"--webrtc-mode must be 0, 1, 2 or 3, not {opts.webrtc_mode}")
    if opts.webrtc_smoothing < 1 or opts.webrtc_smoothing % 2 == 0:
        raise DataError(f"--webrtc-smoothing must be an odd number of frames, {opts.webrtc_smoothing} is not")
    return Detector(lambda signal: webrtc_decisions(signal, opts.webrtc_mode, opts.webrtc_smoothing))


def make_silero(opts, model):
    from diarkit.vad.silero import SileroVad

    try:
        network = SileroVad(model.onnx)
    except DataError as error:
        raise DataError(str(error), where=model.folder) from None
    return Detector(lambda signal: network.decisions(signal, opts), network.frame_probabilities)


def make_dnn(opts, model):
    from diarkit.vad.network import THRESHOLD, dnn_of_model

    network = dnn_of_model(model)
    onset = THRESHOLD if opts.threshold is None else opts.threshold
    return Detector(lambda signal: hysteresis(network.probabilities(signal), onset, onset * opts.offset_ratio),
                    network.probabilities, network.sample_frequency)


def of_audio(audio, detector, channel=-1):
    """The signal that a detector takes, of one channel of an audio source of any rate (of the only one, for -1)."""
    from diarkit import signals

    return signals.of_any(audio, detector.sample_frequency, channel)


def smoothed(decisions, min_silence=0.0, min_speech=0.0, pad_start=0.0, pad_end=0.0):
    """Decisions for frames of 10 ms with short silences filled, then short speech dropped, then padded, all in s.

    (T,) -> (T,) bool; with 0 for all nothing changes.
    """
    if not (min_silence or min_speech or pad_start or pad_end):
        return np.asarray(decisions, bool)
    result = np.zeros(len(decisions), bool)
    for start, end in speech_segments(decisions, 0.01, 0.5, 0.5, min_silence, min_speech, pad_start, pad_end):
        result[round(start * 100) : round(end * 100)] = True
    return result


def speech_share(decisions):
    """The part of the frames that is speech, and the number of stretches."""
    decisions = np.asarray(decisions) > 0.5
    return (float(decisions.mean()) if len(decisions) else 0.0), len(runs(decisions))
