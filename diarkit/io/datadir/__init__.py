"""Files of a Kaldi data directory that are more than lists: segments."""

from contextlib import nullcontext
from typing import NamedTuple

from diarkit.errors import DataError
from diarkit.io.lists import read_records
from diarkit.io.specifiers import is_whole
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

    A fifth field, the channel, may be 0 as Kaldi has it; who can read others takes iterate_segments. Raises
    DataError naming file and line for a wrong number of fields, what is no number, an end that is not after
    the start, and an utterance that is there twice.
    """
    segments = []
    for number, segment, channel in iterate_segments(path):
        if channel:
            raise DataError(f"channel '{channel}': recordings must have one channel, 0", f"{path}:{number}")
        segments.append(segment)
    return segments


def iterate_segments(path):
    """Iterate over `segments`: (line number, Segment, channel), the channel None where there is no fifth field.

    Channels count from 0, as in Kaldi's extract-segments. Errors as in read_segments.
    """
    for number, utt, rest in read_records(path, missing_is_error=False):
        try:
            yield number, *parse_segment(utt, rest)
        except DataError as error:
            raise DataError(str(error), f"{path}:{number}") from None


def parse_segment(utt, rest):
    """The Segment of an utterance and its channel or None, from the line without its first field.

    Raises DataError with the reason only.
    """
    fields = rest.split()
    if len(fields) not in (3, 4):
        raise DataError(f"<utt> <reco> <start> <end> expected, not {1 + len(fields)} fields")
    channel = None
    if len(fields) == 4:
        if not is_whole(fields[3]):
            raise DataError(f"channel {fields[3]!r} is not a number from 0 on")
        channel = int(fields[3])
    reco = fields[0]
    start, end = map(_seconds, fields[1:3])
    if start < 0:
        raise DataError(f"{utt} starts before 0, at {fields[1]}")
    if end <= start and end != TO_THE_END:
        raise DataError(f"{utt} ends at {fields[2]}, not after its start at {fields[1]}")
    return Segment(utt, reco, start, end), channel


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


def _seconds(text):
    value = parse_number(text)
    if value is None:
        raise DataError(f"not a number of seconds: {text!r}")
    return value
