"""From decisions about speech to segments by Kaldi's rule (egs/wsj/s5/utils/segmentation.pl).

Stretches of sound get silence at both ends until silence is a given proportion of all segments; segments that then
touch are joined, those with the least silence between them first, as long as none becomes too long.
"""

import numpy as np

from diarkit.activity import runs
from diarkit.errors import DataError

NOISE, SPEECH = 1, 2  # kinds of sound; where there are two only, the one that is not 0 is speech


def kaldi_segments(classes, opts):
    """Segments as (n, 2) int array, first frame and the one after the last, in order.

    classes : (T,) array of 0 (silence), 1 and 2 (sound; noise and speech where they are told apart)
    opts : SegmentationOptions

    Raises DataError for other values, and for options that make no sense (check_options).
    """
    check_options(opts)
    classes = np.asarray(classes)
    if classes.ndim != 1:
        raise DataError(f"a vector of decisions expected, not {classes.shape}")
    odd = (classes != 0) & (classes != NOISE) & (classes != SPEECH)
    if odd.any():
        raise DataError(f"{classes[np.argmax(odd)]:g} is no decision: 0, 1 or 2 expected (--rule=hysteresis takes"
                        " probabilities)")
    sound = runs(classes != 0)
    spans = with_silence(sound, len(classes), opts.silence_proportion)
    gaps = sound[1:, 0] - sound[:-1, 1]
    spans = joined(spans, gaps, opts.max_segment_length, opts.frame_shift)
    spans = cut(spans, int(opts.hard_max_segment_length / opts.frame_shift))
    if opts.remove_noise_only_segments:
        before = np.concatenate([[0], np.cumsum(classes == SPEECH)])
        spans = spans[before[spans[:, 1]] > before[spans[:, 0]]]
    return spans


def check_options(opts):
    """Refuse what segmentation.pl refuses."""
    for name, low, high in (("silence_proportion", 0.01, 0.99), ("frame_shift", 0.0001, 1.0001),
                            ("max_segment_length", 1, 100), ("hard_max_segment_length", 4, 500)):
        if not low < getattr(opts, name) < high:
            raise DataError(f"--{name.replace('_', '-')} must be between {low:g} and {high:g},"
                            f" {getattr(opts, name):g} is not")
    if opts.hard_max_segment_length < opts.max_segment_length:
        raise DataError("--hard-max-segment-length is less than --max-segment-length")


def with_silence(sound, total, proportion):
    """Stretches grown at both ends, a frame a round, until silence is the proportion of all; (n, 2) -> (n, 2).

    Ends take turns from the first to the last, and stop at the ends of the recording (of `total` frames) and where
    they meet, so that of a gap of an odd number of frames the segment before it gets one more. What is left of the
    last round goes to the ends that come first.
    """
    if not len(sound):
        return sound
    gaps = sound[1:, 0] - sound[:-1, 1]
    room = np.empty_like(sound)  # how far each end can go
    room[0, 0], room[-1, 1] = sound[0, 0], total - sound[-1, 1]
    room[:-1, 1], room[1:, 0] = gaps - gaps // 2, gaps // 2
    loud = int((sound[:, 1] - sound[:, 0]).sum())
    wanted = int(loud / (1.0 - proportion)) - loud
    rounds = np.searchsorted(frames_after_rounds(room), wanted, side="right") - 1
    grown = np.minimum(room, rounds)
    rest = wanted - int(grown.sum())
    grown.reshape(-1)[np.flatnonzero(room > rounds)[:rest]] += 1
    return sound + grown * np.array([-1, 1])


def frames_after_rounds(room):
    """How many frames all ends have gained after 0, 1, 2, ... rounds, until none has room."""
    each = np.bincount(room.reshape(-1))  # how many ends have room for 0, 1, 2, ... frames
    return np.concatenate([[0], np.cumsum(room.size - np.cumsum(each)[:-1])])


def joined(spans, gaps, max_length, frame_shift):
    """Join spans that touch, those with the smallest gap (frames of silence) between them first, up to max_length s."""
    first, last = spans.T
    touching = np.flatnonzero(spans[1:, 0] == spans[:-1, 1])
    # The first and the last span of what a span was joined to; right only at its outermost ones, where it is asked.
    left, right = np.arange(len(spans)), np.arange(len(spans))
    keep = np.ones(len(spans), bool)
    for i in touching[np.argsort(gaps[touching], kind="stable")]:
        a, b = left[i], right[i + 1]
        if (last[b] - first[a]) * frame_shift <= max_length:
            right[a], left[b] = b, a
            keep[i + 1] = False
    starts = np.flatnonzero(keep)
    return np.stack([first[starts], last[right[starts]]], axis=1)


def cut(spans, max_frames):
    """Cut spans of more than max_frames into the least number of equal pieces; the last one takes what is left over."""
    pieces = []
    for start, end in spans.tolist():
        count = int((end - start) / max_frames + 0.99999) if end - start > max_frames else 1
        edges = [start + i * ((end - start) // count) for i in range(count)] + [end]
        pieces += zip(edges[:-1], edges[1:], strict=True)
    return np.array(pieces, dtype=int).reshape(-1, 2)


def kaldi_lines(recording, spans, opts):
    """Yield (name, start, end) of the spans, times as texts with two decimals, s; those shorter than min_duration not.

    Names are those of segmentation.pl: hundredths of a second cut off, not rounded, after a product that may fall
    short of them (18.06 becomes 1805), with as many digits as the last one has or one more.
    """
    longest = int(100.0 * opts.frame_shift * int(spans[-1, 1])) if len(spans) else 0
    digits = 1
    while 10 ** (digits - 1) < longest:
        digits += 1
    for span in spans.tolist():
        start, end = (f"{opts.frame_shift * frame:.2f}" for frame in span)
        if float(end) - float(start) >= opts.min_duration:
            numbers = (f"{int(float(text) * 100):0{digits}d}" for text in (start, end))
            yield opts.first_separator.join([recording, opts.second_separator.join(numbers)]), start, end
