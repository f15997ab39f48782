"""How a training went: the loss and the held-out equal error rate of every epoch."""

import io

from diarkit.drawing.palette import SPEAKERS

DPI = 100
WIDTH, HEIGHT = 7.2, 4.4  # inches
TEXT, GRID = "#30373d", "#dfe4e8"


def training_picture(history, kind="svg"):
    """Bytes of a picture; the same input gives the same bytes.

    history : [{"epoch", "loss", "held_out_eer" (%, or None), ...}, ...]
    kind : 'png', 'svg' or 'pdf'
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    # The user's matplotlibrc does not count: the same input gives the same bytes.
    settings = {"svg.hashsalt": "diarkit", "font.family": "DejaVu Sans", "font.size": 10, "backend": "agg"}
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **settings}):
        figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor="#ffffff")
        axes = figure.add_axes((0.1, 0.12, 0.8, 0.82))
        epochs = [row["epoch"] for row in history]
        lines = axes.plot(epochs, [row["loss"] for row in history], ".-", color=SPEAKERS[0], label="loss")
        axes.set_ylabel("loss, nats", color=SPEAKERS[0])
        axes.set_xlabel("epoch", color=TEXT)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(color=GRID, linewidth=0.7)
        measured = [row for row in history if row["held_out_eer"] is not None]
        if measured:
            other = axes.twinx()
            lines += other.plot([row["epoch"] for row in measured], [row["held_out_eer"] for row in measured], ".--",
                                color=SPEAKERS[5], label="held-out EER")
            other.set_ylabel("equal error rate on held-out speakers, %", color=SPEAKERS[5])
            other.set_ylim(bottom=0)
        axes.legend(handles=lines, loc="upper right", frameon=False, labelcolor=TEXT)
        out = io.BytesIO()
        date = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
        figure.savefig(out, format=kind, dpi=DPI, facecolor="#ffffff", metadata=date)
    return out.getvalue()
