"""Search for the value of an option that gives the lowest error on a development set."""

import re
from dataclasses import dataclass

from diarkit.errors import UsageError
from diarkit.options.tunables import tunable

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
MOST = 10_000  # values of a grid


@dataclass(frozen=True)
class TuningOptions:
    parameter: str = tunable("threshold", "The option of the clustering that is tuned.")
    values: str = tunable(
        "-0.3,-0.2,-0.1,-0.05,0,0.05,0.1,0.2,0.3", "Values to try: a list, or start:stop:step; with --search=golden "
        "the interval start:stop.", "numbers", "Kaldi's callhome recipe")
    search: str = tunable("grid", "Try all values, or narrow an interval down by the golden section.",
                          choices=("grid", "golden"))
    tolerance: float = tunable(0.01, "Length of the interval at which --search=golden stops.")
    folds: int = tunable(
        1, "Divide the recordings into so many parts in turn, and tune each on the others; 2 is what Kaldi's callhome "
        "recipe does with its halves.")
    reco2fold: str = tunable("", "The parts, if not in turn: lines <recording> <part>.", "FILE")
    clustering: str = tunable("ahc", "The clustering: X of the tool cluster-X.")
    options: str = tunable(
        "", "Further options of that tool, if it is not cluster-ahc, whose options are below.", "words")
    table: str = tunable(
        "", "Write the DER of every value: CSV or JSON where the name ends so, else a table.", "FILE")
    labels: str = tunable("", "Write the labels that the best value gives: lines <segment> <speaker>.", "FILE")
    rttm: str = tunable("", "Write the turns that the best value gives.", "FILE")

    def __post_init__(self):
        if self.search == "golden":
            if len(self.numbers) != 2 or ":" not in self.values or not self.tolerance > 0:
                raise UsageError("--search=golden is for --values=start:stop, and --tolerance is greater than 0")
        self.numbers  # noqa: B018 - says what is wrong with --values before anything is read
        if self.folds < 1 or self.reco2fold and self.folds > 1:
            raise UsageError("--folds is at least 1, and --reco2fold says itself how many there are")
        if not re.fullmatch(r"[a-z][a-z0-9-]*", self.clustering):
            raise UsageError(f"--clustering={self.clustering}: X of a tool cluster-X expected")
        if self.options and self.clustering == "ahc":
            raise UsageError("--options is for other clusterings; those of cluster-ahc are options here")

    @property
    def numbers(self):
        """The values to try, a list; the two ends of the interval of a golden section."""
        parts = re.split("[:,]", self.values)
        ranged = ":" in self.values
        if not all(NUMBER.fullmatch(part) for part in parts) or ranged and ("," in self.values or len(parts) > 3):
            raise UsageError(f"--values={self.values}: numbers with commas between, or start:stop:step, expected")
        found = [float(part) for part in parts]
        if not ranged:
            return list(dict.fromkeys(found))
        start, stop, *step = found
        if not step and self.search == "grid" or not start < stop:
            raise UsageError(f"--values={self.values}: start:stop:step expected, start below stop")
        if not step:
            return [start, stop]
        if not step[0] > 0 or (stop - start) / step[0] > MOST:
            raise UsageError(f"--values={self.values}: a step that is greater than 0, and not {MOST} of them, expected")
        count = int((stop - start) / step[0] + 1e-9) + 1
        return [round(start + i * step[0], 10) for i in range(count)]
