"""A first mixture of Gaussians, from frames drawn by chance: Kaldi's gmm-global-init-from-feats."""

import heapq

import numpy as np

from diarkit.errors import DataError
from diarkit.ivector.ubm import FRAMES, Expectation, update

PERTURBATION = 0.1  # standard deviations by which the means of a split Gaussian move apart
LARGEST = 1e30  # of a variance
LEAST_FRAMES = 10  # of a Gaussian on average; Kaldi asks for them with the first number of Gaussians only


class Reservoir:
    """Frames drawn by chance from all that are added, each as likely as any other; all as long as there is room.

    count : frames that are kept
    """

    def __init__(self, count, rng):
        self.count, self.rng = count, rng
        self.seen = 0
        self._frames = None

    def add(self, frames):
        """Add frames (n, D). Raises DataError for another D than before."""
        frames = np.asarray(frames, np.float32)
        if self._frames is None:
            self._frames = np.empty((0, frames.shape[1]), np.float32)
        if frames.shape[1] != self._frames.shape[1]:
            raise DataError(f"{frames.shape[1]} columns, those before have {self._frames.shape[1]}")
        room = min(max(self.count - self.seen, 0), len(frames))
        if self.seen + room > len(self._frames):  # memory is taken as frames come: they may be far fewer than `count`
            size = min(2 * (self.seen + room), self.count)
            self._frames = np.concatenate([self._frames, np.empty((size - len(self._frames), frames.shape[1]),
                                                                  np.float32)])
        self._frames[self.seen : self.seen + room] = frames[:room]
        # frame number i takes the place of another with the probability count / i
        places = self.rng.integers(0, self.seen + np.arange(room, len(frames)) + 1)
        taken = np.flatnonzero(places < self.count)
        self._frames[places[taken]] = frames[room + taken]
        self.seen += len(frames)

    def frames(self, where=None):
        """Those that are kept, (N, D) float32. Raises DataError, with `where` they come from, if there are none."""
        if not self.seen:
            raise DataError("there is no frame to train on", where)
        return self._frames[: min(self.seen, self.count)]


def initial_model(frames, opts, update_opts, rng, store=lambda model: model, report=lambda *told: None,
                  where=None):
    """A diagonal model of `opts.num_gauss` Gaussians, trained on frames (N, D) that are kept in memory.

    It begins with fewer Gaussians, their means at frames drawn by chance and their variances those of all frames. In
    the first half of the iterations those of most weight are split until there are as many as wanted; what is removed
    later for want of frames is replaced in the same way, but not after the last iteration, so that no Gaussian is left
    untrained. Kaldi adds (wanted - first) // (iterations // 2) Gaussians an iteration, which is none if there are
    fewer to add than iterations, and fails for one iteration; here the number grows evenly to what is wanted.

    opts : UbmInitOptions
    update_opts : UbmUpdateOptions
    store : what is kept of a model after each iteration, its numbers rounded as in a file
    report : called with the number of the iteration, from 1, of its Gaussians, and the log likelihood a frame before

    where : the frames come from, for messages

    Raises DataError for fewer than ten frames a Gaussian, and frames that do not vary, or too much.
    """
    first = opts.first_number()
    if len(frames) < LEAST_FRAMES * opts.num_gauss:
        raise DataError(f"{len(frames)} frames are too few for {opts.num_gauss} Gaussians, which need {LEAST_FRAMES} "
                        "each at least", where)
    variances = variances_of(frames)
    if not variances.max(initial=0) > 0:
        raise DataError("all frames are the same", where)
    if not variances.max() < LARGEST:
        raise DataError(f"features of a variance of {variances.max():.3g} are too large for single precision", where)
    means = frames[np.sort(rng.choice(len(frames), first, replace=False))].astype(np.float64)
    variances = np.maximum(variances, update_opts.min_variance)
    model = store((np.full(first, 1 / first), means, np.tile(variances, (first, 1))))
    growing = max((opts.num_init_iters + 1) // 2, 1)
    for number in range(1, opts.num_init_iters + 1):
        statistics, count, likelihood = Expectation(model).of(blocks_of(frames))
        report(number, len(model[0]), likelihood / count)
        model = update(model, statistics, update_opts).model
        wanted = first + (opts.num_gauss - first) * min(number, growing) // growing
        if number < opts.num_init_iters and wanted > len(model[0]):
            model = split(model, wanted, rng)
        model = store(model)
    return model


def blocks_of(frames):
    """Frames (N, D) in blocks of some."""
    return (frames[start : start + FRAMES] for start in range(0, len(frames), FRAMES))


def variances_of(frames):
    """The variances (D,) of frames (N, D), float64."""
    mean = frames.mean(axis=0, dtype=np.float64)
    return sum(((block - mean) ** 2).sum(axis=0) for block in blocks_of(frames)) / len(frames)


def split(model, num_gauss, rng):
    """The diagonal model with the Gaussians of most weight split in two, one after the other, up to this number."""
    weights, means, variances = (list(part) for part in model)
    queue = [(-weight, number) for number, weight in enumerate(weights)]
    heapq.heapify(queue)
    while len(weights) < num_gauss:
        weight, number = heapq.heappop(queue)
        apart = PERTURBATION * rng.standard_normal(len(means[number])) * np.sqrt(variances[number])
        weights[number] = -weight / 2
        weights.append(-weight / 2)
        means.append(means[number] + apart)
        means[number] = means[number] - apart
        variances.append(variances[number])
        for half in (number, len(weights) - 1):
            heapq.heappush(queue, (weight / 2, half))
    return np.array(weights), np.array(means), np.array(variances)
