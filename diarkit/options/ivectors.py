"""I-vectors: training of the extractor, and extraction."""

from dataclasses import dataclass

from diarkit.errors import UsageError
from diarkit.options.tunables import tunable


@dataclass(frozen=True)
class IvectorInitOptions:
    ivector_dim: int = tunable(100, "Dimensions of i-vectors.", "", "Kaldi's train_ivector_extractor.sh")
    seed: int = tunable(0, "Of the directions that the training begins with.")
    use_weights: bool = tunable(
        False, "Let the weights of Gaussians depend on the i-vector as well, as Kaldi's recipes do not: is refused.")

    def __post_init__(self):
        if self.ivector_dim < 1:
            raise UsageError(f"--ivector-dim={self.ivector_dim} must be at least 1")
        if self.seed < 0:
            raise UsageError(f"--seed={self.seed} is negative")
        if self.use_weights:
            raise UsageError("weights that depend on the i-vector are not there: --use-weights=false")


@dataclass(frozen=True)
class IvectorSumOptions:
    """Kaldi's IvectorExtractorStatsOptions."""

    update_variances: bool = tunable(True, "Sum what it takes to train covariances as well.", "", "Kaldi")
    block_size: int = tunable(
        128, "Utterances that are worked on at once. The sums are the same for any number of jobs if the list is cut "
        "between such blocks.")

    def __post_init__(self):
        if self.block_size < 1:
            raise UsageError(f"--block-size={self.block_size} must be at least 1")


@dataclass(frozen=True)
class IvectorUpdateOptions:
    """Kaldi's IvectorExtractorEstimationOptions."""

    variance_floor_factor: float = tunable(
        0.1, "Covariances are at least this part of their mean over all Gaussians.", "", "Kaldi")
    gaussian_min_count: float = tunable(
        100.0, "Gaussians that fewer frames are of are not trained.", "frames", "Kaldi")
    diagonalize: bool = tunable(
        True, "Turn i-vectors so that what a frame tells of their dimensions is independent on average.", "", "Kaldi")

    def __post_init__(self):
        if not 0 < self.variance_floor_factor <= 1:
            raise UsageError(f"--variance-floor-factor={self.variance_floor_factor:g} is not above 0 and at most 1")
        if not self.gaussian_min_count > 0:
            raise UsageError(f"--gaussian-min-count={self.gaussian_min_count:g} must be above 0")


@dataclass(frozen=True)
class IvectorTrainOptions:
    num_iters: int = tunable(
        5, "Iterations of expectation and maximisation.", "", "Kaldi's train_ivector_extractor.sh")
    posterior_scale: float = tunable(
        1.0, "Scale of posteriors: frames that hang on each other count less.", "", "Kaldi's script")

    def __post_init__(self):
        if self.num_iters < 0:
            raise UsageError(f"--num-iters={self.num_iters} is negative")
        if not self.posterior_scale > 0:
            raise UsageError(f"--posterior-scale={self.posterior_scale:g} must be above 0")


@dataclass(frozen=True)
class IvectorOptions:
    """Kaldi's IvectorEstimationOptions."""

    acoustic_weight: float = tunable(
        1.0, "Scale of posteriors: frames that hang on each other count less.", "", "Kaldi", names=("posterior-scale",))
    max_count: float = tunable(
        0.0, "Windows with more frames than this, scaled, count as if they had so many; 0: never.", "frames", "Kaldi")

    def __post_init__(self):
        if not self.acoustic_weight >= 0:
            raise UsageError(f"--acoustic-weight={self.acoustic_weight:g} is negative")
        if not self.max_count >= 0:
            raise UsageError(f"--max-count={self.max_count:g} is negative")


@dataclass(frozen=True)
class IvectorFilesOptions:
    ubm: str = tunable(
        "", "The background model, full or diagonal; default final.ubm, else final.dubm, beside the extractor.", "FILE")
    spk2utt: str = tunable(
        "", "Write one i-vector a speaker, of all that this list has of it: <speaker> <window> <window> ...", "FILE",
        "Kaldi")
    frame_shift: float = tunable(10.0, "From one frame to the next.", "ms", "Kaldi")

    def __post_init__(self):
        if not self.frame_shift > 0:
            raise UsageError(f"--frame-shift={self.frame_shift:g} must be above 0")


@dataclass(frozen=True)
class KaldiIvectorOptions:
    """What Kaldi's command lines have and means nothing here."""

    num_threads: int = tunable(1, "Taken and not used: one thread is enough.")
    num_samples_for_weights: int = tunable(10, "Taken and not used: weights do not depend on i-vectors.")
    cache_size: int = tunable(100, "Taken and not used.")
    compute_auxf: bool = tunable(True, "Taken and not used.", names=("compute-objf-change",))
    parallel: bool = tunable(False, "Taken and not used: what is added up is read one after the other.")
