"""The nearest segments and their graph against sorting the whole matrix."""

import numpy as np
import pytest

from diarkit.backend.cosine import cosine_scores
from diarkit.clustering import neighbours
from diarkit.clustering.neighbours import graph, nearest
from diarkit.clustering.similarities import Scores, Vectors, make_similarities


def definition(scores, count):
    """Numbers and values of the most similar, by sorting rows, the segment itself first."""
    scores = np.array(scores, np.float32)
    own = np.diagonal(scores).copy()
    np.fill_diagonal(scores, np.inf)
    indices = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    values = np.take_along_axis(scores, indices, axis=1)
    values[:, 0] = own
    return indices, values


@pytest.mark.parametrize("block", [4_000_000, 100, 1])
@pytest.mark.parametrize("count", [1, 2, 5, 22, 23])
def test_nearest(monkeypatch, block, count):
    monkeypatch.setattr(neighbours, "BLOCK", block)
    rng = np.random.default_rng(count)
    vectors = rng.normal(size=(23, 6))
    scores = rng.normal(size=(23, 23))  # not symmetric, the diagonal like the rest
    for similarities in (make_similarities(vectors, True), Scores(scores),
                         Vectors(vectors, rng.normal(size=23).astype(np.float32))):
        indices, values = nearest(similarities, count)
        expected, of_expected = definition(similarities.rows(0, 23), count)
        assert indices.tolist() == expected.tolist()
        assert values == pytest.approx(of_expected, abs=1e-6) and values.dtype == np.float32
    assert np.isfinite(scores).all()  # are left as they were


def test_equal_ones_and_extremes():
    indices, values = nearest(make_similarities(np.ones((6, 3)), True), 3)
    assert (indices[:, 0] == np.arange(6)).all() and values == pytest.approx(1, abs=1e-6)
    assert all(len(set(row)) == 3 for row in indices.tolist())
    indices, _ = nearest(Scores(np.array([[0, 1e30, -1e30], [0, 0, 1], [2, 1, 0]])), 2)
    assert indices.tolist() == [[0, 1], [1, 2], [2, 0]]


def test_the_graph_by_loops():
    scores = cosine_scores(np.random.default_rng(0).normal(size=(12, 4)))
    indices, values = nearest(Scores(scores), 4)
    expected = np.zeros((12, 12))
    for i in range(12):
        for j, weight in zip(indices[i], np.abs(values[i]), strict=True):
            if i != j:
                expected[i, j] += weight / 2
                expected[j, i] += weight / 2
    found = graph(indices, np.abs(values))
    assert found.toarray() == pytest.approx(expected)
    assert (found != found.T).nnz == 0 and (found.data != 0).all()
