"""Diarization error rate: DER = (missed + false alarm + confusion) / speaker time of the reference.

Speakers of hypothesis and reference are mapped one to one so that mapped speakers talk together for as
long as possible. The rules are md-eval's (NIST, version 22): the mapping is made on everything that the
UEM allows, and only then are collars, overlap and no-score zones taken out. What the scorers md-eval and
dscore disagree about is in diarkit.scoring.protocols.
"""

from dataclasses import dataclass, field

import numpy as np

from diarkit.cells import NOTHING, Cells, join, numbered
from diarkit.errors import DataError
from diarkit.scoring import protocols
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

    `ref_cells` and `ref_labels` are entries: one for each speaker of each evaluated cell in which it talks, by cell;
    `hyp_cells` and `hyp_labels` likewise. Labels count in the lists of names. Entries i of the reference and j of the
    hypothesis, the arrays `pairs`, are those of the same cell.
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


def align(ref, hyp, uem, no_eval=NOTHING, no_score=NOTHING, collar=0.0, ignore_overlap=False, slip_of_md_eval=False):
    """Map the speakers of a hypothesis to those of a reference; arguments as in errors(). Returns Alignment.

    With `slip_of_md_eval`, time is scored that md-eval's -1 should ignore but does not, see unseen_overlap.
    """
    if not collar >= 0:
        raise ValueError("the collar is negative")
    ref_times, (ref_labels, ref_names) = ref[:2], numbered(ref[2])
    hyp_times, (hyp_labels, hyp_names) = hyp[:2], numbered(hyp[2])
    # A zero-length turn is no speech, but its boundary gets a collar like any other.
    bounds = np.concatenate(ref_times) if collar > 0 else np.zeros(0)
    collars = (bounds - collar, bounds + collar)
    cells = Cells(ref_times, hyp_times, uem, collars, no_eval, no_score)
    evaluated = cells.cover(*uem) & ~cells.cover(*no_eval)
    scored = evaluated & ~cells.cover(*collars) & ~cells.cover(*no_score)
    if ignore_overlap:
        ignored = cells.count(*ref_times) > 1
        scored &= ~ignored | unseen_overlap(cells, ref_times, uem) if slip_of_md_eval and collar == 0 else ~ignored

    ref_cells, ref_labels = within(evaluated, *cells.members(*ref_times, ref_labels, len(ref_names)))
    hyp_cells, hyp_labels = within(evaluated, *cells.members(*hyp_times, hyp_labels, len(hyp_names)))
    i, j = join(ref_cells, hyp_cells)
    shape = len(ref_names), len(hyp_names)
    together = np.bincount(
        ref_labels[i] * shape[1] + hyp_labels[j], cells.length[ref_cells[i]], shape[0] * shape[1]
    ).reshape(shape)
    mapped = map_speakers(together)
    time = np.where(scored, cells.length, 0.0)
    return Alignment(cells, evaluated, time, ref_names, hyp_names, ref_cells, ref_labels, hyp_cells, hyp_labels,
                     (i, j), together, mapped)


def errors(ref, hyp, uem, no_eval=NOTHING, no_score=NOTHING, collar=0.0, ignore_overlap=False):
    """The errors of a hypothesis against a reference, for one channel of one recording.

    Parameters
    ----------
    ref, hyp : (starts, ends, speakers), one entry a turn; s, s, names
    uem : (starts, ends), what is evaluated, s
    no_eval, no_score : (starts, ends), s, zones taken out before and after the mapping
    collar, ignore_overlap : see score()

    Returns
    -------
    Errors
    """
    return errors_of(align(ref, hyp, uem, no_eval, no_score, collar, ignore_overlap))


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


def unseen_overlap(cells, turns, uem):
    """(N,) bool: cells of overlap that md-eval scores nevertheless under -1, without collars.

    Where one stretch of overlap ends and another begins at the same time (a third speaker goes on), or one begins
    just where a region of the UEM does, md-eval takes scoring up again, and stops only at the next event. If that is
    the end of the region, within the overlap, then what lies between is scored. Seen by running it.
    """
    active = cells.count(*turns)
    first, last = cells.span(*turns)
    ending = np.bincount(last[first < last], minlength=len(active))[: len(active)]
    before = np.concatenate([[0], active[:-1]])
    begins = (active > 1) & (before - ending < 2)
    found = np.zeros(len(active), dtype=bool)
    for start, end in zip(*cells.span(*uem), strict=True):
        begun = start + np.flatnonzero(begins[start:end])
        goes_on = end < len(active) and active[end - 1] > 1 and active[end] > 1 and not begins[end]
        if goes_on and len(begun) and (begun[-1] == start or before[begun[-1]] > 1):
            found[begun[-1] : end] = True
    return found


def within(mask, cells, labels):
    inside = mask[cells]
    return cells[inside], labels[inside]
