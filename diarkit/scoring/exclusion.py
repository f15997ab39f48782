"""What md-eval leaves out of the regions that it scores: overlap, and zones of NOSCORE and NON-LEX lines.

The rules are those of md-eval-22.pl (exclude_overlapping_speech_from_uem, add_exclusion_zones_to_uem), which was run
beside them on some ten thousand random recordings. Intervals are pairs (starts, ends) of arrays, in s; see
diarkit.cells.
"""

import math

import numpy as np

from diarkit.cells import Cells, intervals

EXTENSION = 0.5  # s by which md-eval lets a zone of laughter, breath etc. grow into what is around it
EPSILON = 1e-8  # s, md-eval's shortest time


def left(regions, zones):
    """The parts of regions that md-eval scores where it leaves out zones.

    Of boundaries at the same time, ends come first, those of zones before those of regions, then beginnings, those of
    regions first. Scoring begins, or begins anew, at each boundary after which there is a region and no zone, and
    stops at the next one, but at a later time only. So where a zone begins just as a region does or as another zone
    ends, or ends just as a region does, scoring goes on to the next boundary: in the zone, or outside of the region.
    """
    times = np.concatenate([zones[1], regions[1], regions[0], zones[0]])
    sizes = [len(zones[1]), len(regions[1]), len(regions[0]), len(zones[0])]
    order = np.lexsort((np.repeat(np.arange(4), sizes), times))
    times = times[order]
    in_region, in_zone = (np.cumsum(np.repeat(steps, sizes)[order]) > 0 for steps in ([0, -1, 1, 0], [-1, 0, 0, 1]))
    begins = np.flatnonzero(in_region & ~in_zone)
    stops = np.searchsorted(times, times[begins], side="right")
    kept = stops < np.append(begins[1:], len(times))
    starts, ends = times[begins[kept]], times[stops[kept]]
    return starts[ends < np.inf], ends[ends < np.inf]


def plainly_left(regions, zones):
    """The parts of regions that are in no zone."""
    cells = Cells(regions, zones)
    return cells.where(cells.cover(*regions) & ~cells.cover(*zones))


def overlap(starts, ends):
    """Zones in which two or more turns are active; one ends where one turn is left, though another begins there."""
    spoken = ends > starts
    times = np.concatenate([ends[spoken], starts[spoken]])
    step = np.repeat([-1, 1], spoken.sum())
    order = np.lexsort((step, times))
    active, step, times = np.cumsum(step[order]), step[order], times[order]
    return times[(step > 0) & (active == 2)], times[(step < 0) & (active == 1)]


def zones(lines, kinds, extension):
    """The zones that lines of some kinds make, grown by `extension` s on both sides.

    They do not grow over a boundary of a turn or of a word; two of them that grow together become one if no such
    boundary is between them. One after which no turn begins or ends and no word begins lasts for ever.
    """
    lines = [line for line in lines if line.duration > 0 and line.kind in (*kinds, "SPEAKER", "LEXEME")]
    lines.sort(key=lambda line: line.start + line.duration / 2)
    events = [(line.end, False, number, line.kind) for number, line in enumerate(lines)]
    events += [(line.start, True, -number, line.kind) for number, line in enumerate(lines)]

    found, begun = [], None
    words = open_lines = 0  # how many last
    bound = word_end = line_end = 0.0  # the latest
    for time, begins, _, kind in sorted(events):
        step = 1 if begins else -1
        if kind == "SPEAKER":
            bound = time
        elif kind == "LEXEME":
            words += step
            word_end = word_end if words else time
        else:
            open_lines += step
            line_end = line_end if open_lines else time
        of_zone = kind in kinds
        if begun is None:
            if of_zone and open_lines:
                begun = time if words else max(word_end, bound, time - extension)
        elif not open_lines and (words or kind == "SPEAKER"):
            found.append((begun, min(line_end + extension, time)))
            begun = None
        elif of_zone and begins and open_lines == 1 and time > line_end + 2 * extension:
            found.append((begun, line_end + extension))
            begun = time - extension
    if begun is not None:
        found.append((begun, math.inf))
    return intervals(found)


def by_lines(lines, regions):
    """(regions that are evaluated, sets of zones not to score, one after another) by the lines of a reference."""
    if not any(line.kind in ("NOSCORE", "NON-LEX") for line in lines):
        return regions, []
    evaluated = left(regions, zones(lines, ("NOSCORE",), EPSILON))
    return evaluated, [zones(lines, ("NOSCORE", "NON-LEX"), EPSILON), zones(lines, ("NON-LEX",), EXTENSION)]
