"""Where the speaker changes: points at which what is before and what is after differ, as Gaussians."""

import numpy as np

from diarkit.errors import DataError, UsageError
from diarkit.gaussians import Gaussians, delta_bic, likelihood_ratio, penalty, symmetric_divergence
from diarkit.windows import frame_span, ms

MAX_OVERSHOOT = 0.5  # s that a segment may reach beyond the last frame, as in Kaldi's extract-segments


class ChangeFinder:
    """Finds changes in sequences of features by the settings of a ChangeOptions.

    Raises UsageError for settings that do not go together.
    """

    def __init__(self, opts):
        if opts.search == "growing" and opts.method != "bic":
            raise UsageError(f"--method={opts.method} has no growing form; add --search=two-pass")
        if min(opts.frame_shift, opts.floor, opts.growth, opts.window) <= 0:
            raise UsageError("--frame-shift, --floor, --growth and --window must be more than 0")
        if min(opts.penalty, opts.prominence, opts.smoothing) < 0:
            raise UsageError("--penalty, --prominence and --smoothing cannot be less than 0")
        self.opts = opts
        self.step = max(round(opts.resolution / opts.frame_shift), 1)  # frames
        self.margin = self.steps(opts.min_duration)
        self.window = max(self.steps(opts.window), self.margin)
        self.longest = max(self.steps(opts.max_window), 2 * self.window)

    def steps(self, seconds):
        return max(round(seconds / (self.step * self.opts.frame_shift)), 1)

    def cut(self, features, start=0.0, end=None):
        """The pieces of a segment between changes: a list of (start, end), s, which is the segment if there is none.

        features : (T, D) array, of the whole recording; start, end : s, the end of the recording if `end` is None

        Raises DataError if the segment is not within the recording, and as `find` does.
        """
        shift = self.opts.frame_shift
        total = ms(len(features) * shift)
        end = total if end is None else end
        if start >= total or end > total + MAX_OVERSHOOT:
            raise DataError(f"from {start:g} to {end:g} s, but there are features for {total:g} s only")
        first, last = frame_span(start, end, shift)
        times = [start, *(ms((first + change) * shift) for change in self.find(features[first:last])), end]
        return list(zip(times[:-1], times[1:], strict=True))

    def find(self, features):
        """The frames with which another speaker begins: an int array, ascending, from (T, D) features.

        Raises DataError if `features` is no such array or has NaN or infinity in it.
        """
        if np.ndim(features) == 2 and len(features) < 2 * self.margin * self.step:
            return np.zeros(0, int)
        gaussians = Gaussians(features, self.step, self.opts.covariance == "full", self.opts.floor)
        edges = self.growing(gaussians) if self.opts.search == "growing" else self.two_pass(gaussians)
        return gaussians.edges[edges]

    def growing(self, gaussians):
        """Chen and Gopalakrishnan's search: a window grows until a change in it is found, and begins anew there.

        A window that gets too long without a change goes on with its newest part.
        """
        found = []
        start, end = 0, 2 * self.window
        growth, total = self.steps(self.opts.growth), len(gaussians)
        before = Costs(gaussians, start)
        while True:
            end = min(end, total)
            middles = np.arange(start + self.margin, end - self.margin + 1)
            gain = self.gain(gaussians, before, middles, end)
            if len(gain) and gain.max() > 0:
                # the other speaker may only just have begun: look again nearby, with more of what follows
                middle = middles[gain.argmax()]
                end = max(end, min(middle + self.window, total))
                middles = np.arange(max(middle - self.margin, start + self.margin),
                                    min(middle + self.margin, end - self.margin) + 1)
                middle = middles[self.gain(gaussians, before, middles, end).argmax()]
                gaussians.sharpen(start, middle, end, self.margin * self.step)
                start = middle
                found.append(start)
                before = Costs(gaussians, start)
                end = start + 2 * self.window
            elif end == total:
                return np.array(found, int)
            elif end - start >= self.longest:
                start = end - 2 * self.window + growth
                before = Costs(gaussians, start)
                end += growth
            else:
                end += growth

    def gain(self, gaussians, before, middles, end):
        """Delta-BIC of a change at each of `middles`, between the start that `before` has and `end`."""
        if len(middles) == 0:
            return np.zeros(0)
        one = before.of(np.array([end])) - penalty(gaussians, before.start, end, self.opts.penalty)
        return one - before.of(middles) - gaussians.cost(middles, np.array([end]))

    def two_pass(self, gaussians):
        """DISTBIC of Delacourt and Wellekens (2000): peaks of a distance of neighbouring windows, checked by BIC."""
        middles = np.arange(self.margin, len(gaussians) - self.margin + 1)
        curve = smoothed(self.distances(gaussians, middles), self.steps(self.opts.smoothing))
        peaks = find_peaks(curve, self.opts.prominence * curve.std(), self.window, self.margin)
        if self.opts.threshold is not None:
            peaks = peaks[curve[peaks] > self.opts.threshold]
        found = self.checked(gaussians, middles[peaks])
        for before, middle, after in zip([0, *found], found, [*found[1:], len(gaussians)], strict=False):
            gaussians.sharpen(max(before, middle - self.longest), middle, min(after, middle + self.longest),
                              self.margin * self.step)
        return found

    def distances(self, gaussians, middles):
        start = np.maximum(middles - self.window, 0)
        end = np.minimum(middles + self.window, len(gaussians))
        if self.opts.method == "bic":
            return delta_bic(gaussians, start, middles, end, self.opts.penalty)
        measure = likelihood_ratio if self.opts.method == "glr" else symmetric_divergence
        return measure(gaussians, start, middles, end)

    def checked(self, gaussians, changes):
        """Drop the change that BIC likes least, until it likes all that are left.

        Each is judged by what lies between its neighbours, not farther away than the longest window.
        """
        bounds = np.concatenate([[0], changes, [len(gaussians)]])

        def gains(at):
            middle = bounds[at]
            start = np.maximum(bounds[at - 1], middle - self.longest)
            end = np.minimum(bounds[at + 1], middle + self.longest)
            return delta_bic(gaussians, start, middle, end, self.opts.penalty)

        gain = gains(np.arange(1, len(bounds) - 1))
        while len(gain) and gain.min() <= 0:
            worst = gain.argmin()
            bounds, gain = np.delete(bounds, worst + 1), np.delete(gain, worst)
            beside = np.array([at for at in (worst - 1, worst) if 0 <= at < len(gain)], int)
            gain[beside] = gains(beside + 1)
        return bounds[1:-1]


