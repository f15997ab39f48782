"""Which frames and pieces of a recording belong to a stretch of time.

Times are in seconds and rounded to milliseconds, the resolution of our files, so that what is computed
in memory and what passes through a file is the same.
"""

from typing import NamedTuple

from diarkit.errors import DataError

MOST = 3_000_000  # windows of one segment: five weeks in steps of a second; what is longer is a mistake


def ms(seconds):
    return round(float(seconds), 3)


class Window(NamedTuple):
    """A piece of a segment, times in seconds, not rounded."""

    start: float  # in the recording
    end: float
    start_within: float  # from the start of the segment
    end_within: float
    named_end: float  # the same, added up in the order in which the name has it
    last: bool  # of its segment


def uniform_windows(start, end, window=1.5, period=0.75, min_segment=0.5, constant_duration=True, hard_min=False):
    """Cut a segment into overlapping windows, by the rule and with the sums of Kaldi's get_uniform_subsegments.py.

    Windows of `window` seconds every `period` seconds. With `constant_duration`, if what is left at the end is
    shorter than `min_segment`, the last window is moved back to be a whole one (but not before `start`). Without it,
    what is left at the end is joined to the last window, up to `window` + `min_segment`. With `hard_min` windows
    shorter than `min_segment` are dropped, as Kaldi's diarization scripts do for training PLDA.

    What is left is added up in floating point as the script does it, so that a segment whose length is a whole
    number of periods gets a window more where the script gives it one. Returns a list of Window. A last window that
    would end where it begins or earlier (the period is longer than the window, or `min_segment` 0) is left out, which
    the script would print.
    """
    if ms(window) <= 0 or ms(period) <= 0:
        raise DataError(f"windows of {window:g} s every {period:g} s: both must be at least a millisecond")
    if end - start > MOST * period:
        raise DataError(f"{end - start:g} s are too long for windows every {period:g} s")
    longest = window if constant_duration else window + min_segment
    pieces = []
    at, left = start, end - start
    while left > longest:
        pieces.append(Window(at, at + window, at - start, at - start + window, at + window - start, False))
        at += period
        left -= period
    if constant_duration and 0 <= left < min_segment:
        at = max(end - window, start)
    until = min(at + window, end) if constant_duration else end
    if ms(at) < ms(until):
        pieces.append(Window(at, until, at - start, until - start, until - start, True))
    return [piece for piece in pieces if not hard_min or ms(piece.end - piece.start) >= min_segment]


def subsegments(start, end, **settings):
    """As uniform_windows, but a list of (start, end), seconds rounded to milliseconds."""
    return [(ms(piece.start), ms(piece.end)) for piece in uniform_windows(start, end, **settings)]


def frame_span(start, end, shift=0.01):
    """First frame and the one after the last of a stretch of time, as Kaldi's extract-feature-segments counts."""
    first = int(start / shift + 0.5 + 1e-6)
    return first, max(int(end / shift - 0.5 + 1e-6), first) + 1


def segment_name(recording, start, end):
    """<recording>-<start>-<end> in hundredths of a second, seven digits, so that names sort as times do."""
    return f"{recording}-{round(start * 100):07d}-{round(end * 100):07d}"


def subsegment_name(segment, window, exact=False):
    """The name of a Window as get_uniform_subsegments.py has it, see name_within.

    It cuts off what is less than a hundredth, so that 0.75 s becomes 74 where the binary fraction lacks a little, and
    rounds in the last window of a segment only; rounded always if `exact`.
    """
    return name_within(segment, window.start_within, window.named_end, round if exact or window.last else int)


def name_within(segment, start, end, whole=round):
    """<segment>-<start>-<end> in hundredths of a second from the start of the segment, eight digits."""
    return f"{segment}-{whole(100 * start):08d}-{whole(100 * end):08d}"
