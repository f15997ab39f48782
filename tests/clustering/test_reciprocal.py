"""Average linkage of vectors without their matrix: the tree is that of the matrix, whatever the lists go through."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diarkit.backend.cosine import unit_length
from diarkit.clustering import reciprocal
from diarkit.clustering.linkage import score_tree
from diarkit.clustering.reciprocal import vector_tree
from diarkit.clustering.tree import cut, merges_above


def points(rng, n, dim, groups, spread):
    centres = rng.normal(size=(groups, dim))
    return unit_length(centres[rng.integers(0, groups, n)] + spread * rng.normal(size=(n, dim)))


def matrix(vectors, biases):
    return (vectors @ vectors.T + biases[:, None] + biases).astype(np.float32)


def same_cuts(tree, expected, n, atol=1e-5):
    """Whether two trees have the same heights, and give the same clusters wherever no two heights are close."""
    assert tree.shape == expected.shape == (n - 1, 4)
    assert np.abs(np.sort(tree[:, 2]) - np.sort(expected[:, 2])).max(initial=0) < atol
    gaps = np.flatnonzero(-np.diff(expected[:, 2]) > 10 * atol) + 1
    for merges in (*gaps[:: max(1, len(gaps) // 8)], n - 1):
        assert cut(tree, n, merges).tolist() == cut(expected, n, merges).tolist()


@settings(deadline=None, max_examples=120)
@given(n=st.integers(1, 150), dim=st.integers(1, 12), groups=st.integers(1, 6),
       spread=st.sampled_from([0.0, 0.1, 0.5, 3.0]), bias=st.sampled_from([0.0, 2.0]),
       width=st.sampled_from([2, 4, 24]), stride=st.sampled_from([2, 16, 64]), seed=st.integers(0, 100))
def test_the_tree_of_the_matrix(n, dim, groups, spread, bias, width, stride, seed):
    """With short lists, which run empty often, and long ones; with ties among equal vectors."""
    rng = np.random.default_rng(seed)
    vectors = points(rng, n, dim, groups, spread)
    biases = (bias * rng.normal(size=n)).astype(np.float32) if spread else np.full(n, bias, np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reciprocal, "WIDTH", width)
        patch.setattr(reciprocal, "STRIDE", stride)
        patch.setattr(reciprocal, "BLOCK", 1000)
        tree = vector_tree(vectors, biases)
    assert sorted(tree[:, :2].ravel().tolist()) == list(range(2 * n - 2))  # each cluster but the last is merged once
    same_cuts(tree, score_tree(matrix(vectors, biases)), n, atol=1e-4 if bias else 1e-5)


def test_many_vectors():
    """As many as it takes for several blocks, and for rows to be moved together."""
    rng = np.random.default_rng(1)
    for spread in (0.7, 2.0):
        vectors = points(rng, 2500, 20, 7, spread)
        same_cuts(vector_tree(vectors), score_tree(matrix(vectors, np.zeros(2500))), 2500, atol=2e-6)


def test_constant():
    vectors = points(np.random.default_rng(2), 30, 5, 3, 0.5)
    plain, moved = vector_tree(vectors), vector_tree(vectors, np.zeros(30), constant=-3.5)
    assert moved[:, 2] == pytest.approx(plain[:, 2] - 3.5, abs=1e-5)


def test_the_tree_down_to_a_floor():
    """The merges that are at least so similar, and no other; far fewer rounds."""
    rng = np.random.default_rng(3)
    for n in (1, 2, 40, 400):
        vectors = points(rng, n, 10, 4, 0.8)
        whole = vector_tree(vectors)
        for floor in (-1.1, 0.0, 0.35, 0.8, 1.1):
            tree = vector_tree(vectors, floor=floor)
            expected = merges_above(whole, floor)
            assert len(tree) == expected
            assert cut(tree, n, len(tree)).tolist() == cut(whole, n, expected).tolist()


def test_it_does_not_grow_with_the_square():
    """No product of all with all is held at once."""
    shapes = []

    class Watched(reciprocal.Neighbours):
        def fill(self, rows):
            before = len(rows)
            super().fill(rows)
            shapes.append(before)

    rng = np.random.default_rng(4)
    vectors = points(rng, 3000, 16, 5, 0.8)
    means = np.column_stack([vectors, np.zeros(3000, np.float32)])
    Watched(means, np.ones(3000), -np.inf).run()
    assert shapes[0] == 3000 and sum(shapes) < 3 * 3000  # most lists are never made a second time


def test_what_a_list_has_no_room_for_counts_for_the_bound(monkeypatch):
    monkeypatch.setattr(reciprocal, "WIDTH", 2)
    vectors = np.array([[1, 0], [0.9, 0], [0.8, 0], [0.7, 0], [0.6, 0]], np.float32)
    found = reciprocal.Neighbours(np.column_stack([vectors, np.zeros(5)]), np.ones(5), -np.inf)
    found.bound[:] = -1
    near, scores, bound = found.trimmed(np.array([0]), np.array([[4, 1, 3, 2]]), np.ones((1, 4), bool))
    assert near.tolist() == [[1, 2]]
    assert scores == pytest.approx(np.array([[0.9, 0.8]]))
    assert bound == pytest.approx([0.7])
