"""Clustering: the tree is what merging pair by pair gives, by the definition of the linkages."""

import numpy as np
import pytest

from diarkit.backend.cosine import unit_length
from diarkit.clustering import tree as trees
from diarkit.clustering.linkage import LINKAGES, score_tree
from diarkit.clustering.reciprocal import vector_tree
from diarkit.errors import DataError


def pair_by_pair(scores, linkage, threshold=None, number=None):
    """Merge the two most similar clusters again and again; a list of sets, and the similarities of the merges."""
    combine = {"average": np.mean, "complete": np.min, "single": np.max}[linkage]
    clusters = [[i] for i in range(len(scores))]
    heights = []
    while len(clusters) > (number or 1):
        pairs = [(i, j) for i in range(len(clusters)) for j in range(i)]
        if not pairs:
            break
        found = [combine(scores[np.ix_(clusters[i], clusters[j])].astype(float)) for i, j in pairs]
        best = int(np.argmax(found))
        if threshold is not None and found[best] < threshold:
            break
        heights.append(found[best])
        i, j = pairs[best]
        clusters[i] += clusters[j]
        del clusters[j]
    return {frozenset(cluster) for cluster in clusters}, heights


def partition(labels):
    return {frozenset(np.flatnonzero(labels == label)) for label in set(labels)}


def random_scores(rng, n):
    scores = rng.normal(size=(n, n)) * 10
    return (scores + scores.T).astype(np.float32)


@pytest.mark.parametrize("linkage", LINKAGES)
def test_pair_by_pair(linkage):
    rng = np.random.default_rng(0)
    for _ in range(40):
        n = int(rng.integers(1, 25))
        scores = random_scores(rng, n)
        tree = score_tree(scores, linkage)
        assert tree.shape == (n - 1, 4)
        _, heights = pair_by_pair(scores, linkage)
        assert np.allclose(tree[:, 2], heights, atol=1e-4)
        threshold = rng.uniform(-10, 20)
        expected, _ = pair_by_pair(scores, linkage, threshold=threshold)
        assert partition(trees.cut(tree, n, trees.merges_above(tree, threshold))) == expected
        number = int(rng.integers(1, n + 1))
        expected, _ = pair_by_pair(scores, linkage, number=number)
        labels = trees.cut(tree, n, n - number)
        assert partition(labels) == expected
        assert list(labels) == list(trees.in_order_of_appearance(labels))
        assert len(set(labels)) == number


def test_the_threshold_is_reached_by_equality():
    """Kaldi merges while cost <= -threshold."""
    tree = score_tree(np.array([[0, 3.0], [3.0, 0]]))
    assert [trees.merges_above(tree, t) for t in (2.9, 3.0, 3.1)] == [1, 1, 0]


@pytest.mark.parametrize("linkage", LINKAGES)
def test_ties(linkage):
    """Whatever is merged first, blocks of equal scores come out as blocks."""
    rng = np.random.default_rng(1)
    for _ in range(20):
        labels = rng.integers(0, 4, 20)
        scores = np.where(labels[:, None] == labels, 1.0, -1.0)
        tree = score_tree(scores, linkage)
        assert partition(trees.cut(tree, 20, trees.merges_above(tree, 0))) == partition(labels)
        assert set(np.round(tree[:, 2], 9)) <= {1, -1}
    same = score_tree(np.ones((7, 7)), linkage)
    assert np.allclose(same[:, 2], 1)
    assert trees.cut(same, 7, 6).tolist() == [0] * 7


def test_the_smallest():
    assert score_tree(np.zeros((0, 0))).shape == (0, 4)
    assert score_tree(np.ones((1, 1))).shape == (0, 4)
    assert trees.cut(np.zeros((0, 4)), 1, 0).tolist() == [0]
    assert trees.cut(np.zeros((0, 4)), 0, 0).tolist() == []
    assert vector_tree(np.ones((1, 3))).shape == (0, 4)


@pytest.mark.parametrize("bad, message", [
    (np.zeros((2, 3)), "square"), (np.zeros(4), "square"), (np.array([[0, np.nan], [np.nan, 0]]), "NaN"),
    (np.array([[0, np.inf], [np.inf, 0]]), "infinity")])
def test_what_is_no_matrix_of_scores(bad, message):
    with pytest.raises(DataError, match=message):
        score_tree(bad)


def test_vectors_give_the_tree_of_their_products():
    rng = np.random.default_rng(2)
    for n in (2, 3, 5, 17, 60, 200):
        centres = rng.normal(size=(5, 16))
        vectors = unit_length(centres[rng.integers(0, 5, n)] + 0.7 * rng.normal(size=(n, 16)))
        tree, expected = vector_tree(vectors), score_tree(vectors @ vectors.T)
        assert np.allclose(tree[:, 2], expected[:, 2], atol=1e-4)
        assert np.array_equal(tree[:, 3], expected[:, 3])
        for merges in range(n):
            assert partition(trees.cut(tree, n, merges)) == partition(trees.cut(expected, n, merges))


def test_vectors_that_stand_for_several():
    """Means with sizes give the upper part of the tree of the single vectors."""
    rng = np.random.default_rng(3)
    vectors = unit_length(rng.normal(size=(30, 8)))
    leaves = np.sort(rng.integers(0, 7, 30))
    leaves = trees.in_order_of_appearance(leaves)
    sizes = np.bincount(leaves)
    means = np.stack([vectors[leaves == leaf].mean(axis=0) for leaf in range(len(sizes))])
    tree = vector_tree(means, sizes=sizes)
    clusters = [list(np.flatnonzero(leaves == leaf)) for leaf in range(len(sizes))]
    similarity = np.array([[(vectors[a] @ vectors[b].T).mean() for b in clusters] for a in clusters])
    assert tree[0, 2] == pytest.approx(similarity[np.triu_indices(len(sizes), 1)].max(), abs=1e-5)
    assert tree[-1, 3] == 30
    found = trees.cluster_sizes(tree, sizes)
    assert found[: len(sizes)].tolist() == sizes.tolist() and len(found) == 2 * len(sizes) - 1
    for left, right, height, size in tree:  # every merge by the definition
        clusters.append(clusters[int(left)] + clusters[int(right)])
        assert len(clusters[-1]) == size
        mean = (vectors[clusters[int(left)]] @ vectors[clusters[int(right)]].T).mean()
        assert height == pytest.approx(mean, abs=1e-5)


def test_equal_vectors_come_to_an_end():
    """The chain of nearest neighbours must not go round among ties."""
    for vectors in (np.ones((50, 3)), np.repeat(np.eye(4), 10, axis=0), np.zeros((20, 3))):
        tree = vector_tree(vectors)
        assert tree.shape == (len(vectors) - 1, 4)
        assert np.allclose(tree[:, 2], score_tree(vectors @ vectors.T)[:, 2], atol=1e-6)
        assert (np.diff(tree[:, 2]) <= 0).all()


def test_children_come_before_their_parents():
    rng = np.random.default_rng(4)
    for n in (10, 100):
        tree = vector_tree(unit_length(rng.normal(size=(n, 4))))
        assert (tree[:, :2] < n + np.arange(n - 1)[:, None]).all()
        assert sorted(tree[:, :2].ravel()) == list(range(2 * n - 2))
        assert (tree[:, 0] < tree[:, 1]).all()


def test_order_of_appearance():
    assert trees.in_order_of_appearance(np.array([7, 7, 2, 7, -1, 2])).tolist() == [0, 0, 1, 0, 2, 1]
    assert trees.in_order_of_appearance(np.array([], int)).tolist() == []
