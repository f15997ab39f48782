"""Timelines as a picture (matplotlib): PNG, SVG or PDF bytes."""

import io

from diarkit.drawing.textplot import heading
from diarkit.drawing.timeline import KINDS, clock, ticks
from diarkit.errors import DataError

# Told apart with any kind of colour vision (Okabe and Ito, 2008; darker yellow), then again from the start.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a900", "#7f7f7f")
ERROR_COLOURS = dict(zip(KINDS, ("#222222", "#d55e00", "#7b3294"), strict=True))
REFERENCE = "#9aa4ae"
LANE, BACKGROUND, TEXT = "#f3f5f7", "#ffffff", "#30373d"
DPI = 100
ROW = 0.42  # inches of a lane
TOP, BOTTOM, GAP = 0.45, 0.42, 0.2  # inches around and between panels
LARGEST = 30000  # pixels of height, which take some 200 MB
LEAST = 0.0012  # of the width: the narrowest bar, so that short turns can be seen


def picture(timelines, kind="png", width=1400):
    """Bytes of a picture, one panel a timeline, one lane a speaker; the same input gives the same bytes.

    `kind` is 'png', 'svg' or 'pdf', `width` in pixels (of 1/100 inch for svg and pdf), at least 600. Raises
    DataError if there is too much for one picture.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    rows = [len(lanes_of(timeline)) + (timeline.differences is not None) for timeline in timelines]
    heights = [TOP + ROW * max(n, 1) + BOTTOM for n in rows]
    total = sum(heights) + GAP * (len(heights) - 1)
    if total * DPI > LARGEST:
        raise DataError(f"{len(timelines)} recordings with {sum(rows)} lanes are too much for one picture")
    # The user's matplotlibrc does not count: the same input gives the same bytes.
    settings = {"svg.hashsalt": "diarkit", "font.family": "DejaVu Sans", "font.size": 10, "backend": "agg"}
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **settings}):
        figure = Figure(figsize=(width / DPI, total), dpi=DPI, facecolor=BACKGROUND)
        names = [name for timeline in timelines for name in names_of(timeline)]
        left = min(0.35 + 0.082 * max([len(short(name)) for name in names] + [6]), 3.0) / (width / DPI)
        right = 1 - 1.15 / (width / DPI)
        top = total
        for timeline, n, height in zip(timelines, rows, heights, strict=True):
            inner = ROW * max(n, 1)
            axes = figure.add_axes((left, (top - TOP - inner) / total, right - left, inner / total))
            draw(axes, timeline, ROW / inner)
            top -= height + GAP
        out = io.BytesIO()
        date = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
        figure.savefig(out, format=kind, dpi=DPI, facecolor=BACKGROUND, metadata=date)
    return out.getvalue()


def lanes_of(timeline):
    """(lane, colour) of the rows, speakers of the reference without a partner last."""
    own = [(lane, COLOURS[n % len(COLOURS)]) for n, lane in enumerate(timeline.lanes)]
    return own + [(lane, None) for lane in timeline.unmapped]


def names_of(timeline):
    for lane, _ in lanes_of(timeline):
        yield lane.name
        if lane.reference:
            yield lane.reference.name


def draw(axes, timeline, row_height):
    lanes = lanes_of(timeline)
    with_reference = timeline.differences is not None
    rows = len(lanes) + with_reference
    span = max(timeline.last - timeline.first, 1e-9)
    axes.set_xlim(timeline.first, timeline.last if timeline.last > timeline.first else timeline.first + 1)
    axes.set_ylim(max(rows, 1), 0)
    for n, (lane, colour) in enumerate(lanes):
        axes.axhspan(n + 0.08, n + 0.92, color=LANE, linewidth=0, zorder=0)
        own = (n + 0.18, 0.64) if not with_reference else (n + 0.14, 0.46)
        if colour:
            bars(axes, lane.times, *own, colour, span)
        reference = lane.reference if colour else lane
        if reference:
            bars(axes, reference.times, n + 0.66, 0.2, REFERENCE, span)
            label(axes, n + 0.76, short(reference.name), fontsize=8, color="#6b757e")
        if colour:
            value = f"{clock(lane.seconds)}   {100 * lane.share:.0f} %"
            label(axes, n + (0.37 if with_reference else 0.5), short(lane.name), value)
    if with_reference:
        n = len(lanes)
        for kind, times in timeline.differences.items():
            bars(axes, times, n + 0.3, 0.4, ERROR_COLOURS[kind], span)
        label(axes, n + 0.5, "errors", style="italic")
        legend(axes, row_height)
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

    parts = {"reference": REFERENCE, **ERROR_COLOURS}
    axes.legend(
        handles=[Patch(color=colour, linewidth=0, label=name) for name, colour in parts.items()],
        loc="lower right", bbox_to_anchor=(1.0, 1.0 + 0.05 * row_height), ncols=len(parts), frameon=False,
        fontsize=9, handlelength=1.0, handleheight=0.7, columnspacing=1.4, borderaxespad=0.1, labelcolor=TEXT,
    )


def tidy(axes, timeline):
    axes.set_title(heading(timeline), loc="left", fontsize=11, color=TEXT, parse_math=False)
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
    return name if len(name) <= 30 else name[:29] + "\u2026"
