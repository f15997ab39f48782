"""Tiers, of which annotators' programs have one or more a speaker, and what stands in their intervals."""

from diarkit.io.turnfiles.records import NA


def tiers(records):
    """[(speaker, records in order of time)]: records that overlap are never in one tier.

    A speaker who overlaps with itself has several tiers. Speakers are in the order in which they begin.
    """
    found = {}
    for record in sorted(records, key=lambda record: (record.start, record.end)):
        own = found.setdefault(record.speaker, [])
        free = next((tier for tier in own if tier[-1].end <= record.start), None)
        if free is None:
            own.append([record])
        else:
            free.append(record)
    return [(speaker, tier) for speaker, own in found.items() for tier in own]


def shown_text(record):
    """What is written into an interval: the words, or without any the speaker, for people to see."""
    return record.speaker if record.orthography == NA else record.orthography


def words_in(text, speaker):
    """The words that an interval has, the reverse of shown_text."""
    return text if text.strip() and text != speaker else NA
