"""Turns to a drawing of any kind: the one way from what plot-rttm reads to the bytes that it writes."""

from dataclasses import dataclass, field

from diarkit.drawing.timeline import timelines
from diarkit.scoring.protocols import only_turns


@dataclass
class Drawing:
    """`protocol` says how it was scored, in the words of compute-der; `total` is the scoring.der.Errors of all."""

    timelines: list
    protocol: str = ""
    total: object | None = None
    notes: list = field(default_factory=list)


def plan(ref, hyp, uem, scoring, reco=""):
    """The Drawing of a hypothesis (lists of turns as read_rttm gives them), beside a reference unless that is None.

    scoring : DerOptions; reco : the only recording to draw
    """
    if reco:
        ref, hyp, uem = (lines and [line for line in lines if line.reco == reco] for lines in (ref, hyp, uem))
    if ref is None or not (ref or hyp):
        return Drawing(timelines(only_turns(hyp), uem))
    from diarkit.drawing.comparison import compare  # imports scipy, which takes longer than all of the rest
    from diarkit.scoring.report import protocol

    score, compared = compare(ref, hyp, uem, scoring.collar, scoring.ignore_overlap, scoring.scorer)
    return Drawing(compared, protocol(score, scoring).removeprefix("#").strip(), score.total, score.notes)


def draw(drawing, kind, width, plain=False, colour=False, sounds=None):
    """The bytes of a drawing: 'text' (`width` in columns), 'png', 'svg', 'pdf' (in pixels), 'html'.

    `plain` and `colour` are for text: only ASCII, and with the colours of a terminal; `sounds` for the page, see there.
    """
    if kind == "text":
        from diarkit.drawing.textplot import text_timeline

        head = f"# {drawing.protocol}\n" if drawing.protocol else ""
        return (head + "\n".join(text_timeline(item, width, plain, colour) for item in drawing.timelines)).encode()
    if kind == "html":
        from diarkit.drawing.page import page

        return page(drawing.timelines, drawing.protocol, drawing.total, sounds).encode()
    from diarkit.drawing.pictures import picture

    return picture(drawing.timelines, kind, width, drawing.protocol)
