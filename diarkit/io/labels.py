"""Labels of sound: which stretches of which recordings are speech, noise, music, or what else is told apart."""

import re
from math import inf

from diarkit.errors import DataError
from diarkit.io.filesets import shown
from diarkit.io.rttm import BadLine, parse_turn, seconds
from diarkit.io.streams import read_lines

INTEGER = re.compile("-?[0-9]{1,9}")
MISTAKEN = "0123456789.+-"  # a class does not begin with these: it would be a time


def read_labels(path):
    """Labels of all recordings: {recording: [(start, end, class), ...]}, s, in the order of the file.

    Lines are `<recording> <start> <end> <class>`, or `<recording> <class>` for all of a recording (end is inf), or
    RTTM, whose SPEAKER lines are the class "speech" and whose others are passed over. Empty lines and lines that
    begin with ';' or '#' are comments. Raises DataError naming file and line.
    """
    labels = {}
    for number, line in read_lines(path):
        fields = line.split()
        if not fields or fields[0][0] in ";#":
            continue
        try:
            found = parse_label(fields)
        except BadLine as error:
            raise DataError(str(error), where=f"{shown(path)}:{number}") from None
        if found is not None:
            labels.setdefault(found[0], []).append(found[1:])
    return labels


def parse_label(fields):
    """(recording, start, end, class) of a line's fields, None for a line of RTTM that is no turn."""
    if len(fields) > 8:
        turn = parse_turn(fields)
        is_turn = turn is not None and turn.kind == "SPEAKER"
        return (turn.reco, turn.start, turn.end, "speech") if is_turn else None
    if len(fields) == 2:
        reco, start, end, name = fields[0], 0.0, inf, fields[1]
    elif len(fields) == 4:
        reco, name = fields[0], fields[3]
        start, end = seconds(fields[1], "start"), seconds(fields[2], "end")
        if end <= start:
            raise BadLine(f"ends at {fields[2]}, not after its start at {fields[1]}")
    else:
        raise BadLine(f"{len(fields)} fields: <recording> [<start> <end>] <class> expected, or RTTM")
    if name[0] in MISTAKEN:
        raise BadLine(f"'{name}' is no name of a class")
    return reco, start, end, name


def read_class_map(path):
    """The file of merge-vads --map: {(class, class): class} of lines with three whole numbers; '#' begins a comment.

    Raises DataError naming file and line.
    """
    table = {}
    for number, line in read_lines(path):
        fields = line.partition("#")[0].split()
        if not fields:
            continue
        if len(fields) != 3 or not all(INTEGER.fullmatch(field) for field in fields):
            raise DataError("three whole numbers expected: <class> <class> <result>", where=f"{shown(path)}:{number}")
        table[int(fields[0]), int(fields[1])] = int(fields[2])
    return table
