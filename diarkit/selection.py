"""Some of the frames of a recording: every n-th, those with speech, those of a segment."""

import math

import numpy as np

from diarkit.deltas import check_frames
from diarkit.errors import DataError


def subsample(blocks, shape, opts):
    """Every n-th frame from `offset` on, or with a negative n every frame -n times.

    Parameters
    ----------
    blocks : stream of (n, D) arrays, see diarkit.blocks; shape : (T, D)
    opts : SubsampleOptions

    Returns
    -------
    blocks, shape : what is left, and its shape. Raises DataError if that is nothing.
    """
    total, dim = check_frames(shape)
    step = opts.n
    if step < 0:
        return (block.repeat(-step, axis=0) for block in blocks), (-step * total, dim)
    count = len(range(opts.offset, total, step))
    if not count:
        raise DataError(f"no frame is left: it has {total}, the first to take is {opts.offset}")

    def pieces():
        at = opts.offset  # the next frame to take, counted from the start of the block
        for block in blocks:
            yield block[at::step]
            at = at - len(block) if at >= len(block) else (at - len(block)) % step

    return pieces(), (count, dim)


def select_voiced(blocks, shape, decisions):
    """The frames whose decision is 1: takes and gives streams and shapes as subsample does.

    decisions : (T,) array of 0 and 1. Raises DataError if they are other numbers, not as many as frames, or all 0.
    """
    total, dim = check_frames(shape)
    decisions = np.asarray(decisions)
    if decisions.shape != (total,):
        raise DataError(f"{decisions.size} decisions, {total} frames")
    voiced = decisions == 1
    if not (voiced | (decisions == 0)).all():
        raise DataError("decisions are 0 or 1")
    if not voiced.any():
        raise DataError("no frame is voiced")

    def pieces():
        first = 0
        for block in blocks:
            yield block[voiced[first : first + len(block)]]
            first += len(block)

    return pieces(), (int(voiced.sum()), dim)


def segment_frames(start, end, total, opts):
    """The frames of a segment: the first, and the one after the last, as Kaldi's extract-feature-segments counts.

    start, end : s; an end of None is that of the features, of `total` frames
    opts : FeatureSegmentOptions

    Raises DataError if it starts after their end, ends too late, or is too short.
    """
    def frames(seconds):
        return nearest(seconds * 1000 / opts.frame_shift)

    first = frames(start)
    last = total
    if end is not None:
        last = frames(end)
        if opts.snip_edges:  # the frames that would begin in the segment and end after it
            last -= math.ceil((opts.frame_length - opts.frame_shift) / opts.frame_shift)
    if first >= total:
        raise DataError(f"starts at frame {first}, the features end at {total}")
    if last > total:
        if last >= total + frames(single(opts.max_overshoot)):
            raise DataError(f"ends at frame {last}, the features at {total}")
        last = total
    if last <= first + frames(single(opts.min_segment_length)):
        raise DataError(f"too short, {max(last - first, 0)} frames")
    return first, last


def nearest(value):
    """The nearest whole number, the half away from 0: round() takes the even one, C does not."""
    return int(value + math.copysign(0.5, value))


def single(value):
    """In single precision, which Kaldi keeps its options in: it decides what is half a frame."""
    return float(np.float32(value))
