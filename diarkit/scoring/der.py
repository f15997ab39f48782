"""Diarization error rate: DER = (missed + false alarm + confusion) / speaker time of the reference.

Speakers of hypothesis and reference are mapped one to one so that mapped speakers talk together for as
long as possible. The rules are md-eval's (NIST, version 22): the mapping is made on everything that the
UEM allows, and only then are collars, overlap and no-score zones taken out. What the scorers md-eval and
dscore disagree about is in diarkit.scoring.protocols.
"""

from dataclasses import dataclass, field

import numpy as np

from diarkit.cells import Cells, distinct, join, numbered
from diarkit.errors import DataError
from diarkit.scoring import exclusion, protocols
from diarkit.scoring.matching import map_speakers


@dataclass
class Errors:
    """Seconds of speaker time; `mapping` is {speaker of the reference: speaker of the hypothesis}."""

    scored: float = 0.0
    missed: float = 0.0
    false_alarm: float = 0.0
    confusion: float = 0.0
    ref_speakers: int = 0
    hyp_speakers: int = 0
    jer: float | None = None  # percent, where it was asked for
    mapping: dict = field(default_factory=dict)
    if_unscored: float = float("nan")

    @property
    def der(self):
        """In percent; `if_unscored` where no speech is scored."""
        wrong = self.missed + self.false_alarm + self.confusion
        return 100 * wrong / self.scored if self.scored > 0 else self.if_unscored

    def __add__(self, other):
        numbers = ("scored", "missed", "false_alarm", "confusion", "ref_speakers", "hyp_speakers")
        sums = {name: getattr(self, name) + getattr(other, name) for name in numbers}
        return Errors(**sums, mapping=self.mapping | other.mapping, if_unscored=self.if_unscored)


@dataclass
class Score:
    """`files` is {recording: Errors}; `notes` are lines that the user should see.

    `ci` : (low, high), % of the DER; `report` : diarkit.scoring.mdeval.Report; where they are asked for
    """

    files: dict
    total: Errors
    uem_source: str
    notes: list
    ci: tuple | None = None
    report: object = None


def score(ref, hyp, uem=None, collar=0.0, ignore_overlap=False, scorer="md-eval", visit=None):
    """Score all recordings of a reference.

    Parameters
    ----------
    ref, hyp : lists of turns (reco, channel, start, duration, speaker, kind), s; with lines of all types,
        see diarkit.io.rttm
    uem : list of regions (reco, channel, start, end), s; None for the scorer's default
    collar : s on each side of both ends of every turn of the reference
    ignore_overlap : do not score where two or more turns of the reference overlap
    scorer : 'md-eval' or 'dscore'
    visit : function that is called for each part of the total: of the recording, the arguments of errors() that
        the protocol makes of it, and the Alignment

    Returns
    -------
    Score; the sum over files is that of their seconds

    Raises DataError where there is no speech to score.
    """
    notes = protocols.Notes()
    protocol = {"md-eval": protocols.md_eval, "dscore": protocols.dscore}[scorer]
    files, total = {}, Errors()
    for reco, counted, parts in protocol(ref, hyp, uem, notes):
        with protocols.naming(reco):
            alignment = align(*parts, collar=collar, ignore_overlap=ignore_overlap, slip_of_md_eval=True)
        found = errors_of(alignment)
        if scorer == "dscore":
            found.if_unscored = 100.0 if found.hyp_speakers else 0.0
        if counted:
            total += found
            if visit:
                visit(reco, parts, alignment)
        files[reco] = files[reco] + found if reco in files else found
    if not total.scored > 0:
        raise DataError("no speech of the reference is left to score")
    source = "given" if uem is not None else protocols.DEFAULT_UEM[scorer]
    return Score(files, total, source, list(notes.lines()))


@dataclass
class Alignment:
    """A hypothesis against a reference, cell by cell of time.

    `ref_cells` and `ref_labels` are entries: one for each speaker of each evaluated or scored cell in which it talks;
    they are by cell. `hyp_cells` and `hyp_labels` likewise. Labels count in the lists of names. Entries i of the
    reference and j of the hypothesis, the arrays `pairs`, are those of the same cell.
    """

    cells: Cells
    evaluated: np.ndarray  # (N,) bool, what the mapping is made on
    time: np.ndarray  # (N,) s of each cell, 0 where it is not scored
    ref_names: list
    hyp_names: list
    ref_cells: np.ndarray
    ref_labels: np.ndarray
    hyp_cells: np.ndarray
    hyp_labels: np.ndarray
    pairs: tuple
    together: np.ndarray  # (R, H) s, each speaker of the reference with each of the hypothesis
    mapped: np.ndarray  # (R,) number of the speaker of the hypothesis, -1 for none


