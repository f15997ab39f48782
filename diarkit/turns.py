"""From labelled, overlapping windows of one recording to turns that do not overlap."""

MS = 1000  # turns are cut in seconds and end as whole milliseconds, the unit of RTTM files


def make_turns(segments, labels):
    """Turns of one recording from its labelled segments.

    Where two neighbours overlap, the boundary is the midpoint of the overlap, as in Kaldi's make_rttm.py;
    pieces of one label that touch are one turn. A segment that lies within another (for which Kaldi's rule
    gives turns of negative length) keeps its own time, and the other one goes on after it.

    Parameters
    ----------
    segments : (start, end) of each segment, s, in any order
    labels : the label of each segment

    Returns
    -------
    list of (start, end, label), s, whole milliseconds, in order of time
    """
    pieces = [(start, end, label) for (start, end), label in zip(segments, labels, strict=True)]
    for start, end, label in pieces:
        if not end >= start:
            raise ValueError(f"segment of {label} from {start} to {end}")
    turns = joined(cut(sorted(pieces, key=lambda piece: piece[:2])))
    return [(start / MS, end / MS, label) for start, end, label in turns]


def cut(pieces):
    """Sorted pieces (s) made disjoint, as sorted (start, end, label) in ms."""
    levels = []
    while pieces:
        outer, inner = [], []
        for piece in pieces:
            within = outer and piece[1] < outer[-1][1]  # then it starts later, too: they are sorted
            (inner if within else outer).append(piece)
        levels.append(divided(outer))
        pieces = inner
    result = []
    for level in reversed(levels):
        result = painted(level, result)
    return result


def divided(chain):
    """Pieces (s) whose starts and ends both go up, overlaps divided at their midpoints; in ms."""
    result = []
    start = None
    for (own_start, end, label), following in zip(chain, [*chain[1:], None], strict=True):
        start = own_start if start is None else start
        middle = (end + following[0]) / 2 if following and following[0] < end else None
        result.append((round(start * MS), round((end if middle is None else middle) * MS), label))
        start = middle
    return [piece for piece in result if piece[0] < piece[1]]


def painted(below, above):
    """The pieces of `above`, and those of `below` where nothing of `above` is; both sorted and disjoint."""
    result = list(above)
    first = 0
    for start, end, label in below:
        while first < len(above) and above[first][1] <= start:
            first += 1
        n = first
        while n < len(above) and above[n][0] < end:
            if start < above[n][0]:
                result.append((start, above[n][0], label))
            start = above[n][1]
            n += 1
        if start < end:
            result.append((start, end, label))
    return sorted(result, key=lambda piece: piece[:2])


def joined(pieces):
    """Pieces of one label that touch made one."""
    turns = []
    for start, end, label in pieces:
        if turns and turns[-1][1] == start and turns[-1][2] == label:
            turns[-1] = (turns[-1][0], end, label)
        else:
            turns.append((start, end, label))
    return turns
