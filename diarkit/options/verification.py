"""Verification trials: are two recordings of the same speaker?"""

from dataclasses import dataclass

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
