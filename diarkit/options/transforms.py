"""What is done to features between extraction and use: normalisation, context, selection of frames."""

from dataclasses import dataclass

from diarkit.errors import UsageError
from diarkit.options.tunables import tunable

SLIDING = "Kaldi apply-cmvn-sliding"
SEGMENTS = "Kaldi extract-feature-segments"


def require(condition, message):
    if not condition:
        raise UsageError(message)


@dataclass(frozen=True)
class SlidingCmvnOptions:
    cmn_window: int = tunable(600, "Length of the window.", "frames", SLIDING)
    min_cmn_window: int = tunable(
        100, "Its least length at the start, where it then looks ahead; without --center only.", "frames", SLIDING)
    center: bool = tunable(False, "Around the frame, and whole at the ends; else of frames before it.", "", SLIDING)
    norm_vars: bool = tunable(False, "Divide by the standard deviation as well.", "", SLIDING)
    max_warnings: int = tunable(
        5, "Say of this many recordings that variances were floored; -1 says it of all.", "", SLIDING)

    def __post_init__(self):
        require(self.cmn_window > 0, f"--cmn-window must be at least 1, {self.cmn_window} is not")


@dataclass(frozen=True)
class CmvnStatsOptions:
    spk2utt: str = tunable("", "One set of sums for each speaker of this list.", "spk2utt", "Kaldi compute-cmvn-stats")
    weights: str = tunable("", "Table of vectors, a weight for each frame.", "rspecifier", "Kaldi compute-cmvn-stats")
    binary: bool = tunable(True, "Of a single file of sums: binary, not text.", "", "Kaldi compute-cmvn-stats")


@dataclass(frozen=True)
class CmvnOptions:
    utt2spk: str = tunable("", "Take the sums of the speaker that this list names.", "utt2spk", "Kaldi apply-cmvn")
    norm_means: bool = tunable(True, "Subtract the mean; if not, nothing is changed.", "", "Kaldi apply-cmvn")
    norm_vars: bool = tunable(False, "Divide by the standard deviation.", "", "Kaldi apply-cmvn")
    reverse: bool = tunable(False, "Give features of mean 0 these means, and variances.", "", "Kaldi apply-cmvn")
    skip_dims: str = tunable("", "Columns to leave as they are, counted from 0.", "13:14:15", "Kaldi apply-cmvn")

    def __post_init__(self):
        require(self.norm_means or not self.norm_vars, "--norm-vars needs --norm-means")
        words = self.skip_dims.split(":") if self.skip_dims else []
        require(all(word.isascii() and word.isdigit() for word in words),
                f"--skip-dims is a list such as 13:14:15, not '{self.skip_dims}'")


@dataclass(frozen=True)
class DeltaOptions:
    delta_order: int = tunable(2, "How often the differences are taken.", "", "Kaldi add-deltas")
    delta_window: int = tunable(2, "Frames on each side of a difference.", "frames", "Kaldi add-deltas")
    truncate: int = tunable(0, "Use the first columns only, this many; 0 is all.", "columns", "Kaldi add-deltas")

    def __post_init__(self):
        require(0 <= self.delta_order < 1000, f"--delta-order must be 0 to 999, {self.delta_order} is not")
        require(0 < self.delta_window < 1000, f"--delta-window must be 1 to 999, {self.delta_window} is not")
        require(self.truncate >= 0, f"--truncate must not be negative, {self.truncate} is")


@dataclass(frozen=True)
class SpliceOptions:
    left_context: int = tunable(4, "Frames before.", "frames", "Kaldi splice-feats")
    right_context: int = tunable(4, "Frames after.", "frames", "Kaldi splice-feats")

    def __post_init__(self):
        require(min(self.left_context, self.right_context) >= 0, "--left-context and --right-context: not negative")


@dataclass(frozen=True)
class SubsampleOptions:
    n: int = tunable(1, "Take every N-th frame; if negative, take each -N times.", "frames", "Kaldi subsample-feats")
    offset: int = tunable(0, "The first frame to take.", "frames", "Kaldi subsample-feats")

    def __post_init__(self):
        require(self.n != 0, "--n must not be 0")
        require(self.offset >= 0, f"--offset must not be negative, {self.offset} is")
        require(self.n > 0 or self.offset == 0, "--offset does not go with a negative --n")


@dataclass(frozen=True)
class FeatureSegmentOptions:
    min_segment_length: float = tunable(0.1, "Refuse segments that are not longer.", "s", SEGMENTS)
    max_overshoot: float = tunable(
        0.0, "Cut segments that end later than the features by less than this; refuse others.", "s", SEGMENTS)
    frame_shift: float = tunable(10.0, "From one frame to the next.", "ms", SEGMENTS)
    frame_length: float = tunable(25.0, "Length of a frame; with --snip-edges only.", "ms", SEGMENTS)
    snip_edges: bool = tunable(True, "Leave out the frames that reach past the end of the segment.", "", SEGMENTS)

    def __post_init__(self):
        require(self.frame_shift > 0, f"--frame-shift must be more than 0, {self.frame_shift:g} is not")
