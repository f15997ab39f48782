"""Ghost speakers: too little speech in turns too short."""

import numpy as np
import pytest

from diarkit.clustering.ghosts import speech_of, without_ghosts
from diarkit.clustering.similarities import Scores, Vectors
from diarkit.options.clustering import Bounds, SpeakersOptions


def windows(count, length=1.5, period=0.75):
    starts = np.arange(count) * period
    return np.column_stack([starts, starts + length])


def similarities(vectors):
    vectors = np.asarray(vectors, np.float32)
    return Scores(vectors @ vectors.T), Vectors(vectors)


def test_how_long_each_speaks():
    times = np.array([[0, 2], [1, 3], [3, 4], [6, 7]], float)
    speech, longest = speech_of(np.array([0, 1, 1, 0]), times)
    assert speech.tolist() == pytest.approx([1.5 + 1, 2.5]) and longest.tolist() == pytest.approx([1.5, 2.5])


@pytest.mark.parametrize("place", [0, 50, 99])
def test_a_ghost_goes_to_the_most_similar_speaker(place):
    """One window among a hundred; the speakers left are numbered as they appear."""
    vectors = np.zeros((100, 3))
    vectors[:50, 0], vectors[50:, 1] = 1, 1
    vectors[place] = (0.1, 0.3, 0.9)
    labels = np.repeat([0, 1], 50)
    labels[place] = 2
    _, first = np.unique(labels, return_index=True)
    labels = np.argsort(np.argsort(first))[labels]
    for found in similarities(vectors):
        kept = without_ghosts(labels, windows(100), found, SpeakersOptions(), Bounds(1, 100))
        expected = np.repeat([0, 1], 50)
        expected[place] = 1
        if place == 0:
            expected = 1 - expected
            expected[1:] = np.repeat([1, 0], 50)[1:]
        assert kept.tolist() == expected.tolist()


def test_who_is_no_ghost():
    vectors = np.eye(3)[np.repeat([0, 1, 2], [60, 60, 2])]
    labels = np.repeat([0, 1, 2], [60, 60, 2])
    times = windows(122)

    def left(found, times=times, low=1, **settings):
        return without_ghosts(labels, times, found, SpeakersOptions(**settings), Bounds(low, 122)).max() + 1

    for found in similarities(vectors):
        # the third has 1.875 s, 2 % of 92.25 s
        assert left(found) == 3
        assert left(found, ghost_share=0.021) == 2
        assert left(found, ghost_share=0.021, ghost_turn=1.8) == 3  # one stretch is long enough
        assert left(found, ghost_share=0.021, low=3) == 3  # three have been asked for
        assert left(found, ghost_share=0.021, times=None) == 3  # nobody knows how long they speak
        assert left(found, ghost_share=1.1, ghost_turn=1e9) == 1  # one is left


def test_the_least_goes_first():
    """His segments may make the next one somebody."""
    labels = np.repeat([0, 1, 2], [200, 3, 2])
    vectors = np.array([[1, 0], [0, 1], [0.1, 1]])[labels]
    opts = SpeakersOptions(ghost_share=0.02, ghost_turn=10)
    for found in similarities(vectors):
        kept = without_ghosts(labels, windows(205), found, opts, Bounds(1, 205))
        assert kept.tolist() == np.repeat([0, 1], [200, 5]).tolist()


def test_segments_of_others_stay():
    """A window that sounds like somebody else is still of who it was given to."""
    labels = np.repeat([0, 1, 2], [60, 60, 1])
    vectors = np.eye(3)[labels]
    vectors[10] = (0.3, 0.9, 0)
    vectors[-1] = (0.1, 0.3, 0.9)
    for found in similarities(vectors):
        kept = without_ghosts(labels, windows(121), found, SpeakersOptions(), Bounds(1, 121))
        assert kept.tolist() == np.repeat([0, 1], [60, 61]).tolist()


def test_as_much_as_the_bounds_say_is_no_ghost():
    """Windows of a second without overlap, so that shares are exact."""
    labels = np.repeat([0, 1, 2, 0, 2], [60, 60, 2, 2, 4])
    for found in similarities(np.eye(3)[labels]):
        def left(share, turn, found=found):
            opts = SpeakersOptions(ghost_share=share, ghost_turn=turn)
            return without_ghosts(labels, windows(128, 1.0, 1.0), found, opts, Bounds(1, 128)).max() + 1

        assert left(6 / 128, 9.0) == 3 and left(6.5 / 128, 9.0) == 2
        assert left(0.1, 4.0) == 3 and left(0.1, 4.5) == 2


def test_only_ghosts_go_and_the_least_of_them_first():
    """Who says least in one stretch stays; of two ghosts the later one says less."""
    pattern = [0] * 100 + [1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1] + [0] * 9 + [2, 0, 0, 2, 0, 2] + [0] * 80
    labels = np.array(pattern + [3, 3])
    angle = np.radians([0, 30, 70, 0])
    vectors = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(4)])
    vectors[3] = 0, 0, 1
    vectors = vectors[labels]
    for found in similarities(vectors):
        opts = SpeakersOptions(ghost_share=0.03, ghost_turn=2.0)
        kept = without_ghosts(labels, windows(len(labels), 1.0, 1.0), found, opts, Bounds(1, 9))
        assert kept.tolist() == np.array([0, 1, 1, 2])[labels].tolist()
