"""Enrolled speakers: how their profiles are made, and how diarized speakers are told to be one of them."""

import math
from dataclasses import dataclass

from diarkit.errors import UsageError
from diarkit.options.tunables import tunable


@dataclass(frozen=True)
class EnrolmentOptions:
    normalize: str = tunable(
        "unit", "Make vectors this long before they are averaged: 1, sqrt(dimensions) as PLDA has them, or leave them.",
        choices=("unit", "sqrt", "none"))
    utt2dur: str = tunable(
        "", "Durations of the utterances, lines <utterance> <seconds>; vectors then count by them.", "FILE")
    segments: str = tunable(
        "", "Or their times, lines <utterance> <recording> <start> <end>; where windows overlap, the time counts once "
        "for --min-duration.", "FILE")
    min_duration: float = tunable(
        0.0, "Refuse a speaker of whom there is less sound than this, outliers not counted.", "s")
    min_vectors: int = tunable(1, "Refuse a speaker of whom there are fewer vectors, outliers not counted.", "vectors")
    min_consistency: float = tunable(
        0.3, "Leave out a vector, an outlier, whose cosine with the mean of the speaker's others is lower; -1: none.")
    max_outliers: float = tunable(
        0.4, "Refuse a speaker of whose vectors more than this part would be left out: they are not of one voice.")
    duplicates: float = tunable(
        0.6, "Warn of two speakers whose profiles have at least this cosine: they may be one person. 1 for never.")
    update: str = tunable(
        "", "Profiles that are there already and are kept; those of speakers who are in both are merged, by the "
        "numbers of vectors that both have.", "rspecifier")
    num_utts: str = tunable("", "With --update: of how many vectors these are the mean.", "rspecifier")
    write_num_utts: str = tunable(
        "", "Write of how many vectors each profile is the mean, for --num-utts of score-plda and of this tool.",
        "wspecifier")

    def __post_init__(self):
        if self.min_duration < 0:
            raise UsageError(f"--min-duration={self.min_duration:g} is negative")
        if self.min_vectors < 1:
            raise UsageError(f"--min-vectors={self.min_vectors} must be at least 1")
        for name in ("min_consistency", "duplicates"):
            if not -1 <= getattr(self, name) <= 1:
                raise UsageError(f"--{name.replace('_', '-')}={getattr(self, name):g} is no cosine, from -1 to 1")
        if not 0 <= self.max_outliers < 1:
            raise UsageError(f"--max-outliers={self.max_outliers:g} is not from 0 to below 1")
        if self.utt2dur and self.segments:
            raise UsageError("--utt2dur and --segments both say how long utterances are: give one")
        if self.min_duration and not (self.utt2dur or self.segments):
            raise UsageError("--min-duration needs durations: give --utt2dur or --segments")
        if bool(self.update) != bool(self.num_utts):
            raise UsageError("--update and --num-utts belong together: profiles are merged by their numbers of vectors")


@dataclass(frozen=True)
class MatchOptions:
    """How vectors are compared with profiles, and from which score on they are of one speaker."""

    threshold: float | None = tunable(
        None, "The score from which two are one speaker. Default: 0.4 of cosines; of log likelihood ratios, from PLDA "
        "or a calibration, what --p-target and the costs say.", "", "docs/verification.md")
    plda: str = tunable("", "Compare by the log likelihood ratio of this PLDA model, not by the cosine.", "FILE")
    num_utts: str = tunable("", "With --plda: of how many vectors each profile is the mean. Default: of one.",
                            "rspecifier", "Kaldi ivector-plda-scoring")
    calibration: str = tunable(
        "", "Make log likelihood ratios of the scores with this model of train-calibration.", "FOLDER")
    p_target: float = tunable(0.5, "Of log likelihood ratios: the probability, before anything is heard, that the "
                              "two are one speaker.")
    c_miss: float = tunable(1.0, "The cost of not knowing somebody who is enrolled,")
    c_fa: float = tunable(1.0, "and that of taking one for another.")

    def __post_init__(self):
        if not 0 < self.p_target < 1:
            raise UsageError(f"--p-target={self.p_target:g} is not between 0 and 1")
        for name in ("c_miss", "c_fa"):
            if not getattr(self, name) > 0:
                raise UsageError(f"--{name.replace('_', '-')}={getattr(self, name):g} is not greater than 0")
        if self.num_utts and not self.plda:
            raise UsageError("--num-utts has no meaning without --plda")

    def check(self, given):
        """Raise UsageError where options of these names, of what makes the threshold, were given and have no effect."""
        if given and self.threshold is not None:
            raise UsageError(f"{given[0]} has no meaning with --threshold")
        if given and not (self.plda or self.calibration):
            raise UsageError(f"{given[0]} is for log likelihood ratios: give --plda or --calibration")

    @property
    def limit(self):
        """The threshold: of Bayes' decision for log likelihood ratios (Bruemmer and du Preez 2006, eq. 2)."""
        if self.threshold is not None:
            return self.threshold
        if not (self.plda or self.calibration):
            return 0.4
        return math.log((1 - self.p_target) * self.c_fa / (self.p_target * self.c_miss))


@dataclass(frozen=True)
class IdentificationOptions:
    level: str = tunable(
        "speaker", "Name each speaker of a recording as a whole, or each turn by itself, which needs vectors of "
        "windows.", choices=("speaker", "segment"))
    segments: str = tunable(
        "", "The times of the windows, lines <window> <recording> <start> <end>. Default: as their names have them "
        "that diarize gives.", "FILE")
    one_to_one: bool = tunable(
        True, "An enrolled speaker is at most one speaker of a recording: the assignment with the highest sum of "
        "scores above the threshold (Hungarian algorithm). Not with --level=segment.")
    unknown_name: str = tunable("", "Call all who are not known so; they keep their labels otherwise.")
    scores: str = tunable(
        "", "Write of every speaker or turn who of the enrolled is most alike and who second, with scores, and what "
        "was decided.", "FILE")

    def __post_init__(self):
        if self.unknown_name and len(self.unknown_name.split()) != 1:
            raise UsageError(f"--unknown-name='{self.unknown_name}' has a blank in it, which RTTM cannot hold")

    @property
    def unique(self):
        """Whether an enrolled speaker is named once a recording."""
        return self.one_to_one and self.level == "speaker"


@dataclass(frozen=True)
class ClaimOptions:
    fail_on_reject: bool = tunable(False, "End with status 1 if a claim is rejected.")
