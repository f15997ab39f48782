"""A corpus of noises, each speaker of another colour, that is quick to make and to learn."""

import numpy as np
import pytest
from scipy.signal import lfilter

from diarkit.embeddings.frontend import FrontEnd
from diarkit.options.features import InputOptions
from diarkit.training.corpus import Corpus

RATE = 4000


class Noise:
    """As diarkit.io.sound.Sound has it."""

    num_channels = 1
    sample_frequency = RATE

    def __init__(self, seed, speaker, seconds):
        rng = np.random.default_rng([seed, speaker])
        pole = 0.9 * np.exp(2j * np.pi * (0.05 + 0.06 * speaker))
        samples = lfilter([1], [1, -2 * pole.real, abs(pole) ** 2], rng.normal(0, 500, int(seconds * RATE)))
        self.samples = samples.astype(np.float32)[:, None]
        self.num_samples = len(self.samples)

    def read(self, start, stop):
        return self.samples[start:stop]


def make_front_end(cmn="none", **options):
    return FrontEnd({"features": "fbank", "options": {"sample_frequency": RATE, "num_mel_bins": 8, **options},
                     "cmn": cmn, "cmn_window": 20})


def make_corpus(speakers=6, utterances=2, seconds=1.0, cmn="none", room=1e9, **options):
    sounds = {f"s{speaker}-{number}": Noise(number, speaker, seconds) for speaker in range(speakers)
              for number in range(utterances)}
    made = Corpus(make_front_end(cmn, **options), InputOptions(), room, sounds.__getitem__)
    for name, sound in sounds.items():
        made.add(name, name[:2], sound)
    return made


@pytest.fixture(scope="session")
def noise():
    """Noise(seed, speaker, seconds): what a corpus takes."""
    return Noise


@pytest.fixture(scope="session")
def front_end():
    """front_end(cmn="none", **options of fbank)."""
    return make_front_end


@pytest.fixture(scope="session")
def corpus():
    """corpus(speakers=6, utterances=2, seconds=1.0, cmn="none", room=1e9, **options of fbank)."""
    return make_corpus
