"""Which turns, regions and zones the scorers md-eval and dscore score, where their rules differ.

Both end in the same arithmetic, diarkit.scoring.der.errors. The rules were seen by running md-eval-22.pl and
dscore (nryant/dscore) on several hundred cases; a protocol yields (recording, whether it counts in the
total, arguments of errors), and notes what a user should know and those scorers do silently.
"""

import os.path
import re
from collections import defaultdict
from contextlib import contextmanager
from itertools import pairwise
from operator import itemgetter

import numpy as np

from diarkit.cells import intervals, ranges, union
from diarkit.errors import DataError
from diarkit.scoring.exclusion import EPSILON, by_lines

DEFAULT_UEM = {"md-eval": "extent of the reference", "dscore": "extent of reference and hypothesis"}
EXTENT_TYPES = frozenset("SEGMENT SPEAKER SU EDIT FILLER IP CB A/P LEXEME NON-LEX".split())  # md-eval's
ANY_CHANNEL = ("na", "<na>")  # as in the UEM of AMI-diarization-setup


class Notes:
    """What to tell the user, one line for each kind of thing with the recordings it was seen in."""

    def __init__(self):
        self.seen = defaultdict(dict)

    def add(self, text, reco):
        self.seen[text][reco] = True

    def lines(self):
        for text, recos in self.seen.items():
            names = list(recos)
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            yield f"{text}: {', '.join(names[:5])}{more}"


def md_eval(ref, hyp, uem, notes):
    """md-eval's view: recording and channel are one key, default UEM the extent of the reference."""
    lines, hyp = by_channel(ref), by_channel(only_turns(hyp))
    regions = uem_of_md_eval(uem, {reco for reco, _ in lines})
    note_recordings({key[0] for key in lines}, {key[0] for key in hyp}, notes, "ignored")

    for key in sorted(lines):
        reco, channel = key
        turns = only_turns(lines[key])
        if not turns:
            continue
        region = regions.get(key) or regions.get((reco, None))
        if not region:
            region = [extent(line for line in lines[key] if line.kind in EXTENT_TYPES)]
            if uem is not None:
                other = any(name == reco for name, _ in regions)
                what = "in the UEM on another channel only" if other else "not in the UEM"
                notes.add(f"{what}, scored over the extent of the reference", reco)
        if key not in hyp and any(name == reco for name, _ in hyp):
            notes.add("on another channel in the hypothesis, all missed (dscore ignores channels)", reco)
        for name, side in (("reference", turns), ("hypothesis", hyp.get(key, ()))):
            note_turns(name, side, reco, notes)
        evaluated, no_score = by_lines(lines[key], intervals(sorted(region)))
        yield reco, True, (arrays(turns), arrays(hyp.get(key, ())), evaluated, no_score)


def uem_of_md_eval(uem, recos):
    """{(recording, channel): [(start, end)]}, channel None for any.

    md-eval takes folder and suffix off the file names of a UEM, so the name of a recording with a dot in it
    never matches and the UEM is silently not used. That is refused here.
    """
    regions = defaultdict(list)
    for region in uem or ():
        name = re.sub(r"\.[^.]*", "", region.reco.rpartition("/")[2], count=1)
        if name != region.reco and region.reco in recos:
            raise DataError(
                "md-eval cuts names in a UEM at '/' and '.' and would not find this one; use --scorer=dscore",
                where=region.reco,
            )
        channel = region.channel.lower()
        regions[name, None if channel in ANY_CHANNEL else channel].append((region.start, region.end))
    return regions


def dscore(ref, hyp, uem, notes, rounded=True):
    """dscore's view: no channels, turns are trimmed to the UEM and merged, times rounded to 1 ms (for DER only).

    A recording that is not in the UEM is not scored. One without speech in the reference gets a DER of 100
    or 0 % and does not count in the total.
    """
    ref, hyp = (grouped(any_speech(side, notes), lambda turn: turn.reco) for side in (ref, hyp))
    note_recordings(set(ref), set(hyp), notes, "not counted in the total")
    if uem is None:
        both = {reco: [*ref.get(reco, ()), *hyp.get(reco, ())] for reco in {*ref, *hyp}}
        regions = {reco: [extent(turns)] for reco, turns in both.items()}
    else:
        regions = defaultdict(list)
        for region in uem:
            known = region.reco in ref or region.reco in hyp
            name = region.reco if known else os.path.splitext(region.reco)[0]
            regions[name].append((region.start, region.end))
        for reco in sorted({*ref, *hyp} - set(regions)):
            notes.add("not in the UEM, not scored", reco)
        for reco in sorted(set(regions) - {*ref, *hyp}):
            notes.add("only in the UEM", reco)

    for reco in sorted(regions):
        region = union(*intervals(regions[reco]))
        evaluated = without_overlap(regions[reco])
        sides = []
        for name, side in (("reference", ref), ("hypothesis", hyp)):
            note_turns(name, side.get(reco, ()), reco, notes)
            # A turn that comes twice counts once.
            turns = {(turn.start, turn.duration, turn.speaker): turn for turn in side.get(reco, ())}
            parts = merged(trimmed(list(turns.values()), region))
            sides.append(written(parts) if rounded else columns(parts))
        evaluated = tuple(map(milliseconds, evaluated)) if rounded else evaluated
        yield reco, len(sides[0][2]) > 0, (*sides, evaluated)


