"""Segments cut into windows."""

from dataclasses import dataclass

from diarkit.options.tunables import tunable


@dataclass(frozen=True)
class SubsegmentOptions:
    window: float = tunable(
        1.5, "Length of a window.", "s", "Kaldi callhome_diarization", names=("max-segment-duration",))
    period: float = tunable(0.75, "From one window to the next.", "s", "Kaldi callhome_diarization")
    min_segment: float = tunable(
        0.5, "Move the last window back if it would be shorter than this.", "s", "Kaldi callhome_diarization",
        names=("max-remaining-duration",))


@dataclass(frozen=True)
class SubsegmentFileOptions:
    overlap_duration: float | None = tunable(
        None, "Length of what two windows share, in place of --period.", "s", "Kaldi get_uniform_subsegments.py")
    constant_duration: bool = tunable(
        True, "Make the last window as long as the others; if false, add to it what is left, up to --min-segment.", "",
        "Kaldi callhome_diarization")
    hard_min: bool = tunable(
        False, "Drop windows shorter than --min-segment.", "", "Kaldi callhome_diarization, for training PLDA")
    exact_names: bool = tunable(False, "Round the hundredths in names; Kaldi cuts them off in all but the last window.")
    relative: bool = tunable(
        False, "Write the segment, and times from its start, in place of the recording.", "",
        "Kaldi get_uniform_subsegments.py")
