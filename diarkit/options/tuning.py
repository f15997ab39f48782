"""Search for the value of an option that gives the lowest error on a development set."""

import math
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
            if not self.tolerance > 0:
                raise UsageError("--tolerance is greater than 0")
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
        if not all(NUMBER.fullmatch(part) and math.isfinite(float(part)) for part in parts):
            self.refuse("not all of them are numbers" if "," in self.values or ":" in self.values else "not a number")
        found = [float(part) for part in parts]
        if self.search == "golden":
            if not re.fullmatch("[^:,]+:[^:,]+", self.values) or not 0 < found[1] - found[0] < math.inf:
                self.refuse("start:stop is expected with --search=golden, start below stop")
            return found
        if ":" not in self.values:
            return list(dict.fromkeys(found))
        if "," in self.values or len(found) != 3 or not found[0] < found[1] or not found[2] > 0:
            self.refuse("a list with commas, or start:stop:step is expected, start below stop and step above 0")
        start, stop, step = found
        if (stop - start) / step > MOST:
            self.refuse(f"these are more than {MOST} values")
        digits = 10 - min(math.floor(math.log10(step)), 0)
        return [round(start + i * step, digits) for i in range(int((stop - start) / step + 1e-9) + 1)]

    def refuse(self, why):
        raise UsageError(f"--values={self.values}: {why}")


def number_text(value):
    """A value as it is typed: with ten digits where they are all of it, else with as many as it takes."""
    text = f"{value:.10g}"
    return text if float(text) == value else repr(value)
