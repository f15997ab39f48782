"""Who is wrong where: the errors of an alignment shared out among speakers, exactly.

In a cell of time R speakers of the reference and S of the hypothesis talk, and C of them are pairs that are mapped to
each other. The other U = R - C and V = S - C are wrong: min(U, V) of them are confusion, what remains of U is missed,
what remains of V false alarm. Which of them is which, nobody knows, and so each takes an equal share:

    each of the U is missed (U - m) / U and confused m / U of the time, m = min(U, V),
    each of the V is false alarm (V - m) / V and confused m / V of the time,
    each of the U V pairs of them is confused m / (U V) of the time.

The shares of speakers and of pairs so add up to the errors of diarkit.scoring.der, in every cell.
"""

import numpy as np

from diarkit.cells import join, numbered, ranges


class Blame:
    """The shares of an Alignment `a`, in 0..1 for each of its entries; in seconds they are time[cell] * share.

    num_ref, num_hyp, missed, false_alarm, confusion : (N,) int, speakers in each cell
    ref_missed, ref_confused : shares of the entries of the reference
    hyp_false, hyp_confused : shares of the entries of the hypothesis
    pairs : (entries of the reference, entries of the hypothesis, shares) of those who are confused
    """

    def __init__(self, a):
        size = len(a.time)
        i, j = a.pairs
        match = a.mapped[a.ref_labels[i]] == a.hyp_labels[j]
        self.num_ref = np.bincount(a.ref_cells, minlength=size)
        self.num_hyp = np.bincount(a.hyp_cells, minlength=size)
        right = np.bincount(a.ref_cells[i[match]], minlength=size)
        self.missed = np.maximum(self.num_ref - self.num_hyp, 0)
        self.false_alarm = np.maximum(self.num_hyp - self.num_ref, 0)
        self.confusion = np.minimum(self.num_ref, self.num_hyp) - right

        ref_wrong, hyp_wrong = np.ones(len(a.ref_cells)), np.ones(len(a.hyp_cells))
        ref_wrong[i[match]] = 0
        hyp_wrong[j[match]] = 0
        each_ref = ref_wrong / np.maximum(self.num_ref - right, 1)[a.ref_cells]
        each_hyp = hyp_wrong / np.maximum(self.num_hyp - right, 1)[a.hyp_cells]
        self.ref_missed = each_ref * self.missed[a.ref_cells]
        self.ref_confused = each_ref * self.confusion[a.ref_cells]
        self.hyp_false = each_hyp * self.false_alarm[a.hyp_cells]
        self.hyp_confused = each_hyp * self.confusion[a.hyp_cells]
        share = each_ref[i] * each_hyp[j] * self.confusion[a.ref_cells[i]]
        self.pairs = i[share > 0], j[share > 0], share[share > 0]


def errors_in_a_row(a, blame):
    """The single errors of an Alignment: a speaker, or a pair of them, is wrong in one way without a break.

    Returns
    -------
    (starts, ends, seconds, kinds, ref, hyp), one entry an error: s, s, its share of their time in s, the kind (0
    missed, 1 false alarm, 2 confusion) and the numbers of the speakers, -1 where there is none
    """
    i, j, share = blame.pairs
    nobody = np.full(max(len(a.ref_cells), len(a.hyp_cells)), -1)
    cells = np.concatenate([a.ref_cells, a.hyp_cells, a.ref_cells[i]])
    shares = np.concatenate([blame.ref_missed, blame.hyp_false, share])
    kinds = np.repeat([0, 1, 2], [len(a.ref_cells), len(a.hyp_cells), len(i)])
    ref = np.concatenate([a.ref_labels, nobody[: len(a.hyp_cells)], a.ref_labels[i]])
    hyp = np.concatenate([nobody[: len(a.ref_cells)], a.hyp_labels, a.hyp_labels[j]])
    seconds = shares * a.time[cells]
    wrong = np.flatnonzero(seconds > 0)
    cells, kinds, ref, hyp, seconds = (array[wrong] for array in (cells, kinds, ref, hyp, seconds))
    key = (kinds * (len(a.ref_names) + 1) + ref + 1) * (len(a.hyp_names) + 1) + hyp + 1
    order, which = runs(cells, key)
    first, last = ends_of(which)
    first, last = order[first], order[last]
    return (a.cells.edges[cells[first]], a.cells.edges[cells[last] + 1], np.bincount(which, seconds[order]),
            kinds[first], ref[first], hyp[first])


def runs(cells, keys):
    """Entries of one key in cells that follow each other: (order of the entries, run of each of them then, from 0)."""
    order = np.lexsort((cells, keys))
    breaks = (np.diff(keys[order]) != 0) | (np.diff(cells[order]) > 1)
    return order, np.cumsum(np.concatenate([[False], breaks]))[: len(order)]


