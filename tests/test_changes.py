"""Speaker changes, against searches that compute every covariance anew, and against scipy's peaks."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.signal

from diarkit.changes import ChangeFinder, find_peaks, smoothed
from diarkit.errors import DataError, UsageError
from diarkit.options.changes import ChangeOptions

FORMS = [("bic", "growing"), ("bic", "two-pass"), ("glr", "two-pass"), ("kl2", "two-pass")]
forms = pytest.mark.parametrize("method, search", FORMS)
both = pytest.mark.parametrize("covariance", ["full", "diagonal"])
# of its own, so that other defaults do not change what is tested
OPTIONS = ChangeOptions(penalty=1.0, window=2.0, growth=0.5, max_window=8.0, smoothing=0.5, prominence=0.2,
                        threshold=None, min_duration=0.5, resolution=0.1, floor=1e-3, frame_shift=0.01)


def speakers(rng, durations, dim=6, strength=1.5):
    """Frames of speakers who differ in mean and covariance, one after the other; durations in frames."""
    parts = []
    for frames in durations:
        mixing = np.eye(dim) + 0.4 * rng.normal(size=(dim, dim))
        parts.append(rng.normal(size=(frames, dim)) @ mixing + strength * rng.normal(size=dim))
    return 5 + np.concatenate(parts) * 10 ** rng.uniform(-1, 1, dim)


@both
@forms
def test_changes_of_made_up_speakers_are_found(method, search, covariance):
    rng = np.random.default_rng(0)
    finder = ChangeFinder(replace(OPTIONS, method=method, search=search, covariance=covariance, penalty=1.5))
    for _ in range(5):
        durations = rng.integers(250, 900, 8)
        found = finder.find(speakers(rng, durations, strength=3).astype(np.float32))
        assert len(found) == 7
        assert abs(found - np.cumsum(durations)[:-1]).max() <= 20


@forms
def test_one_speaker_is_left_whole(method, search):
    rng = np.random.default_rng(1)
    finder = ChangeFinder(replace(OPTIONS, method=method, search=search, penalty=1.3))
    for frames in (1, 99, 100, 101, 500, 6000):
        assert len(finder.find(speakers(rng, [frames]))) == 0


class Plain:
    """BIC from the frames themselves: every Gaussian from numpy's covariance, one after the other."""

    def __init__(self, features, opts):
        self.frames = (features - features.mean(0)) / features.std(0)
        self.opts = opts
        self.step = round(opts.resolution / opts.frame_shift)
        self.total = len(features) // self.step
        self.margin, self.window, self.growth, self.longest = (
            round(seconds / opts.resolution)
            for seconds in (opts.min_duration, opts.window, opts.growth, opts.max_window))

        self.edges = [*range(0, self.total * self.step, self.step), len(features)]

    def stretch(self, start, end):
        return self.frames[self.edges[start] : self.edges[end]]

    def cost(self, start, end):
        return self.cost_of(self.stretch(start, end))

    def cost_of(self, frames):
        covariance = np.cov(frames.T, bias=True) + self.opts.floor * np.eye(frames.shape[1])
        if self.opts.covariance == "diagonal":
            covariance = np.diag(np.diag(covariance))
        return len(frames) / 2 * np.linalg.slogdet(covariance)[1]

    def delta_bic(self, start, middle, end):
        dim = self.frames.shape[1]
        number = 2 * dim if self.opts.covariance == "diagonal" else dim + dim * (dim + 1) // 2
        return (self.cost(start, end) - self.cost(start, middle) - self.cost(middle, end)
                - self.opts.penalty / 2 * number * np.log(len(self.stretch(start, end))))

    def best(self, start, end, near=None):
        """The best place for a change, at `near` or not far from it, and what BIC gains by it."""
        gains = {middle: self.delta_bic(start, middle, end)
                 for middle in range(start + self.margin, end - self.margin + 1)
                 if near is None or abs(middle - near) <= self.margin}
        middle = max(gains, key=gains.get, default=None)
        return middle, gains.get(middle, -np.inf)

    def sharpen(self, start, middle, end):
        """Move an edge between its neighbours to the best frame."""
        first, last, least = self.edges[start], self.edges[end], self.margin * self.step
        frames = [frame for frame in range(self.edges[middle - 1] + 1, self.edges[middle + 1])
                  if first + least <= frame <= last - least]
        self.edges[middle] = min(frames, default=self.edges[middle], key=lambda frame: (
            self.cost_of(self.frames[first:frame]) + self.cost_of(self.frames[frame:last])))

    def growing(self):
        found, start, end = [], 0, 2 * self.window
        while True:
            end = min(end, self.total)
            middle, gain = self.best(start, end)
            if gain > 0:
                end = max(end, min(middle + self.window, self.total))
                middle, _ = self.best(start, end, middle)
                self.sharpen(start, middle, end)
                start = middle
                found.append(start)
                end = start + 2 * self.window
            elif end == self.total:
                return found
            else:
                if end - start >= self.longest:
                    start = end - 2 * self.window + self.growth
                end += self.growth

    def checked(self, changes):
        changes = list(changes)
        while changes:
            bounds = [0, *changes, self.total]
            gains = [self.delta_bic(max(a, b - self.longest), b, min(c, b + self.longest))
                     for a, b, c in zip(bounds, bounds[1:], bounds[2:], strict=False)]
            if min(gains) > 0:
                break
            del changes[int(np.argmin(gains))]
        for before, middle, after in zip([0, *changes], changes, [*changes[1:], self.total], strict=False):
            self.sharpen(max(before, middle - self.longest), middle, min(after, middle + self.longest))
        return changes


