"""Hypothesis and reference side by side: timelines with the mistakes, as compute-der scores them."""

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from diarkit.cells import NOTHING, Cells, intervals, union
from diarkit.drawing.timeline import KINDS, Timeline, bounds, lanes, regions_of
from diarkit.scoring.der import align, score
from diarkit.scoring.protocols import Notes, arrays, dscore, grouped, md_eval, naming, only_turns

PROTOCOLS = {"md-eval": md_eval, "dscore": dscore}


class Mistake(NamedTuple):
    """A stretch of scored time (s) with the same mistake all through.

    `count` is by how many speakers it counts in the DER. `ref` are the speakers of the reference who talk and are
    not recognised, `hyp` those of the hypothesis who are given without being right, both as far as the kind tells:
    a false alarm has no `ref`, what is missed no `hyp`.
    """

    kind: str
    start: float
    end: float
    count: int
    ref: tuple
    hyp: tuple


def compare(ref, hyp, uem=None, collar=0.0, ignore_overlap=False, scorer="md-eval"):
    """The score of a hypothesis, and the timeline of every recording of it or of the reference.

    Parameters are those of diarkit.scoring.der.score. Recordings that the scorer does not score have no errors, and
    all their time is unscored. Where md-eval keeps several channels of a recording apart, the speakers are named
    with their channel.

    Returns
    -------
    (Score, list of Timeline), recordings in the order in which they appear

    Raises DataError where there is no speech to score.
    """
    if scorer == "md-eval":
        ref, hyp = with_channels(ref, hyp)
    result = score(ref, hyp, uem, collar, ignore_overlap, scorer)
    mistakes, scored = defaultdict(list), defaultdict(list)
    for reco, _, parts in PROTOCOLS[scorer](ref, hyp, uem, Notes()):
        with naming(reco):
            alignment = align(*parts, collar=collar, ignore_overlap=ignore_overlap, slip_of_md_eval=True)
        mistakes[reco] += mistakes_of(alignment)
        scored[reco].append(alignment.cells.where(alignment.time > 0))
    regions = regions_of(uem)
    ref, hyp = (grouped(only_turns(side), lambda turn: turn.reco) for side in (ref, hyp))
    timelines = []
    for reco in {**ref, **hyp, **result.files}:
        sides = [arrays(side.get(reco, ())) for side in (ref, hyp)]
        errors = result.files.get(reco)
        timeline = side_by_side(reco, *sides, regions.get(reco), errors.mapping if errors else {})
        timeline.errors = errors
        timeline.mistakes = sorted(mistakes.get(reco, ()), key=lambda mistake: mistake.start)
        timeline.unscored = rest(timeline, scored.get(reco, ()))
        timelines.append(timeline)
    return result, timelines


def with_channels(ref, hyp):
    """The lines of both sides, speakers named with their channel in recordings that have more than one."""
    channels = defaultdict(set)
    for turn in (*ref, *hyp):
        channels[turn.reco].add(turn.channel.lower())
    several = {reco for reco, names in channels.items() if len(names) > 1}
    return [[turn._replace(speaker=f"{turn.speaker} (channel {turn.channel.lower()})") if turn.reco in several else turn
             for turn in side] for side in (ref, hyp)]


def side_by_side(reco, ref, hyp, region, mapping):
    """A Timeline with the speakers of the reference beneath those they are mapped to, which come first."""
    end = max(side[1].max(initial=0.0) for side in (ref, hyp))
    region = union(*(region or intervals([(0.0, end)])))
    timeline = Timeline(reco, *bounds(region), region, lanes(hyp, region, cut=False))
    of_ref = {lane.name: lane for lane in lanes(ref, region, cut=False)}
    mapped = {to: name for name, to in mapping.items()}
    for lane in timeline.lanes:
        lane.reference = of_ref.pop(mapped.get(lane.name), None)
    timeline.lanes.sort(key=lambda lane: lane.reference is None)
    timeline.unmapped = list(of_ref.values())
    return timeline


def rest(timeline, scored):
    """(starts, ends) of what none of the scored parts covers, from 0 to the end of the timeline and of its turns."""
    scored = tuple(np.concatenate(sides) for sides in zip(NOTHING, *scored, strict=True))
    ends = [lane.times[1][-1] for lane in (*timeline.lanes, *timeline.unmapped,
                                           *(lane.reference for lane in timeline.lanes if lane.reference))]
    whole = intervals([(0.0, max([timeline.last, *ends]))])
    cells = Cells(whole, scored)
    return cells.where(cells.cover(*whole) & ~cells.cover(*scored))


def mistakes_of(alignment):
    """The Mistakes of an Alignment (diarkit.scoring.der), in no order; length times count adds up to its Errors."""
    a = alignment
    size = len(a.time)
    i, j = a.pairs
    right = a.mapped[a.ref_labels[i]] == a.hyp_labels[j]
    num_ref, num_hyp = np.bincount(a.ref_cells, minlength=size), np.bincount(a.hyp_cells, minlength=size)
    num_right = np.bincount(a.ref_cells[i[right]], minlength=size)
    counts = (num_ref - num_hyp, num_hyp - num_ref, np.minimum(num_ref, num_hyp) - num_right)
    ref = Unrecognised(a.ref_cells, a.ref_labels, i[right], a.ref_names)
    hyp = Unrecognised(a.hyp_cells, a.hyp_labels, j[right], a.hyp_names)
    found = []
    for kind, count, sides in zip(KINDS, counts, ((ref, None), (None, hyp), (ref, hyp)), strict=True):
        before, last = None, -1
        for cell in np.flatnonzero((count > 0) & (a.time > 0)).tolist():
            what = (int(count[cell]), *(side.names_in(cell) if side else () for side in sides))
            start, end = a.cells.edges[cell : cell + 2].tolist()
            if what == before and cell == last + 1:
                found[-1] = found[-1]._replace(end=end)
            else:
                found.append(Mistake(kind, start, end, *what))
            before, last = what, cell
    return found


class Unrecognised:
    """Entries of one side of an alignment without those that are right, looked up by cell."""

    def __init__(self, cells, labels, right, names):
        wrong = np.ones(len(cells), dtype=bool)
        wrong[right] = False
        self.cells, self.labels, self.names = cells[wrong], labels[wrong], names

    def names_in(self, cell):
        first, last = np.searchsorted(self.cells, [cell, cell + 1])
        return tuple(self.names[label] for label in self.labels[first:last])
