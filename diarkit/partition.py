"""Which items of a list go where: cutting it into pieces, and choosing some of it; as Kaldi's scripts do.

Split_scp.pl, subset_scp.pl and subset_data_dir.sh of Kaldi's utils; what they choose is the same here, but for
random speakers.
"""

import random


def even_runs(count, pieces):
    """Cut `count` items into runs that differ by one at most, longer ones first: the piece of each item.

    pieces : 1 <= pieces <= count
    """
    size, longer = divmod(count, pieces)
    return [piece for piece in range(pieces) for _ in range(size + (piece < longer))]


def balanced_runs(sizes, pieces):
    """Cut groups that must stay whole into runs with as equal numbers of items as can be: the piece of each group.

    Starts with equal numbers of groups, and moves the group at the end of a run to its neighbour for as long as
    that brings two neighbours closer.

    sizes : items of each group, in order
    pieces : 1 <= pieces <= len(sizes); each gets a group at least
    """
    groups = len(sizes)
    starts = [-(-piece * groups // pieces) for piece in range(pieces + 1)]  # group i is in piece i * pieces // groups
    totals = [sum(sizes[a:b]) for a, b in zip(starts, starts[1:], strict=False)]

    def move(left, group, direction):
        """Move a group across the border between piece `left` and the next one if that evens them out."""
        first, second = totals[left], totals[left + 1]
        change = direction * sizes[group]
        if abs((second - change) - (first + change)) >= abs(second - first):
            return False
        totals[left] += change
        totals[left + 1] -= change
        starts[left + 1] += direction
        return True

    changed = True
    while changed:
        changed = False
        for piece in range(pieces):
            if piece < pieces - 1 and starts[piece] < starts[piece + 1]:
                changed |= move(piece, starts[piece + 1] - 1, -1)
            if piece > 0 and starts[piece] < starts[piece + 1]:
                changed |= move(piece - 1, starts[piece], +1)
    return [piece for piece in range(pieces) for _ in range(starts[piece], starts[piece + 1])]


def evenly(count, wanted):
    """Indices of `wanted` out of `count` items, taken evenly from all of them: half from each half, and so on."""
    chosen = []
    stack = [(0, count, wanted)]
    while stack:
        start, end, needed = stack.pop()
        if not needed:
            continue
        if end - start == 1:
            chosen.append(start)
            continue
        middle = start + (end - start) // 2
        stack.append((middle, end, needed - needed // 2))
        stack.append((start, middle, needed // 2))
    return chosen


def spread(items, wanted):
    """`wanted` items of a list, or all if there are fewer, as far apart as whole steps allow."""
    step = max(len(items) // wanted, 1)
    return items[: wanted * step : step]


def random_groups(sizes, wanted, seed):
    """Indices, sorted, of as many random groups as it takes to have `wanted` items."""
    order = list(range(len(sizes)))
    random.Random(seed).shuffle(order)
    chosen, total = [], 0
    for index in order:
        if total >= wanted:
            break
        chosen.append(index)
        total += sizes[index]
    return sorted(chosen)
