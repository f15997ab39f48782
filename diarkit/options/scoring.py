"""Results: writing, scoring and drawing them."""

from dataclasses import dataclass

from diarkit.options.tunables import tunable


@dataclass(frozen=True)
class MakeRttmOptions:
    rttm_channel: int = tunable(1, "Channel written into the RTTM.", source="Kaldi's make_rttm.py has 0")
    width: int = tunable(0, "Least width of times, with blanks before them.", "characters",
                         "Kaldi's make_rttm.py has 7")


@dataclass(frozen=True)
class DerOptions:
    collar: float = tunable(
        0.0, "Do not score this much on each side of both ends of every turn of the reference.", "s",
        "md-eval -c; pyannote's collar is twice this")
    ignore_overlap: bool = tunable(
        False, "Do not score where turns of the reference overlap.", source="md-eval -1", names=("ignore-overlaps",))
    uem: str = tunable("", "Score only these regions.", "UEM file")
    scorer: str = tunable("md-eval", "Whose rules.", choices=("md-eval", "dscore"))


@dataclass(frozen=True)
class ComputeDerOptions(DerOptions):
    scorer: str = tunable("md-eval", "Whose rules; pyannote's by pyannote.metrics.",
                          choices=("md-eval", "dscore", "pyannote"))
    jer: bool = tunable(False, "Also the Jaccard error rate, by dscore's rules; always so with --scorer=dscore.")
    ci: bool = tunable(False, "Also the 95 % confidence interval of the DER in total, by bootstrap over recordings.")
    protocols: bool = tunable(
        False, "The field's usual four at once: collar 0 and 0.25 s, overlap scored and not. --collar and"
        " --ignore-overlap are not looked at.")
    format: str = tunable("table", "What is written.", choices=("table", "json", "csv", "md-eval"))
    conditions: str = tunable(
        "", "Sections of --format=md-eval before that of all: f for recordings, c for channels, or both.",
        source="md-eval -a")
