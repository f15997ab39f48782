"""Which pairs of segments are of one speaker, by a reference: the examples that a calibration is trained with."""

import numpy as np

from diarkit.cells import intervals, union


def speakers_of(times, turns, min_share=0.5):
    """Who talks most in each of the segments of a recording.

    times : (N, 2), start and end of each, s
    turns : [(start, end, speaker)], s, of the reference
    min_share : part of a segment that its speaker has to talk in at least

    Returns (N,) int, numbers of speakers in order of their names, -1 where nobody talks enough.
    """
    times = np.asarray(times, float).reshape(-1, 2)
    names = sorted({turn[2] for turn in turns})
    speech = np.zeros((len(names) + 1, len(times)))  # the last row: nobody
    for number, name in enumerate(names):
        starts, ends = union(*intervals(turn[:2] for turn in turns if turn[2] == name))
        done = np.append(0, np.cumsum(ends - starts))
        bounds = np.column_stack([starts, ends]).ravel()
        levels = np.repeat(done, 2)[1:-1]  # speech up to each of the bounds; between them it grows evenly, or not
        speech[number] = np.interp(times[:, 1], bounds, levels) - np.interp(times[:, 0], bounds, levels)
    most = speech.argmax(axis=0)
    length = times[:, 1] - times[:, 0]
    enough = (speech.max(axis=0) >= min_share * length - 1e-6) & (speech.max(axis=0) > 0)
    return np.where(enough, most, -1)


def pairs_of(scores, speakers, most=1_000_000):
    """Scores of pairs of segments, the part above the diagonal, and whether both are of one speaker.

    scores : K arrays (N, N), of K systems; speakers : (N,), -1 for segments to leave out
    most : pairs at most; of more, every second, every third ... is taken

    Returns K (P,) arrays of scores and (P,) bool, one list.
    """
    kept = np.flatnonzero(np.asarray(speakers) >= 0)
    first, second = (kept[side] for side in pairs_above_the_diagonal(len(kept), most))
    speakers = np.asarray(speakers)
    return [*(array[first, second] for array in scores), speakers[first] == speakers[second]]


def pairs_above_the_diagonal(n, most):
    """Rows and columns (P,) of what is above the diagonal of (n, n), row by row; of more than `most` every second."""
    starts = np.append(0, np.cumsum(np.arange(n - 1, 0, -1)))  # number of the first pair of each row
    numbers = np.arange(0, n * (n - 1) // 2, max(1, -(-n * (n - 1) // 2 // most)))
    row = np.searchsorted(starts, numbers, side="right") - 1
    return row, numbers - starts[row] + row + 1
