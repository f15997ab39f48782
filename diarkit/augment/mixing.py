"""Noise, music and babble mixed into speech at given signal-to-noise ratios, as Kaldi's augment_data_dir.py has it."""

import numpy as np

from diarkit.augment.effects import as_loud_as, power


def scaled(sound, level, snr):
    """A sound scaled to lie `snr` dB below the power `level`."""
    return as_loud_as(sound, level * 10 ** (-snr / 10)) if power(sound) else sound


def foreground(count, level, corpora, kind, snrs, interval, rng):
    """Sounds one after the other, with silence between: (count,) float32.

    Each is `snr` dB, one of `snrs`, below the power `level`; one that is too long begins anywhere in it.

    Parameters
    ----------
    interval : samples from the end of a sound to the start of the next
    """
    track = np.zeros(count, np.float32)
    start = 0
    while start < count:
        sound = corpora.stretch(corpora.draw(kind, rng), count - start, rng)
        track[start : start + len(sound)] = scaled(sound, level, rng.choice(snrs))
        start += len(sound) + interval
    return track


def background(count, level, corpora, kind, snrs, voices, rng):
    """`voices` sounds at a time, each over and over again if it is too short: (count,) float32."""
    track = np.zeros(count, np.float32)
    for _ in range(voices):
        sound = corpora.stretch(corpora.draw(kind, rng), count, rng)
        if len(sound) < count:
            sound = np.resize(np.roll(sound, -int(rng.integers(len(sound)))), count)
        track += scaled(sound, level, rng.choice(snrs))
    return track
