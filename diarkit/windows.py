"""Which frames and pieces of a recording belong to a stretch of time.

Times are in seconds and rounded to milliseconds, the resolution of our files, so that what is computed
in memory and what passes through a file is the same.
"""

from math import ceil

import numpy as np

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


def runs(flags):
    """Where a boolean array is true: (n, 2) array of first and one after last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], np.asarray(flags, bool), [False]])))
    return edges.reshape(-1, 2)


def speech_segments(decisions, frame_shift=0.01, min_silence=0.3, min_speech=0.1, pad_start=0.01, pad_end=0.0,
                    max_segment_length=0.0):
    """Segments of speech from a decision for every frame.

    Silences shorter than `min_silence` are filled, then speech shorter than `min_speech` dropped, then
    segments made longer by the pads, as far as the recording reaches; what then touches is joined. With
    `max_segment_length` > 0 longer segments are cut into equal parts.

    Parameters
    ----------
    decisions : (T,) array, speech where > 0.5, a frame every `frame_shift` seconds
    min_silence, min_speech, pad_start, pad_end, max_segment_length : s

    Returns
    -------
    list of (start, end), s
    """
    decisions = np.asarray(decisions)
    if decisions.ndim != 1:
        raise DataError(f"a vector of decisions expected, not {decisions.shape}")
    total = ms(len(decisions) * frame_shift)
    joined = []
    for first, last in runs(decisions > 0.5):
        start, end = ms(first * frame_shift), ms(last * frame_shift)
        if joined and ms(start - joined[-1][1]) < min_silence:
            joined[-1][1] = end
        else:
            joined.append([start, end])
    padded = []
    for start, end in joined:
        if ms(end - start) < min_speech:
            continue
        start, end = ms(max(start - pad_start, 0)), ms(min(end + pad_end, total))
        if padded and start <= padded[-1][1]:
            padded[-1][1] = max(end, padded[-1][1])
        elif start < end:
            padded.append([start, end])
    return [piece for start, end in padded for piece in equal_parts(start, end, max_segment_length)]


def equal_parts(start, end, max_length):
    count = ceil(ms(end - start) / max_length - 1e-9) if max_length > 0 else 1
    edges = [ms(start + (end - start) * i / count) for i in range(count + 1)]
    return list(zip(edges[:-1], edges[1:], strict=True))


def segment_name(recording, start, end):
    """<recording>-<start>-<end> in hundredths of a second, seven digits, so that names sort as times do."""
    return f"{recording}-{round(start * 100):07d}-{round(end * 100):07d}"


def subsegment_name(segment, start, end):
    """The name of a window: <segment>-<start>-<end>, hundredths of a second from the segment's start.

    As get_uniform_subsegments.py has it, but rounded: that one turns 0.75 s into 74 where the binary fraction lacks.
    """
    return f"{segment}-{round(start * 100):08d}-{round(end * 100):08d}"