@both
def test_the_growing_search_is_the_plain_one(covariance):
    rng = np.random.default_rng(2)
    total = 0
    for penalty in (0.5, 1.0, 2.0):
        opts = replace(OPTIONS, method="bic", search="growing", covariance=covariance, penalty=penalty, max_window=4.5)
        for strength in (0.1, 0.2, 0.3, 0.4):
            features = speakers(rng, rng.integers(30, 900, 4), dim=4, strength=strength)
            plain = Plain(features, opts)
            expected = [plain.edges[at] for at in plain.growing()]
            total += len(expected)
            assert ChangeFinder(opts).find(features).tolist() == expected
    assert total > 10


@both
def test_the_two_passes_are_the_plain_ones(covariance):
    """The distances from the frames, smoothed and their peaks found by scipy, the check from the frames."""
    rng = np.random.default_rng(3)
    found_at_all = dropped = 0
    for method in ("glr", "bic"):
        opts = replace(OPTIONS, method=method, search="two-pass", covariance=covariance, penalty=1.5, prominence=0.02,
                       max_window=4.0)
        for _ in range(5):
            features = speakers(rng, rng.integers(100, 700, 7), dim=4, strength=0.1)
            plain = Plain(features, opts)
            middles = np.arange(plain.margin, plain.total - plain.margin + 1)
            triples = [(max(m - 20, 0), m, min(m + 20, plain.total)) for m in middles]
            if method == "bic":
                curve = np.array([plain.delta_bic(*triple) for triple in triples])
            else:
                curve = np.array([plain.cost(a, c) - plain.cost(a, b) - plain.cost(b, c) for a, b, c in triples])
            curve = smoothed(curve, 5)
            peaks, _ = scipy.signal.find_peaks(curve, prominence=0.02 * curve.std(), wlen=2 * 20 + 1)
            peaks = far_enough(peaks.tolist(), curve, 5)
            expected = plain.checked(middles[peaks])
            assert ChangeFinder(opts).find(features).tolist() == [plain.edges[at] for at in expected]
            found_at_all += len(expected)
            dropped += len(peaks) - len(expected)
    assert found_at_all > 20 and dropped > 3


def test_no_penalty_keeps_every_peak_and_a_threshold_the_high_ones():
    features = speakers(np.random.default_rng(4), [600] * 6)
    opts = replace(OPTIONS, method="kl2", search="two-pass", prominence=0.0)
    all_peaks = ChangeFinder(replace(opts, penalty=0.0)).find(features)
    checked = ChangeFinder(opts).find(features)
    assert set(checked) < set(all_peaks) and len(checked) >= 5
    assert len(ChangeFinder(replace(opts, threshold=1e9)).find(features)) == 0
    assert ChangeFinder(replace(opts, threshold=-1.0, penalty=0.0)).find(features).tolist() == all_peaks.tolist()


@forms
def test_no_piece_is_shorter_than_the_least_duration(method, search):
    rng = np.random.default_rng(5)
    features = speakers(rng, rng.integers(5, 60, 60))
    for seconds in (0.1, 0.4, 1.0):
        opts = replace(OPTIONS, method=method, search=search, penalty=0.1, prominence=0.0, min_duration=seconds)
        found = ChangeFinder(opts).find(features)
        assert len(found) > 3
        assert np.diff([0, *found, len(features)]).min() >= round(100 * seconds)


