"""Files of a Kaldi data directory that are more than lists: segments."""

from contextlib import nullcontext
from typing import NamedTuple

from diarkit.errors import DataError
from diarkit.io.lists import read_records
from diarkit.io.streams import open_text_output, parse_number

TO_THE_END = -1.0


class Segment(NamedTuple):
    """A stretch of a recording, one line of `segments`: <utt> <reco> <start> <end>, times in seconds.

    end is -1 (TO_THE_END) where it is the end of the recording.
    """

    utt: str
    reco: str
    start: float
    end: float


def read_segments(path):
    """Read `segments`: a list of Segment in the order of the file, empty if the file is.

    A fifth field, the channel, may be 0 as Kaldi has it; recordings of several channels have to be split
    beforehand. Raises DataError naming file and line for a wrong number of fields, what is no number, an
    end that is not after the start, and an utterance that is there twice.
    """
    segments = []
    for number, utt, rest in read_records(path, missing_is_error=False):
        where = f"{path}:{number}"
        fields = rest.split()
        if len(fields) not in (3, 4):
            raise DataError(f"<utt> <reco> <start> <end> expected, not {1 + len(fields)} fields", where)
        if len(fields) == 4 and fields[3] != "0":
            raise DataError(f"channel {fields[3]!r}: recordings must have one channel, 0", where)
        reco = fields[0]
        start, end = (_seconds(field, where) for field in fields[1:3])
        if start < 0:
            raise DataError(f"{utt} starts before 0, at {fields[1]}", where)
        if end <= start and end != TO_THE_END:
            raise DataError(f"{utt} ends at {fields[2]}, not after its start at {fields[1]}", where)
        segments.append(Segment(utt, reco, start, end))
    return segments


def write_segments(path, segments):
    """Write segments to a wxfilename or an open text stream, as format_segment has them."""
    with nullcontext(path) if hasattr(path, "write") else open_text_output(path) as out:
        out.writelines(format_segment(segment) for segment in segments)


def format_segment(segment):
    """One line of `segments`, with two decimals as Kaldi has them, or three where that is not enough."""
    end = "-1" if segment.end == TO_THE_END else _decimals(segment.end)
    return f"{segment.utt} {segment.reco} {_decimals(segment.start)} {end}\n"


def _decimals(seconds):
    text = f"{seconds:.3f}"
    return text[:-1] if text.endswith("0") else text


def _seconds(text, where):
    value = parse_number(text)
    if value is None:
        raise DataError(f"not a number of seconds: {text!r}", where)
    return value
