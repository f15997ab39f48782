"""Records as fields with names, for JSON and CSV, which hold all ten of them."""

from decimal import Decimal

from diarkit.io.rttm import LINE_TYPES, BadLine
from diarkit.io.turnfiles.records import NA, Record, check_text, exact, turn_record

# Our names, and those that other programs have for the same.
NAMES = {
    "recording": ("recording", "reco", "uri", "file", "file_id", "filename"),
    "type": ("type",),
    "channel": ("channel",),
    "start": ("start", "begin", "onset", "start_time", "tbeg"),
    "end": ("end", "stop", "end_time", "tend"),
    "duration": ("duration", "dur", "tdur"),
    "speaker": ("speaker", "label", "speaker_id", "name"),
    "orthography": ("orthography", "text"),
    "subtype": ("subtype",),
    "confidence": ("confidence",),
    "lookahead": ("lookahead",),
}
OTHERS = ("orthography", "subtype", "confidence", "lookahead")


def from_named(named, reco):
    """The Record of a mapping of names to texts or numbers; `reco` where it names no recording.

    Nothing, '' and None are the same. Raises BadLine with the reason.
    """
    words = {}
    for name, spellings in NAMES.items():
        value = next((named[word] for word in spellings if named.get(word) not in (None, "")), None)
        if isinstance(value, str | Decimal):
            words[name] = str(value).strip() if name == "orthography" else str(value)
        elif value is not None:
            raise BadLine(f"the {name} is neither a text nor a number")
    start, end, duration = (exact(words[name], name) if name in words else None
                            for name in ("start", "end", "duration"))
    kind = words.get("type", "SPEAKER").upper()
    reco, channel = words.get("recording", reco), words.get("channel", "1")
    others = {name: words[name] for name in OTHERS if words.get(name)}
    if kind not in LINE_TYPES:
        raise BadLine(f"unknown type of RTTM line: {kind[:40]!r}")
    if kind == "SPEAKER":
        if start is None or end is None and duration is None:
            raise BadLine(f"no {'start' if start is None else 'end'}")
        end = start + duration if end is None else end
        return turn_record(reco, start, end, words.get("speaker"), channel, **others)
    if start is not None and end is not None:
        if end < start:
            raise BadLine(f"ends at {end:f}, before its start at {start:f}")
        duration = end - start
    for text in words.values():
        check_text(text)
    return Record(kind, reco, channel, start, duration, speaker=words.get("speaker", NA), **others)


def to_named(record):
    """A mapping of names to texts, and Decimals where they are times, without what the record does not have."""
    named = {"recording": record.reco}
    if record.start is not None:
        named["start"] = record.start
    if record.end is not None:
        named["end"] = record.end
    elif record.duration is not None:
        named["duration"] = record.duration
    if record.speaker != NA or record.is_speech:
        named["speaker"] = record.speaker
    named["channel"] = record.channel
    if not record.is_speech:
        named["type"] = record.kind
    return named | {name: value for name in OTHERS if (value := getattr(record, name)) != NA}
