"""Options of clustering by density."""

from dataclasses import dataclass

from diarkit.errors import UsageError
from diarkit.options.tunables import tunable


@dataclass(frozen=True)
class DensityOptions:
    threshold: float | None = tunable(
        None, "Segments at least this similar are neighbours in DBSCAN; HDBSCAN joins clusters that are, in the mean. "
        "Default: DBSCAN tries many.", "unit of the scores")
    method: str = tunable(
        "dbscan", "DBSCAN joins segments in places that are dense enough; HDBSCAN keeps the clusters that persist "
        "longest while that density is changed.", "", "", ("dbscan", "hdbscan"))
    min_samples: int = tunable(
        4, "A place is dense where a segment has so many neighbours, itself counted.", "segments")
    least_cluster: int | None = tunable(
        None, "HDBSCAN takes clusters of fewer segments for noise; default: it tries many.", "segments")

    def check(self):
        """Raise UsageError for numbers that cannot be."""
        if self.min_samples < 1:
            raise UsageError("--min-samples must be at least 1")
        if self.least_cluster is not None and self.least_cluster < 2:
            raise UsageError("--least-cluster must be at least 2")
