"""Change points: where the set of speakers changes, and how many of them a hypothesis finds.

A change point is a time within a region of the UEM, not at its ends, before which others talk than after it; that
somebody begins or stops is a change as well, silence being the set of nobody. It is known to 1 microsecond, so that
turns touch that are meant to. A change point of the hypothesis and one of the reference match if they are no more than
the tolerance apart; each matches one at most, the nearest first.

pyannote.metrics' SegmentationPrecision and SegmentationRecall match in this way, but take other points: the ends of
all distinct turns, in order of their starts, without the last. Where turns follow each other without pause and
overlap these are the same; a pause is one point there, its begin, and here two.
"""

import numpy as np

from diarkit.cells import NOTHING, ranges
from diarkit.scoring.cooccurrence import Cooccurrence

NAMES = ("change_precision", "change_recall", "change_f1")
DECIMALS = 6  # of times in s
SLACK = 1e-6  # s: 1.35 is meant to be no more than 0.25 from 1.1, although the difference is 0.2500000000000002


def part_of(ref, hyp, uem, tolerance):
    """Change points that match, of the hypothesis, of the reference: (3,) int. `tolerance` is in s.

    The other arguments are as in diarkit.scoring.jer.jaccard_errors.
    """
    found, true = change_points(hyp, uem), change_points(ref, uem)
    return np.array([num_matches(true, found, tolerance), len(found), len(true)])


def change_points(turns, uem):
    """The change points of (starts, ends, speakers) within (starts, ends), s, ascending."""
    turns, uem = ((*(np.round(times, DECIMALS) for times in side[:2]), *side[2:]) for side in (turns, uem))
    side = Cooccurrence(turns, (*NOTHING, []), uem)
    speakers, inside = side.sets()[0], side.length > 0
    changes = (speakers[1:] != speakers[:-1]) & inside[1:] & inside[:-1]
    return side.cells.edges[1:-1][changes]


def num_matches(true, found, tolerance):
    """How many points of two ascending arrays are matched, the nearest two first."""
    reach = tolerance + SLACK
    i, j = ranges(np.searchsorted(found, true - reach), np.searchsorted(found, true + reach, side="right"))
    free_true, free_found = np.ones(len(true), dtype=bool), np.ones(len(found), dtype=bool)
    count = 0
    for pair in np.argsort(np.abs(true[i] - found[j]), kind="stable").tolist():
        if free_true[i[pair]] and free_found[j[pair]]:
            free_true[i[pair]] = free_found[j[pair]] = False
            count += 1
    return count


def values_of(parts):
    """{measure: value, 0 to 1} of recordings together; 1 where there are no points to be right or to be found."""
    matched, found, true = np.sum(list(parts), axis=0).tolist()
    precision, recall = (matched / points if points else 1.0 for points in (found, true))
    f1 = 2 * matched / (found + true) if found + true else 1.0
    return dict(zip(NAMES, (precision, recall, f1), strict=True))
