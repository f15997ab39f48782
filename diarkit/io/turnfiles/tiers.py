"""Tiers, of which annotators' programs have one or more a speaker, and what stands in their intervals."""

import heapq

from diarkit.io.turnfiles.records import NA


def tiers(records):
    """[(speaker, records in order of time)]: records that overlap are never in one tier.

    A speaker who overlaps with itself has several tiers. Speakers are in the order in which they begin.
    """
    found = {}  # speaker -> (tiers, heap of the ends of those in use with their numbers, heap of free numbers)
    for record in sorted(records, key=lambda record: (record.start, record.end)):
        own, used, free = found.setdefault(record.speaker, ([], [], []))
        while used and used[0][0] <= record.start:
            heapq.heappush(free, heapq.heappop(used)[1])
        if not free:
            own.append([])
            free.append(len(own) - 1)
        place = heapq.heappop(free)
        own[place].append(record)
        heapq.heappush(used, (record.end, place))
    return [(speaker, tier) for speaker, (own, _, _) in found.items() for tier in own]


def shown_text(record):
    """What is written into an interval: the words, or without any the speaker, for people to see."""
    return record.speaker if record.orthography == NA else record.orthography


def words_in(text, speaker):
    """The words that an interval has, the reverse of shown_text."""
    return text if text.strip() and text != speaker else NA
