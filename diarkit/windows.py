"""Which frames and pieces of a recording belong to a stretch of time.

Times are in seconds and rounded to milliseconds, the resolution of our files, so that what is computed
in memory and what passes through a file is the same.
"""

from diarkit.errors import DataError


def ms(seconds):
    return round(float(seconds), 3)


def subsegments(start, end, window=1.5, period=0.75, min_segment=0.5):
    """Cut a segment into overlapping windows, as Kaldi's get_uniform_subsegments.py with constant duration.

    Windows of `window` seconds every `period` seconds; if what is left at the end is shorter than
    `min_segment`, the last window is moved back to be a whole one (but not before `start`).
    Returns a list of (start, end), s.
    """
    if ms(window) <= 0 or ms(period) <= 0:
        raise DataError(f"windows of {window:g} s every {period:g} s: both must be at least a millisecond")
    pieces = []
    at = start
    left = end - start
    # counted in whole milliseconds: 4.1 - 1.5 and the like have to compare as they do on paper
    while ms(left) > ms(window):
        pieces.append((ms(at), ms(at + window)))
        at += period
        left -= period
    if ms(left) < ms(min_segment):
        at = max(start, end - window)
    pieces.append((ms(at), ms(min(at + window, end))))
    return pieces


def frame_span(start, end, shift=0.01):
    """First frame and the one after the last of a stretch of time, as Kaldi's extract-feature-segments counts."""
    first = int(start / shift + 0.5 + 1e-6)
    return first, max(int(end / shift - 0.5 + 1e-6), first) + 1


def segment_name(recording, start, end):
    """<recording>-<start>-<end> in hundredths of a second, seven digits, so that names sort as times do."""
    return f"{recording}-{round(start * 100):07d}-{round(end * 100):07d}"


def subsegment_name(segment, start, end):
    """The name of a window: <segment>-<start>-<end>, hundredths of a second from the segment's start.

    As get_uniform_subsegments.py has it, but rounded: that one turns 0.75 s into 74 where the binary fraction lacks.
    """
    return f"{segment}-{round(start * 100):08d}-{round(end * 100):08d}"
