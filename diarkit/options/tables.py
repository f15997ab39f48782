"""Tools that show and copy tables."""

from dataclasses import dataclass

from diarkit.options.tunables import tunable


@dataclass(frozen=True)
class ShowTableOptions:
    shapes: bool = tunable(False, "Print a line for every entry: key, kind, shape, least, mean and greatest value.")
    limit: int = tunable(0, "Stop after this many entries; 0 is all.", "entries")
