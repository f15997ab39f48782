"""Spectral clustering: what it finds, numbers of speakers that are honoured on whatever it gets, large recordings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diarkit.backend.cosine import cosine_scores
from diarkit.clustering import spectral as module
from diarkit.clustering.neighbours import some_of
from diarkit.clustering.similarities import Scores, Vectors, make_similarities
from diarkit.clustering.spectral import cluster, labelled, make_links
from diarkit.clustering.tree import in_order_of_appearance
from diarkit.errors import DataError, UsageError
from diarkit.options.clustering import AhcOptions, SpeakersOptions
from diarkit.options.kmeans import KMeansOptions
from diarkit.options.spectral import SpectralOptions


def find(similarities, told=None, restarts=3, **settings):
    """cluster() with settings of SpectralOptions and of SpeakersOptions."""
    numbers = {name: settings.pop(name) for name in list(settings) if name.endswith("_speakers")}
    bounds = SpeakersOptions(**numbers).bounds(len(similarities))
    opts = SpectralOptions(**settings)
    return cluster(similarities, opts, KMeansOptions(restarts=restarts), AhcOptions(threshold=opts.threshold), bounds,
                   told)


def voices(n, number, spread=0.4, seed=0, dim=24):
    rng = np.random.default_rng(seed)
    who = rng.integers(0, number, n)
    return rng.normal(size=(number, dim))[who] + spread * rng.normal(size=(n, dim)), in_order_of_appearance(who)


WAYS = [dict(), dict(counting="eigengap"), dict(laplacian="symmetric", counting="eigengap"),
        dict(laplacian="random-walk", normalize_rows=True), dict(pruning="neighbors", neighbors=8, binary=True),
        dict(pruning="percentile", percentile=0.8), dict(pruning="affinity", min_affinity=0.3),
        dict(pruning="none", laplacian="symmetric", counting="eigengap"), dict(pruning="none", binary=True),
        dict(refinement="crop,threshold,symmetrize-max", row_threshold=0.6),
        dict(refinement="crop,diffuse,normalize", pruning="none", laplacian="symmetric"), dict(threshold=0.4)]


@pytest.mark.parametrize("way", WAYS[:8] + WAYS[9:], ids=str)
def test_clear_voices_every_way(way):
    vectors, who = voices(90, 4)
    for similarities in (make_similarities(vectors, True), make_similarities(cosine_scores(vectors))):
        assert find(similarities, **way).tolist() == who.tolist()
        assert find(similarities, num_speakers=4, **way).tolist() == who.tolist()
        assert find(similarities, max_speakers=3, **way).max() + 1 <= 3


def test_more_speakers_than_eigengaps_look_for_by_a_threshold():
    vectors, who = voices(200, 14, 0.2, 5, 40)
    for numbers in ({}, dict(min_speakers=13), dict(num_speakers=14)):
        assert find(make_similarities(vectors, True), threshold=0.7, **numbers).tolist() == who.tolist()


def test_weights_of_links():
    """Affinities unless --binary, of neighbours and of a matrix, and only those that are not pruned."""
    scores = np.array([[1, 0.9, 0.5, -0.2], [0.9, 1, 0.3, 0.1], [0.5, 0.3, 1, 0.2], [-0.2, 0.1, 0.2, 1]])

    def weights(**settings):
        bounds = SpeakersOptions().bounds(4)
        return make_links(make_similarities(scores), SpectralOptions(**settings), bounds, print)[0].toarray()

    whole = np.maximum(scores, 0) - np.eye(4)
    assert weights(pruning="none") == pytest.approx(whole)
    assert weights(pruning="none", binary=True).tolist() == (whole > 0).tolist()
    assert weights(pruning="affinity", min_affinity=0.3) == pytest.approx(np.where(whole < 0.3, 0, whole))
    assert weights(pruning="neighbors", neighbors=4) == pytest.approx(whole)
    two = weights(pruning="neighbors", neighbors=2)
    assert two == pytest.approx(np.array([[0, 0.9, 0.25, 0], [0.9, 0, 0, 0], [0.25, 0, 0, 0.1], [0, 0, 0.1, 0]]))
    binary = weights(pruning="neighbors", neighbors=2, binary=True)
    assert binary.tolist() == [[0, 1, 0.5, 0], [1, 0, 0, 0], [0.5, 0, 0, 0.5], [0, 0, 0.5, 0]]


def test_scores_of_any_scale():
    vectors, who = voices(80, 3)
    scores = 40 * cosine_scores(vectors) - 25
    said = []
    assert find(Scores(scores), said.append).tolist() == who.tolist()
    assert "3 speakers" in said[0]
    assert find(Scores(scores), threshold=-10.0).tolist() == who.tolist()
    assert find(Vectors(vectors, np.zeros(80)), num_speakers=3).tolist() == who.tolist()


def degenerate(kind, n, seed):
    rng = np.random.default_rng(seed)
    return {"voices": lambda: voices(n, 3, 0.5, seed, 6)[0], "equal": lambda: np.ones((n, 6)),
            "zero": lambda: np.zeros((n, 6)), "two": lambda: np.eye(6)[rng.integers(0, 2, n)],
            "some zero": lambda: rng.normal(size=(n, 6)) * (rng.random((n, 1)) < 0.5),
            "opposed": lambda: np.where(rng.random((n, 1)) < 0.5, 1.0, -1.0) * np.ones(6)}[kind]()


@settings(deadline=None, max_examples=150)
@given(n=st.integers(1, 24), kind=st.sampled_from(["voices", "equal", "zero", "two", "some zero", "opposed"]),
       way=st.sampled_from([*WAYS, dict(threshold=2.0), dict(threshold=-2.0), dict(max_neighbors=40, max_share=9.0)]),
       seed=st.integers(0, 3), scaled=st.booleans(), data=st.data())
def test_numbers_of_speakers_are_honoured(n, kind, way, seed, scaled, data):
    array = degenerate(kind, n, seed)
    similarities = Scores(30 * cosine_scores(array) - 9) if scaled else make_similarities(array, True)
    numbers = {"num_speakers": data.draw(st.none() | st.integers(1, 30))}
    if numbers["num_speakers"] is None:
        numbers["min_speakers"] = data.draw(st.none() | st.integers(1, 12))
        numbers["max_speakers"] = data.draw(st.none() | st.integers(numbers["min_speakers"] or 1, 26))
    labels = find(similarities, restarts=1, **way, **numbers)
    assert labels.shape == (n,) and labels.dtype.kind == "i"
    assert labels.tolist() == in_order_of_appearance(labels).tolist()
    low, high = SpeakersOptions(**numbers).bounds(n)
    assert low <= labels.max() + 1 <= high
    assert labels.tolist() == find(similarities, restarts=1, **way, **numbers).tolist()


def test_segments_that_no_eigenvector_reaches_go_to_the_most_similar():
    """Four pieces and two speakers: the eigenvectors of 0 tell the two largest pieces, the others are compared."""
    vectors = np.repeat(np.eye(6)[:4], [5, 4, 1, 1], axis=0)
    vectors[9, 0] = vectors[10, 1] = 0.5
    eigenvectors = np.zeros((11, 2))
    eigenvectors[:5, 0] = eigenvectors[5:9, 1] = 0.5
    found = labelled(make_similarities(vectors, True), eigenvectors, SpectralOptions(), KMeansOptions())
    assert found.tolist() == [0] * 5 + [1] * 4 + [0, 1]


def test_of_a_long_recording_some_are_searched_and_neighbours_grow_in_proportion(monkeypatch):
    vectors, who = voices(400, 5)
    asked, said = [], []
    monkeypatch.setattr(module, "nearest", lambda similarities, count, real=module.nearest: asked.append(
        (len(similarities), count)) or real(similarities, count))
    assert find(make_similarities(vectors, True), said.append, search_segments=100).tolist() == who.tolist()
    chosen = int(said[0].split()[0])
    assert asked == [(100, 20), (400, 4 * chosen)] and "nearest of 100 segments" in said[0]
    monkeypatch.setattr(module, "MOST_LINKS", 400 * (chosen + 2))
    find(make_similarities(vectors, True), search_segments=100)
    assert asked[-1] == (400, chosen + 2)


def test_some_of_scores_and_vectors():
    vectors, _ = voices(9, 2)
    biases = np.arange(9)
    where = np.array([1, 4, 8])
    for similarities in (make_similarities(vectors, True), Vectors(vectors, biases), Scores(cosine_scores(vectors))):
        assert some_of(similarities, where).rows(0, 3) == pytest.approx(
            similarities.rows(0, 9)[np.ix_(where, where)], abs=1e-6)


def test_too_many_for_a_whole_matrix(monkeypatch):
    monkeypatch.setattr(module, "MOST_DENSE", 50)
    vectors, _ = voices(51, 2)
    for way in (dict(pruning="none"), dict(refinement="wang")):
        with pytest.raises(DataError, match="51 segments are more than the 50"):
            find(make_similarities(vectors, True), **way)
    assert find(make_similarities(vectors, True)).max() == 1


@pytest.mark.parametrize("wrong, message", [
    (dict(min_neighbors=1), "--min-neighbors must be at least 2"),
    (dict(min_neighbors=21), "--min-neighbors 21 is more than"), (dict(neighbors=0), "--neighbors"),
    (dict(max_clusters=0), "--max-clusters"), (dict(percentile=1.0), "--percentile"), (dict(blur=-1.0), "--blur"),
    (dict(search_segments=3), "--search-segments"), (dict(refinement="x"), "no step x")])
def test_options_that_cannot_be(wrong, message):
    with pytest.raises(UsageError, match=message):
        SpectralOptions(**wrong).check()
