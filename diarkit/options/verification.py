"""Verification trials: are two recordings of the same speaker?"""

from dataclasses import dataclass

from diarkit.errors import UsageError
from diarkit.options.tunables import tunable


@dataclass(frozen=True)
class VerificationOptions:
    eer: str = tunable(
        "kaldi", "Which equal error rate: Kaldi's, at a trial of a target; where the steps between trials, joined by"
        " straight lines, cross; or where the convex hull of these does.", choices=("kaldi", "interpolated", "rocch"))
    p_target: str = tunable("0.01", "Probability that a trial is a target, in the detection cost; several between"
                            " commas.", "numbers", "sid/compute_min_dcf.py, NIST SRE 2016")
    c_miss: float = tunable(1.0, "Cost of a target that is missed.", source="NIST SRE 2016")
    c_fa: float = tunable(1.0, "Cost of a nontarget that is accepted.", source="NIST SRE 2016")
    ci: bool = tunable(False, "Give confidence intervals, by bootstrap.")
    ci_by: str = tunable(
        "trials", "What is drawn for them; trials that share an utterance or a speaker depend on each other, and as"
        " single ones give intervals that are too narrow.", choices=("trials", "utterances", "speakers"))
    utt2spk: str = tunable("", "Speakers of the utterances, for --ci-by=speakers; else what is before the first / of"
                           " their names, as in VoxCeleb.", "file")
    level: float = tunable(95.0, "Confidence of the intervals.", "percent")
    samples: int = tunable(1000, "How many times trials are drawn again.")
    seed: int = tunable(0, "Seed of the random numbers.")
    det: str = tunable("", "Draw the curves of misses against false alarms (DET).", "file.png, .svg or .pdf")


@dataclass(frozen=True)
class TrialListOptions:
    max_targets: int = tunable(0, "Draw so many targets, if there are more; 0 for all.", "trials")
    max_nontargets: int = tunable(0, "Draw so many nontargets, if there are more; 0 for all.", "trials")
    balanced: bool = tunable(False, "Draw as many nontargets as there are targets.")
    utt2session: str = tunable(
        "", "Recordings or sessions of the utterances, lines <utterance> <session>; utterances of one session are not "
        "compared.", "FILE")
    session_fields: int = tunable(
        0, "Or: the session is what the first so many fields of the name say, between --separator, such as 2 for "
        "LibriSpeech's <speaker>-<chapter>-<utterance>; 0 for none.", "fields")
    separator: str = tunable("-", "What is between the fields of names.")
    spk2gender: str = tunable("", "Genders of the speakers, lines <speaker> <gender>; only trials of one gender are "
                              "made then.", "FILE")
    cross_gender: bool = tunable(False, "Make nontargets of different genders only.")
    seed: int = tunable(0, "Seed of what is drawn.")

    def __post_init__(self):
        for name in ("max_targets", "max_nontargets", "session_fields", "seed"):
            if getattr(self, name) < 0:
                raise UsageError(f"--{name.replace('_', '-')}={getattr(self, name)} is negative")
        if self.balanced and self.max_nontargets:
            raise UsageError("--balanced says how many nontargets there are, as --max-nontargets does: give one")
        if self.utt2session and self.session_fields:
            raise UsageError("--utt2session and --session-fields both say what a session is: give one")
        if not self.separator:
            raise UsageError("--separator is empty")
        if self.cross_gender and not self.spk2gender:
            raise UsageError("--cross-gender needs genders: give --spk2gender")