def test_smoothing_by_the_definition():
    rng = np.random.default_rng(6)
    for length in range(1, 12):
        for points in (1, 2, 5, 40):
            curve = rng.normal(size=points)
            weight = {0: 1.0}
            if length > 1:
                half = [np.sin(np.pi * (i + 1) / (length + 1)) ** 2 for i in range(length)]
                if length % 2:
                    weight = {i - length // 2: w for i, w in enumerate(half)}
                else:  # between the two that an even length could have its middle at
                    weight = {i - length // 2: (a + b) / 2
                              for i, (a, b) in enumerate(zip([*half, 0], [0, *half], strict=True))}
            expected = [sum(w * curve[at + i] for i, w in weight.items() if 0 <= at + i < points)
                        / sum(w for i, w in weight.items() if 0 <= at + i < points) for at in range(points)]
            assert smoothed(curve, length) == pytest.approx(np.array(expected))


def far_enough(peaks, curve, distance):
    """Of peaks, the highest one, and again of those that are not too near to one that was taken."""
    taken = []
    while len(peaks := [at for at in peaks if all(abs(at - other) >= distance for other in taken)]):
        taken.append(max(peaks, key=lambda at: curve[at]))
    return sorted(taken)


def test_peaks_are_scipy_s():
    rng = np.random.default_rng(7)
    count = 0
    for _ in range(300):
        curve = np.convolve(rng.normal(size=rng.integers(3, 60)), np.ones(3))
        prominence, reach, distance = rng.uniform(0, 2), int(rng.integers(1, 30)), int(rng.integers(1, 8))
        expected, _ = scipy.signal.find_peaks(curve, prominence=prominence, wlen=2 * reach + 1)
        assert find_peaks(curve, prominence, reach, 1).tolist() == expected.tolist()
        found = find_peaks(curve, prominence, reach, distance).tolist()
        assert found == far_enough(expected.tolist(), curve, distance)
        count += len(expected) > len(found) > 0
    assert count > 50


def test_peaks_of_plateaus_and_ends():
    assert find_peaks(np.array([3.0, 1, 2, 2, 2, 1, 3]), 0.5, 5, 1).tolist() == [2]
    assert find_peaks(np.array([0.0, 2, 2, 3, 0]), 0.5, 5, 1).tolist() == [3]
    assert find_peaks(np.array([0.0, 1, 2]), 0.5, 5, 1).tolist() == []
    assert find_peaks(np.array([0.0, 2, 2]), 0.5, 5, 1).tolist() == []
    assert find_peaks(np.zeros(0), 0.5, 5, 1).tolist() == find_peaks(np.zeros(1), 0.5, 5, 1).tolist() == []
    curve = np.array([0.0, 5, 0, 4, 0, 3, 0])
    assert find_peaks(curve, 1, 5, 2).tolist() == [1, 3, 5]
    assert find_peaks(curve, 1, 5, 3).tolist() == [1, 5]  # 3 is near a higher one, which makes room for 5
    assert find_peaks(curve, 5, 1, 1).tolist() == [1]


def test_pieces_of_a_segment():
    rng = np.random.default_rng(8)
    features = np.concatenate([speakers(rng, [400, 400]), speakers(rng, [203])])
    finder = ChangeFinder(replace(OPTIONS, method="bic", search="growing"))
    [change] = finder.find(features[100:700])
    assert finder.cut(features, 1.0, 7.0) == [(1.0, 1 + change / 100), (1 + change / 100, 7.0)]
    assert finder.cut(features, 1.003, 6.998) == [(1.003, 1 + change / 100), (1 + change / 100, 6.998)]
    pieces = finder.cut(features)
    assert pieces[0][0] == 0 and pieces[-1][1] == 10.03 and len(pieces) == 3
    assert all(a[1] == b[0] for a, b in zip(pieces, pieces[1:], strict=False))
    assert finder.cut(features, 9.5, 10.5) == [(9.5, 10.5)]  # a little after the last frame
    for start, end in ((9.5, 10.54), (10.03, 10.04), (20, 21)):
        with pytest.raises(DataError, match="features for 10.03 s only"):
            finder.cut(features, start, end)
    slow = ChangeFinder(replace(finder.opts, frame_shift=0.02, resolution=0.2, min_duration=1.0, window=4.0))
    assert slow.cut(features, 2.0, 14.0)[0] == (2.0, ms_of(2 + slow.find(features[100:700])[0] * 0.02))


def ms_of(seconds):
    return round(seconds, 3)


def test_degenerate_features_are_no_obstacle():
    for method, search in FORMS:
        for covariance in ("full", "diagonal"):
            finder = ChangeFinder(replace(OPTIONS, method=method, search=search, covariance=covariance))
            assert len(finder.find(np.full((1000, 20), -15.9, np.float32))) == 0
            noise = np.random.default_rng(9).normal(size=(1000, 40))
            noise[500:] = 0  # digital silence from here on
            found = finder.find(noise)
            assert any(abs(found - 500) <= 20)
            assert len(finder.find(np.zeros((0, 20)))) == 0


def test_settings_that_do_not_go_together():
    for settings in (dict(method="glr"), dict(method="kl2"), dict(frame_shift=0.0), dict(floor=0.0), dict(growth=0.0),
                     dict(window=-1.0), dict(penalty=-0.1), dict(prominence=-1.0), dict(smoothing=-1.0)):
        with pytest.raises(UsageError):
            ChangeFinder(replace(OPTIONS, search="growing", **settings))
    with pytest.raises(DataError, match="NaN"):
        ChangeFinder(OPTIONS).find(np.full((1000, 2), np.nan))
    with pytest.raises(DataError, match="matrix"):
        ChangeFinder(OPTIONS).find(np.zeros(1000))
