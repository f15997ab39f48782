"""DBSCAN and HDBSCAN: against their definitions, a label for every segment, numbers of speakers that are honoured."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diarkit.backend.cosine import cosine_scores
from diarkit.clustering import density as module
from diarkit.clustering.density import NOISE, Judge, cluster, dbscan, divided, hdbscan, links, merged, without_noise
from diarkit.clustering.similarities import Scores, Vectors, make_similarities
from diarkit.clustering.tree import in_order_of_appearance
from diarkit.errors import DataError, UsageError
from diarkit.options.clustering import AhcOptions, SpeakersOptions
from diarkit.options.density import DensityOptions

METHODS = ["dbscan", "hdbscan"]


def find(similarities, **settings):
    """cluster() with settings of DensityOptions and of SpeakersOptions."""
    numbers = {name: settings.pop(name) for name in list(settings) if name.endswith("_speakers")}
    opts = DensityOptions(**settings)
    bounds = SpeakersOptions(**numbers).bounds(len(similarities))
    return cluster(similarities, opts, AhcOptions(threshold=opts.threshold), bounds)


def voices(n, number, spread=0.4, seed=0, dim=24):
    rng = np.random.default_rng(seed)
    who = rng.integers(0, number, n)
    return rng.normal(size=(number, dim))[who] + spread * rng.normal(size=(n, dim)), in_order_of_appearance(who)


def textbook(scores, threshold, min_samples):
    """DBSCAN by its definition: dense segments that reach each other, and what is near them."""
    n = len(scores)
    near = [[j for j in range(n) if scores[i, j] >= threshold] for i in range(n)]
    labels = np.full(n, NOISE)
    count = 0
    for i in range(n):
        if labels[i] != NOISE or len(near[i]) < min_samples:
            continue
        waiting = [i]
        while waiting:
            k = waiting.pop()
            if labels[k] == NOISE:
                labels[k] = count
                waiting += near[k] if len(near[k]) >= min_samples else []
        count += 1
    return labels


@pytest.mark.parametrize("block", [4_000_000, 100])
def test_dbscan_by_its_definition(monkeypatch, block):
    monkeypatch.setattr(module, "BLOCK", block)
    for seed in range(5):
        vectors, _ = voices(50, 4, 0.9, seed, 8)
        similarities = make_similarities(vectors, True)
        for threshold in (0.0, 0.5, 0.8):
            [found] = dbscan(similarities, DensityOptions(threshold=threshold, min_samples=3))
            assert found.tolist() == textbook(similarities.rows(0, 50), threshold, 3).tolist()


def test_pairs_of_which_the_similarity_is_nothing_count():
    ends, others, similar = links(Scores(np.zeros((3, 3))), 0)
    assert (ends * 3 + others).tolist() == list(range(9)) and similar.tolist() == [0] * 9
    [found] = dbscan(Scores(np.zeros((3, 3))), DensityOptions(threshold=0.0, min_samples=3))
    assert found.tolist() == [0, 0, 0]


@pytest.mark.parametrize("method", METHODS)
def test_clear_voices(method):
    vectors, who = voices(90, 4)
    for similarities in (make_similarities(vectors, True), make_similarities(cosine_scores(vectors)),
                         Scores(40 * cosine_scores(vectors) - 25), Vectors(vectors, np.zeros(90))):
        assert find(similarities, method=method).tolist() == who.tolist()
        assert find(similarities, method=method, num_speakers=4).tolist() == who.tolist()
    assert find(make_similarities(vectors, True), method=method, threshold=0.6).tolist() == who.tolist()
    assert find(make_similarities(vectors, True), method=method, threshold=-1.0).max() == 0


def test_hdbscan_finds_clusters_of_different_density_and_its_options_count():
    rng = np.random.default_rng(0)
    vectors = np.repeat(np.eye(3), [20, 20, 4], axis=0) + np.repeat([0.02, 0.2, 0.02], [20, 20, 4])[
        :, None] * rng.normal(size=(44, 3))
    similarities = make_similarities(vectors, True)

    def sizes(**settings):
        opts = DensityOptions(method="hdbscan", **settings)
        return [np.bincount(labels[labels >= 0]).tolist() for labels in hdbscan(similarities, opts)]

    [found] = sizes(least_cluster=4)
    assert min(found) == 4 and max(found) == 20
    assert all(min(found) >= 5 for found in sizes(least_cluster=5))
    assert len(sizes()) == len({2, 3, 4, 5, 7, 10})  # least sizes up to a quarter of 44


@settings(deadline=None, max_examples=120)
@given(n=st.integers(1, 20), kind=st.sampled_from(["voices", "equal", "zero", "two", "opposed"]),
       method=st.sampled_from(METHODS), threshold=st.sampled_from([None, -2.0, 0.5, 2.0]), seed=st.integers(0, 3),
       data=st.data())
def test_numbers_of_speakers_are_honoured(n, kind, method, threshold, seed, data):
    rng = np.random.default_rng(seed)
    vectors = {"voices": lambda: voices(n, 3, 0.6, seed, 6)[0], "equal": lambda: np.ones((n, 6)),
               "zero": lambda: np.zeros((n, 6)), "two": lambda: np.eye(6)[rng.integers(0, 2, n)],
               "opposed": lambda: np.where(rng.random((n, 1)) < 0.5, 1.0, -1.0) * np.ones(6)}[kind]()
    numbers = {"num_speakers": data.draw(st.none() | st.integers(1, 25))}
    if numbers["num_speakers"] is None:
        numbers["min_speakers"] = data.draw(st.none() | st.integers(1, 9))
        numbers["max_speakers"] = data.draw(st.none() | st.integers(numbers["min_speakers"] or 1, 22))
    similarities = make_similarities(vectors, True)
    ways = dict(method=method, threshold=threshold, min_samples=data.draw(st.integers(1, 30)),
                least_cluster=data.draw(st.none() | st.integers(2, 30)))
    labels = find(similarities, **ways, **numbers)
    assert labels.shape == (n,) and labels.dtype.kind == "i"
    assert labels.tolist() == in_order_of_appearance(labels).tolist() == find(similarities, **ways, **numbers).tolist()
    low, high = SpeakersOptions(**numbers).bounds(n)
    assert low <= labels.max() + 1 <= high


def test_noise_goes_to_the_most_similar():
    vectors = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [0.9, 0.5], [0.5, 0.9]])
    similarities = make_similarities(vectors, True)
    assert without_noise(similarities, np.array([0, 0, 1, 1, -1, -1])).tolist() == [0, 0, 1, 1, 0, 1]
    assert without_noise(similarities, np.full(6, -1)).tolist() == [0] * 6


def test_the_most_alike_are_merged_and_the_largest_is_divided():
    vectors, who = voices(60, 4, 0.1)
    vectors[who == 3] = vectors[who == 1][:1] + 0.3 * vectors[who == 3]
    similarities = make_similarities(vectors, True)
    found = merged(similarities, who, 3)
    assert found.max() == 2 and len(set(found[(who == 1) | (who == 3)])) == 1
    assert merged(similarities, who, 1, 0.6).tolist() == found.tolist() and merged(similarities, who, 9).max() == 3
    again = divided(similarities, np.where(who == 3, 1, who), AhcOptions())
    assert in_order_of_appearance(again).tolist() == who.tolist()


def test_what_is_best():
    """First the number asked for, then speakers who are told apart, then many of them, then segments like their own."""
    vectors, who = voices(60, 4, 0.2)
    judge = Judge(make_similarities(vectors, True), AhcOptions(), SpeakersOptions(max_speakers=4).bounds(60))
    fewer, halved = np.minimum(who, 2), np.where(np.arange(60) % 2, 3, np.minimum(who, 2))
    ranks = [judge(labels) for labels in (np.arange(60), halved, np.zeros(60, int), fewer, who)]
    assert ranks == sorted(ranks) or ranks[2] < ranks[4] and ranks[0] == min(ranks) and ranks[4] == max(ranks)


def test_too_many_for_hdbscan(monkeypatch):
    monkeypatch.setattr(module, "MOST_DENSE", 50)
    vectors, who = voices(60, 2)
    with pytest.raises(DataError, match="60 segments are more than the 50"):
        find(make_similarities(vectors, True), method="hdbscan")
    assert find(make_similarities(vectors, True)).tolist() == who.tolist()


def test_of_long_recordings_higher_thresholds_are_tried(monkeypatch):
    vectors, who = voices(200, 3)
    monkeypatch.setattr(module, "MOST_LINKS", 4000)
    lowest = []
    monkeypatch.setattr(module, "links", lambda similarities, threshold, real=module.links: lowest.append(
        len(real(similarities, threshold)[0])) or real(similarities, threshold))
    assert find(make_similarities(vectors, True)).tolist() == who.tolist()
    assert 3000 < lowest[0] < 5000


@pytest.mark.parametrize("wrong, message", [(dict(min_samples=0), "--min-samples"),
                                            (dict(least_cluster=1), "--least-cluster")])
def test_options_that_cannot_be(wrong, message):
    with pytest.raises(UsageError, match=message):
        DensityOptions(**wrong).check()
