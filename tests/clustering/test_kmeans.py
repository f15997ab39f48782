"""K-means: as tight as can be, exactly as many clusters as asked for, always the same, on whatever vectors."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diarkit.backend.cosine import unit_length
from diarkit.clustering import counting
from diarkit.clustering import kmeans as module
from diarkit.clustering.kmeans import kmeans, means, without_empty
from diarkit.clustering.similarities import make_similarities
from diarkit.clustering.tree import in_order_of_appearance
from diarkit.errors import UsageError
from diarkit.options.clustering import AhcOptions, SpeakersOptions
from diarkit.options.kmeans import KMeansOptions

OPTS = KMeansOptions()


def cost(vectors, labels, spherical=False):
    """The sum of squared distances to the means, which are of unit length where spherical."""
    total = 0.0
    for label in set(labels):
        own = vectors[np.asarray(labels) == label]
        mean = unit_length(own.mean(axis=0)[None])[0] if spherical else own.mean(axis=0)
        total += ((own - mean) ** 2).sum()
    return total


@pytest.mark.parametrize("spherical", [False, True])
@pytest.mark.parametrize("count", [2, 3, 4])
def test_no_partition_of_few_vectors_is_tighter(spherical, count):
    for seed in range(6):
        vectors = np.random.default_rng(seed).normal(size=(6, 3))
        vectors = unit_length(vectors) if spherical else vectors
        least = min(cost(vectors, labels, spherical) for labels in itertools.product(range(count), repeat=6)
                    if len(set(labels)) == count)
        assert cost(vectors, kmeans(vectors, count, OPTS, spherical), spherical) == pytest.approx(least, rel=1e-5)


def test_as_tight_as_scikit_learn():
    cluster = pytest.importorskip("sklearn.cluster")
    rng = np.random.default_rng(1)
    vectors = (rng.normal(size=(8, 16))[rng.integers(0, 8, 400)] + 0.7 * rng.normal(size=(400, 16))).astype(np.float32)
    theirs = cluster.KMeans(8, n_init=30, random_state=0).fit(vectors).inertia_
    assert cost(vectors, kmeans(vectors, 8, OPTS)) <= 1.001 * theirs


def kinds(rng, kind, n, dim=5):
    """Vectors of a kind that may be bad for clustering, (n, dim)."""
    return {"random": lambda: rng.normal(size=(n, dim)),
            "equal": lambda: np.ones((n, dim)),
            "zero": lambda: np.zeros((n, dim)),
            "two": lambda: np.eye(dim)[rng.integers(0, 2, n)],
            "opposed": lambda: np.where(rng.random((n, 1)) < 0.5, 1.0, -1.0) * np.ones(dim),
            "some zero": lambda: rng.normal(size=(n, dim)) * (rng.random((n, 1)) < 0.5),
            "huge": lambda: 1e15 * rng.normal(size=(n, dim))}[kind]().astype(np.float32)


KINDS = ["random", "equal", "zero", "two", "opposed", "some zero", "huge"]


@settings(deadline=None, max_examples=120)
@given(n=st.integers(1, 30), kind=st.sampled_from(KINDS), spherical=st.booleans(), seed=st.integers(0, 9),
       data=st.data())
def test_always_exactly_so_many(n, kind, spherical, seed, data):
    vectors = kinds(np.random.default_rng(seed), kind, n)
    count = data.draw(st.integers(1, n))
    opts = KMeansOptions(restarts=2, seed=seed)
    labels = kmeans(vectors, count, opts, spherical)
    assert labels.shape == (n,) and labels.dtype.kind == "i"
    assert sorted(set(labels.tolist())) == list(range(count))
    assert labels.tolist() == in_order_of_appearance(labels).tolist()
    assert labels.tolist() == kmeans(vectors, count, opts, spherical).tolist()


def test_voices_of_any_length_and_loudness():
    """Spherical k-means sees directions only."""
    rng = np.random.default_rng(0)
    who = rng.integers(0, 3, 90)
    vectors = (rng.normal(size=(3, 32))[who] + 0.2 * rng.normal(size=(90, 32))) * rng.uniform(0.01, 100, (90, 1))
    assert kmeans(vectors, 3, OPTS, True).tolist() == in_order_of_appearance(who).tolist()


def test_means_are_of_unit_length_only_where_spherical():
    vectors = np.array([[1.0, 0], [0, 1.0], [0, -2.0]])
    labels = np.array([0, 0, 1])
    assert means(vectors, labels, 2, False) == pytest.approx(np.array([[0.5, 0.5], [0, -2]]))
    assert means(vectors, labels, 2, True) == pytest.approx(np.array([[0.5**0.5, 0.5**0.5], [0, -1]]))


def test_an_empty_cluster_gets_the_farthest_of_those_with_company():
    labels = without_empty(np.array([0, 0, 0, 3]), np.array([1.0, 3.0, 2.0, 9.0]), 4)
    assert labels.tolist() == [0, 1, 2, 3]


def test_of_many_vectors_some_are_enough(monkeypatch):
    """Restarts on some and one run on all end in the same clusters, where these are clear."""
    rng = np.random.default_rng(2)
    who = rng.integers(0, 5, 6000)
    vectors = (3 * rng.normal(size=(5, 8))[who] + rng.normal(size=(6000, 8)) * 0.3).astype(np.float32)
    seen = []
    monkeypatch.setattr(module, "SAMPLE", 500)
    monkeypatch.setattr(module, "starts", lambda some, *rest, real=module.starts: seen.append(len(some)) or real(
        some, *rest))
    assert kmeans(vectors, 5, OPTS).tolist() == in_order_of_appearance(who).tolist()
    assert set(seen) == {500} and len(seen) == OPTS.restarts
    assert kmeans(vectors, 100, KMeansOptions(restarts=1, iterations=2)).max() == 99 and seen[-1] == 6000


@pytest.mark.parametrize("wrong", [{"restarts": 0}, {"iterations": 0}, {"seed": -1}])
def test_options_that_cannot_be(wrong):
    with pytest.raises(UsageError, match=f"--{next(iter(wrong))} must be at least"):
        replace(OPTS, **wrong).check()


def blocks(sizes, inside, across):
    """Scores of clusters of these sizes, `inside` and `across` them."""
    who = np.repeat(np.arange(len(sizes)), sizes)
    scores = np.where(who[:, None] == who, inside, across).astype(np.float32)
    np.fill_diagonal(scores, 1)
    return make_similarities(scores), who


@pytest.mark.parametrize("threshold, expected", [(0.2, 3), (0.1, 1), (0.9, 20), (0.05, 1)])
def test_the_largest_number_told_apart(threshold, expected):
    """Three clusters of which two are 0.15 similar, segments of one 0.8; halves of a cluster are as similar."""
    similarities, who = blocks([20, 20, 20], 0.8, 0.15)
    asked = []

    def partition(count):
        asked.append(count)
        halves = who * 20 + np.arange(60) % 20  # so many as there are, then the rest in one
        labels = np.minimum(who, count - 1) if count <= 3 else np.minimum(halves, count - 1)
        return in_order_of_appearance(labels)

    opts = AhcOptions(threshold=threshold, min_cluster_size=1)
    labels = counting.most_told_apart(partition, similarities, opts, SpeakersOptions(max_speakers=20).bounds(60))
    assert labels.max() + 1 == expected
    assert max(asked) == min(20, expected + counting.PATIENCE)


def test_small_clusters_are_no_speakers_and_bounds_hold():
    similarities, who = blocks([20, 20, 1], 0.8, 0.1)

    def partition(count):
        return np.minimum(who, count - 1)

    def number(**settings):
        least = settings.pop("min_cluster_size", None)
        opts = AhcOptions(threshold=0.5, min_cluster_size=least)
        return counting.most_told_apart(partition, similarities, opts, SpeakersOptions(**settings).bounds(41)).max() + 1

    assert number(max_speakers=3) == 2
    assert number(max_speakers=3, min_cluster_size=1) == 3
    assert number(max_speakers=1) == 1
    assert number(min_speakers=3, max_speakers=3) == number(num_speakers=3) == 3
    assert number(min_speakers=3) == 3
