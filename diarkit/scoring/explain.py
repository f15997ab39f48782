"""Where the errors of a hypothesis lie: in which places of the reference, at whose cost, and what would help.

Every table that is gathered here adds up to the errors that diarkit.scoring.der counts: each second of error lies in
exactly one row of it. Who of several speakers is wrong is decided in diarkit.scoring.blame. Terms:

turn : speech of one speaker without a break, so that its parts that touch or overlap are one
boundary : start or end of a line of the reference, what a collar is put around
change of speaker : the start of a turn, if the turn that began before it is somebody else's
pause : a gap between turns of the reference in which nobody talks
"""

import numpy as np

from diarkit.cells import numbered, union
from diarkit.scoring.blame import (
    Blame,
    best_of_turns,
    errors_in_a_row,
    seconds_as,
    share_within,
    stretches,
)
from diarkit.scoring.der import score

CLOCK, SPEECH, MISSED, FALSE_ALARM, CONFUSION = range(5)  # columns of the tables of places, all in s
KINDS = ("missed", "false alarm", "confusion")
MAIN_PART = 0.5  # of its time with another speaker, and a speaker belongs to it


def explain(ref, hyp, uem=None, collar=0.0, ignore_overlap=False, scorer="md-eval", **limits):
    """Score as diarkit.scoring.der.score does, and explain the errors: (Score, Explanation). `limits` are its own."""
    explanation = Explanation(**limits)
    found = score(ref, hyp, uem, collar, ignore_overlap, scorer, explanation.add)
    return found, explanation


