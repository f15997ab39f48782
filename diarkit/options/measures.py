"""Measures of who spoke when beside DER."""

from dataclasses import dataclass

from diarkit.options.tunables import tunable

GROUPS = ("purity", "homogeneity", "bcubed", "tau", "entropy", "information", "changes")


@dataclass(frozen=True)
class JerOptions:
    uem: str = tunable("", "Score only these regions.", "UEM file")
    metrics: str = tunable("", f"Further measures, with ',' between them, or all: {', '.join(GROUPS)}.", "list")
    tolerance: float = tunable(
        0.25, "A change point is found if one of the hypothesis is no further away.", "s",
        "NIST's usual collar; pyannote.metrics has 0")
