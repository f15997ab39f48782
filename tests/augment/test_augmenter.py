"""Augmentation on the fly: ratios, probabilities, that all comes from the Generator."""

import numpy as np
import pytest

from diarkit.augment.augmenter import Augmenter
from diarkit.augment.sounds import Corpora
from diarkit.options.augment import AugmentOptions

RATE = 8000
OFF = dict(noise_probability=0, music_probability=0, babble_probability=0, reverb_probability=0)


def noise(seed, count, level=300):
    return (level * np.random.default_rng(seed).standard_normal(count)).astype(np.float32)


@pytest.fixture(scope="module")
def corpora():
    """Short and long sounds of every kind."""
    response = np.random.default_rng(3).standard_normal(4000) * np.exp(-np.arange(4000) / 500)
    response[20] = 20
    return Corpora.of_arrays({"noise": [noise(0, 900), noise(1, 40000)], "music": [noise(2, 5000), noise(4, 60000)],
                              "speech": [noise(5 + i, 7000 + 5000 * i) for i in range(8)], "rirs": [response]}, RATE)


def test_all_choices_come_from_the_generator(corpora):
    opts = AugmentOptions(noise_probability=0.4, music_probability=0.2, babble_probability=0.4, reverb_probability=0.5,
                          echo_probability=0.5, telephone_probability=0.3, clip_probability=0.3, equaliser=3, gain=6)
    augment = Augmenter(opts, corpora, RATE)
    samples = noise(99, 24000, 2000)
    before = samples.copy()
    first = [augment(samples, np.random.default_rng([1, i])) for i in range(20)]
    again = [augment(samples, np.random.default_rng([1, i])) for i in reversed(range(20))][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert len({found.tobytes() for found in first}) == 20
    assert all(found.shape == samples.shape and found.dtype == np.float32 for found in first)
    assert np.array_equal(samples, before)
