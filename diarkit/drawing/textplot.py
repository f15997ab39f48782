"""A timeline in characters, for a terminal or a log."""

import math
import unicodedata

import numpy as np

from diarkit.drawing.timeline import KINDS, clock, filled, ticks

BLOCKS = " ▁▂▃▄▅▆▇█"
ASCII_BLOCKS = " .:-=+*##"
COLOURS = (33, 208, 34, 161, 99, 178, 37, 205, 130, 245)  # of the terminal's 256
MARKS = dict(zip(KINDS, "mfc", strict=True))
UNSCORED = "/"
NARROWEST = 20  # columns of time


def text_timeline(timeline, width=80, ascii_only=False, colour=False):
    """Lines of text: one row a speaker, the height of a block is how much of that time the speaker talks.

    With a reference, its speaker that is mapped to the one above is in the row beneath, and the last row
    marks time that is missed (m), false alarm (f), given to the wrong speaker (c) and not scored (/).
    """
    rows = []
    for n, lane in enumerate(timeline.lanes):
        rows.append((lane.name, lane.times, f"{clock(lane.seconds)} {100 * lane.share:4.0f} %", n))
        if timeline.has_reference:
            ref = lane.reference
            rows.append((f"  {ref.name if ref else '-'}", ref.times if ref else None, "", None))
    rows += [(f"  {lane.name}", lane.times, "", None) for lane in timeline.unmapped]

    name_width = min(max([shown_width(row[0]) for row in rows] + [9]), 24)
    value_width = max([len(row[2]) for row in rows] + [0])
    columns = max(width - name_width - value_width - 4, NARROWEST)
    wall = "|" if ascii_only else "▕▏"
    blocks = ASCII_BLOCKS if ascii_only else BLOCKS
    lines = [heading(timeline)]
    for name, times, value, number in rows:
        bar = bars(times, timeline, columns, blocks) if times else " " * columns
        if colour:
            code = "2" if number is None else f"38;5;{COLOURS[number % len(COLOURS)]}"
            bar = f"\x1b[{code}m{bar}\x1b[0m"
        lines.append(f"{fit(name, name_width)} {wall[0]}{bar}{wall[-1]} {value}".rstrip())
    if timeline.has_reference:
        marks = error_marks(timeline, columns)
        lines.append(f"{fit('errors', name_width)} {wall[0]}{marks}{wall[-1]}")
    lines.append(" " * (name_width + 2) + axis(timeline, columns))
    return "\n".join(lines) + "\n"


def heading(timeline):
    """One line: how long, how many speakers, how much speech, and how much of it is wrong."""
    length = float((timeline.region[1] - timeline.region[0]).sum())
    speakers = len(timeline.lanes)
    text = f"{timeline.reco}: {clock(length)}, {speakers} speaker{'s' * (speakers != 1)}"
    if length > 0:
        text += f", {100 * timeline.speech / length:.0f} % speech"
        text += f", {100 * timeline.overlap / length:.0f} % overlapped"
    if timeline.has_reference:
        text += f", {der_text(timeline.errors)}"
    return text


def der_text(errors):
    """The DER as compute-der prints it."""
    if errors is None:
        return "not scored"
    return "no DER" if math.isnan(errors.der) else f"DER {errors.der:.2f} %"


def bars(times, timeline, columns, blocks):
    parts = filled(times, timeline.first, timeline.last, columns)
    # The least bit of speech is seen, and only a full column is full.
    levels = np.where(parts > 1e-6, np.clip(np.round(parts * 8), 1, 8), 0).astype(int)
    return "".join(blocks[level] for level in levels)


def error_marks(timeline, columns):
    extent = timeline.first, timeline.last
    parts = {kind: filled(timeline.of_kind(kind), *extent, columns) for kind in KINDS}
    unscored = filled(timeline.unscored, *extent, columns)
    marks = []
    for n in range(columns):
        worst = max(parts, key=lambda kind: parts[kind][n])
        mark = MARKS[worst] if parts[worst][n] > 0.125 else "." if parts[worst][n] > 1e-6 else " "
        marks.append(UNSCORED if mark in ". " and unscored[n] > 0.5 else mark)
    return "".join(marks)


def axis(timeline, columns):
    """Times under the columns where they are, as many as have room."""
    line = [" "] * (columns + 8)
    span = max(timeline.last - timeline.first, 1e-9)
    for position, text in zip(*ticks(timeline.first, timeline.last, max(columns // 12, 2)), strict=True):
        at = min(int((position - timeline.first) / span * columns), columns)
        line[at : at + len(text)] = text
    return "".join(line).rstrip()


def shown_width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def fit(text, width):
    text = text[:width]  # which is enough: none is narrower than a column
    while shown_width(text) > width:
        text = text[:-1]
    return text + " " * (width - shown_width(text))
