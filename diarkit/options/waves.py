"""Tables of features from recordings, and tables of recordings."""

from dataclasses import dataclass

from diarkit.options.tunables import tunable

KALDI = "Kaldi compute-mfcc-feats"


@dataclass(frozen=True)
class FeatureTableOptions:
    """What is made of which recordings, beside how features are computed."""

    segments: str = tunable(
        "", "Features of each of these segments of the recordings, cut out as extract-segments does.", "FILE")
    min_duration: float = tunable(0.0, "Pass over what is shorter.", "s", KALDI)
    subtract_mean: bool = tunable(
        False, "Subtract the mean of every column; needs memory for a whole recording.", "", KALDI)
    vtln_warp: float = tunable(1.0, "Warp of the mel filters; below 1 they move up.", "factor", KALDI)
    vtln_map: str = tunable("", "Take warps from this table of numbers instead.", "rspecifier", KALDI)
    utt2spk: str = tunable("", "Its keys are speakers, and this says of each recording which.", "FILE", KALDI)
    output_format: str = tunable("kaldi", "Of the table.", "", KALDI, ("kaldi", "htk"))
    write_utt2dur: str = tunable("", "Write the duration of each recording to this table.", "wspecifier; s", KALDI)
    max_feature_vectors: int = tunable(-1, "Taken, and without effect: no more than a block is in memory.", "", KALDI)
    debug_mel: bool = tunable(False, "Taken, and without effect.", "", KALDI)


@dataclass(frozen=True)
class ExtractSegmentsOptions:
    min_segment_length: float = tunable(0.1, "Refuse segments that are shorter.", "s", "Kaldi extract-segments")
    max_overshoot: float = tunable(
        0.5, "Cut off segments that end later than their recording by no more than this, refuse others.", "s",
        "Kaldi extract-segments")


@dataclass(frozen=True)
class WavToDurationOptions:
    read_entire_file: bool = tunable(
        False, "Read all samples, and find out whether they are there.", "", "Kaldi wav-to-duration")
