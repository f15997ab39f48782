"""From utterances to what a network is given: a stretch of sound, its speed, augmentation, features, masks."""

import numpy as np

from diarkit import signals
from diarkit.augment.spectrum import spec_augment
from diarkit.augment.speeds import speed_perturb

EXAMPLE = 3  # what the random numbers are for, beside the seed


class ExampleMaker:
    """make(batch) -> (features (B, T, D) float32, labels (B,) int64).

    An example is cut anywhere out of its utterance; one that is shorter than that is repeated. What the sliding mean
    of the front end sees around it is that of the utterance, as at its use; "recording" means the example here.

    Parameters
    ----------
    corpus : corpus.Corpus
    front_end : frontend.FrontEnd
    seed : of all that is random
    augment : function of samples and numpy Generator to samples, or None
    masks : SpecAugmentOptions, or None
    """

    def __init__(self, corpus, front_end, seed, augment=None, masks=None):
        self.corpus, self.front_end, self.seed, self.augment, self.masks = corpus, front_end, seed, augment, masks
        self.margin = front_end.cmn_window // 2 + 1 if front_end.cmn == "sliding" else 0  # frames to each side

    def make(self, batch):
        features = [self.features(example, batch.frames, np.random.default_rng(
            [self.seed, EXAMPLE, batch.epoch, example.number])) for example in batch.examples]
        return np.stack(features), np.array([example.label for example in batch.examples], np.int64)

    def features(self, example, frames, rng):
        """(frames, D) of one example."""
        samples, skip = self.samples(example, frames, rng)
        if self.augment is not None:
            samples = self.augment(samples, rng)
        signal = signals.of_array(samples, self.front_end.sample_frequency)
        features = self.front_end.window(self.front_end.whole(signal)[skip : skip + frames])
        return features if self.masks is None else spec_augment(features, rng, self.masks)

    def samples(self, example, frames, rng):
        """(samples of so many frames and of what is around them, how many frames are before them)."""
        total = self.corpus.utterances[example.utterance].num_samples
        within = int(total / example.speed)  # samples once it is faster
        wanted = self.num_samples(frames)
        first = int(rng.integers(max(within - wanted, 0) + 1))
        before = min(self.margin, first // self.front_end.frames.shift)
        after = min(self.margin, max(within - first - wanted, 0) // self.front_end.frames.shift)
        first -= before * self.front_end.frames.shift
        wanted += (before + after) * self.front_end.frames.shift
        start, count = int(first * example.speed), int(np.ceil(wanted * example.speed)) + 1
        if example.speed == 1:
            return self.corpus.read_cyclic(example.utterance, start, wanted), before
        samples = self.corpus.read_cyclic(example.utterance, min(start, max(total - count, 0)), count)
        return speed_perturb(samples, example.speed)[:wanted], before

    def num_samples(self, frames):
        """Samples that so many frames are made of."""
        cut = self.front_end.frames
        return (frames - 1) * cut.shift + cut.length if cut.snip_edges else frames * cut.shift
