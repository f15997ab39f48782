"""RTTM files, who spoke when, and UEM files, the parts of recordings that are scored."""

import re
from typing import NamedTuple

from diarkit.errors import DataError
from diarkit.io.filesets import content, fields_of, lines_of
from diarkit.io.streams import open_text_output, parse_number

# NIST RT-09 evaluation plan, appendix A; md-eval refuses a file with any other type of line.
LINE_TYPES = frozenset(
    "SEGMENT NOSCORE NO_RT_METADATA LEXEME NON-LEX NON-SPEECH FILLER EDIT IP SU CB A/P SPEAKER"
    " SPKR-INFO".split()
)
MISSING = ("<NA>", "<na>")
LARGEST = 1e12  # s, 30,000 years: a float tells milliseconds apart, and no sum of times becomes infinity
# A line as nearly all are, of which nothing has to be checked any more; parse_turn says what is wrong with others.
_TIME = r"\s++([0-9]{1,12}+(?:\.[0-9]{0,12}+)?)"
_GOOD_LINE = re.compile(rf"SPEAKER\s++(\S++)\s++(\S++){_TIME}{_TIME}\s++\S++\s++<NA>\s++(\S++)(?:\s++\S++){{1,2}}+\s*+")


class Turn(NamedTuple):
    """One SPEAKER line of an RTTM file: one speaker talks for a while.

    The ten fields of a line are type, recording, channel, start (s), duration (s), orthography, subtype,
    speaker, confidence and look-ahead time; the last may be left out (md-eval's own examples have nine
    fields). Channels count from 1 for NIST and from 0 for Kaldi's make_rttm.py; md-eval keeps channels
    apart, dscore and pyannote do not look at them. Some tools write zero-length turns; md-eval takes no
    speech from them, dscore refuses them. Here they are read, and what uses them decides.

    `kind` and `subtype` are those of the line, of use only where lines of other types were asked for.
    """

    reco: str
    channel: str
    start: float
    duration: float
    speaker: str
    kind: str = "SPEAKER"
    subtype: str = "<NA>"

    @property
    def end(self):
        return self.start + self.duration


class Region(NamedTuple):
    """One line of a UEM file: recording, channel, start and end (s)."""

    reco: str
    channel: str
    start: float
    end: float


def read_rttm(path, all_types=False):
    """The turns of an RTTM file, in the order of the file; also of a folder of them or a list (see filesets).

    Nine or ten fields between blanks or tabs; empty lines and lines that begin with ';' or '#' are
    comments. Lines of other types than SPEAKER are no speech and are left out; `all_types` keeps those that
    have times and SPKR-INFO (of times 0), for scorers that look at them. Raises DataError naming file and line.
    """
    turns, match = [], _GOOD_LINE.fullmatch
    for file, number, line in lines_of(path, ".rttm", 9):
        if found := match(line):
            reco, channel, start, duration, speaker = found.groups()
            turns.append(Turn(reco, channel, float(start), float(duration), speaker))
            continue
        fields = content(line)
        if not fields:
            continue
        try:
            turn = parse_turn(fields)
        except BadLine as error:
            raise DataError(str(error), where=f"{file}:{number}") from None
        if turn is not None and (all_types or turn.kind == "SPEAKER"):
            turns.append(turn)
    return turns


class BadLine(Exception):
    """What is wrong with a line; the reader adds which line it is."""


def parse_turn(fields):
    """The turn of a line's fields, None for a line without times that is no SPKR-INFO."""
    kind = fields[0].upper()
    if kind not in LINE_TYPES:
        raise BadLine(f"unknown type of RTTM line: {shorten(fields[0])}")
    if not 9 <= len(fields) <= 10:
        space = "; does a name have a blank in it?" if len(fields) > 10 else ""
        raise BadLine(f"{len(fields)} fields, expected 9 or 10{space}")
    _, reco, channel, start, duration, _, subtype, speaker = fields[:8]
    if kind == "SPEAKER":
        if subtype not in MISSING:
            raise BadLine(f"the subtype of a SPEAKER is <NA>, not {shorten(subtype)}; are the fields in order?")
        return Turn(reco, channel, seconds(start, "start"), seconds(duration, "duration"), speaker)
    if start in MISSING:
        if kind != "SPKR-INFO":
            return None
        start = "0"
    if duration in MISSING:
        duration = "0"
    return Turn(reco, channel, seconds(start, "start"), seconds(duration, "duration"), speaker, kind, subtype.lower())


def parse_region(fields):
    if len(fields) != 4:
        raise BadLine(f"{len(fields)} fields, expected 4: <recording> <channel> <start> <end>")
    region = Region(*fields[:2], seconds(fields[2], "start"), seconds(fields[3], "end"))
    if region.end <= region.start:
        raise BadLine(f"the region ends at {fields[3]}, not after its start at {fields[2]}")
    return region


def seconds(text, what):
    value = parse_number(text)
    if value is None:
        raise BadLine(f"the {what} is not a plain decimal number: {shorten(text)}")
    if value < 0:
        raise BadLine(f"the {what} is negative: {text}")
    if value >= LARGEST:
        raise BadLine(f"the {what} is not below {LARGEST:g} s: {shorten(text)}")
    return value


def shorten(text):
    return repr(text if len(text) <= 40 else text[:37] + "...")


def write_rttm(path, turns, width=0):
    """Write turns as ten fields with three decimals, times rounded to the nearest millisecond.

    `path` is a path, '-' or an open text stream. Start and end are rounded, not the duration, so that turns
    that touch still do so in the file. Times have `width` characters at least, with blanks before them.
    """
    lines = (rttm_line(turn, width) for turn in turns)
    if hasattr(path, "write"):
        path.writelines(lines)
    else:
        with open_text_output(path) as out:
            out.writelines(lines)


def rttm_line(turn, width=0):
    start = round(turn.start, 3)
    duration = round(turn.end, 3) - start
    times = f"{start:{width}.3f} {duration:{width}.3f}"
    return f"SPEAKER {turn.reco} {turn.channel} {times} <NA> <NA> {turn.speaker} <NA> <NA>\n"


def read_uem(path):
    """The regions of a UEM file, or of several as with RTTM: lines `<recording> <channel> <start> <end>`.

    Raises DataError naming file and line where a region is empty, reversed, starts before 0 or overlaps
    another one of the same recording and channel (md-eval refuses these as well, but takes -5 for 5).
    """
    regions = []
    lines = {}
    for file, number, fields in fields_of(path, ".uem", 4):
        try:
            region = parse_region(fields)
        except BadLine as error:
            raise DataError(str(error), where=f"{file}:{number}") from None
        regions.append(region)
        lines[region] = f"{file}:{number}"
    ordered = sorted(regions)
    for before, after in zip(ordered, ordered[1:], strict=False):
        if before[:2] == after[:2] and after.start < before.end:
            raise DataError(
                f"{after.start:g}-{after.end:g} of {after.reco} overlaps {before.start:g}-{before.end:g}",
                where=lines[after],
            )
    return regions
