"""Options of the clusterings by variational Bayes."""

from dataclasses import dataclass

from diarkit.errors import DataError
from diarkit.options.tunables import tunable


@dataclass(frozen=True)
class VbxOptions:
    """As published for AMI with ResNet101 x-vectors every 0.24 s (BUTSpeechFIT/VBx, Landini et al. 2022)."""

    threshold: float = tunable(
        -0.015, "Of the clusters to begin with: added to the calibrated cosine at which merging stops.", "cosine",
        "VBx")
    fa: float = tunable(0.3, "Weight of the vectors: the less, the more windows overlap.", "", "VBx")
    fb: float = tunable(17.0, "Weight of what is believed before: the higher, the fewer speakers.", "", "VBx")
    loop_probability: float = tunable(
        0.99, "Probability that a speaker goes on in the next window.", "", "VBx", names=("loop-prob",))
    init_smoothing: float = tunable(
        5.0, "Certainty of the labels to begin with: the log odds of the label's speaker to each other.", "", "VBx")
    lda_dim: int = tunable(128, "Dimensions of the PLDA space that are used, 0 for all.", "", "VBx")
    max_iters: int = tunable(40, "Iterations at most.", "", "VBx")
    epsilon: float = tunable(1e-6, "Stop when the evidence lower bound gains less than this.", "nats", "VBx")

    def check(self):
        """Raise DataError for numbers that cannot be."""
        for name, least in (("fa", 0), ("fb", 0)):
            if not getattr(self, name) > least:
                raise DataError(f"--{name} must be above 0")
        if not 0 <= self.loop_probability < 1:
            raise DataError("--loop-probability must be at least 0 and less than 1")
        if self.max_iters < 1 or self.lda_dim < 0 or self.init_smoothing < 0:
            raise DataError("--max-iters must be at least 1, --lda-dim and --init-smoothing at least 0")


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
