"""Which frames windows become, and chunks of long ones."""

import numpy as np
import pytest

from diarkit.embeddings.spans import Cutter, Span, averaged, frames_of, frames_within
from diarkit.errors import DataError


def spans(windows, num_frames, **settings):
    return [(span.first, span.length) for span in Cutter(**settings).cut(windows, num_frames)]


def test_spans():
    # a multiple of 10 frames in the middle of the window, at least 20, cut where the recording ends
    assert spans([(0, 1.5), (0.75, 2.25)], 1000) == [(0, 150), (75, 150)]
    assert spans([(1, 2.47)], 1000) == [(103, 140)]
    assert spans([(9, 10.5)], 1000) == [(900, 100)]
    assert spans([(5, 5.1)], 1000) == [(495, 20)]
    assert spans([(0, 0.05)], 1000) == [(-7, 20)]
    assert spans([(1, 2.47)], 1000, step=1) == [(100, 147)]
    assert spans([(0, 0.05)], 1000, step=1, shortest=6) == [(0, 6)]
    for window in ((10, 11), (10.2, 10.3), (10, None)):
        with pytest.raises(DataError, match="nothing of the window from"):
            spans([window], 1000)
    with pytest.raises(DataError, match=r"from 9 to 10\.6 s ends 0\.60 s after"):
        spans([(9, 10.6)], 1000)


def test_a_window_to_the_end():
    for num_frames in (1, 7, 100, 57123):
        assert frames_of(0, None, num_frames) == (0, num_frames)
    assert frames_of(3.14, None, 1000) == (314, 1000)


def test_windows_are_seconds_whatever_the_frames_are():
    cutter = Cutter(step=1, shortest=2, shift=0.0125)
    assert [span[1:3] for span in cutter.cut([(1, 2), (0, None), (9, 10)], 800)] == [(80, 80), (0, 800), (720, 80)]
    with pytest.raises(DataError, match="nothing of the window from 10 to 11 s"):
        cutter.cut([(10, 11)], 800)
    with pytest.raises(DataError, match=r"from 9 to 10\.6 s ends 0\.60 s after"):
        cutter.cut([(9, 10.6)], 800)


def test_frames_beyond_the_ends_are_repeated():
    [span] = Cutter(step=1, shortest=8).cut([(0, 0.03)], 4)
    assert span.frames().tolist() == [0, 0, 0, 1, 2, 3, 3, 3] and not span.inside
    [span] = Cutter(step=1, shortest=2).cut([(0.01, 0.03)], 4)
    assert span.frames().tolist() == [1, 2] and span.inside


def test_chunks():
    cutter = Cutter(step=1, shortest=4, chunk=10)
    found = cutter.cut([(0, 0.08), (0.05, 0.27), (0, 0.1)], 100)
    assert found == [Span(0, 0, 8, 0, 100, 8), Span(1, 5, 10, 5, 15, 10), Span(1, 15, 10, 15, 25, 10),
                     Span(1, 24, 4, 25, 27, 2), Span(2, 0, 10, 0, 100, 10)]
    # as in Kaldi what is left at the end is widened by its own frames
    assert found[3].frames().tolist() == [25, 25, 26, 26]
    assert [span[:3] for span in cutter._replace(widen=False).cut([(0.05, 0.27)], 100)] == [(0, 5, 10), (0, 15, 10)]
    with pytest.raises(DataError, match="3 frames from 0.5 s on are fewer than the 4 of"):
        cutter._replace(widen=False).cut([(0, 0.1), (0.5, 0.53)], 100)


def test_chunks_are_averaged_by_their_frames():
    found = Cutter(step=1, shortest=4, chunk=10).cut([(0, 0.08), (0.05, 0.27)], 100)
    rows = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    vectors = averaged(rows, found, 2)
    assert vectors.dtype == np.float32 and np.array_equal(vectors[0], rows[0])
    assert np.allclose(vectors[1], (10 * rows[1] + 10 * rows[2] + 2 * rows[3]) / 22, atol=1e-6)
    assert averaged(rows[:1], found[:1], 1) is not rows and np.array_equal(averaged(rows[:1], found[:1], 1), rows[:1])


def test_windows_that_are_refused_cost_no_others():
    """Two spans of one window and none of the other are not taken for one of each."""
    refused = {}
    found = Cutter(step=1, shortest=4, chunk=10).cut([(2, 3), (0, 0.2)], 100, refused.__setitem__)
    assert [span.window for span in found] == [1, 1] and list(refused) == [0]
    vectors = averaged(np.float32([[1, 2], [3, 6]]), found, 2)
    assert np.isnan(vectors[0]).all() and vectors[1].tolist() == [2, 4]
    assert np.isnan(averaged(np.zeros((0, 2), np.float32), [], 1)).all()


def test_frames_within_spans():
    rng = np.random.default_rng(0)
    for _ in range(50):
        found = [Span(0, int(rng.integers(-9, 90)), int(rng.integers(10, 40)), 0, 100, 0)
                 for _ in range(rng.integers(1, 5))]
        expected = [any(span.first <= t < span.first + span.length for span in found) for t in range(100)]
        assert frames_within(found, 100).tolist() == expected
