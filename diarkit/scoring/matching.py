"""One-to-one mapping of speakers by the time that they talk together, with md-eval's choice among equals.

The mapping that is best is a matter of mathematics; which of several equally good ones is taken is not, and where
collars or overlap are left out afterwards, it changes the errors. md-eval uses the Hungarian algorithm in the form of
Knuth's Stanford GraphBase (`assign_lisa`), over speakers in order of name; the same steps are made here, a row at a
time.
"""

import numpy as np

CLEAR = 1e-6  # s by which a best partner is better than the next, for the choice not to hang on rounding
LARGE = 50000  # pairs of speakers; of more, the choice among equals is scipy's
NO_SLACK = 1e30


def map_speakers(together, exact=None):
    """The mapping with the greatest sum of time.

    Parameters
    ----------
    together : (R, S) s, each speaker of one side with each of the other, both in order of name
    exact : function without arguments that gives `together` to the last bit, called where the choice may hang on it

    Returns
    -------
    (R,) int, the partner of each, -1 where there is none; partners talk together for more than 0 s
    """
    partner = np.full(len(together), -1)
    rows, columns = np.flatnonzero(together.any(axis=1)), np.flatnonzero(together.any(axis=0))
    if not len(rows):
        return partner
    inner = together[np.ix_(rows, columns)]
    found = obvious(inner)
    if found is None and exact is not None:
        return map_speakers(exact())
    if found is None:
        found = matched(inner) if inner.size <= LARGE else matched_by_scipy(inner)
    kept = found >= 0
    partner[rows[kept]] = columns[found[kept]]
    return partner


def obvious(together):
    """Where the best partners of one side are all different, and clearly the best, no sum can be greater."""
    if together.shape[0] > together.shape[1]:
        other = obvious(together.T)
        return None if other is None else inverse(other, len(together))
    best = together.argmax(axis=1)
    if len(set(best.tolist())) < len(best):
        return None
    first = together.max(axis=1)
    second = np.partition(together, -2, axis=1)[:, -2] if together.shape[1] > 1 else 0.0
    return None if (first - second < CLEAR).any() else best


def inverse(partner, size):
    result = np.full(size, -1)
    kept = partner >= 0
    result[partner[kept]] = np.flatnonzero(kept)
    return result


def matched(together):
    """As map_speakers, by the steps of md-eval's weighted_bipartite_graph_match."""
    if together.shape[0] < together.shape[1]:
        return inverse(matched(together.T), len(together))
    most = together.max()
    size = max(together.shape) + 1  # one more on both sides, for speakers that have no partner
    nobody = most * (1 + 1e-12)
    cost = np.full((size, size), nobody)
    cost[: together.shape[0], : together.shape[1]] = np.where(together > 0, most - together, nobody)
    row_of_column = assign(cost - cost.min(axis=0))[: together.shape[1]]
    partner = np.full(len(together), -1)
    for column, row in enumerate(row_of_column):
        if row < len(together) and together[row, column] > 0:
            partner[row] = column
    return partner


def matched_by_scipy(together):
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(together, maximize=True)
    partner = np.full(len(together), -1)
    partner[rows] = np.where(together[rows, columns] > 0, columns, -1)
    return partner


def assign(cost):
    """The row of every column in the assignment of least cost. cost : (N, N), >= 0, with a 0 in every row."""
    size = len(cost)
    row_of, column_of = np.full(size, -1), np.full(size, -1)
    row_less, column_more = np.zeros(size), np.zeros(size)  # dual variables
    for row in range(size):
        free = np.flatnonzero((cost[row] == 0) & (row_of < 0))
        if len(free):
            row_of[free[0]], column_of[row] = row, free[0]
    for _ in range(int((column_of < 0).sum())):
        row, column, parent = breakthrough(cost, row_of, column_of, row_less, column_more)
        while row >= 0:
            before = column_of[row]
            row_of[column], column_of[row] = row, column
            row, column = (parent[before], before) if before >= 0 else (-1, -1)
    return row_of


def breakthrough(cost, row_of, column_of, row_less, column_more):
    """Grow trees of alternating zeros until one reaches a free column: (row, column, parent row of each column).

    Changes the dual variables in place.
    """
    size = len(cost)
    slack, slack_row, parent = np.full(size, NO_SLACK), np.full(size, -1), np.full(size, -1)
    reached = np.flatnonzero(column_of < 0).tolist()  # rows
    next_row = 0
    while True:
        while next_row < len(reached):
            row = reached[next_row]
            reduced = cost[row] - row_less[row] + column_more
            better = (slack > 0) & (reduced < slack)
            zero = np.flatnonzero(better & (reduced == 0))
            free = zero[row_of[zero] < 0]
            if len(free):
                return row, free[0], parent
            better &= reduced != 0
            slack[better], slack_row[better] = reduced[better], row
            slack[zero], parent[zero] = 0.0, row
            reached.extend(row_of[zero].tolist())
            next_row += 1
        open_columns = slack != 0
        step = slack[open_columns].min()
        row_less[reached] += step
        column_more[~open_columns] += step
        slack[open_columns] -= step
        zero = np.flatnonzero(open_columns & (slack == 0))
        free = zero[row_of[zero] < 0]
        if len(free):
            return slack_row[free[0]], free[0], parent
        parent[zero] = slack_row[zero]
        reached.extend(row_of[zero].tolist())
