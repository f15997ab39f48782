"""Which frames of a recording become the embedding of a window of time, and how long windows are cut."""

from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError
from diarkit.windows import frame_span

LENGTH_STEP = 10  # frames: lengths are rounded down to this, so that windows at the ends of segments share batches
SHORTEST = 20  # frames; shorter windows are widened, at the ends of the recording by repeating frames
FRAME_SHIFT = 0.01  # s
OVERSHOOT = 0.5  # s; a window that ends later than this after the recording is of another one (Kaldi extract-segments)


class Span(NamedTuple):
    """The frames first <= t < first + length, as one pass of a network takes them."""

    window: int  # number of the window that they belong to
    first: int
    length: int
    low: int  # what lies before this frame repeats it; first may be negative
    high: int  # what lies from this frame on repeats the one before it
    weight: int  # frames of the window that are meant, without what was added or rounded away

    @property
    def inside(self):
        """Whether no frame is a repetition."""
        return self.low <= self.first and self.first + self.length <= self.high

    def frames(self):
        """The frames by number, (length,), repetitions too."""
        return np.clip(np.arange(self.first, self.first + self.length), self.low, self.high - 1)


class Cutter(NamedTuple):
    """How windows become spans.

    A window shorter than `shortest` frames is widened by its neighbours, evenly, and beyond the ends of the recording
    by its first and last frame. One longer than `chunk` frames (0: none is) is cut into chunks of so many and what is
    left at its end, of which each is embedded and the mean, weighted by their frames, taken. These are widened by
    their own first and last frames, as in Kaldi's nnet3-xvector-compute. Lengths are rounded down to multiples of
    `step`. Without `widen` what is too short is refused, and left out if it is what is left at an end. `shift` is the
    time from one frame to the next, s.
    """

    step: int = LENGTH_STEP
    shortest: int = SHORTEST
    chunk: int = 0
    widen: bool = True
    shift: float = FRAME_SHIFT

    def cut(self, windows, num_frames, refuse=None):
        """The spans of windows [(start, end), ...], s, in their order; an end of None is that of the recording.

        A window that has none is handed to refuse(number, DataError); without that the error is raised."""
        spans = []
        for number, (start, end) in enumerate(windows):
            try:
                spans += self.spans_of(number, start, end, num_frames)
            except DataError as error:
                if refuse is None:
                    raise
                refuse(number, error)
        return spans

    def spans_of(self, number, start, end, num_frames):
        first, last = frames_of(start, end, num_frames, self.shift)
        if not self.widen and last - first < self.shortest:
            raise DataError(f"{last - first} frames from {start:g} s on are fewer than the {self.shortest} of the "
                            "shortest chunk")
        if not 0 < self.chunk < last - first:
            return [self.span(number, first, last, 0, num_frames)]
        chunks = [(begin, min(begin + self.chunk, last)) for begin in range(first, last, self.chunk)]
        return [self.span(number, begin, stop, begin, stop) for begin, stop in chunks
                if self.widen or stop - begin >= self.shortest]

    def span(self, number, first, last, low, high):
        frames = last - first
        length = max(frames // self.step * self.step, self.shortest)
        return Span(number, first + int((frames - length) / 2), length, low, high, frames)


def frames_of(start, end, num_frames, shift=FRAME_SHIFT):
    """First frame of a window and the one after its last, within the recording; end None is the recording's."""
    if end is None:
        end = max(num_frames * shift, start)
    first, last = frame_span(start, end, shift)
    if first >= num_frames:
        raise DataError(f"nothing of the window from {start:g} to {end:g} s lies within the recording")
    if last > num_frames + round(OVERSHOOT / shift):
        beyond = last * shift - num_frames * shift
        raise DataError(f"the window from {start:g} to {end:g} s ends {beyond:.2f} s after the recording")
    return first, min(last, num_frames)


def frames_within(spans, num_frames):
    """Which of the recording's frames are in one of the spans; (num_frames,) bool."""
    inside = np.zeros(num_frames + 1, int)
    for span in spans:
        inside[max(span.first, 0)] += 1
        inside[min(span.first + span.length, num_frames)] -= 1
    return np.cumsum(inside[:-1]) > 0


def averaged(rows, spans, num_windows):
    """The vectors of windows from those of their spans, (S, D) -> (N, D) float32: means weighted by their frames.

    What has no spans is NaN."""
    numbers = np.array([span.window for span in spans])
    if np.array_equal(numbers, np.arange(num_windows)):
        return rows
    vectors = np.full((num_windows, rows.shape[1]), np.nan, np.float32)
    if spans:
        weights = np.array([span.weight for span in spans], float)
        begins = np.flatnonzero(np.diff(numbers, prepend=-1))
        sums = np.add.reduceat(rows * weights[:, None], begins, axis=0)
        vectors[numbers[begins]] = sums / np.add.reduceat(weights, begins)[:, None]
    return vectors
