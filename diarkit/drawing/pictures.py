"""Timelines as a picture (matplotlib): PNG, SVG or PDF bytes."""

import io
import re
import warnings
from collections import defaultdict

from diarkit.cells import intervals, union
from diarkit.drawing.palette import ERRORS, HYPOTHESIS, REFERENCE, SPEAKERS
from diarkit.drawing.textplot import heading
from diarkit.drawing.timeline import KINDS, clock, ticks
from diarkit.errors import DataError

LANE, BACKGROUND, TEXT, QUIET = "#f3f5f7", "#ffffff", "#30373d", "#6b757e"
UNSCORED = "#dfe3e6"
DPI = 100
ROW = 0.42  # inches of a lane
TOP, BOTTOM, GAP = 0.45, 0.42, 0.2  # inches around and between panels
NOTE = 0.25  # inches of the line about the protocol
LARGEST = 30000  # pixels of height, which take some 200 MB
UNSEEN = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff]")  # of direction, and a byte order mark, at which PDF fails
LEAST = 0.0012  # of the width: the narrowest bar, so that short turns can be seen


def picture(timelines, kind="png", width=1400, protocol=""):
    """Bytes of a picture, one panel a timeline, one lane a speaker; the same input gives the same bytes.

    With a reference the lanes are grey, its speakers beneath those they are mapped to, what is wrong is in colour on
    them and in a lane for each kind, and what is not scored is shaded.

    `kind` is 'png', 'svg' or 'pdf', `width` in pixels (of 1/100 inch for svg and pdf), at least 600; `protocol` is a
    line to put above. Raises DataError if there is too much for one picture.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    rows = [max(len(rows_of(timeline)), 1) for timeline in timelines]
    heights = [TOP + ROW * n + BOTTOM for n in rows]
    total = sum(heights) + GAP * (len(heights) - 1) + (NOTE if protocol else 0)
    if total * DPI > LARGEST:
        raise DataError(f"{len(timelines)} recordings with {sum(rows)} lanes are too much for one picture")
    # The user's matplotlibrc does not count: the same input gives the same bytes.
    settings = {"svg.hashsalt": "diarkit", "font.family": "DejaVu Sans", "font.size": 10, "backend": "agg"}
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **settings}):
        figure = Figure(figsize=(width / DPI, total), dpi=DPI, facecolor=BACKGROUND)
        names = [row[0] for timeline in timelines for row in rows_of(timeline)]
        left = min(0.35 + 0.082 * max([len(short(name)) for name in names] + [11]), 3.0) / (width / DPI)
        right = 1 - 1.15 / (width / DPI)
        top = total
        if protocol:
            figure.text(left, 1 - 0.6 * NOTE / total, protocol, fontsize=8, color=QUIET, va="center", parse_math=False)
            top -= NOTE
        for timeline, n, height in zip(timelines, rows, heights, strict=True):
            axes = figure.add_axes((left, (top - TOP - ROW * n) / total, right - left, ROW * n / total))
            draw(axes, timeline)
            top -= height + GAP
        out = io.BytesIO()
        date = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing")  # a box stands for it
            figure.savefig(out, format=kind, dpi=DPI, facecolor=BACKGROUND, metadata=date)
    return out.getvalue()


def rows_of(timeline):
    """(name, what stands on the right, name of the reference, bars) of each row; a bar is (times, colour, place).

    Places are 0 for the whole row, 1 for its upper and 2 for its lower part.
    """
    def value(lane):
        return f"{clock(lane.seconds)}   {100 * lane.share:.0f} %"

    if not timeline.has_reference:
        return [(lane.name, value(lane), "", [(lane.times, SPEAKERS[n % len(SPEAKERS)], 0)])
                for n, lane in enumerate(timeline.lanes)]
    wrong = by_speaker(timeline)
    rows = []
    for lane in timeline.lanes:
        parts = [(lane.times, HYPOTHESIS, 1), *((times, colour, 1) for times, colour in wrong["hyp", lane.name])]
        name = ""
        if lane.reference:
            name = lane.reference.name
            parts += [(lane.reference.times, REFERENCE, 2), *((t, colour, 2) for t, colour in wrong["ref", name])]
        rows.append((lane.name, value(lane), name, parts))
    for lane in timeline.unmapped:
        parts = [(lane.times, REFERENCE, 2), *((times, colour, 2) for times, colour in wrong["ref", lane.name])]
        rows.append(("", "", lane.name, parts))
    for kind, colour in zip(KINDS, ERRORS, strict=True):
        rows.append((kind, f"{getattr(timeline.errors, kind.replace(' ', '_'), 0):.1f} s", "",
                     [(timeline.of_kind(kind), colour, 0)]))
    return rows


def by_speaker(timeline):
    """{(side, speaker): [((starts, ends), colour)]} of the mistakes."""
    found = defaultdict(list)
    colours = dict(zip(KINDS, ERRORS, strict=True))
    for mistake in timeline.mistakes:
        for side in ("ref", "hyp"):
            for name in getattr(mistake, side):
                found[side, name, colours[mistake.kind]].append((mistake.start, mistake.end))
    result = defaultdict(list)
    for (side, name, colour), pairs in found.items():
        result[side, name].append((union(*intervals(pairs)), colour))
    return result


PLACES = ((0.18, 0.64), (0.14, 0.46), (0.66, 0.2))  # top and height within a row


def draw(axes, timeline):
    rows = rows_of(timeline)
    span = max(timeline.last - timeline.first, 1e-9)
    axes.set_xlim(timeline.first, timeline.last if timeline.last > timeline.first else timeline.first + 1)
    axes.set_ylim(max(len(rows), 1), 0)
    for n, (name, value, reference, parts) in enumerate(rows):
        axes.axhspan(n + 0.08, n + 0.92, color=LANE, linewidth=0, zorder=0)
        for times, colour, place in parts:
            top, height = PLACES[place]
            bars(axes, times, n + top, height, colour, span)
        label(axes, n + (0.37 if reference else 0.5), short(name), value)
        if reference:
            label(axes, n + 0.76, short(reference), fontsize=8, color=QUIET)
    if timeline.has_reference:
        for start, end in zip(*timeline.unscored, strict=True):
            axes.axvspan(start, end, facecolor=UNSCORED, linewidth=0, zorder=0.5)
        legend(axes, 1 / len(rows))
    tidy(axes, timeline)


def bars(axes, times, bottom, height, colour, span):
    spans = [(start, max(end - start, LEAST * span)) for start, end in zip(*times, strict=True)]
    axes.broken_barh(spans, (bottom, height), facecolors=colour, linewidth=0, zorder=2)


def label(axes, y, name, value="", **style):
    """`name` on the left of a lane, `value` on its right."""
    where = {"transform": axes.get_yaxis_transform(), "va": "center", "color": TEXT, "parse_math": False}
    axes.text(-0.008, y, name, ha="right", **(where | style))
    axes.text(1.008, y, value, ha="left", **where, fontsize=9)


def legend(axes, row_height):
    from matplotlib.patches import Patch

    parts = {"hypothesis": HYPOTHESIS, "reference": REFERENCE, **dict(zip(KINDS, ERRORS, strict=True)),
             "not scored": UNSCORED}
    axes.legend(
        handles=[Patch(color=colour, linewidth=0, label=name) for name, colour in parts.items()],
        loc="lower right", bbox_to_anchor=(1.0, 1.0 + 0.05 * row_height), ncols=len(parts), frameon=False,
        fontsize=9, handlelength=1.0, handleheight=0.7, columnspacing=1.4, borderaxespad=0.1, labelcolor=TEXT,
    )


def tidy(axes, timeline):
    axes.set_title(UNSEEN.sub("", heading(timeline)), loc="left", fontsize=11, color=TEXT, parse_math=False)
    axes.set_yticks([])
    positions, texts = ticks(timeline.first, timeline.last, 14)
    axes.set_xticks(positions, texts)
    axes.tick_params(axis="x", colors=TEXT, length=3, labelsize=9)
    axes.grid(axis="x", color="#dfe4e8", linewidth=0.7, zorder=1)
    axes.set_axisbelow(True)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#aab2b9")


def short(name):
    name = UNSEEN.sub("", name)
    return name if len(name) <= 30 else name[:29] + "\u2026"
