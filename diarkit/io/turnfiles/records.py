"""One line of RTTM with all that it holds, times exact."""

import re
import sys
from decimal import Decimal
from typing import NamedTuple

from diarkit.errors import DataError
from diarkit.io.filesets import fields_of
from diarkit.io.rttm import MISSING, BadLine, parse_turn
from diarkit.io.streams import open_text_output, parse_number

NA = "<NA>"
FINEST = 12  # decimals that times are kept to; with LARGEST they fit the 28 digits in which Decimal adds
LARGEST = 10**12  # s
# What no text may have: C0 but tab and newline, half a pair of UTF-16, and what XML cannot have.
_FORBIDDEN = re.compile("[\0-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


class Record(NamedTuple):
    """The ten fields of a line of RTTM.

    start and duration are Decimal, in seconds, so that what is written has the digits that were read; None where
    the file has <NA>, which lines of other types than SPEAKER may have. The other fields are text, '<NA>' without
    one. The names may have blanks, which RTTM itself cannot hold.
    """

    kind: str
    reco: str
    channel: str
    start: Decimal | None
    duration: Decimal | None
    orthography: str = NA
    subtype: str = NA
    speaker: str = NA
    confidence: str = NA
    lookahead: str = NA

    @property
    def end(self):
        return None if self.start is None or self.duration is None else self.start + self.duration

    @property
    def is_speech(self):
        return self.kind == "SPEAKER"


def turn_record(reco, start, end, speaker, channel="1", **others):
    """A SPEAKER line from `start` to `end`, Decimal, s. Raises BadLine for what no turn can have."""
    if end < start:
        raise BadLine(f"ends at {end:f}, before its start at {start:f}")
    if not (speaker or "").strip():
        raise BadLine("no speaker")
    for text in (reco, channel, speaker, *others.values()):
        check_text(text)
    if others.get("subtype", NA) not in MISSING:
        raise BadLine(f"the subtype of a SPEAKER is <NA>, not {others['subtype'][:40]!r}")
    return Record("SPEAKER", reco, channel, start, end - start, speaker=speaker, **others)


def check_text(text):
    found = _FORBIDDEN.search(text)
    if found:
        raise BadLine(f"a name or text with the character U+{ord(found[0]):04X} in it")


def exact(text, what="time"):
    """The Decimal that `text` writes, in seconds. Raises BadLine if it is not a plain, finite number from 0 on."""
    if parse_number(text) is None:
        raise BadLine(f"the {what} is not a plain decimal number: {text[:40]!r}")
    if text.startswith("-") and float(text) < 0:
        raise BadLine(f"the {what} is negative: {text[:40]}")
    if float(text) >= LARGEST:
        raise BadLine(f"the {what} is too large: {text[:40]}")
    value = Decimal(text)
    return abs(round(value, FINEST) if value.as_tuple().exponent < -FINEST else value)


def time_text(value, least=3):
    """A time in seconds, with `least` decimals or as many more as it has."""
    whole, _, decimals = f"{value:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(least, '0')}" if least or decimals.strip("0") else whole


def read_records(path):
    """Iterate over an RTTM file, or several (see filesets), with what it says besides turns: Records.

    Empty lines and comments are passed. Raises DataError naming file and line.
    """
    for record, _ in read_words(path):
        yield record


def read_words(path):
    """The same with the words of each line: (Record, list of str)."""
    for file, number, fields in fields_of(path, ".rttm", 9):
        try:
            parse_turn(fields)
            yield from_fields(fields), fields
        except BadLine as error:
            raise DataError(str(error), f"{file}:{number}") from None


def from_fields(fields):
    """The Record of the words of a line that parse_turn takes. Raises BadLine."""
    kind, reco, channel, start, duration, *others = fields
    if kind.upper() != "SPEAKER":
        times = (None if text in MISSING else exact(text) for text in (start, duration))
    else:
        times = exact(start), exact(duration)
    # Interned: most of a file are the same few words, each of which would be as many times in memory.
    return Record(sys.intern(kind.upper()), sys.intern(reco), sys.intern(channel), *times, *map(sys.intern, others))


def line_of(record):
    """The line of RTTM, with its end; names must be words."""
    times = (NA if time is None else time_text(time) for time in (record.start, record.duration))
    return " ".join((*record[:3], *times, *record[5:])) + "\n"


def write_records(path, records):
    """Write lines of RTTM to a path, '-' or an open text stream; times have three decimals, or as many as they need."""
    lines = map(line_of, records)
    if hasattr(path, "write"):
        path.writelines(lines)
    else:
        with open_text_output(path) as out:
            out.writelines(lines)


def microseconds(record):
    """A record with its start and end rounded to six decimals, where they have more.

    Raises DataError where one is beyond LARGEST.
    """
    if max(record.start or 0, record.end or 0) >= LARGEST:
        raise DataError(f"what {record.speaker} has would be at {float(record.start):g} s, which is too large")
    if record.start is None or record.end is None:
        return record if record.start is None else record._replace(start=round(record.start, 6))
    start, end = (time if time.as_tuple().exponent >= -6 else round(time, 6) for time in (record.start, record.end))
    return record._replace(start=start, duration=end - start)


def by_recording(records):
    """{recording: its records}, in the order in which the recordings come first."""
    groups = {}
    for record in records:
        groups.setdefault(record.reco, []).append(record)
    return groups
