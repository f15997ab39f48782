"""PLDA models: training, adaptation and scores."""

from dataclasses import dataclass

from diarkit.errors import UsageError
from diarkit.options.tunables import tunable


@dataclass(frozen=True)
class PldaOptions:
    num_em_iters: int = tunable(10, "Iterations of expectation and maximisation.", "", "Kaldi ivector-compute-plda")
    num_factors: int = tunable(
        0, "Speakers differ along this many dimensions only: x = m + F y + e with as many factors y. 0: along all, by "
        "Kaldi's two-covariance training.", "", "Prince and Elder 2007")

    def __post_init__(self):
        if self.num_em_iters < 1:
            raise UsageError(f"--num-em-iters={self.num_em_iters} must be at least 1")
        if self.num_factors < 0:
            raise UsageError(f"--num-factors={self.num_factors} is negative")


@dataclass(frozen=True)
class BinaryOptions:
    binary: bool = tunable(True, "Write the model in binary, not as text.", "", "Kaldi")


@dataclass(frozen=True)
class SmoothingOptions:
    smoothing: float = tunable(
        0.0, "Add this part of the covariance between speakers, 0 to 1, to the one within: for a model that has seen "
        "few vectors a speaker.", "", "Kaldi ivector-copy-plda")

    def __post_init__(self):
        if not 0 <= self.smoothing <= 1:
            raise UsageError(f"--smoothing={self.smoothing:g} is not between 0 and 1")


@dataclass(frozen=True)
class AdaptationOptions:
    """Kaldi's ivector-adapt-plda."""

    within_covar_scale: float = tunable(
        0.3, "The part of variance beyond the model's that goes to the covariance within speakers,", "", "Kaldi")
    between_covar_scale: float = tunable(0.7, "and the part that goes to the one between them.", "", "Kaldi")
    mean_diff_scale: float = tunable(
        1.0, "How much of the way from the model's mean to the vectors' counts as variance.", "", "Kaldi")

    def __post_init__(self):
        for name, value in vars(self).items():
            if value < 0:
                raise UsageError(f"--{name.replace('_', '-')}={value:g} is negative")


@dataclass(frozen=True)
class LengthOptions:
    """What Kaldi's PldaConfig knows."""

    normalize_length: bool = tunable(
        True, "Scale vectors so that they are as long as the model expects them to be.", "", "Kaldi")
    simple_length_normalization: bool = tunable(
        False, "Scale them to the root of their number of dimensions instead.", "", "Kaldi")


@dataclass(frozen=True)
class ProjectionOptions:
    """The principal components of each recording that vectors and model are projected to before they are scored."""

    target_energy: float = tunable(
        0.1, "Keep the principal components of each recording that hold more than this part of its variance, and one "
        "more; from 0.998 on, all dimensions.", "", "Kaldi's score_plda.sh")
    exact_energy: bool = tunable(
        False, "Keep as many as hold that part of the variance, and not Kaldi's one more.")
    min_dim: int = tunable(1, "Keep at least this many, if there are so many.")
    warn_below: int = tunable(
        20, "Say how many recordings have fewer segments than this, too few for components of their own.", "segments",
        "kaldi issue 4139")

    def __post_init__(self):
        if not 0 <= self.target_energy <= 1:
            raise UsageError(f"--target-energy={self.target_energy:g} is not between 0 and 1")
        if self.min_dim < 1:
            raise UsageError(f"--min-dim={self.min_dim} must be at least 1")
        if self.warn_below < 0:
            raise UsageError(f"--warn-below={self.warn_below} is negative")

    @property
    def keeps_all(self):
        """Whether nothing is projected: Kaldi compares with 1 by a tolerance of 0.001 of both."""
        return abs(1 - self.target_energy) <= 0.001 * (1 + self.target_energy)


@dataclass(frozen=True)
class TrialOptions:
    num_utts: str = tunable(
        "", "Of how many vectors each of TRAIN is the mean: lines <train> <number>. Default: of one.", "rspecifier",
        "Kaldi ivector-plda-scoring")
