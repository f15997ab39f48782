"""Streams of blocks: every piece with its neighbours, however the rows come."""

import numpy as np
import pytest

from diarkit.blocks import padded, spans

MATRIX = np.arange(20.0).reshape(10, 2)


def cut(matrix, sizes):
    """The matrix in blocks of these sizes."""
    return np.split(matrix, np.cumsum(sizes)[:-1])


@pytest.mark.parametrize("sizes", [[10], [1] * 10, [3, 0, 5, 2], [9, 1]])
@pytest.mark.parametrize("size", [1, 3, 4, 10, 50])
def test_spans_have_what_was_asked_for(sizes, size):
    places = []
    for first, last, start, rows in spans(cut(MATRIX, sizes), 10, lambda a, b: (a - 2, b + 3), size):
        places.append((first, last))
        assert start == max(first - 2, 0)
        assert np.array_equal(rows, MATRIX[start : last + 3])
    assert places == [(a, min(a + size, 10)) for a in range(0, 10, size)]


def test_a_span_without_a_reach_is_the_piece():
    assert [rows.tolist() for *_, rows in spans([MATRIX], 10, size=6)] == [MATRIX[:6].tolist(), MATRIX[6:].tolist()]


@pytest.mark.parametrize("size", [1, 3, 10])
def test_padding_repeats_the_first_and_the_last_row(size):
    whole = np.concatenate([MATRIX[[0, 0, 0]], MATRIX, MATRIX[[-1]]])
    pieces = list(padded(cut(MATRIX, [4, 6]), 10, 3, 1, size))
    for i, piece in enumerate(pieces):
        assert np.array_equal(piece, whole[i * size : min((i + 1) * size, 10) + 4])


def test_a_context_longer_than_the_matrix():
    [piece] = padded([MATRIX[:2]], 2, 5, 4)
    assert np.array_equal(piece, MATRIX[[0] * 5 + [0, 1] + [1] * 4])


def test_only_what_is_needed_is_read():
    """Before the first piece is given, its neighbours have been read, and not the block after them."""
    read = []

    def blocks():
        for i in range(10):
            read.append(i)
            yield MATRIX[i : i + 1]

    next(spans(blocks(), 10, lambda a, b: (a, b + 2), 3))
    assert read == [0, 1, 2, 3, 4]


def test_no_rows():
    assert list(spans([], 0)) == []


@pytest.mark.parametrize("sizes, total", [([4, 6], 9), ([4, 6], 4), ([4, 6], 11), ([10], 0)])
def test_another_number_of_rows_than_promised(sizes, total):
    with pytest.raises(ValueError, match="rows"):
        list(spans(cut(MATRIX, sizes), total))


def test_what_the_blocks_raise_comes_out():
    def blocks():
        yield MATRIX[:5]
        raise KeyError("broken")

    with pytest.raises(KeyError):
        list(spans(blocks(), 10, size=5))
