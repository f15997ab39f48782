"""Segments cut into windows."""

from dataclasses import dataclass

from diarkit.options.tunables import tunable


@dataclass(frozen=True)
class SubsegmentOptions:
    window: float = tunable(
        1.5, "Length of a window.", "s", "Kaldi callhome_diarization", names=("max-segment-duration",))
    period: float = tunable(0.75, "From one window to the next.", "s", "Kaldi callhome_diarization")
    min_segment: float = tunable(
        0.5, "Move the last window back if it would be shorter than this.", "s", "Kaldi callhome_diarization")