def align(ref, hyp, uem, no_score=(), collar=0.0, ignore_overlap=False, slip_of_md_eval=False):
    """Map the speakers of a hypothesis to those of a reference; arguments as in errors(). Returns Alignment.

    With `slip_of_md_eval`, time is scored that md-eval should leave out but does not, see exclusion.left.
    """
    if not collar >= 0:
        raise ValueError("the collar is negative")
    ref_times, hyp_times = ref[:2], hyp[:2]
    (ref_numbers, ref_names), (hyp_numbers, hyp_names) = numbered(ref[2]), numbered(hyp[2])
    left = exclusion.left if slip_of_md_eval else exclusion.plainly_left
    regions = uem
    if collar > 0:
        # A zero-length turn is no speech, but its boundary gets a collar like any other.
        bounds = np.concatenate(ref_times)
        regions = exclusion.plainly_left(uem, (bounds - collar, bounds + collar))
    for zones in (*no_score, exclusion.overlap(*ref_times)) if ignore_overlap else no_score:
        regions = left(regions, zones)
    long = regions[1] > regions[0] + exclusion.EPSILON  # not what is left between two collars by rounding
    regions = regions[0][long], regions[1][long]

    sides = (ref_times, ref_numbers, len(ref_names)), (hyp_times, hyp_numbers, len(hyp_names))
    cells = Cells(ref_times, hyp_times, uem, regions)
    evaluated, scored = cells.cover(*uem), cells.cover(*regions)
    ref_entries, hyp_entries, pairs, together = meetings(cells, evaluated, scored, *sides)
    mapped = map_speakers(together, lambda: exact_time_together(*sides, uem))
    time = np.where(scored, cells.length, 0.0)
    return Alignment(cells, evaluated, time, ref_names, hyp_names, *ref_entries, *hyp_entries, pairs, together, mapped)


def meetings(cells, evaluated, scored, ref, hyp):
    """Who talks with whom: entries of the reference and of the hypothesis, pairs and together as in Alignment.

    ref, hyp : ((starts, ends), numbers of the speakers, how many speakers)
    """
    (ref_cells, ref_labels), (hyp_cells, hyp_labels) = (
        within(evaluated | scored, *cells.members(*times, numbers, size)) for times, numbers, size in (ref, hyp))
    i, j = join(ref_cells, hyp_cells)
    pair = ref_labels[i] * hyp[2] + hyp_labels[j]
    together = np.bincount(pair, np.where(evaluated, cells.length, 0.0)[ref_cells[i]], ref[2] * hyp[2])
    return (ref_cells, ref_labels), (hyp_cells, hyp_labels), (i, j), together.reshape(ref[2], hyp[2])


def exact_time_together(ref, hyp, uem):
    """`together` of meetings() to the last bit of md-eval's, which decides between mappings that are equally good.

    It sums over cells without the boundaries of collars, and of boundaries within 1e-8 s of each other it takes ends
    before beginnings: nobody talks with somebody for the noise in a sum of start and duration.
    """
    edges = distinct(np.concatenate([*ref[0], *hyp[0], *uem]))
    near = np.diff(edges) <= exclusion.EPSILON
    if near.any():
        groups = np.concatenate([[0], np.cumsum(~near)])
        latest = np.full(len(edges), -np.inf)
        settled = []
        for times in (uem[1], ref[0][1], hyp[0][1], hyp[0][0], ref[0][0]):  # the order in which md-eval takes them
            group = groups[np.searchsorted(edges, times)]
            settled.append(np.maximum(times, latest[group]))
            np.maximum.at(latest, group, times)
        _, ref_ends, hyp_ends, hyp_starts, ref_starts = settled
        ref, hyp = ((ref_starts, ref_ends), *ref[1:]), ((hyp_starts, hyp_ends), *hyp[1:])
    cells = Cells(ref[0], hyp[0], uem)
    evaluated = cells.cover(*uem)
    return meetings(cells, evaluated, evaluated, ref, hyp)[3]


def errors(ref, hyp, uem, no_score=(), collar=0.0, ignore_overlap=False):
    """The errors of a hypothesis against a reference, for one channel of one recording.

    Parameters
    ----------
    ref, hyp : (starts, ends, speakers), one entry a turn; s, s, names
    uem : (starts, ends), what is evaluated, s
    no_score : [(starts, ends)], s, sets of zones taken out after the mapping, one after another
    collar, ignore_overlap : see score()

    Returns
    -------
    Errors
    """
    return errors_of(align(ref, hyp, uem, no_score, collar, ignore_overlap))


def errors_of(alignment):
    """The Errors of an Alignment."""
    a, time = alignment, alignment.time
    num_ref = np.bincount(a.ref_cells, minlength=len(time))
    num_hyp = np.bincount(a.hyp_cells, minlength=len(time))
    i, j = a.pairs
    right = time[a.ref_cells[i]][a.mapped[a.ref_labels[i]] == a.hyp_labels[j]].sum()
    return Errors(
        scored=float(time @ num_ref),
        missed=float(time @ np.maximum(num_ref - num_hyp, 0)),
        false_alarm=float(time @ np.maximum(num_hyp - num_ref, 0)),
        confusion=max(float(time @ np.minimum(num_ref, num_hyp) - right), 0.0),  # -1e-16 is none
        ref_speakers=len(np.unique(a.ref_labels)),
        hyp_speakers=len(np.unique(a.hyp_labels)),
        mapping={a.ref_names[r]: a.hyp_names[h] for r, h in enumerate(a.mapped) if h >= 0},
    )


def within(mask, cells, labels):
    inside = mask[cells]
    return cells[inside], labels[inside]
