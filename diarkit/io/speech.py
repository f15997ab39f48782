"""Files that say where there is speech: RTTM or segments, told apart by their first line."""

import os
import sys

from diarkit.errors import DataError
from diarkit.io.datadir import TO_THE_END, read_segments
from diarkit.io.rttm import LINE_TYPES, Turn, read_rttm

FIRST_BYTES = 4096  # within which the first line begins that is no comment


def read_speech(path):
    """The speech in an RTTM file (its SPEAKER lines) or in `segments`, as Turns in the order of the file.

    `path` is a path or '-'. Raises DataError naming file and line, or the segment without an end.
    """
    if first_word(path).upper() in LINE_TYPES:
        return read_rttm(path)
    turns = []
    for utt, reco, start, end in read_segments(path):
        if end == TO_THE_END:
            raise DataError("its end is -1, the end of the recording, which is not known here", where=utt)
        turns.append(Turn(reco, "1", start, end - start, "speech"))
    return turns


def first_word(path):
    """The first word of a text that is in no comment, or ''; standard input is not taken from."""
    if path == "-":
        head = sys.stdin.buffer.peek(FIRST_BYTES) if sys.stdin is not None else b""
    elif os.path.isfile(path):
        with open(path, "rb") as file:
            head = file.read(FIRST_BYTES)
    else:
        return ""
    lines = head.decode("utf-8", "replace").removeprefix("\ufeff").splitlines()
    words = [line.split()[0] for line in lines if line.strip() and line.strip()[0] not in ";#"]
    return words[0] if words else ""
