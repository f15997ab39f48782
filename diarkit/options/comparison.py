"""Comparing systems: is one better than the other, and by how much."""

from dataclasses import dataclass

from diarkit.options.tunables import tunable


@dataclass(frozen=True)
class CompareOptions:
    level: float = tunable(95.0, "Confidence of the intervals.", "percent")
    interval: str = tunable(
        "t", "How intervals are made of the samples: bootstrap-t, which holds the truth most often where files are few,"
        " bca or percentile.", choices=("t", "bca", "percentile"))
    samples: int = tunable(10000, "How many times files are drawn again, or their errors swapped.")
    seed: int = tunable(0, "Seed of the random numbers.")
    groups: str = tunable("", "Draw and swap the recordings of a group together: lines <recording> <group>, such as the"
                          " meeting or the room.", "file", names=("by",))
    common: bool = tunable(False, "Compare on the recordings that all systems have, instead of failing if some lack"
                           " one.")
    count_missing: bool = tunable(False, "Count recordings that a hypothesis lacks as all missed, as compute-der does.")
    scores: bool = tunable(False, "All inputs are scores, none a reference; needed only for three or more of them where"
                           " the first comes through a pipe.")
    names: str = tunable("", "What to call the systems, with commas between; else as their files.", "names")
    top: int = tunable(5, "How many of the recordings that differ the most are shown.")