def ends_of(which):
    """First and last place of each run in an array such as 0 0 0 1 2 2."""
    steps = np.flatnonzero(np.diff(which))
    if not len(which):
        return steps, steps
    return np.append(0, steps + 1), np.append(steps, len(which) - 1)


def stretches(cells, entry_cells, labels):
    """Speech without a break of one speaker: (first cells, last cells, labels) of each, and the one of each entry."""
    order, which = runs(entry_cells, labels)
    first, last = ends_of(which)
    of_entry = np.empty(len(order), dtype=int)
    of_entry[order] = which
    return entry_cells[order][first], entry_cells[order][last], labels[order][first], of_entry


def seconds_as(a, blame, right=True):
    """(R, H) s of each speaker of the reference in which it is taken for each of the hypothesis.

    That is their confusion and, unless `right` is False, where they are mapped to each other and both talk.
    """
    i, j, share = blame.pairs
    if right:
        match = np.stack(a.pairs)[:, a.mapped[a.ref_labels[a.pairs[0]]] == a.hyp_labels[a.pairs[1]]]
        i, j, share = np.append(i, match[0]), np.append(j, match[1]), np.append(share, np.ones(match.shape[1]))
    shape = len(a.ref_names), len(a.hyp_names)
    key = a.ref_labels[i] * shape[1] + a.hyp_labels[j]
    return np.bincount(key, share * a.time[a.ref_cells[i]], shape[0] * shape[1]).reshape(shape)


def best_of_turns(a, hyp, rounds=2):
    """Errors, s, that are left if every turn of the hypothesis has the best speaker that one turn can have.

    Each turn is given to the speaker of the reference with whom it talks longest where none of the other turns is
    given to him, `rounds` times over. Where turns of the hypothesis do not overlap, that is the least that speakers of
    whole turns can reach; where they do, it is a labelling that exists, and another may be a little better.

    hyp : (starts, ends, speakers), the turns
    """
    turn, cell = ranges(*a.cells.span(*hyp[:2]))
    inside = np.flatnonzero(a.evaluated[cell])
    inside = inside[np.argsort(cell[inside], kind="stable")]
    turn, cell = turn[inside], cell[inside]
    num, wide = len(a.ref_names), len(a.ref_names) + len(a.hyp_names)
    truth = a.ref_cells * wide + a.ref_labels  # ascending
    num_ref = np.bincount(a.ref_cells, minlength=len(a.time))
    i, j = join(a.ref_cells, cell)

    owner = np.full(len(a.hyp_names), -1)
    owner[a.mapped[a.mapped >= 0]] = np.flatnonzero(a.mapped >= 0)
    said_now = numbered(hyp[2])[0]
    nobody = num + said_now  # a turn that is with nobody keeps its speaker, who is none of the reference
    label = np.where(owner[said_now] < 0, nobody, owner[said_now])
    least = np.inf
    for n in range(rounds + 1):
        said, times = np.unique(cell * wide + label[turn], return_counts=True)
        place = np.minimum(np.searchsorted(truth, said), max(len(truth) - 1, 0))
        right = truth[place] == said if len(truth) else np.zeros(len(said), dtype=bool)
        num_hyp = np.bincount(said // wide, minlength=len(a.time))
        num_right = np.bincount(said[right] // wide, minlength=len(a.time))
        least = min(least, float(a.time @ (np.maximum(num_ref, num_hyp) - num_right)))
        if n == rounds:
            return least
        taken = np.zeros(len(truth), dtype=int)  # how many turns each speaker of the reference has in each cell
        taken[place[right]] = times[right]
        mine = label[turn[j]] == a.ref_labels[i]
        key, which = np.unique(turn[j] * max(num, 1) + a.ref_labels[i], return_inverse=True)
        gain = np.bincount(which, a.time[cell[j]] * (taken[i] == mine), minlength=len(key))
        turns, speakers = np.divmod(key, max(num, 1))
        order = np.lexsort((label[turns] == speakers, gain))  # the last one that is written stays
        label = nobody.copy()
        label[turns[order]] = speakers[order]


def share_within(edges, starts, ends):
    """(N,) which part, 0 to 1, of the cells between N + 1 edges lies within intervals that do not overlap, in order."""
    bounds = np.column_stack([starts, ends]).ravel()
    if not len(bounds):
        return np.zeros(max(len(edges) - 1, 0))
    steps = np.zeros(len(bounds))
    steps[1::2] = ends - starts
    within = np.diff(np.interp(edges, bounds, np.cumsum(steps)))
    return np.clip(within / np.diff(edges), 0, 1)
