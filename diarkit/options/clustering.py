"""How many speakers, what clusterings take, and agglomerative clustering."""

from dataclasses import dataclass
from typing import NamedTuple

from diarkit.errors import DataError, UsageError
from diarkit.options.tunables import tunable


class Bounds(NamedTuple):
    """The least and the greatest number of speakers of one recording; both are the number where it is given."""

    low: int
    high: int

    @property
    def exact(self):
        """The number of speakers where there is no choice, or None."""
        return self.low if self.low == self.high else None

    def nearest(self, number):
        """The number of speakers that is allowed and closest to `number`."""
        return min(max(number, self.low), self.high)


@dataclass(frozen=True)
class SpeakersOptions:
    num_speakers: int | None = tunable(None, "Find exactly this many speakers, or one a segment if those are fewer.")
    min_speakers: int | None = tunable(None, "Find at least this many.")
    max_speakers: int | None = tunable(None, "Find at most this many.")
    reco2num_spk: str = tunable(
        "", "The number of speakers of each recording: lines <recording> <number>.", "rspecifier", "",
        names=("reco2num-spk-rspecifier",))
    auto: bool = tunable(
        False, "Choose the number by the method's own criterion, which is what happens where neither --threshold nor a "
        "number of speakers is given.")
    segments: str = tunable(
        "", "Lines <segment> <recording> <start> <end>: where the times are known, there are no ghosts, see "
        "--ghost-share.", "FILE")
    ghost_share: float = tunable(
        0.02, "Speakers with less than this part of the speech of the recording are ghosts, whose segments go to the "
        "others,", "", "noScribe")
    ghost_turn: float = tunable(2.0, "if they have no stretch of speech as long as this, either.", "s", "noScribe")

    def check(self, threshold=None):
        """Raise UsageError for numbers that cannot be, and for what contradicts itself."""
        for name in ("num_speakers", "min_speakers", "max_speakers"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise UsageError(f"--{name.replace('_', '-')} must be at least 1")
        low, high = self.min_speakers or 1, self.max_speakers or 10**9
        if low > high:
            raise UsageError(f"--min-speakers {low} is more than --max-speakers {high}")
        if self.num_speakers and not low <= self.num_speakers <= high:
            raise UsageError(f"--num-speakers {self.num_speakers} is not within --min-speakers and --max-speakers")
        if self.auto and (threshold is not None or self.num_speakers or self.reco2num_spk):
            raise UsageError("--auto chooses the number of speakers: give no --threshold or number of speakers with it")
        if self.num_speakers and self.reco2num_spk:
            raise UsageError("--num-speakers and --reco2num-spk: give one of them")
        if not 0 <= self.ghost_share <= 1:
            raise UsageError(f"--ghost-share={self.ghost_share:g} is not between 0 and 1")
        if not self.ghost_turn >= 0:
            raise UsageError(f"--ghost-turn={self.ghost_turn:g} is negative")

    def bounds(self, n, number=None):
        """The Bounds for a recording of n >= 1 segments; `number` is what --reco2num-spk says of it.

        Raises DataError where that is not within --min-speakers and --max-speakers.
        """
        if number is not None and not (self.min_speakers or 1) <= number <= (self.max_speakers or number):
            raise DataError(f"--reco2num-spk says {number} speakers, not within --min-speakers and --max-speakers")
        number = self.num_speakers if number is None else number
        if number is not None:
            return Bounds(min(number, n), min(number, n))
        return Bounds(min(self.min_speakers or 1, n), min(self.max_speakers or n, n))


@dataclass(frozen=True)
class SourceOptions:
    vectors: bool = tunable(
        False, "The first argument has a vector for every segment, not a matrix of scores for every recording.")
    plda: str = tunable(
        "", "Compare vectors by the log likelihood ratio of this PLDA model, in place of their cosine.", "FILE")
    target_energy: float = tunable(
        0.1, "Compare them by the principal components of the recording that hold more than this part of its variance, "
        "and one more, as score-plda does; from 0.998 on by all dimensions. For --plda.", "", "Kaldi's score_plda.sh")

    def __post_init__(self):
        if not 0 <= self.target_energy <= 1:
            raise UsageError(f"--target-energy={self.target_energy:g} is not between 0 and 1")


@dataclass(frozen=True)
class VectorSourceOptions(SourceOptions):
    """Of clusterers that know vectors only; --vectors is there so that one command line serves all clusterers."""

    vectors: bool = tunable(True, "The first argument has a vector for every segment: always so here.")

    def __post_init__(self):
        super().__post_init__()
        if not self.vectors:
            raise UsageError("--vectors=false: there is no clustering of scores here")


@dataclass(frozen=True)
class CosineOptions:
    subtract_mean: bool = tunable(
        False, "Subtract the mean of the recording's vectors first.", "", "Kaldi score_cossim.sh: true")
    dot_product: bool = tunable(
        False, "The plain product of vectors as they are, not divided by their lengths.", "",
        "Kaldi ivector-compute-dot-products")


@dataclass(frozen=True)
class AhcOptions:
    """Bounds of the calibrated threshold are for cosines of CAM++ (RESULTS.md); models carry their own."""

    threshold: float | None = tunable(
        None, "Merge clusters while their similarity is at least this; default: calibrated for each recording.",
        "unit of the scores", "Kaldi: 0")
    linkage: str = tunable(
        "average", "Similarity of clusters: mean, lowest or highest of their pairs.", "", "Kaldi: average",
        ("average", "complete", "single"))
    min_threshold: float = tunable(0.28, "Lower bound of the calibrated threshold.", "cosine", "RESULTS.md")
    max_threshold: float = tunable(0.45, "Upper bound of the calibrated threshold.", "cosine", "RESULTS.md")
    margin: float = tunable(
        0.06, "Subtracted from the crossing point of the calibration, whole for up to 64 segments, then falling as "
        "their number grows.", "cosine", "RESULTS.md")
    apart_below: float = tunable(
        0.7, "Two clusters are two speakers up to the upper bound, too, if the cosine of their means, freed of noise, "
        "is below this", "cosine", "RESULTS.md")
    apart_share: float = tunable(0.2, "and each has at least this part of the segments.", "", "RESULTS.md")
    alike_above: float = tunable(
        0.8, "Two clusters are one speaker if the cosine of their means, freed of noise, is above this.", "cosine",
        "RESULTS.md")
    min_cluster_size: int | None = tunable(
        None, "Give the segments of smaller clusters to the others; default a third of the root of the number of "
        "segments, at least 3 (2 of fewer than 12). Only where --refine holds.", "segments")
    reassign: int = tunable(2, "Times that segments may move to the most similar speaker. Only where --refine holds.")
    refine: bool | None = tunable(
        None, "Dissolve clusters that are too small to be a speaker and let segments move; if not, the plain tree is "
        "cut, as Kaldi does. Default: where neither --threshold nor the number of speakers is given.")

    def __post_init__(self):
        if self.reassign < 0:
            raise UsageError(f"--reassign={self.reassign} is negative")
        if self.min_cluster_size is not None and self.min_cluster_size < 1:
            raise UsageError(f"--min-cluster-size={self.min_cluster_size} must be at least 1")
        if self.min_threshold > self.max_threshold:
            raise UsageError(f"--min-threshold={self.min_threshold:g} is above --max-threshold={self.max_threshold:g}")
        if not 0 <= self.apart_share <= 1:
            raise UsageError(f"--apart-share={self.apart_share:g} is not between 0 and 1")


@dataclass(frozen=True)
class KaldiAhcOptions:
    """What Kaldi's agglomerative-cluster knows beside a threshold and a number."""

    read_costs: bool = tunable(
        False, "The matrices, and --threshold, are costs, which are low where segments are similar.", "", "Kaldi")
    max_spk_fraction: float = tunable(
        1.0, "No cluster has more than this part of the segments, where the number of speakers is given and not below "
        "one over it; there may then be more clusters than asked for.", "", "Kaldi")
    first_pass_max_utterances: int = tunable(
        32767, "Where there are more segments, cluster them in runs of at most this many, then the clusters; for "
        "matrices of scores.", "segments", "Kaldi")

    def __post_init__(self):
        if not 0 < self.max_spk_fraction <= 1:
            raise UsageError(f"--max-spk-fraction={self.max_spk_fraction:g} is not above 0 and at most 1")
        if self.first_pass_max_utterances < 1:
            raise UsageError(f"--first-pass-max-utterances={self.first_pass_max_utterances} must be at least 1")
