"""Options of the clusterings by variational Bayes."""

from dataclasses import dataclass, replace

from diarkit.errors import UsageError
from diarkit.options.tunables import tunable

# With a PLDA model, as published for AMI with ResNet101 x-vectors every 0.24 s (BUTSpeechFIT/VBx, Landini et al. 2022).
PUBLISHED = {"threshold": -0.015, "fa": 0.3, "fb": 17.0, "loop_probability": 0.99}
# Without: chosen on real conversations with CAM++ every 0.75 s, in the middle of what does equally well.
SPHERICAL = {"fa": 0.4, "fb": 1.0, "loop_probability": 0.6}


def filled(opts, defaults):
    """Options with these defaults for what is None, checked."""
    found = replace(opts, **{name: value for name, value in defaults.items() if getattr(opts, name) is None})
    found.check()
    return found


@dataclass(frozen=True)
class VbxOptions:
    """None is what fits the model, see with_defaults."""

    threshold: float | None = tunable(
        None, "Of the clusters to begin with: added to the calibrated cosine at which merging stops; default -0.015, "
        "and without --plda the clusters of cluster-ahc.", "cosine", "VBx")
    fa: float | None = tunable(
        None, "Weight of the vectors: the less, the more windows overlap; default 0.3, without --plda 0.4.", "", "VBx")
    fb: float | None = tunable(
        None, "Weight of what is believed before: the higher, the fewer speakers; default 17, without --plda 1.", "",
        "VBx")
    loop_probability: float | None = tunable(
        None, "Probability that a speaker goes on in the next window; default 0.99, without --plda 0.6.", "", "VBx",
        names=("loop-prob",))
    init_smoothing: float = tunable(
        5.0, "Certainty of the labels to begin with: the log odds of the label's speaker to each other.", "", "VBx")
    lda_dim: int = tunable(128, "Dimensions of the PLDA space that are used, 0 for all.", "", "VBx")
    max_iters: int = tunable(40, "Iterations at most.", "", "VBx")
    epsilon: float = tunable(1e-6, "Stop when the evidence lower bound gains less than this.", "nats", "VBx")

    def with_defaults(self, plda):
        """These options with defaults for what is None, `plda` being whether there is a PLDA model.

        Raises UsageError for numbers that cannot be.
        """
        return filled(self, PUBLISHED if plda else SPHERICAL)

    def check(self):
        if not self.fa > 0 or not self.fb > 0:
            raise UsageError("--fa and --fb must be above 0")
        if not 0 <= self.loop_probability < 1:
            raise UsageError("--loop-probability must be at least 0 and less than 1")
        if self.max_iters < 1 or self.lda_dim < 0 or self.init_smoothing < 0:
            raise UsageError("--max-iters must be at least 1, --lda-dim and --init-smoothing at least 0")


@dataclass(frozen=True)
class VbxFilesOptions:
    init: str = tunable(
        "", "Begin with these labels, lines <segment> <label>, in place of agglomerative clusters.", "FILE")
    elbo: str = tunable("", "Write the bound after each iteration: lines <recording> <iteration> <nats>.", "FILE")
    posteriors: str = tunable(
        "", "Write a matrix (segments, speakers) a recording, how probable each speaker is.", "wspecifier")
    second_labels: str = tunable(
        "", "Write the second most probable speaker of each segment, for where two speak at a time; nothing for "
        "recordings of one speaker.", "FILE")


# With a UBM and an i-vector extractor, as in Kaldi's VB_resegmentation.sh.
KALDI_FRAMES = {"max_iters": 10, "downsample": 25, "loop_probability": 0.9, "stat_scale": 0.2}
# With a UBM of the recording itself: chosen on real conversations with MFCCs that are not normalised.
OWN_FRAMES = {"max_iters": 3, "downsample": 10, "loop_probability": 0.99, "stat_scale": 0.1}
# From and to what the numbers of ResegmentOptions may be: memory grows with some, beyond others all is 0 or infinite.
RANGES = {
    "max_speakers": (1, 1000), "max_iters": (1, 10**6), "downsample": (1, 10**5), "loop_probability": (0, 1 - 1e-9),
    "min_duration": (1, 1000), "stat_scale": (1e-6, 1000), "ll_scale": (1e-6, 1000), "sparsity_threshold": (0, 1),
    "alpha_q_init": (0.1, 1e9), "seed": (0, 10**18), "frame_shift": (0.001, 1e5), "num_gauss": (1, 10**5),
    "relevance": (1e-6, 1e9)}


