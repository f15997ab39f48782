"""Mixtures of Gaussians as background models (UBM): training, selection of Gaussians, posteriors."""

from dataclasses import dataclass

from diarkit.errors import UsageError
from diarkit.options.tunables import tunable

INIT = "Kaldi gmm-global-init-from-feats"
SCRIPT = "Kaldi's train_diag_ubm.sh"
FULL_SCRIPT = "Kaldi's train_full_ubm.sh"


def require(condition, message):
    if not condition:
        raise UsageError(message)


@dataclass(frozen=True)
class UbmInitOptions:
    """The first model, of frames that are kept in memory."""

    num_gauss: int = tunable(512, "Gaussians of the mixture.", "", INIT)
    num_gauss_init: int = tunable(
        0, "Begin with so many, and split them in the first half of the iterations. 0: the part of all that "
        "--initial-gauss-proportion says.", "", INIT)
    initial_gauss_proportion: float = tunable(0.5, "The part of them to begin with, above 0 to 1.", "", SCRIPT)
    num_init_iters: int = tunable(
        20, "Iterations over these frames.", "", SCRIPT, names=("num-iters-init",))
    num_frames: int = tunable(500000, "Frames to keep, drawn by chance from all.", "", SCRIPT)
    seed: int = tunable(0, "Of all that is drawn by chance.", names=("srand",))

    def __post_init__(self):
        require(self.num_gauss >= 1, f"--num-gauss={self.num_gauss} must be at least 1")
        require(self.num_gauss_init >= 0, f"--num-gauss-init={self.num_gauss_init} is negative")
        require(0 < self.initial_gauss_proportion <= 1,
                f"--initial-gauss-proportion={self.initial_gauss_proportion:g} is not above 0 and at most 1")
        require(self.num_init_iters >= 0, f"--num-init-iters={self.num_init_iters} is negative")
        require(self.num_init_iters >= 2 or self.first_number() == self.num_gauss,
                "Gaussians are split after iterations: --num-init-iters must be at least 2, or all be there at first")
        require(self.num_frames >= 1, f"--num-frames={self.num_frames} must be at least 1")
        require(self.seed >= 0, f"--seed={self.seed} is negative")

    def first_number(self):
        """The number of Gaussians to begin with."""
        return min(self.num_gauss_init or max(int(self.num_gauss * self.initial_gauss_proportion), 1), self.num_gauss)


@dataclass(frozen=True)
class UbmUpdateOptions:
    """Kaldi's MleDiagGmmOptions and MleFullGmmOptions."""

    min_gaussian_weight: float = tunable(
        1e-4, "A Gaussian of less weight has too few frames: it is removed, or left as it is.", "", SCRIPT)
    min_gaussian_occupancy: float | None = tunable(
        None, "So has one that fewer frames are of. Default 10, or 100 with full covariances.", "frames", "Kaldi")
    min_variance: float = tunable(
        0.001, "The least variance or, with full covariances, eigenvalue of one.", "", "Kaldi",
        names=("variance-floor",))
    max_condition: float = tunable(
        1e4, "Eigenvalues of a full covariance are at least the largest divided by this.", "", "Kaldi")

    def __post_init__(self):
        require(0 <= self.min_gaussian_weight < 1,
                f"--min-gaussian-weight={self.min_gaussian_weight:g} is not from 0 to below 1")
        require(self.min_gaussian_occupancy is None or self.min_gaussian_occupancy >= 0,
                f"--min-gaussian-occupancy={self.min_gaussian_occupancy} is negative")
        require(self.min_variance > 0, f"--min-variance={self.min_variance:g} must be above 0")
        require(self.max_condition >= 1, f"--max-condition={self.max_condition:g} must be at least 1")


@dataclass(frozen=True)
class RemovalOptions:
    remove_low_count_gaussians: bool = tunable(
        True, "Remove Gaussians that have too few frames; of several iterations, in the last.", "", "Kaldi")


@dataclass(frozen=True)
class UbmTrainingOptions:
    covariance: str = tunable("diag", "Covariances of the mixture.", choices=("diag", "full"))
    num_em_iters: int = tunable(
        4, "Iterations over all frames; with full covariances as many again after those of a diagonal mixture.", "",
        SCRIPT)
    init: str = tunable(
        "", "Begin with this mixture, a file, instead of one from frames drawn by chance; for full covariances a full "
        "one, or a diagonal one that is trained already.", "FILE")
    subsample: int = tunable(
        1, "Take every so many frames only in the iterations over all.", "frames", "Kaldi's 2 and, for full, 5")

    def __post_init__(self):
        require(self.num_em_iters >= 0, f"--num-em-iters={self.num_em_iters} is negative")
        require(self.subsample >= 1, f"--subsample={self.subsample} must be at least 1")

    def stages(self, begins_full):
        """Whether covariances are full, of the stages of training, in their order."""
        require(not begins_full or self.covariance == "full", f"{self.init} is full: --covariance=full")
        if self.covariance == "diag":
            return (False,)
        return (True,) if self.init else (False, True)


@dataclass(frozen=True)
class KaldiInitOptions:
    num_threads: int = tunable(1, "Taken and not used: one thread is enough.", "", INIT)


@dataclass(frozen=True)
class SelectionOptions:
    num_gselect: int = tunable(
        20, "Gaussians that a frame may belong to: those that most likely made it, by variances alone. 0: all.", "",
        FULL_SCRIPT, names=("n",))

    def __post_init__(self):
        require(self.num_gselect >= 0, f"--num-gselect={self.num_gselect} is negative")


@dataclass(frozen=True)
class GselectOptions:
    gselect: str = tunable(
        "", "Take the Gaussians of every frame from this table instead, see select-gaussians.", "rspecifier", "Kaldi")


@dataclass(frozen=True)
class KaldiRangesOptions:
    kaldi_ranges: bool = tunable(
        False, "Repeat a fault of Kaldi's with --gselect and a diagonal mixture: where the last number of a frame's "
        "Gaussians less the first is their count less one, likelihoods of the range between are taken for theirs.", "",
        "Kaldi gmm-global-acc-stats")


@dataclass(frozen=True)
class SumsFormOptions:
    form: str = tunable(
        "exact", "How sums are written: exact, so that they are the same however the frames are cut into jobs, or as "
        "Kaldi has them. Both are read.", choices=("exact", "kaldi"))


@dataclass(frozen=True)
class PruningOptions:
    min_post: float = tunable(
        0.025, "Leave out posteriors of a frame below this, and scale the others to a sum of 1.", "",
        "Kaldi's scripts for i-vectors")

    def __post_init__(self):
        require(0 <= self.min_post < 1, f"--min-post={self.min_post:g} is not from 0 to below 1")


@dataclass(frozen=True)
class CopyUbmOptions:
    covariance: str = tunable(
        "same", "Covariances of the copy: as they are; the variances alone, as Kaldi's fgmm-global-to-gmm; or full "
        "ones, as gmm-global-to-fgmm.", choices=("same", "diag", "full"))


@dataclass(frozen=True)
class LikelihoodOptions:
    average: bool = tunable(
        False, "Write one number an utterance, the log likelihood a frame.", "", "Kaldi gmm-global-get-frame-likes")


@dataclass(frozen=True)
class GselectLikelihoodOptions:
    write_likes: str = tunable(
        "", "Write the log likelihood of each utterance there, of the selected Gaussians, a table of numbers.",
        "wspecifier", "Kaldi gmm-gselect")
