"""Who spoke when in one recording, as what has to be drawn: lanes, shares, what differs from a reference."""

from dataclasses import dataclass, field

import numpy as np

from diarkit.cells import Cells, intervals, union
from diarkit.scoring.protocols import arrays, grouped

KINDS = ("missed", "false alarm", "confusion")
TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 36000, 86400)  # s


@dataclass
class Lane:
    """One speaker: disjoint (starts, ends) in s, their sum, and its share of the time of all speakers."""

    name: str
    times: tuple
    seconds: float = 0.0
    share: float = 0.0
    reference: "Lane | None" = None  # the speaker of the reference that is mapped to this one


@dataclass
class Timeline:
    """One recording from `first` to `last` (s); `region` is the part that is looked at.

    Only where there is a reference: `unmapped`, Lanes of its speakers that none is mapped to; `mistakes`, a list of
    comparison.Mistake; `unscored`, disjoint (starts, ends) of the time that is not scored; `errors`, the
    scoring.der.Errors, None where the recording is not scored at all.
    """

    reco: str
    first: float
    last: float
    region: tuple
    lanes: list
    unmapped: list = field(default_factory=list)
    mistakes: list | None = None
    unscored: tuple | None = None
    errors: object | None = None

    @property
    def has_reference(self):
        return self.mistakes is not None

    @property
    def speech(self):
        """s within the region in which someone speaks."""
        return self._spoken(1)

    @property
    def overlap(self):
        """s within the region in which two or more speak."""
        return self._spoken(2)

    def _spoken(self, least):
        times = intervals((s, e) for lane in self.lanes for s, e in zip(*lane.times, strict=True))
        cells = Cells(times, self.region)
        return float(cells.length[(cells.count(*times) >= least) & cells.cover(*self.region)].sum())

    def of_kind(self, kind):
        """(starts, ends), disjoint, of the mistakes of one kind."""
        return union(*intervals((m.start, m.end) for m in self.mistakes if m.kind == kind))


def timelines(turns, uem=None):
    """Timelines of all recordings of `turns`, in the order in which they appear, cut to the regions of the UEM.

    turns : list of turns (reco, start, duration, end, speaker), s
    uem : list of regions (reco, start, end), s; recordings without one are left out. None: all is shown
    """
    regions = regions_of(uem)
    result = []
    for reco, own in grouped(turns, lambda turn: turn.reco).items():
        if uem is None or reco in regions:
            result.append(make_timeline(reco, arrays(own), regions.get(reco)))
    return result


def make_timeline(reco, turns, region=None):
    """The timeline of the turns of one recording.

    turns : (starts, ends, speakers), s, s, names
    region : (starts, ends) to show, s; None: from 0 to the last end
    """
    if region is None:
        region = intervals([(0.0, turns[1].max(initial=0.0))])
    region = union(*region)
    return Timeline(reco, *bounds(region), region, lanes(turns, region))


def regions_of(uem):
    """{recording: (starts, ends)} of a list of regions, or of None."""
    found = grouped(uem or (), lambda region: region.reco)
    return {reco: intervals((region.start, region.end) for region in own) for reco, own in found.items()}


def bounds(region):
    return (float(region[0][0]), float(region[1][-1])) if len(region[0]) else (0.0, 0.0)


def lanes(turns, region, cut=True):
    """Lanes of the speakers, in the order in which they first speak; with the times that lie within the region.

    Without `cut` the times are whole, and only their sum is that within the region.
    """
    starts, ends, speakers = turns
    speakers = np.array(speakers, dtype=object)
    order = np.argsort(starts, kind="stable")
    result = []
    for name, own in grouped(order.tolist(), lambda n: speakers[n]).items():
        whole = union(starts[own], ends[own])
        inside = clipped(whole, region)
        times = inside if cut else whole
        if len(times[0]):
            result.append(Lane(name, times, float((inside[1] - inside[0]).sum())))
    result.sort(key=lambda lane: lane.times[0][0])
    total = sum(lane.seconds for lane in result)
    for lane in result:
        lane.share = lane.seconds / total if total else 0.0
    return result


def clipped(times, region):
    cells = Cells(times, region)
    return cells.where(cells.cover(*times) & cells.cover(*region))


def filled(times, first, last, columns):
    """(columns,) in 0..1: how much of each of `columns` equal parts of first..last disjoint times fill."""
    edges = np.linspace(first, last, columns + 1)
    starts, ends = times
    before = np.concatenate([[0.0], np.cumsum(ends - starts)])
    n = np.searchsorted(starts, edges, side="right")  # intervals that have begun
    sums = before[n] - np.where(n > 0, np.maximum(ends[n - 1] - edges, 0), 0) if len(starts) else edges * 0
    return np.diff(sums) / max((last - first) / columns, 1e-12)


def ticks(first, last, most):
    """(positions (s), texts): at most about `most` round times."""
    days = np.ceil((last - first) / TICKS[-1] / most) * TICKS[-1]
    step = next((step for step in TICKS if (last - first) / step <= most), days)
    positions = np.arange(np.ceil(first / step - 1e-9), np.floor(last / step + 1e-9) + 1) * step
    return positions, [clock(position) for position in positions]


def clock(seconds):
    """75 -> 1:15, 3675 -> 1:01:15."""
    minutes, seconds = divmod(round(float(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
