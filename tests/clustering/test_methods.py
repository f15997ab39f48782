"""The clusterings by name: each gives the speakers that its tool gives."""

import numpy as np
import pytest

from diarkit.backend.cosine import unit_length
from diarkit.clustering.methods import METHODS, cluster
from diarkit.options.clustering import AhcOptions, SpeakersOptions


def voices(rng, n, number, spread=0.5, dim=24):
    centres = rng.normal(size=(number, dim))
    who = np.sort(rng.integers(0, number, n))
    return 3 * unit_length(centres[who] + spread * rng.normal(size=(n, dim))), who


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("number", [1, 2, 4])
def test_clear_voices(method, number):
    vectors, who = voices(np.random.default_rng(number), 90, number, spread=0.3)
    for numbers in ({}, dict(num_speakers=number)):
        labels = cluster(method, vectors, AhcOptions(refine=True), SpeakersOptions(**numbers).bounds(90))
        assert labels.tolist() == who.tolist()


@pytest.mark.parametrize("method", METHODS)
def test_numbers_are_honoured(method):
    rng = np.random.default_rng(0)
    for n in (1, 2, 3, 12, 40):
        for vectors in (voices(rng, n, 3, spread=1.0)[0], np.ones((n, 5)), np.zeros((n, 5))):
            for number in (1, 2, 3, 7, 50):
                bounds = SpeakersOptions(num_speakers=number).bounds(n)
                labels = cluster(method, vectors, AhcOptions(refine=True), bounds)
                assert len(set(labels.tolist())) == labels.max() + 1 == min(number, n)
            labels = cluster(method, vectors, AhcOptions(refine=True),
                             SpeakersOptions(min_speakers=2, max_speakers=3).bounds(n))
            assert min(2, n) <= labels.max() + 1 <= min(3, n)
