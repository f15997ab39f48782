"""Features of a recording, row by row from front to back."""

import numpy as np
import pytest

from diarkit import signals
from diarkit.embeddings import rows
from diarkit.embeddings.frontend import CMN, FrontEnd
from diarkit.embeddings.rows import Rows
from diarkit.errors import DataError


def test_rows_are_taken_from_front_to_back():
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(500, 3))
    for _ in range(20):
        cuts = np.sort(rng.integers(0, 501, 6))
        streams = []

        def stream(cuts=cuts, streams=streams):
            streams.append(1)
            return np.split(matrix, cuts)

        held = Rows(stream, 500)
        begins = np.sort(rng.integers(0, 490, 30))
        for begin in begins:
            end = int(rng.integers(begin + 1, 501))
            assert np.array_equal(held.take(begin, end), matrix[begin:end])
        assert len(streams) == 1  # in order of time nothing is read twice
        assert np.array_equal(held.take(0, 3), matrix[:3]) and len(streams) <= 2


def test_few_rows_are_held():
    held = Rows(lambda: (np.full((10, 2), number) for number in range(1000)), 10000)
    for begin in range(0, 9900, 7):
        held.take(begin, begin + 50)
        assert sum(map(len, held.held)) <= 70


def test_repeated_frames():
    held = Rows(lambda: [np.arange(10)[:, None]], 10)
    assert held.of(np.array([0, 0, 0, 1, 2]))[:, 0].tolist() == [0, 0, 0, 1, 2]
    assert held.of(np.array([8, 9, 9, 9]))[:, 0].tolist() == [8, 9, 9, 9]
    assert held.of(np.array([9, 9]))[:, 0].tolist() == [9, 9]


@pytest.mark.parametrize("cmn", CMN)
def test_a_signal_is_what_the_front_end_makes_of_it(cmn):
    front_end = FrontEnd({"features": "mfcc", "options": {"snip_edges": False}, "cmn": cmn, "cmn_window": 50})
    signal = signals.of_array(1000 * np.random.default_rng(0).normal(size=16000 * 25), 16000)
    whole = front_end.whole(signal)
    found = rows.of_signal(front_end, signal)
    assert found.total == len(whole) > 2048
    for begin in (0, 130, 2000, 2300, 5):
        assert abs(found.take(begin, begin + 200) - whole[begin : begin + 200]).max() < 1e-5
    with pytest.raises(DataError, match="less than one frame"):
        rows.of_signal(front_end, signals.of_array(np.zeros(10), 16000))


def test_matrices_that_are_none():
    assert rows.of_matrix(np.ones((4, 3)), 3).take(1, 3).dtype == np.float32
    for bad, dim, message in ((np.ones((4, 3)), 5, "3 numbers a frame, where the model takes 5"),
                              (np.ones(4), 4, "not a matrix of features"), (7, 1, "not a matrix"),
                              (np.ones((0, 3)), 3, "no frames")):
        with pytest.raises(DataError, match=message):
            rows.of_matrix(bad, dim)
