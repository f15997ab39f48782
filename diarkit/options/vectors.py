"""What is done to vectors: means, transforms and lengths."""

import re
from dataclasses import dataclass

from diarkit.errors import UsageError
from diarkit.options.tunables import tunable

LDA = "Kaldi ivector-compute-lda"
PCA = "Kaldi est-pca"
TRAINED = {"mean": False, "pca": True, "whiten": True, "lda": True}  # kinds of stages: whether they reduce
LENGTHS = ("length", "unit")


@dataclass(frozen=True)
class TransformOptions:
    chain: str = tunable(
        "whiten,length", "What is done to a vector, in this order: mean subtracts the mean; pca turns it to the "
        "directions of greatest variance; whiten does so and makes the variances one; lda, to the directions that "
        "tell speakers apart; length makes it sqrt(dimensions) long, unit 1. pca:K, whiten:K, lda:K keep K dimensions.",
        "STAGE,STAGE,...")
    dim: int = tunable(0, "Dimensions of pca, whiten and lda that have no :K; 0 or less: all there are.", "", PCA)
    form: str = tunable(
        "auto", "A model folder, or one file of Kaldi's, with a matrix or, of a mean alone, a vector, which holds no "
        "length normalisation. auto is kaldi where the name ends in .mat or .vec or is - or a pipe.",
        choices=("auto", "folder", "kaldi"))
    total_covariance_factor: float = tunable(
        0.0, "What lda makes one: 0, the covariance within speakers; 1, that of all; between, a mixture.", "", LDA)
    covariance_floor: float = tunable(
        1e-6, "The least eigenvalue of that, as a share of the greatest.", "", LDA)
    normalize_mean: bool = tunable(True, "pca and whiten subtract the mean.", "", PCA)
    normalize_variance: bool = tunable(False, "pca makes the variances one, as whiten.", "", PCA)
    floor_variances: bool = tunable(
        False, "Where vectors do not span all dimensions, take variances to be 1e-15 at least, instead of refusing to "
        "whiten them.", "", PCA)
    read_vectors: bool = tunable(True, "The table is of vectors; else of matrices, whose rows count.", "", PCA)
    write_full_matrix: str = tunable("", "Of pca or whiten alone: write the matrix of all dimensions there.",
                                     "FILE", PCA)
    binary: bool = tunable(True, "A file of Kaldi's is binary, not text.", "", PCA)

    def __post_init__(self):
        self.stages()
        if not 0 <= self.total_covariance_factor <= 1:
            raise UsageError(f"--total-covariance-factor is 0 to 1, {self.total_covariance_factor:g} is not")
        if not 0 <= self.covariance_floor <= 1:
            raise UsageError(f"--covariance-floor is 0 to 1, {self.covariance_floor:g} is not")
        if self.write_full_matrix and [kind for kind, _ in self.stages()] not in (["pca"], ["whiten"]):
            raise UsageError("--write-full-matrix goes with --chain=pca or whiten alone")

    def stages(self):
        """The chain as a list of (kind, number of dimensions, 0 for all)."""
        found = []
        for word in self.chain.lower().split(","):
            match = re.fullmatch(r"([a-z]+)(?::([0-9]{1,9}))?", word.strip())
            kind, number = match.groups() if match else (None, None)
            if kind not in (*TRAINED, *LENGTHS):
                raise UsageError(f"--chain={self.chain}: no stage is called '{word}'; there are "
                                 f"{', '.join((*TRAINED, *LENGTHS))}")
            if number and (not TRAINED.get(kind) or int(number) == 0):
                raise UsageError(f"--chain={self.chain}: '{word}' cannot be; pca, whiten and lda take 1 or more")
            found.append((kind, int(number or 0) or max(self.dim, 0) * TRAINED.get(kind, False)))
        return found

    def kaldi_form(self, name):
        """Whether `name` is to be one file of Kaldi's, as --form says. Raises UsageError if it cannot be."""
        auto = name.endswith((".mat", ".vec")) or name == "-" or name.startswith("|")
        kaldi = self.form == "kaldi" or self.form == "auto" and auto
        lengths = [kind for kind, _ in self.stages() if kind in LENGTHS]
        if kaldi and lengths:
            raise UsageError(f"{name} is to be a file of Kaldi's, which holds no '{lengths[0]}' of --chain; "
                             "a model folder does")
        return kaldi


@dataclass(frozen=True)
class MeanOptions:
    weights: str = tunable("", "Table of numbers: how much each vector counts, instead of all the same.", "rspecifier")
    skip_missing: bool = tunable(False, "Take the mean of what vectors there are of a speaker, if some are missing.",
                                 "", "Kaldi ivector-mean")
    binary: bool = tunable(False, "Write the single vector in binary, not as text.", "", "Kaldi ivector-mean")


@dataclass(frozen=True)
class SubtractMeanOptions:
    subtract_mean: bool = tunable(True, "If not, only copy.", "", "Kaldi ivector-subtract-global-mean")
    spk2utt: str = tunable("", "Subtract from the vectors of each line of this list their own mean.", "spk2utt",
                           "Kaldi score_cossim.sh")


@dataclass(frozen=True)
class LengthOptions:
    scaleup: bool = tunable(True, "To the square root of the dimension; if not, to 1.", "",
                            "Kaldi ivector-normalize-length")
    normalize: bool = tunable(True, "If not, only copy.", "", "Kaldi ivector-normalize-length")
