"""Explaining errors: where they lie, who is confused with whom, what would help."""

import re
from dataclasses import dataclass

from diarkit.errors import UsageError
from diarkit.options.tunables import tunable


@dataclass(frozen=True)
class ExplainOptions:
    recording: str = tunable("", "Explain this recording only.")
    boundary: float = tunable(0.25, "So near to the start or end of a turn of the reference is at its boundary.", "s",
                              "the usual collar")
    short: str = tunable("0.5,1,2", "Lengths that divide the turns of the reference.", "s")
    pauses: str = tunable("0.3,1,2", "Lengths that divide the pauses of the reference.", "s",
                          "NIST's references have no pauses of a speaker below 0.3")
    after_change: float = tunable(1.0, "So long after a change of speaker is the time after it.", "s")
    top: int = tunable(10, "Rows of each list in the text, worst first.")
    section: str = tunable("all", "Write this section only.", choices=(
        "all", "kinds", "what-if", "places", "turns", "silence", "files", "speakers", "confusions", "unmatched",
        "merges", "counts", "errors"))
    labels: str = tunable("", "Write all errors there, as labels for Audacity.", "file")
    rttm_out: str = tunable("", "Write all errors there, as turns of 'speakers' such as missed:A.", "file")


def lengths(text, option):
    """The ascending numbers of a list such as 0.5,1,2; UsageError naming the option if it is none."""
    words = text.split(",")
    numbers = [float(word) for word in words if re.fullmatch(r"\d{1,9}(\.\d{0,9})?|\.\d{1,9}", word, re.A)]
    if len(numbers) < len(words) or numbers != sorted(set(numbers)) or not numbers[0] > 0:
        raise UsageError(f"{option} is a list of ascending lengths in seconds such as 0.5,1,2, not '{text}'")
    return numbers
