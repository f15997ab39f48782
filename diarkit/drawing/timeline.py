"""Who spoke when in one recording, as what has to be drawn: lanes, shares, differences from a reference."""

from dataclasses import dataclass, field

import numpy as np

from diarkit.cells import Cells, intervals, join, numbered, union

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
    """One recording from `first` to `last` (s); `region` is the part that is shown."""

    reco: str
    first: float
    last: float
    region: tuple
    lanes: list
    unmapped: list = field(default_factory=list)  # Lanes of the reference that no speaker is mapped to
    differences: dict | None = None  # kind of error -> (starts, ends)
    der: float | None = None  # percent, collar 0, overlap scored, within the region

    @property
    def speech(self):
        """s in which someone speaks."""
        starts, ends = union(*joined_times(self.lanes))
        return float((ends - starts).sum())

    @property
    def overlap(self):
        """s in which two or more speak."""
        times = joined_times(self.lanes)
        cells = Cells(times)
        return float(cells.length[cells.count(*times) > 1].sum())


def make_timeline(reco, turns, reference=None, region=None):
    """The timeline of the turns of one recording.

    Parameters
    ----------
    turns, reference : (starts, ends, speakers), s, s, names; no reference: None
    region : (starts, ends) to show, s; None: from 0 to the last end
    """
    if region is None:
        ends = np.concatenate([turns[1], reference[1] if reference else []])
        region = intervals([(0.0, ends.max(initial=0.0))])
    region = union(*region)
    first, last = (region[0][0], region[1][-1]) if len(region[0]) else (0.0, 0.0)
    timeline = Timeline(reco, first, last, region, lanes(turns, region))
    if reference is not None:
        from diarkit.scoring.der import errors  # imports scipy, which takes longer than all of the rest

        found = errors(reference, turns, region)
        mapped = {hyp: ref for ref, hyp in found.mapping.items()}
        ref_lanes = {lane.name: lane for lane in lanes(reference, region)}
        for lane in timeline.lanes:
            lane.reference = ref_lanes.pop(mapped.get(lane.name), None)
        timeline.unmapped = list(ref_lanes.values())
        timeline.differences = differences(reference, turns, region, found.mapping)
        timeline.der = found.der
    return timeline


def lanes(turns, region):
    """Lanes of the speakers within the region, in the order in which they first speak."""
    starts, ends, speakers = turns
    speakers = np.array(speakers, dtype=object)
    result = []
    for name in dict.fromkeys(speakers[np.argsort(starts, kind="stable")]):
        own = speakers == name
        times = clipped(union(starts[own], ends[own]), region)
        if len(times[0]):
            result.append(Lane(name, times, float((times[1] - times[0]).sum())))
    result.sort(key=lambda lane: lane.times[0][0])
    total = sum(lane.seconds for lane in result)
    for lane in result:
        lane.share = lane.seconds / total
    return result


def clipped(times, region):
    cells = Cells(times, region)
    return cells.where(cells.cover(*times) & cells.cover(*region))


def differences(ref, hyp, region, mapping):
    """{kind of error: (starts, ends)}; more than one kind can hold at a time."""
    (ref_labels, ref_names), (hyp_labels, hyp_names) = numbered(ref[2]), numbered(hyp[2])
    cells = Cells(ref[:2], hyp[:2], region)
    ref_cells, ref_labels = cells.members(*ref[:2], ref_labels, len(ref_names))
    hyp_cells, hyp_labels = cells.members(*hyp[:2], hyp_labels, len(hyp_names))
    partner = np.array([hyp_names.index(mapping[n]) if n in mapping else -1 for n in ref_names], dtype=int)
    i, j = join(ref_cells, hyp_cells)
    size = len(cells.length)
    right = np.bincount(ref_cells[i][partner[ref_labels[i]] == hyp_labels[j]], minlength=size)
    num_ref, num_hyp = np.bincount(ref_cells, minlength=size), np.bincount(hyp_cells, minlength=size)
    wrong = (num_ref > num_hyp, num_hyp > num_ref, np.minimum(num_ref, num_hyp) > right)
    inside = cells.cover(*region)
    return {kind: cells.where(mask & inside) for kind, mask in zip(KINDS, wrong, strict=True)}


def joined_times(some_lanes):
    return intervals((s, e) for lane in some_lanes for s, e in zip(*lane.times, strict=True))


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
    step = next((step for step in TICKS if (last - first) / step <= most), TICKS[-1])
    positions = np.arange(np.ceil(first / step - 1e-9), np.floor(last / step + 1e-9) + 1) * step
    return positions, [clock(position) for position in positions]


def clock(seconds):
    """75 -> 1:15, 3675 -> 1:01:15."""
    minutes, seconds = divmod(round(float(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def timelines(turns, reference=None, uem=None, recording=None):
    """Timelines of all recordings of `turns` (or of the one), in the order in which they appear.

    turns, reference : lists of turns with reco, start, end, speaker
    uem : list of regions with reco, start, end
    """
    result = []
    for reco in dict.fromkeys(turn.reco for turn in [*turns, *(reference or ())]):
        if recording is not None and reco != recording:
            continue
        regions = [(r.start, r.end) for r in uem if r.reco == reco] if uem is not None else None
        if regions == []:
            continue
        own = of_recording(turns, reco)
        other = of_recording(reference, reco) if reference is not None else None
        result.append(make_timeline(reco, own, other, intervals(regions) if regions else None))
    return result


def of_recording(turns, reco):
    chosen = [turn for turn in turns if turn.reco == reco]
    return (*intervals((turn.start, turn.end) for turn in chosen), [turn.speaker for turn in chosen])
