"""Which examples are in which batch, from the seed and the epoch alone: every speaker as often as any other."""

from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError, UsageError

PLAN, DEV = 1, 2  # what the random numbers are for, beside the seed


class Example(NamedTuple):
    utterance: int  # in the corpus
    label: int
    speed: float
    number: int  # within the epoch; with seed and epoch it decides all that is random about the example


class Batch(NamedTuple):
    epoch: int
    number: int  # within the epoch
    frames: int  # of each example
    examples: list


class Plan:
    """The batches of every epoch.

    Parameters
    ----------
    corpus : corpus.Corpus
    speakers : {speaker: indices of utterances} of those to train with
    opts : ExampleOptions
    count : examples of each speaker in a batch, which then come one after the other
    distinct : whether no speaker may be in a batch twice
    seed : of all that is random

    classes : (speaker, speed) of every label
    """

    def __init__(self, corpus, speakers, opts, count, distinct, seed):
        self.corpus, self.opts, self.count, self.distinct, self.seed = corpus, opts, count, distinct, seed
        self.classes = [(speaker, speed) for speed in (1.0, *opts.speeds()) for speaker in speakers]
        self.utterances = list(speakers.values())
        lengths = [np.array([corpus.num_frames(index) for index in own], float) for own in self.utterances]
        self.shares = [own / own.sum() for own in lengths]
        total = opts.epoch_examples or sum(map(np.sum, lengths)) * 2 // (opts.min_chunk + opts.max_chunk)
        self.batches = max(int(total) // opts.batch_size, 1)
        self.speakers_per_batch = opts.batch_size // count
        if opts.batch_size % count:
            raise UsageError(f"--batch-size={opts.batch_size} is no multiple of --utts-per-speaker={count}")
        if len(self.classes) < 2:
            raise DataError(f"{len(self.classes)} speakers to train with, and it takes 2")
        if distinct and self.speakers_per_batch > len(self.classes):
            raise DataError(f"{self.speakers_per_batch} speakers a batch (--batch-size, --utts-per-speaker), and there"
                            f" are {len(self.classes)} to train with")

    def epoch(self, epoch):
        """Yield each Batch of an epoch, which counts from 0; an epoch may be of many millions of examples."""
        rng = np.random.default_rng([self.seed, PLAN, epoch])
        deck = Deck(len(self.classes), rng)
        for number in range(self.batches):
            frames = int(rng.integers(self.opts.min_chunk, self.opts.max_chunk + 1))
            labels = deck.draw(self.speakers_per_batch, self.distinct)
            examples = [self.example(label, rng, number * self.opts.batch_size + place)
                        for place, label in enumerate(label for label in labels for _ in range(self.count))]
            yield Batch(epoch, number, frames, examples)

    def example(self, label, rng, number):
        """One of an utterance of the speaker, of each as often as it is long."""
        own = label % len(self.utterances)
        chosen = self.utterances[own][rng.choice(len(self.utterances[own]), p=self.shares[own])]
        return Example(int(chosen), label, self.classes[label][1], number)


class Deck:
    """Numbers 0 .. count - 1 in random order, shuffled anew when they run out."""

    def __init__(self, count, rng):
        self.count, self.rng, self.rest = count, rng, []

    def draw(self, wanted, distinct):
        """The next `wanted` numbers; with `distinct` one that is among them already waits for the next time."""
        drawn, waiting = [], []
        while len(drawn) < wanted:
            if not self.rest:
                self.rest = self.rng.permutation(self.count).tolist()
            number = self.rest.pop()
            (waiting if distinct and number in drawn else drawn).append(number)
        self.rest.extend(reversed(waiting))
        return drawn


def choose_held_out(speakers, count, seed):
    """`count` of the speakers, drawn at random, sorted; raises DataError if fewer than 2 were left to train with."""
    if count > len(speakers) - 2:
        raise DataError(f"--dev-speakers holds {count} of {len(speakers)} speakers out, and 2 must be left")
    drawn = np.random.default_rng([seed, DEV]).permutation(len(speakers))[:count]
    return [sorted(speakers)[index] for index in sorted(drawn)]
