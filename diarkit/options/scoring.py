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
class PlotOptions:
    reference: str = tunable("", "Draw this beneath, and where the two differ.", "RTTM file")
    uem: str = tunable("", "Show only these regions.", "UEM file")
    recording: str = tunable("", "Draw this recording only.")
    width: int = tunable(0, "Width; 0 is that of the terminal, or 1400 pixels for pictures.", "columns or pixels")
    ascii: bool = tunable(False, "Use no characters but ASCII.")
