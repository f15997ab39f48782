"""Calibration of scores, and their normalisation by a cohort."""

from dataclasses import dataclass

from diarkit.errors import UsageError
from diarkit.options.tunables import tunable


@dataclass(frozen=True)
class CalibrationOptions:
    prior: float = tunable(
        0.5, "Probability of a target that errors are weighted for, whatever the share of targets among the scores.",
        "", "Bruemmer, FoCal: 0.5")
    ridge: float = tunable(
        1e-6, "Penalty on the squares of the weights, of scores of deviation one: keeps them finite where the scores "
        "separate targets and nontargets altogether.")

    def __post_init__(self):
        if not 0 < self.prior < 1:
            raise UsageError(f"--prior={self.prior:g} is not between 0 and 1")
        if not self.ridge > 0:
            raise UsageError(f"--ridge={self.ridge:g} is not greater than 0")


@dataclass(frozen=True)
class PairsOptions:
    """Which pairs of segments of a score matrix a calibration looks at."""

    spk2utt: str = tunable(
        "", "SCORES are tables of score matrices by recording, and these are the segments of their rows: lines "
        "<recording> <segment> <segment> ...", "FILE")
    segments: str = tunable(
        "", "KEY is the RTTM of a reference, and these are the times of the segments: lines <segment> <recording> "
        "<start> <end>.", "FILE")
    min_share: float = tunable(
        0.5, "With --segments: leave out segments of which no speaker talks in this part at least.")
    max_pairs: int = tunable(
        1_000_000, "Look at this many pairs of a recording at most, evenly spread.", "pairs")

    def __post_init__(self):
        if self.segments and not self.spk2utt:
            raise UsageError("--segments is for score matrices: give --spk2utt with it")
        if self.max_pairs < 1:
            raise UsageError(f"--max-pairs={self.max_pairs} is not greater than 0")


@dataclass(frozen=True)
class NormOptions:
    cohort: str = tunable(
        "", "Normalise scores by those against these vectors, of other speakers than are compared.", "rspecifier")
    norm: str = tunable(
        "s", "Which side of a pair is compared with the cohort: the first (z), the second (t), or both (s), the mean "
        "of the two results.", "", "Matejka et al. 2017, adaptive with --top-n", ("s", "z", "t"))
    top_n: int = tunable(
        200, "Take of the scores of a vector against the cohort the highest so many; 0 for all.", "scores",
        "Matejka et al. 2017: 200 to 400")

    def __post_init__(self):
        if self.top_n < 0 or self.top_n == 1:
            raise UsageError(f"--top-n={self.top_n}: a deviation needs two scores at least, and 0 takes all")

    def check(self, given):
        """Raise UsageError where options of these names were given, and no cohort that they are about."""
        if given and not self.cohort:
            raise UsageError(f"{given[0]} has no meaning without --cohort")
