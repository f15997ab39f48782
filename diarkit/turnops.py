"""Changing who spoke when: cut to regions, moved in time, joined, made free of overlap, with other names.

Lines are named tuples with kind, reco, channel, start, duration, end and speaker, in seconds, such as
diarkit.io.rttm.Turn or the records of diarkit.io.turnfiles; what they have besides is kept. Times may be float or,
for results that are exact, Decimal. Only lines of the kind SPEAKER are turns; others may have no start or no duration,
which is None. Nothing here changes its input.
"""

import heapq
from bisect import bisect_right
from collections import defaultdict

from diarkit.errors import DataError

RULES = ("first", "last", "longest", "nobody")


def in_order(lines):
    """Lines by recording, start and end; those without a start come first in their recording."""
    return sorted(lines, key=lambda line: (
        line.reco, line.start is not None, line.start or 0, line.end or line.start or 0, line.kind, line.channel,
        line.speaker))


def union(spans):
    """(start, end) of what some spans cover, in order; those that touch are one, empty ones none."""
    merged = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def overlap(spans):
    """(start, end) of what the spans of two at least cover, in order; spans are (start, end, who)."""
    own = defaultdict(list)
    for start, end, who in spans:
        own[who].append((start, end))
    changes = sorted((time, step) for found in own.values() for start, end in union(found)
                     for time, step in ((start, 1), (end, -1)))
    regions, talking = [], 0
    for time, step in changes:  # at one time ends come first
        talking += step
        if step > 0 and talking == 2:
            start = time
        elif step < 0 and talking == 1:
            regions.append((start, time))
    return union(regions)


def cropped(lines, regions):
    """The parts of lines that lie within regions, (start, end) of any order.

    A line of no duration stays if it is within a region or at its edge, one without a start always.
    """
    parts_of = cropper(regions)
    for line in lines:
        yield from parts_of(line)


def cropper(regions):
    """A function that gives the parts of a line that lie within the regions, as cropped()."""
    regions = union(regions)
    ends = [end for _, end in regions]

    def parts_of(line):
        if line.start is None:
            yield line
            return
        first = bisect_right(ends, line.start)
        if not line.duration:
            if any(start <= line.start <= end for start, end in regions[max(first - 1, 0):first + 1]):
                yield line
            return
        for place in range(first, len(regions)):
            start, end = regions[place]
            if start >= line.end:
                break
            start, end = max(start, line.start), min(end, line.end)
            whole = start == line.start and end == line.end
            yield line if whole else line._replace(start=start, duration=end - start)

    return parts_of


def moved(line, offset, scale=1):
    """A line at start * scale + offset. Raises DataError if that is before 0."""
    if line.start is None:
        return line
    start = line.start * scale + offset
    if start < 0:
        there, here = float(line.start), float(start)
        raise DataError(f"what {line.speaker} has at {there:g} s would be at {here:g} s; crop first")
    return line._replace(start=start, duration=line.duration and line.duration * scale)


def joined(lines, max_gap=0):
    """Lines in order, the turns of a speaker made one where no more than `max_gap` s are between them.

    A speaker is one of a recording and channel. What a turn has besides its times is that of the first part. Of other
    lines each is there once.
    """
    turns, others = defaultdict(list), []
    for line in lines:
        if line.kind == "SPEAKER":
            turns[line.reco, line.channel, line.speaker].append(line)
        else:
            others.append(line)
    result = list(dict.fromkeys(others))
    for own in turns.values():
        own.sort(key=lambda line: (line.start, line.end))
        current = own[0]
        for line in own[1:]:
            if line.start - current.end > max_gap:
                result.append(current)
                current = line
            elif line.end > current.end:
                current = current._replace(duration=line.end - current.start)
        result.append(current)
    return in_order(result)


def without_overlap(lines, rule="first"):
    """Lines in order, in which at no time more than one turn of a recording and channel goes on.

    rule : who keeps the time in which several turns go on: of the one that began 'first' or 'last', or of the
        'longest' one; of turns that are equal in this the longer, then the earlier one. With 'nobody' it is kept only
        if they are all of one speaker

    A turn that loses time in its middle becomes two. Turns of no length stay, as do other lines.
    """
    if rule not in RULES:
        raise ValueError(f"no such rule: {rule}")
    groups, result = defaultdict(list), []
    for line in lines:
        if line.kind == "SPEAKER" and line.duration:
            groups[line.reco, line.channel].append(line)
        else:
            result.append(line)
    for turns in groups.values():
        for turn, start, end in owned(turns, rule):
            whole = start == turn.start and end == turn.end
            result.append(turn if whole else turn._replace(start=start, duration=end - start))
    return in_order(result)


def owned(turns, rule):
    """(turn, start, end) of the times that each turn keeps, in order."""
    best = {"first": lambda turn: (turn.start, -turn.duration),
            "last": lambda turn: (-turn.start, -turn.duration),
            "longest": lambda turn: (-turn.duration, turn.start),
            "nobody": lambda turn: (turn.start, -turn.duration)}[rule]
    ranked = sorted(turns, key=best)
    events = defaultdict(lambda: ([], []))  # time -> (ranks that begin, ranks that end)
    for rank, turn in enumerate(ranked):
        events[turn.start][0].append(rank)
        events[turn.end][1].append(rank)
    heap, active = [], defaultdict(int)  # ranks that go on, with some that have ended; speaker -> number of turns
    keeps = None  # (rank, since when)
    for now in sorted(events):
        begin, end = events[now]
        for rank in begin:
            heapq.heappush(heap, rank)
            active[ranked[rank].speaker] += 1
        for rank in end:
            active[ranked[rank].speaker] -= 1
            if not active[ranked[rank].speaker]:
                del active[ranked[rank].speaker]
        while heap and ranked[heap[0]].end <= now:
            heapq.heappop(heap)
        owner = heap[0] if heap and not (rule == "nobody" and len(active) > 1) else None
        if keeps and keeps[0] != owner:
            yield ranked[keeps[0]], keeps[1], now
            keeps = None
        if owner is not None and not keeps:
            keeps = owner, now


def numbers(lines, by="first", across=False):
    """{(recording, speaker): number from 1}: by who is 'first' to speak, or who speaks 'longest', in each recording.

    With `across` a name has one number in all recordings, which come in the order of their names.
    """
    first, spoken = {}, defaultdict(int)
    speakers = defaultdict(dict)
    for line in in_order(line for line in lines if line.kind == "SPEAKER"):
        key = "" if across else line.reco, line.speaker
        first.setdefault(key, len(first))
        spoken[key] += line.duration
        speakers[key][line.reco] = True
    count, found = defaultdict(int), {}
    for key in sorted(first, key=lambda key: (-spoken[key] if by == "longest" else 0, first[key])):
        count[key[0]] += 1
        for reco in speakers[key]:
            found[reco, key[1]] = count[key[0]]
    return found


def names_of_reference(mapping, speakers):
    """{speaker: new name} by {name of the reference: speaker}; others that would be taken for one of these get '_'.

    speakers : all of a recording
    """
    new = {speaker: name for name, speaker in mapping.items()}
    taken = set(mapping)
    for speaker in sorted(set(speakers) - set(new)):
        name = speaker
        while name in taken:
            name += "_"
        taken.add(name)
        new[speaker] = name
    return new