class Explanation:
    """The errors of recordings by place, speaker and pair, gathered by add().

    Parameters
    ----------
    boundary : s, what is so near to a boundary of the reference is at it
    short, pauses : s, ascending; the lengths that divide turns and pauses
    after_change : s after a change of speaker

    Attributes
    ----------
    recordings : {name: True} of what was added
    by_count : (4, 5) s, where 0, 1, 2, 3 or more speakers of the reference talk; the columns are time of the clock,
        time of speakers, missed, false alarm, confusion
    by_boundary : (4, 5) s, near a start, near an end, near both, elsewhere
    by_change : (2, 5) s, after a change of speaker, elsewhere
    by_length : (B, 4) turns shorter than each of `short`, and the rest: number, time of speakers, missed, confusion
    by_pause : (P + 2, 3) pauses shorter than each of `pauses`, longer ones, and what is before the first and after
        the last turn: number, time of the clock, false alarm
    nobody_found : s of the clock in which somebody talks and the hypothesis has nobody
    best_turns : s of error that are left if each turn of the hypothesis has the best speaker that one turn can have
    speakers, confusions, unmatched, merges : lists of rows, see diarkit.scoring.explain_sections
    singles : per part its recording, the names on both sides, and the arrays of blame.errors_in_a_row
    """

    def __init__(self, boundary=0.25, short=(0.5, 1.0, 2.0), pauses=(0.3, 1.0, 2.0), after_change=1.0):
        self.boundary, self.short, self.pauses, self.after_change = boundary, short, pauses, after_change
        self.recordings = {}
        self.by_count, self.by_boundary, self.by_change = np.zeros((4, 5)), np.zeros((4, 5)), np.zeros((2, 5))
        self.by_length, self.by_pause = np.zeros((len(short) + 1, 4)), np.zeros((len(pauses) + 2, 3))
        self.nobody_found = self.best_turns = 0.0
        self.speakers, self.confusions, self.unmatched, self.merges, self.singles = [], [], [], [], []

    def add(self, reco, parts, a):
        """Take in one part of the total: its recording, the arguments of der.errors, its Alignment."""
        self.recordings[reco] = True
        ref, hyp = parts[:2]
        blame = Blame(a)
        counts = np.column_stack([np.ones(len(a.time), dtype=int), blame.num_ref, blame.missed, blame.false_alarm,
                                  blame.confusion])
        table = counts * a.time[:, None]
        speakers = np.minimum(blame.num_ref, 3)
        self.by_count += (speakers == np.arange(4)[:, None]) @ table
        self.by_boundary += self.near_boundaries(a.cells.edges, ref) @ table
        self.add_turns(a, blame, ref, table)
        self.add_pauses(a, ref, table)
        self.nobody_found += float(a.time[(blame.num_ref > 0) & (blame.num_hyp == 0)].sum())
        self.best_turns += best_of_turns(a, hyp)
        self.add_speakers(reco, a, blame)
        self.add_merges(reco, a, blame)
        self.singles.append((reco, a.ref_names, a.hyp_names, *errors_in_a_row(a, blame)))

    def near_boundaries(self, edges, ref):
        """(4, N) shares of the cells: near a start, near an end, near both, elsewhere."""
        around = [(times - self.boundary, times + self.boundary) for times in ref[:2]]
        start, end = (share_within(edges, *union(*zone)) for zone in around)
        near = share_within(edges, *union(*np.concatenate(around, axis=1)))
        return np.stack([near - end, near - start, start + end - near, 1 - near])

    def add_turns(self, a, blame, ref, table):
        """Errors by length of the turn, and after changes of speaker."""
        labels = numbered(ref[2])[0]
        entry_cells, entry_labels = a.cells.members(*ref[:2], labels, len(a.ref_names))
        first, last, speaker, of_entry = stretches(a.cells, entry_cells, entry_labels)
        starts, ends = a.cells.edges[first], a.cells.edges[last + 1]
        bins = np.searchsorted(self.short, np.round(ends - starts, 6), side="right")  # 2.3 - 2.0 is not below 0.3
        turn = of_entry[a.evaluated[entry_cells]]  # of the entries of the alignment
        time = a.time[a.ref_cells]
        speech = np.bincount(turn, time, minlength=len(bins))
        sums = [speech > 0, speech, np.bincount(turn, time * blame.ref_missed, minlength=len(bins)),
                np.bincount(turn, time * blame.ref_confused, minlength=len(bins))]
        size = len(self.by_length)
        self.by_length += np.column_stack([np.bincount(bins, column, minlength=size) for column in sums])

        order = np.lexsort((ends, starts))
        changes = starts[order][1:][np.diff(speaker[order]) != 0]
        after = share_within(a.cells.edges, *union(changes, changes + self.after_change))
        self.by_change += np.stack([after, 1 - after]) @ table

    def add_pauses(self, a, ref, table):
        """False alarm where nobody talks, by length of the pause."""
        silent = ~a.cells.cover(*ref[:2])
        starts, ends = a.cells.where(silent)
        bins = np.searchsorted(self.pauses, np.round(ends - starts, 6), side="right")
        bins[(starts == a.cells.edges[0]) | (ends == a.cells.edges[-1])] = len(self.pauses) + 1
        cell = np.flatnonzero(silent)
        pause = np.searchsorted(starts, a.cells.edges[cell], side="right") - 1
        clock = np.bincount(pause, table[cell, CLOCK], minlength=len(bins))
        false_alarm = np.bincount(pause, table[cell, FALSE_ALARM], minlength=len(bins))
        size = len(self.by_pause)
        for column, values in enumerate((clock > 0, clock, false_alarm)):
            self.by_pause[:, column] += np.bincount(bins, values, minlength=size)

    def add_speakers(self, reco, a, blame):
        """What each speaker lost, to whom, and who is mapped to nobody."""
        def by_speaker(side, share, time=a.time):
            cells, labels, names = ((a.ref_cells, a.ref_labels, a.ref_names) if side == "ref" else
                                    (a.hyp_cells, a.hyp_labels, a.hyp_names))
            return np.bincount(labels, time[cells] * share, minlength=len(names)).tolist()

        length = a.cells.length
        ref_all, hyp_all = by_speaker("ref", 1, length), by_speaker("hyp", 1, length)  # s that are evaluated
        ref_time, hyp_time = by_speaker("ref", 1), by_speaker("hyp", 1)
        missed, confused = by_speaker("ref", blame.ref_missed), by_speaker("ref", blame.ref_confused)
        false_alarm, said = by_speaker("hyp", blame.hyp_false), by_speaker("hyp", blame.hyp_confused)
        owner = {}
        for r, name in enumerate(a.ref_names):
            if not ref_all[r]:
                continue
            h = int(a.mapped[r])
            if h >= 0:
                owner[h] = name
                both = a.together[r, h]
                extra, jaccard = false_alarm[h], 100 * (1 - both / (ref_all[r] + hyp_all[h] - both))
            else:
                extra, jaccard = 0.0, 100.0
                self.unmatched.append((reco, "reference", name, ref_time[r], missed[r], confused[r]))
            wrong = missed[r] + confused[r] + extra
            error = 100 * wrong / ref_time[r] if ref_time[r] else None
            self.speakers.append((reco, name, a.hyp_names[h] if h >= 0 else None, ref_time[r], missed[r], extra,
                                  confused[r], error, float(jaccard)))
        for h, name in enumerate(a.hyp_names):
            if hyp_all[h] and h not in owner:
                self.unmatched.append((reco, "hypothesis", name, hyp_time[h], false_alarm[h], said[h]))
        confused = seconds_as(a, blame, right=False)
        for r, h in np.argwhere(confused > 0).tolist():
            self.confusions.append((reco, a.ref_names[r], a.hyp_names[h], owner.get(h), float(confused[r, h])))

    def add_merges(self, reco, a, blame):
        """One speaker of the hypothesis for the main part of several of the reference (merge), and the reverse (split).

        A row has the speaker, the others, and of their time with it all but that of the one with most of it, s.
        """
        taken = seconds_as(a, blame)
        for what, together, names, others, cells, labels in (
            ("merge", taken.T, a.hyp_names, a.ref_names, a.ref_cells, a.ref_labels),
            ("split", taken, a.ref_names, a.hyp_names, a.hyp_cells, a.hyp_labels),
        ):
            main = together > MAIN_PART * np.bincount(labels, a.time[cells], minlength=len(others))
            for one in np.flatnonzero(main.sum(axis=1) > 1):
                many = np.flatnonzero(main[one])
                many = many[np.argsort(-together[one, many], kind="stable")]
                self.merges.append((reco, what, names[one], [others[n] for n in many],
                                    float(together[one, many[1:]].sum())))

    def single_errors(self):
        """Rows (recording, start, end, kind, speaker, said, seconds) of all errors, the most seconds first."""
        rows = []
        for reco, ref_names, hyp_names, *columns in self.singles:
            for start, end, seconds, kind, ref, hyp in zip(*(column.tolist() for column in columns), strict=True):
                rows.append((reco, start, end, KINDS[kind], ref_names[ref] if ref >= 0 else None,
                             hyp_names[hyp] if hyp >= 0 else None, seconds))
        return sorted(rows, key=lambda row: (-row[-1], row[0], row[1]))
