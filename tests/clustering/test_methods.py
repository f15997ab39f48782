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


def seconds(n):
    return [(i, i + 1) for i in range(n)]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("number", [1, 2, 4])
def test_clear_voices(method, number):
    vectors, who = voices(np.random.default_rng(number), 90, number, spread=0.3)
    for numbers in ({}, dict(num_speakers=number)):
        labels = cluster(method, vectors, seconds(90), AhcOptions(refine=True), SpeakersOptions(**numbers))
        assert labels.tolist() == who.tolist()


@pytest.mark.parametrize("method", METHODS)
def test_numbers_are_honoured(method):
    rng = np.random.default_rng(0)
    for n in (1, 2, 3, 12, 40):
        for vectors in (voices(rng, n, 3, spread=1.0)[0], np.ones((n, 5)), np.zeros((n, 5))):
            for number in (1, 2, 3, 7, 50):
                opts = SpeakersOptions(num_speakers=number)
                labels = cluster(method, vectors, seconds(n), AhcOptions(refine=True), opts)
                assert len(set(labels.tolist())) == labels.max() + 1 == min(number, n)
            opts = SpeakersOptions(min_speakers=2, max_speakers=3)
            labels = cluster(method, vectors, seconds(n), AhcOptions(refine=True), opts)
            assert min(2, n) <= labels.max() + 1 <= min(3, n)


@pytest.mark.parametrize("method", METHODS)
def test_there_are_no_ghosts(method):
    """Somebody of whom there is a word now and then is nobody, unless less is asked of a speaker."""
    rng = np.random.default_rng(1)
    centres = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    who = np.repeat([0, 1], 200)
    who[[40, 120, 260, 340]] = 2
    vectors = centres[who] + 0.05 * rng.normal(size=(400, 8))
    opts = AhcOptions(refine=True, min_cluster_size=2)
    found = cluster(method, vectors, seconds(400), opts, SpeakersOptions())
    assert found.max() + 1 == 2 and (found == (np.arange(400) >= 200))[who < 2].all()
    if method == "vbx":  # where nobody who speaks so little comes out in the first place
        return
    for more in (dict(ghost_share=0.005), dict(ghost_turn=0.5), dict(min_speakers=3)):
        assert cluster(method, vectors, seconds(400), opts, SpeakersOptions(**more)).max() + 1 == 3
