"""From decisions about speech, one a frame, to segments: hysteresis, minimum durations, padding.

Frames are counted from 0, times are in seconds and rounded to milliseconds. Kaldi's other rule is in
diarkit.segmentation.
"""

from math import ceil

import numpy as np

from diarkit.errors import DataError
from diarkit.windows import ms


def runs(flags):
    """Where a boolean array is true: (n, 2) array of first and one after last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], np.asarray(flags, bool), [False]])))
    return edges.reshape(-1, 2)


def hysteresis(probabilities, onset, offset):
    """Speech from where the probability reaches `onset` until it falls below `offset`; (N,) -> (N,) bool."""
    p = np.asarray(probabilities)
    # The state after each point that decides; those in between leave it as it is.
    event = np.where(p >= onset, 1, np.where(p < offset, -1, 0))
    last = np.maximum.accumulate(np.where(event != 0, np.arange(len(p)), -1))
    return (last >= 0) & (event[last] == 1)


def speech_segments(decisions, frame_shift=0.01, onset=0.5, offset=0.5, min_silence=0.3, min_speech=0.1,
                    pad_start=0.01, pad_end=0.0, max_segment_length=0.0):
    """Segments of speech from a decision, or the probability of speech, for every frame.

    Silences shorter than `min_silence` are filled, then speech shorter than `min_speech` dropped, then
    segments made longer by the pads, as far as the recording reaches; what then touches is joined. With
    `max_segment_length` > 0 longer segments are cut into equal parts.

    Parameters
    ----------
    decisions : (T,) array, a frame every `frame_shift` seconds
    onset, offset : speech begins where decisions reach onset and ends where they fall below offset
    min_silence, min_speech, pad_start, pad_end, max_segment_length : s

    Returns
    -------
    list of (start, end), s
    """
    decisions = np.asarray(decisions)
    if not frame_shift > 0:
        raise DataError(f"--frame-shift must be above 0, {frame_shift:g} is not")
    if offset > onset:
        raise DataError(f"--offset, {offset:g}, is above --onset, {onset:g}")
    if decisions.ndim != 1:
        raise DataError(f"a vector of decisions expected, not {decisions.shape}")
    total = ms(len(decisions) * frame_shift)
    joined = []
    for first, last in runs(hysteresis(decisions, onset, offset)):
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