class Costs:
    """Costs of the stretches that begin at one edge, each computed once."""

    def __init__(self, gaussians, start):
        self.gaussians = gaussians
        self.start = start
        self.known = np.zeros(0)

    def of(self, ends):
        """Of the stretches up to `ends`, an (n,) array, ascending."""
        new = np.arange(self.start + 1 + len(self.known), ends[-1] + 1)
        self.known = np.concatenate([self.known, self.gaussians.cost(np.array([self.start]), new)])
        return self.known[ends - self.start - 1]


def smoothed(curve, length):
    """A moving average, weights a raised cosine over `length` points; at the ends over those that are there."""
    weights = np.hanning(length + 2)[1:-1]
    if length % 2 == 0:
        weights = np.append(weights, 0)  # an even one would move the curve by half a point
        weights = (weights + weights[::-1]) / 2

    def summed(values):
        return np.convolve(values, weights, "full")[len(weights) // 2 :][: len(values)]

    return summed(curve) / summed(np.ones(len(curve)))


def find_peaks(curve, prominence, reach, distance):
    """The peaks of a curve: (P,) indices, ascending; neither of the ends is one, of a plateau the first point is.

    A peak is at least `prominence` above the lowest point on each side, up to a higher point and within `reach`
    points, and at least `distance` points from a higher peak.
    """
    rises = np.diff(curve) > 0
    peaks = []
    for at in np.flatnonzero(rises[:-1]) + 1:
        after = at + np.argmax(np.append(curve[at:] != curve[at], True))  # the end of the plateau
        if after == len(curve) or curve[after] > curve[at]:
            continue
        left = curve[max(at - reach, 0) : at][::-1]
        right = curve[after : at + reach + 1]
        lowest = [side[: np.argmax(np.append(side > curve[at], True))].min(initial=np.inf) for side in (left, right)]
        if curve[at] - max(lowest) >= prominence:
            peaks.append(at)
    kept = []
    for at in sorted(peaks, key=lambda at: -curve[at]):
        if all(abs(at - other) >= distance for other in kept):
            kept.append(at)
    return np.array(sorted(kept), int)
