"""Options of spectral clustering."""

from dataclasses import dataclass

from diarkit.errors import UsageError
from diarkit.options.tunables import tunable

STEPS = ("crop", "blur", "threshold", "symmetrize-max", "symmetrize-average", "diffuse", "normalize")


@dataclass(frozen=True)
class SpectralOptions:
    threshold: float | None = tunable(
        None, "Without a number of speakers: the largest number of clusters of which no two have segments that are, in "
        "the mean, as similar as this; default: see --counting.", "unit of the scores")
    counting: str | None = tunable(
        None, "How the number of speakers is found: by the largest gap of the eigenvalues, as NME-SC does, or as the "
        "largest with which every two are told apart as by cluster-ahc; default: apart of cosines, where it is right "
        "more often, else eigengap.", "", "RESULTS.md", ("eigengap", "apart"))
    pruning: str = tunable(
        "nme", "Which links of segments are kept: of each to its nearest, as many as the normalised maximum eigengap "
        "(NME-SC) chooses, as --neighbors or as --percentile says; those of --min-affinity; or all.", "",
        "Park et al. 2020", ("nme", "neighbors", "percentile", "affinity", "none"))
    min_neighbors: int = tunable(
        4, "NME-SC tries no fewer nearest, the segment itself counted,", "segments", "Kaldi: 2")
    max_neighbors: int = tunable(20, "and no more than this,", "segments", "Kaldi")
    max_share: float = tunable(0.5, "nor than this part of all segments.", "", "RESULTS.md")
    search_segments: int = tunable(
        512, "Of longer recordings it looks at so many segments, evenly spaced; the nearest then grow in proportion.",
        "segments", "NeMo")
    neighbors: int = tunable(10, "The nearest kept by --pruning=neighbors, the segment itself counted.", "segments")
    percentile: float = tunable(0.8, "--pruning=percentile removes this part of the links of each segment.")
    min_affinity: float = tunable(0.4, "--pruning=affinity removes links of less; 0 to 1, cosines below 0 being 0.")
    max_clusters: int = tunable(10, "The most speakers that eigengaps may find.", "", "Kaldi")
    binary: bool = tunable(
        False, "Links have the weight 1, not their affinity, when segments are labelled. NME-SC always counts so.", "",
        "Park et al.: true, Kaldi: false")
    laplacian: str = tunable(
        "unnormalized", "Whose eigenvectors and eigengaps are used.", "", "Park et al.",
        ("unnormalized", "symmetric", "random-walk"))
    normalize_rows: bool = tunable(
        False, "Rows of eigenvectors are made of unit length before k-means.", "", "Ng et al. 2002")
    refinement: str = tunable(
        "", "Steps that are applied to the affinities before pruning, in this order, separated by commas: "
        f"{', '.join(STEPS)}; wang stands for those of Wang et al. 2018. They need the whole matrix.", "STEPS")
    blur: float = tunable(1.0, "Standard deviation of the step blur.", "segments", "Wang et al. 2018")
    row_threshold: float = tunable(
        0.95, "The step threshold multiplies by --soft what is less than this part of the row's maximum.", "",
        "Wang et al. 2018")
    soft: float = tunable(0.01, "See --row-threshold.", "", "Wang et al. 2018")

    def steps(self):
        """The names of the steps of refinement; UsageError for others."""
        whole = ",".join(("crop", "blur", "threshold", "symmetrize-max", "diffuse", "normalize"))
        names = [name.strip() for name in self.refinement.replace("wang", whole).split(",") if name.strip()]
        for name in names:
            if name not in STEPS:
                raise UsageError(f"--refinement has no step {name}; it has {', '.join(STEPS)}, wang")
        return names

    def check(self):
        """Raise UsageError for what cannot be."""
        self.steps()
        for name in ("min_neighbors", "max_neighbors", "neighbors"):
            if getattr(self, name) < 2:
                raise UsageError(f"--{name.replace('_', '-')} must be at least 2, since the segment itself counts")
        if self.min_neighbors > self.max_neighbors:
            raise UsageError(f"--min-neighbors {self.min_neighbors} is more than --max-neighbors {self.max_neighbors}")
        if not 0 <= self.min_affinity <= 1:
            raise UsageError("--min-affinity must be from 0 to 1")
        if self.max_clusters < 1:
            raise UsageError("--max-clusters must be at least 1")
        if self.search_segments < 20:
            raise UsageError("--search-segments must be at least 20")
        if not 0 <= self.percentile < 1:
            raise UsageError("--percentile must be from 0 to below 1")
        for name in ("max_share", "soft", "blur"):
            if getattr(self, name) < 0:
                raise UsageError(f"--{name.replace('_', '-')} must not be negative")