@dataclass(frozen=True)
class ResegmentOptions:
    """None is what fits the model, see with_defaults."""

    max_speakers: int = tunable(
        10, "With --ubm: speakers to look for, or as many as RTTM has if those are more.", "",
        "Kaldi VB_resegmentation")
    max_iters: int | None = tunable(None, "Iterations at most; default 10, without --ubm 3.", "", "Kaldi")
    downsample: int | None = tunable(
        None, "Frames that have one speaker, the resolution; default 25, without --ubm 10.", "frames", "Kaldi")
    loop_probability: float | None = tunable(
        None, "Probability that a speaker goes on in the next unit of --downsample frames; default 0.9, without --ubm "
        "0.99.", "", "Kaldi", names=("loopprob",))
    min_duration: int = tunable(1, "Least length of a turn.", "units of --downsample frames", "Kaldi",
                                names=("mindur",))
    stat_scale: float | None = tunable(
        None, "Weight of the frames, which are not independent of each other; default 0.2, without --ubm 0.1.", "",
        "Kaldi", names=("statscale",))
    ll_scale: float = tunable(
        1.0, "Scale of log likelihoods of the UBM: less makes it less sure which Gaussian a frame is of.", "",
        "Kaldi", names=("llscale",))
    sparsity_threshold: float = tunable(
        0.001, "Shares of frames in Gaussians below this, after --stat-scale, are taken to be 0.", "", "Kaldi",
        names=("sparsitythr",))
    epsilon: float = tunable(
        1e-6, "Stop when the evidence lower bound gains less than this; with a negative number never before "
        "--max-iters.", "nats", "Kaldi")
    initialize: bool = tunable(True, "Begin with the speakers of RTTM; if not, by chance.", "", "Kaldi")
    alpha_q_init: float = tunable(
        100.0, "Concentration of the Dirichlet distribution from which to begin by chance.", "", "Kaldi",
        names=("alphaqinit",))
    seed: int = tunable(0, "Of what is drawn by chance.")
    frame_shift: float = tunable(10.0, "From one frame to the next.", "ms")
    num_gauss: int = tunable(32, "Without --ubm: Gaussians of the UBM that is fitted to each recording.")
    relevance: float = tunable(
        1.0, "Without --ubm: how many frames a mean of the UBM is worth against those of a speaker, after "
        "--stat-scale.", "frames")

    def with_defaults(self, ubm):
        """These options with defaults for what is None, `ubm` being whether there is one.

        Raises UsageError for numbers that cannot be.
        """
        return filled(self, KALDI_FRAMES if ubm else OWN_FRAMES)

    def check(self):
        for name, (low, high) in RANGES.items():
            option, value = "--" + name.replace("_", "-"), getattr(self, name)
            if value < low:
                raise UsageError(f"{option}={value:.12g}: it must be at least {low:g}")
            if value > high:
                raise UsageError(f"{option}={value:.12g}: it must be at most {high:.12g}")
        if self.sparsity_threshold >= self.stat_scale:
            raise UsageError(f"--sparsity-threshold={self.sparsity_threshold:g}: it must be less than --stat-scale, "
                            f"{self.stat_scale:g}, or no frame is of any Gaussian")


@dataclass(frozen=True)
class ResegmentFilesOptions:
    ubm: str = tunable("", "Kaldi's file of a universal background model of diagonal covariances.", "FILE")
    extractor: str = tunable("", "Kaldi's file of an i-vector extractor trained with that UBM.", "FILE")
    segments: str = tunable("", "Where there is speech, lines <segment> <recording> <start> <end>; default: where "
                            "RTTM has it.", "FILE")

    def __post_init__(self):
        if bool(self.ubm) != bool(self.extractor):
            raise UsageError("--ubm and --extractor belong together: give both or none")