def without_overlap(pairs):
    """(starts, ends) of (start, end) pairs, merged where they overlap but not where they touch."""
    result = []
    for start, end in sorted(pairs):
        if result and start < result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return intervals(result)


def trimmed(turns, region):
    """[(start, end, speaker)]: the parts of the turns that lie within the disjoint, ordered regions."""
    starts, ends = (np.array([getattr(turn, side) for turn in turns], dtype=float) for side in ("start", "end"))
    first, last = np.searchsorted(region[1], starts, side="right"), np.searchsorted(region[0], ends)
    turn, piece = ranges(first, np.maximum(first, last))
    starts, ends = np.maximum(starts[turn], region[0][piece]), np.minimum(ends[turn], region[1][piece])
    pieces = zip(starts.tolist(), ends.tolist(), turn.tolist(), strict=True)
    return [(start, end, turns[n].speaker) for start, end, n in pieces if start < end]


def merged(parts):
    """[(start, end, speaker)]: overlapping parts of one speaker made one.

    Two equal parts, which the UEM cut from different turns, are only made one where a speaker has others that overlap.
    """
    result = []
    for speaker, own in grouped(parts, itemgetter(2)).items():
        distinct = sorted(set(own))
        spans = []
        for start, end, _ in distinct:
            if spans and start < spans[-1][1]:
                spans[-1][1] = max(spans[-1][1], end)
            else:
                spans.append([start, end])
        result += [(start, end, speaker) for start, end in spans] if len(spans) < len(distinct) else own
    return result


def written(parts):
    """(starts, ends, speakers) of [(start, end, speaker)], start and duration rounded to 1 ms, each for itself."""
    starts, ends, speakers = columns(parts)
    first = milliseconds(starts)
    return first, first + milliseconds(ends - starts), speakers


def milliseconds(times):
    """Rounded to 1 ms as Python does: what is half a millisecond is decided by the float itself, not as in np.round."""
    return np.array([round(time, 3) for time in times.tolist()])


def columns(parts):
    return (*intervals(part[:2] for part in parts), [part[2] for part in parts])


def any_speech(lines, notes):
    for line in lines:
        if line.kind not in ("SPEAKER", "SPKR-INFO"):
            notes.add("dscore takes lines of other types than SPEAKER for speech", line.reco)
    return [line for line in lines if line.kind != "SPKR-INFO"]


@contextmanager
def naming(reco):
    """A failure of what is done within names the recording."""
    try:
        yield
    except DataError as error:
        raise DataError(str(error), reco) from None


def note_recordings(ref, hyp, notes, fate):
    for reco in sorted(ref - hyp):
        notes.add("not in the hypothesis, all missed", reco)
    for reco in sorted(hyp - ref):
        notes.add(f"not in the reference, {fate}", reco)


def note_turns(name, turns, reco, notes, counted="counted once"):
    if any(turn.duration == 0 for turn in turns):
        notes.add(f"zero-length turns in the {name}, taken for no speech", reco)
    # If any two turns of a speaker overlap, then so do two that follow each other in order of their starts.
    spans = [(speaker, start, start + duration) for _, _, start, duration, speaker, *_ in turns if duration > 0]
    for (speaker, _, end), (other, start, _) in pairwise(sorted(spans)):
        if start < end - EPSILON and speaker == other:
            notes.add(f"a speaker of the {name} overlaps with itself, {counted}", reco)
            return


def extent(lines):
    times = [(line.start, line.end) for line in lines]
    return min(start for start, _ in times), max(end for _, end in times)


def only_turns(lines):
    return [line for line in lines if line.kind == "SPEAKER"]


def grouped(lines, key):
    groups = defaultdict(list)
    for line in lines:
        groups[key(line)].append(line)
    return dict(groups)


def by_channel(lines):
    """{(recording, channel in lower case): lines}"""
    groups = {}
    for (reco, channel), found in grouped(lines, itemgetter(0, 1)).items():
        groups.setdefault((reco, channel.lower()), []).extend(found)
    return groups


def arrays(turns):
    starts, durations = (np.array([turn[n] for turn in turns], dtype=float) for n in (2, 3))
    return starts, starts + durations, [turn.speaker for turn in turns]
