"""Speech activity, and segments made from it."""

from dataclasses import dataclass

from diarkit.options.tunables import tunable


@dataclass(frozen=True)
class VadOptions:
    method: str = tunable("silero", "Whose decision; diarize calls it --vad.", choices=("energy", "webrtc", "silero"))
    threshold: float | None = tunable(
        None, "Speech begins here: log energy (default 5.0) or Silero's probability (default 0.2).", "",
        "Kaldi compute-vad; RESULTS.md", names=("vad-energy-threshold",))
    offset_ratio: float = tunable(0.7, "Silero: speech ends below this part of the threshold.", "", "RESULTS.md")
    extend: float = tunable(
        0.2, "Silero: make speech longer at each end by up to this while it is loud.", "s", "RESULTS.md")
    above_background: float = tunable(6.0, "Silero: loud is this much above the background.", "dB", "RESULTS.md")
    below_speech: float = tunable(35.0, "Silero: and no more than this below the speech.", "dB", "RESULTS.md")
    energy_mean_scale: float = tunable(
        0.5, "Energy: the mean log energy of the recording times this is added to the threshold.", "",
        "Kaldi compute-vad", names=("vad-energy-mean-scale",))
    frames_context: int = tunable(
        0, "Energy: frames on each side that vote.", "", "Kaldi compute-vad", names=("vad-frames-context",))
    proportion_threshold: float = tunable(
        0.6, "Energy: the part of them that has to be loud.", "", "Kaldi compute-vad",
        names=("vad-proportion-threshold",))
    webrtc_mode: int = tunable(2, "WebRTC: 0 lets much through, 3 little.", "0 to 3")


@dataclass(frozen=True)
class SegmentOptions:
    frame_shift: float = tunable(0.01, "From one decision to the next.", "s")
    min_silence: float = tunable(0.3, "Fill shorter silences.", "s", "RESULTS.md")
    min_speech: float = tunable(0.1, "Drop shorter speech, after that.", "s", "RESULTS.md")
    pad_start: float = tunable(0.01, "Begin segments earlier by this.", "s", "RESULTS.md")
    pad_end: float = tunable(0.0, "End segments later by this.", "s", "RESULTS.md")
    max_segment_length: float = tunable(0.0, "Cut longer segments into equal parts; 0 is never.", "s")
