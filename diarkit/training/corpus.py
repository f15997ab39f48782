"""The sound to train with: utterances of speakers, in memory as long as there is room, else read when needed."""

from typing import NamedTuple

import numpy as np

from diarkit import signals
from diarkit.errors import DataError


class Utterance(NamedTuple):
    name: str
    speaker: str
    num_samples: int  # at the rate of the corpus
    samples: np.ndarray | None  # (num_samples,) int16, or None: to be read


class Corpus:
    """Utterances of speakers at one sampling rate.

    Parameters
    ----------
    front_end : frontend.FrontEnd, whose rate the sound is to have
    input_opts : InputOptions: which channel, and whether the rate may be changed
    room : bytes of sound that are kept in memory
    open_again : from the name of an utterance to its Sound (see diarkit.io.sound), for those that are not; may be
        called by several threads at once
    """

    def __init__(self, front_end, input_opts, room=0, open_again=None):
        self.front_end = front_end
        self.input_opts = input_opts
        self.room = room
        self.open_again = open_again
        self.utterances = []

    def add(self, name, speaker, sound):
        """Take in an utterance; raises DataError if it is shorter than a frame, or its rate or channels do not do."""
        signal = signals.of_recording(sound, self.front_end.sample_frequency, self.input_opts)
        self.front_end.extractor.num_frames(signal)
        samples = None
        if 2 * signal.num_samples <= self.room:
            samples = in_16_bits(signal.read(0, signal.num_samples))
            self.room -= samples.nbytes
        self.utterances.append(Utterance(name, speaker, signal.num_samples, samples))

    def num_frames(self, index):
        return self.front_end.frames.count(self.utterances[index].num_samples)

    def read(self, index, start, stop):
        """Samples start .. stop - 1 of an utterance, as float32; they are the same whether it is in memory or not."""
        utterance = self.utterances[index]
        if utterance.samples is not None:
            return utterance.samples[start:stop].astype(np.float32)
        sound = self.open_again(utterance.name)
        signal = signals.of_recording(sound, self.front_end.sample_frequency, self.input_opts)
        if signal.num_samples != utterance.num_samples:
            raise DataError("is another one than it was when training began", where=utterance.name)
        return in_16_bits(signal.read(start, stop)).astype(np.float32)

    def read_cyclic(self, index, start, count):
        """`count` samples from `start` on; after the last comes the first again, as often as it takes."""
        total = self.utterances[index].num_samples
        if start + count <= total:
            return self.read(index, start, start + count)
        whole = self.read(index, 0, total)
        return np.resize(np.roll(whole, -start), count)

    def speakers(self):
        """{speaker: indices of his utterances}, in the order of their names."""
        found = {}
        for index, utterance in enumerate(self.utterances):
            found.setdefault(utterance.speaker, []).append(index)
        return dict(sorted(found.items()))


def in_16_bits(samples):
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)
