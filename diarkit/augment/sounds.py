"""Collections of sounds to augment with: what is drawn from them, and how much of it stays in memory."""

import numpy as np

from diarkit import signals
from diarkit.errors import DataError


class Corpora:
    """Sounds by kind: "noise", "music", "speech" (for babble) and "rirs" (impulse responses of rooms).

    A sound that was opened is kept in memory as long as there is room for it. Of others no more is read than the
    stretch that is wanted. What is drawn, and its bits, do not depend on which of them are kept.

    Parameters
    ----------
    sources : dict kind -> list of sources, each a list of entries; every source is drawn from as often as any other
        of its kind, and all its entries as often (Kaldi's `0.5, smallroom` and `0.5, mediumroom`)
    open_sound : from an entry to a context manager that gives a diarkit.io.sound.Sound; not called before a sound is
        drawn
    sample_frequency : Hz, to which sounds are resampled
    max_bytes : of the samples that are kept
    """

    def __init__(self, sources, open_sound, sample_frequency, max_bytes=500_000_000):
        self.sources = {kind: [list(source) for source in given if source] for kind, given in sources.items()}
        self.sources = {kind: given for kind, given in self.sources.items() if given}
        self.open_sound = open_sound
        self.sample_frequency = int(sample_frequency)
        self.room = max_bytes
        self.kept = {}  # entry -> (N, channels) float32

    @classmethod
    def of_arrays(cls, sounds, sample_frequency):
        """Of samples in memory: dict kind -> list of (N,) arrays at sample_frequency."""
        arrays = {(kind, number): np.asarray(array, np.float32)[:, None]
                  for kind, given in sounds.items() for number, array in enumerate(given)}
        corpora = cls({kind: [[(kind, number) for number in range(len(given))]] for kind, given in sounds.items()},
                      None, sample_frequency)
        corpora.kept = arrays
        return corpora

    def __contains__(self, kind):
        """Whether there are sounds of this kind."""
        return kind in self.sources

    def draw(self, kind, rng):
        """The entry of a sound of this kind."""
        given = self.sources[kind]
        source = given[rng.integers(len(given))]
        return source[rng.integers(len(source))]

    def whole(self, entry, rng):
        """All samples of a sound, of one channel drawn from those it has: (N,) float32."""
        return self.stretch(entry, None, rng)

    def stretch(self, entry, count, rng):
        """A stretch of a sound that begins anywhere, `count` samples or all that it has: (n,) float32.

        Raises DataError naming the sound if it cannot be read.
        """
        if entry in self.kept:
            samples = self.kept[entry]
            channel, start, stop = drawn(*samples.shape, count, rng)
            return samples[start:stop, channel]
        with self.open_sound(entry) as sound:
            every = [signals.resampled(signals.of_audio(sound, channel), self.sample_frequency)
                     for channel in range(sound.num_channels)]
            length = every[0].num_samples
            if length == 0:
                raise DataError("no samples", str(entry))
            channel, start, stop = drawn(length, len(every), count, rng)
            if 4 * length * len(every) > self.room:
                if not sound.exact_seeks:
                    return every[channel].read(0, length)[start:stop]
                if sound.sample_frequency == self.sample_frequency:
                    return np.ascontiguousarray(sound.read(start, stop)[:, channel])
                return every[channel].read(start, stop)
            samples = np.stack([signal.read(0, length) for signal in every], axis=1)
        self.room -= samples.nbytes
        self.kept[entry] = samples
        return samples[start:stop, channel]


def drawn(length, channels, count, rng):
    """A channel, and from where to where a stretch of `count` (None: all) goes."""
    channel = int(rng.integers(channels)) if channels > 1 else 0
    if count is None or count >= length:
        return channel, 0, length
    start = int(rng.integers(length - count + 1))
    return channel, start, start + count
