"""Options of k-means, which spectral clustering uses too."""

from dataclasses import dataclass

from diarkit.errors import UsageError
from diarkit.options.tunables import tunable

# The fields of AhcOptions that tell speakers apart, for clusterings that ask for more and more speakers.
TELLING = ("min_threshold", "max_threshold", "margin", "min_cluster_size", "apart_below", "alike_above", "apart_share")


@dataclass(frozen=True)
class KMeansOptions:
    restarts: int = tunable(30, "Times that k-means begins anew; the tightest clusters are kept.", "", "RESULTS.md")
    iterations: int = tunable(300, "Iterations at most, each time.", "", "scikit-learn")
    seed: int = tunable(0, "Where random numbers begin; the same seed gives the same labels.", "", "Kaldi")

    def check(self):
        """Raise UsageError for numbers that cannot be."""
        for name in ("restarts", "iterations"):
            if getattr(self, name) < 1:
                raise UsageError(f"--{name} must be at least 1")
        if self.seed < 0:
            raise UsageError("--seed must be at least 0")


@dataclass(frozen=True)
class VectorKMeansOptions:
    """What cluster-kmeans knows beside that."""

    threshold: float | None = tunable(
        None, "Without a number of speakers: the largest number of clusters of which no two have vectors that are, in "
        "the mean, as similar as this; default: speakers are told apart as by cluster-ahc.", "unit of the similarities")
    distance: str = tunable(
        "cosine", "Of vectors to the means of clusters: cosine (spherical k-means), or Euclidean.", "", "",
        ("cosine", "euclidean"))
