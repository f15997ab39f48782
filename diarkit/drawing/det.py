"""DET plots: misses against false alarms on normal-deviate axes, where normal scores make straight lines.

Martin et al.: The DET curve in assessment of detection task performance, Eurospeech 1997.
"""

import io
from statistics import NormalDist

import numpy as np

from diarkit.drawing.palette import SPEAKERS

TICKS = (0.001, 0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 40, 60, 80, 90)  # percent
LEAST, MOST = 1e-7, 1 - 1e-7  # of a rate: 0 and 1 are infinitely far away
HIGHEST = 0.5  # of the axes, unless an equal error rate is above
DPI = 100
SIZE = 6.4  # inches
TEXT, GRID = "#30373d", "#dfe4e8"
MARKERS = "osD^v"


def det_picture(curves, kind="png"):
    """Bytes of a picture of several systems; the same input gives the same bytes.

    curves : {name: (p_fa, p_miss, eer, points)}, (K,) arrays of rates as the threshold rises, the equal error rate, and
        [(label, p_fa, p_miss)] of points to mark, such as those of the least cost, with the same labels for all
    kind : 'png', 'svg' or 'pdf'
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    low, high = axis_range(curves)
    # The user's matplotlibrc does not count: the same input gives the same bytes.
    settings = {"svg.hashsalt": "diarkit", "font.family": "DejaVu Sans", "font.size": 10, "backend": "agg"}
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **settings}):
        figure = Figure(figsize=(SIZE, SIZE), dpi=DPI, facecolor="#ffffff")
        axes = figure.add_axes((0.13, 0.11, 0.83, 0.83))
        ends, labels = deviates(np.array([low, high])), []
        axes.plot(ends, ends, color=GRID, linewidth=1, zorder=1)
        for n, (name, (p_fa, p_miss, eer, points)) in enumerate(curves.items()):
            colour, style = SPEAKERS[n % len(SPEAKERS)], ("-", "--", ":")[n // len(SPEAKERS) % 3]
            axes.plot(deviates(p_fa), deviates(p_miss), style, color=colour, linewidth=1.6, zorder=2,
                      label=f"system {n}")
            labels.append(f"{shortened(name)}, EER {100 * eer:.2f} %")
            for at, (_, fa, miss) in enumerate(points):
                axes.plot(deviates(fa), deviates(miss), MARKERS[at % len(MARKERS)], color=colour, markersize=6,
                          markeredgecolor="#ffffff", zorder=3)
        for at, (label, _, _) in enumerate(points):
            axes.plot([], [], MARKERS[at % len(MARKERS)], color=TEXT, markersize=6, label=label)
            labels.append(label)
        shown = [tick for tick in TICKS if low <= tick / 100 <= high]
        places, texts = deviates(np.array(shown) / 100), [f"{tick:g}" for tick in shown]
        axes.set_xticks(places, texts)
        axes.set_yticks(places, texts)
        axes.set(xlim=ends, ylim=ends)
        axes.set_xlabel("false alarms, % of nontargets", color=TEXT)
        axes.set_ylabel("misses, % of targets", color=TEXT)
        axes.grid(color=GRID, linewidth=0.7)
        axes.set_axisbelow(True)
        axes.tick_params(colors=TEXT, length=3, labelsize=9)
        legend = axes.legend(loc="upper right", fontsize=9, frameon=False, labelcolor=TEXT)
        for text, label in zip(legend.get_texts(), labels, strict=True):  # of any name: with _ in front, with $
            text.set_parse_math(False)
            text.set_text(label)
        out = io.BytesIO()
        date = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
        figure.savefig(out, format=kind, dpi=DPI, facecolor="#ffffff", metadata=date)
    return out.getvalue()


def axis_range(curves):
    """Rates at both ends of the axes: 50 %, or more if needed, and the least that a system has within that."""
    high = max(HIGHEST, *(min(1.5 * eer, 0.95) for _, _, eer, _ in curves.values()))
    least = [rate[(rate > 0) & (other <= high)].min(initial=high)
             for p_fa, p_miss, *_ in curves.values() for rate, other in ((p_fa, p_miss), (p_miss, p_fa))]
    return float(np.clip(min(least), 1e-5, 0.02)), high


def deviates(rates):
    """The quantiles of the normal distribution, of a number or an array."""
    rates = np.clip(np.atleast_1d(rates), LEAST, MOST)
    return np.array([NormalDist().inv_cdf(rate) for rate in rates.tolist()])


def shortened(name):
    return name if len(name) <= 40 else name[:39] + "\u2026"
