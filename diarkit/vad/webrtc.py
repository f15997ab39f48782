"""Speech activity by WebRTC's detector, and what all detectors that take signals share: how many frames there are."""

import numpy as np

from diarkit.errors import DataError
from diarkit.vad.energy import energy_decisions

FRAMES_PER_SECOND = 100
RATES = (8000, 16000, 32000, 48000)  # Hz


def num_frames(signal):
    """Frames of 10 ms in a signal, as Frames.count without snip_edges has them."""
    shift = signal.sample_frequency // FRAMES_PER_SECOND
    return (signal.num_samples + shift // 2) // shift


def webrtc_decisions(signal, mode=2, smoothing=11):
    """WebRTC's detector on frames of 10 ms, and a majority vote of `smoothing` frames (odd); (T,) bool.

    `signal` has one of WebRTC's rates, 8, 16, 32 or 48 kHz; `mode` 0 (lets much through) to 3 (little). Half of the
    votes, at the ends of the recording, are speech.
    """
    import webrtcvad

    rate = signal.sample_frequency
    if rate not in RATES:
        raise DataError(f"WebRTC's detector does not know {rate} Hz")
    detector = webrtcvad.Vad(mode)
    length = rate // FRAMES_PER_SECOND
    total = num_frames(signal)
    voiced = np.zeros(total, bool)
    for t in range(total):
        samples = np.clip(np.rint(signal.read(t * length, (t + 1) * length)), -32768, 32767)
        voiced[t] = detector.is_speech(samples.astype("<i2").tobytes(), rate)
    return energy_decisions(voiced, threshold=0.5, mean_scale=0, context=smoothing // 2, proportion=0.5)
