"""Timelines as one HTML page that needs nothing else: no network, no other file, no server.

What it looks like and does is in the files page.html, page.css and *.js beside this module. Names of speakers and
recordings are only ever data of the page, never part of its markup or its program.
"""

import base64
import hashlib
import json
import re
from importlib.resources import files

import numpy as np

from diarkit.drawing.palette import ERRORS, ERRORS_DARK, SPEAKERS
from diarkit.drawing.timeline import KINDS

SCRIPTS = ("data.js", "words.js", "player.js", "overview.js", "stage.js", "page.js", "pointing.js")
# The browser itself sees to it that nothing is loaded or sent, and that no other script or style counts.
POLICY = ("default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; media-src data: blob:{links};"
          " base-uri 'none'; form-action 'none'")


def page(timelines, protocol="", total=None, sounds=None, title="Who spoke when"):
    """The text of the page.

    Parameters
    ----------
    timelines : list of Timeline
    protocol : how it was scored, one line
    total : scoring.der.Errors of all recordings
    sounds : {recording: (MIME type, bytes)} that are put into the page, or {recording: address} that are linked to
    """
    sounds = sounds or {}
    embedded = [reco for reco, sound in sounds.items() if not isinstance(sound, str)]
    recordings = [recording(timeline) for timeline in timelines]
    for item in recordings:
        name = item["name"]
        if name in sounds:
            item["sound"] = f"#sound-{embedded.index(name)}" if name in embedded else sounds[name]
    data = {"title": title, "protocol": protocol, "kinds": KINDS, "recordings": recordings,
            "reference": any(timeline.has_reference for timeline in timelines),
            "total": numbers(total) if total else None}
    style = "".join([own("page.css"), colours()])
    script = "".join(own(name) for name in SCRIPTS)
    links = "" if len(embedded) == len(sounds) else " 'self' file:"
    parts = {
        "policy": POLICY.format(script=digest(script), style=digest(style), links=links),
        "style": style,
        "data": in_script(json.dumps(data, ensure_ascii=False, separators=(",", ":"))),
        "sounds": "\n".join(sound_script(n, *sounds[reco]) for n, reco in enumerate(embedded)),
        "script": script,
    }
    # In one pass: what is put in is not looked through for more places.
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], own("page.html"))


def own(name):
    return (files(__package__) / name).read_text(encoding="utf-8")


def colours():
    """The palette as CSS: --error-0 ... on light, then on dark, and --speaker-0 ..."""
    def variables(name, values):
        return "".join(f"--{name}-{n}:{value};" for n, value in enumerate(values))

    dark = variables("error", ERRORS_DARK)
    return (f":root{{{variables('error', ERRORS)}{variables('speaker', SPEAKERS)}}}\n"
            f"@media (prefers-color-scheme: dark){{:root:not([data-theme=light]){{{dark}}}}}\n")


def digest(text):
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def in_script(text):
    """JSON that can stand in a script element: nothing in it ends the element or begins a comment."""
    return text.replace("<", "\\u003c")


def sound_script(number, kind, content):
    text = base64.b64encode(content).decode()
    return f'<script type="text/plain" id="sound-{number}" data-kind="{kind}">{text}</script>'


def numbers(errors):
    """DER as compute-der prints it, seconds to 1 ms."""
    return {
        "der": None if np.isnan(errors.der) else f"{errors.der:.2f}",
        "scored": round(errors.scored, 3),
        "kinds": [round(getattr(errors, kind.replace(" ", "_")), 3) for kind in KINDS],
    }


def recording(timeline):
    """One recording as plain lists and whole milliseconds; see data.js, which takes it apart again."""
    refs = [*(lane.reference for lane in timeline.lanes if lane.reference), *timeline.unmapped]
    ref_at = {lane.name: n for n, lane in enumerate(refs)}
    hyp_at = {lane.name: n for n, lane in enumerate(timeline.lanes)}
    ends = [lane.times[1][-1] for lane in (*timeline.lanes, *refs)]
    item = {
        "name": timeline.reco,
        "end": milliseconds(max([timeline.last, *ends])),
        "hyp": [[lane.name, packed(lane.times), ref_at[lane.reference.name] if lane.reference else -1]
                for lane in timeline.lanes],
        "ref": [[lane.name, packed(lane.times)] for lane in refs],
    }
    if timeline.has_reference:
        item["score"] = numbers(timeline.errors) if timeline.errors else None
        item["unscored"] = packed(timeline.unscored)
        item["who"], item["errors"] = packed_mistakes(timeline.mistakes, ref_at, hyp_at)
    return item


def packed_mistakes(mistakes, ref_at, hyp_at):
    """Who is mistaken, [[numbers of ref], [numbers of hyp]] ..., and the mistakes themselves, all in one list:
    kind, start after the last start, length, count, number of who ...
    """
    who, flat, before = {}, [], 0
    for kind, start, end, count, ref, hyp in mistakes:
        start, end = milliseconds(start), milliseconds(end)
        if end > start:
            flat += [KINDS.index(kind), start - before, end - start, count, who.setdefault((ref, hyp), len(who))]
            before = start
    return [[[ref_at[name] for name in ref], [hyp_at[name] for name in hyp]] for ref, hyp in who], flat


def packed(times):
    """[start after the last start, length, ...] in ms; short in JSON."""
    starts, ends = (np.rint(1000 * np.asarray(side)).astype(np.int64) for side in times)
    return np.stack([np.diff(starts, prepend=0), ends - starts], axis=1).ravel().tolist()


def milliseconds(seconds):
    return round(1000 * float(seconds))
