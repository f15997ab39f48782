"""Tools that show, copy and cut tables and lists."""

from dataclasses import dataclass

from diarkit.options.tunables import tunable

COPY_FEATS = "Kaldi copy-feats"
COPY_MATRIX = "Kaldi copy-matrix"


@dataclass(frozen=True)
class ShowTableOptions:
    shapes: bool = tunable(False, "Print a line for every entry: key, kind, shape, least, mean and greatest value.")
    limit: int = tunable(0, "Stop after this many entries; 0 is all.", "entries")
    kind: str = tunable(
        "array", "What the values are, of which tables do not tell; array is all of matrices, vectors and integers.",
        choices=("array", "int32", "float", "double", "bool", "token", "tokens", "int32-vector", "vector", "matrix",
                 "gselect", "posteriors"))


@dataclass(frozen=True)
class CopyOptions:
    binary: bool = tunable(True, "Write a single file in binary; of a table ark,t: says it.", "", "Kaldi copy-matrix")


@dataclass(frozen=True)
class CopyFeatsOptions(CopyOptions):
    compress: bool = tunable(False, "Compress the matrices, in one byte a number or two.", "", COPY_FEATS)
    compression_method: int = tunable(
        1, "How: 1 is 2 for more than 8 rows, else 3; 2 one byte, by column (for speech features); 3 two bytes, from "
        "least to greatest value; 4 two, integers of 16 bits; 5 one, least to greatest; 6 one, 0 to 255; 7 one, 0 to 1",
        "", COPY_FEATS)
    htk_in: bool = tunable(False, "The input is in HTK's format.", "", COPY_FEATS)
    write_num_frames: str = tunable(
        "", "Write the number of rows of each matrix there, a table of integers.", "WSPECIFIER", COPY_FEATS)


@dataclass(frozen=True)
class CopyMatrixOptions(CopyOptions):
    scale: float = tunable(1.0, "Multiply the matrices by this, first.", "", COPY_MATRIX)
    apply_log: bool = tunable(False, "Then take logarithms, of 1e-20 where a number is less.", "", COPY_MATRIX)
    apply_exp: bool = tunable(False, "Then take the exponential.", "", COPY_MATRIX)
    apply_softmax_per_row: bool = tunable(False, "Then the softmax of each row.", "", COPY_MATRIX)
    apply_power: float = tunable(1.0, "Then this power.", "", COPY_MATRIX)


@dataclass(frozen=True)
class CopyVectorOptions(CopyOptions):
    change_dim: int = tunable(-1, "Cut the vectors, or fill them up with 0, to this length; -1: as they are.", "",
                              "Kaldi copy-vector")
    scale: float = tunable(1.0, "Multiply the vectors by this.", "", "Kaldi copy-vector")


@dataclass(frozen=True)
class SubsetFeatsOptions:
    n: int = tunable(10, "Copy the first N matrices.", "", "Kaldi subset-feats")
    include: str = tunable("", "Copy those whose keys begin a line of this list, instead.", "FILE",
                           "Kaldi subset-feats")
    exclude: str = tunable("", "Copy those whose keys do not, instead.", "FILE", "Kaldi subset-feats")


@dataclass(frozen=True)
class FilterOptions:
    exclude: bool = tunable(False, "Keep the lines whose word is not in the list.", "", "Kaldi filter_scp.pl")
    field: int = tunable(1, "Which word of a line counts, from 1; -f N is the same.", "", "Kaldi filter_scp.pl")


@dataclass(frozen=True)
class SubsetListOptions:
    first: bool = tunable(False, "The first N lines.", "", "Kaldi subset_scp.pl")
    last: bool = tunable(False, "The last N lines.", "", "Kaldi subset_scp.pl")
    shuffle: bool = tunable(False, "N lines at random, in the order in which they stand.")
    seed: int = tunable(0, "Of --shuffle.")
    quiet: bool = tunable(False, "All lines if there are fewer than N, which else is an error.", "",
                          "Kaldi subset_scp.pl")


@dataclass(frozen=True)
class SplitListOptions:
    utt2spk: str = tunable("", "Keep the lines of a speaker together: a list <key> <speaker>.", "FILE",
                           "Kaldi split_scp.pl")
    one_based: bool = tunable(False, "The pieces of -j are numbered from 1, not 0.", "", "Kaldi split_scp.pl")
