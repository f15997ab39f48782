"""Similarities and clustering."""

from dataclasses import dataclass

from diarkit.options.tunables import tunable


@dataclass(frozen=True)
class CosineOptions:
    subtract_mean: bool = tunable(
        False, "Subtract the mean of the recording's vectors first.", "", "Kaldi score_cossim.sh: true")


@dataclass(frozen=True)
class AhcOptions:
    """Bounds of the calibrated threshold are for cosines of CAM++ (RESULTS.md); models carry their own."""

    threshold: float | None = tunable(
        None, "Merge clusters while their similarity is at least this; default: calibrated for each recording.",
        "unit of the scores", "Kaldi: 0")
    num_speakers: int | None = tunable(None, "Find exactly this many speakers, or one a segment if those are fewer.")
    min_speakers: int | None = tunable(None, "Find at least this many.")
    max_speakers: int | None = tunable(None, "Find at most this many.")
    linkage: str = tunable(
        "average", "Similarity of clusters: mean, lowest or highest of their pairs.", "", "Kaldi: average",
        ("average", "complete", "single"))
    min_threshold: float = tunable(0.28, "Lower bound of the calibrated threshold.", "cosine", "RESULTS.md")
    max_threshold: float = tunable(0.45, "Upper bound of the calibrated threshold.", "cosine", "RESULTS.md")
    margin: float = tunable(
        0.06, "Subtracted from the crossing point of the calibration, whole for up to 64 segments, then falling as "
        "their number grows.", "cosine", "RESULTS.md")
    min_cluster_size: int | None = tunable(
        None, "Give the segments of smaller clusters to the others; default a third of the root of the number of "
        "segments, at least 3 (2 of fewer than 12), or 1 where --threshold is given.", "segments")
    reassign: int = tunable(2, "Times that segments may move to the most similar speaker, if there are such.")
