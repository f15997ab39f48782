"""Options of the clusterings by variational Bayes."""

from dataclasses import dataclass, replace

from diarkit.errors import DataError
from diarkit.options.tunables import tunable

# With a PLDA model, as published for AMI with ResNet101 x-vectors every 0.24 s (BUTSpeechFIT/VBx, Landini et al. 2022).
PUBLISHED = {"threshold": -0.015, "fa": 0.3, "fb": 17.0, "loop_probability": 0.99}
# Without: chosen on real conversations with CAM++ every 0.75 s, in the middle of what does equally well.
SPHERICAL = {"fa": 0.4, "fb": 1.0, "loop_probability": 0.6}


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

        Raises DataError for numbers that cannot be.
        """
        defaults = PUBLISHED if plda else SPHERICAL
        found = replace(self, **{name: value for name, value in defaults.items() if getattr(self, name) is None})
        found.check()
        return found

    def check(self):
        if not self.fa > 0 or not self.fb > 0:
            raise DataError("--fa and --fb must be above 0")
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
