"""Who speaks: numbers of speakers that are asked for, calibration, the same from scores and from vectors."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diarkit.backend.cosine import cosine_scores, unit_length
from diarkit.clustering import similarities as similarities_module
from diarkit.clustering import speakers
from diarkit.clustering import tree as trees
from diarkit.clustering.linkage import LINKAGES, score_tree
from diarkit.clustering.similarities import Scores, Vectors
from diarkit.clustering.speakers import calibrated_threshold, find_speakers, reassigned
from diarkit.errors import DataError, UsageError
from diarkit.options.clustering import AhcOptions, KaldiAhcOptions, SourceOptions, SpeakersOptions


def voices(rng, n, number, spread=0.5, dim=24):
    """Unit vectors of n windows of `number` speakers, and who spoke each."""
    centres = rng.normal(size=(number, dim))
    who = rng.integers(0, number, n)
    return unit_length(centres[who] + spread * rng.normal(size=(n, dim))), who


def partition(labels):
    return {frozenset(np.flatnonzero(labels == label)) for label in set(labels)}


def find(similarities, **settings):
    """find_speakers, refined where no threshold is given, with settings of AhcOptions and of SpeakersOptions."""
    names = [name for name in settings if name.endswith("_speakers")]
    numbers = {name: settings.pop(name) for name in names}
    settings.setdefault("refine", settings.get("threshold") is None)
    return find_speakers(similarities, AhcOptions(**settings), SpeakersOptions(**numbers).bounds(len(similarities)))


def both(vectors):
    return Scores(cosine_scores(vectors)), Vectors(vectors)


@settings(deadline=None, max_examples=150)
@given(n=st.integers(1, 40), number=st.integers(1, 6), spread=st.sampled_from([0.0, 0.3, 1.0, 5.0]), data=st.data())
def test_numbers_of_speakers_are_honoured(n, number, spread, data):
    vectors, _ = voices(np.random.default_rng(n * 7 + number), n, number, spread)
    exact = data.draw(st.none() | st.integers(1, 50))
    low = data.draw(st.none() | st.integers(1, 12))
    high = data.draw(st.none() | st.integers(low or 1, 14))
    opts = dict(num_speakers=exact, min_speakers=low, max_speakers=high,
                threshold=data.draw(st.none() | st.sampled_from([-2.0, 0.0, 0.5, 2.0])),
                refine=data.draw(st.sampled_from([None, True, False])),
                min_cluster_size=data.draw(st.none() | st.integers(1, 9)), reassign=data.draw(st.integers(0, 3)))
    for similarities in both(vectors):
        labels = find(similarities, **opts)
        assert labels.shape == (n,) and labels.dtype.kind == "i"
        assert labels.tolist() == trees.in_order_of_appearance(labels).tolist()
        found = len(set(labels.tolist()))
        if exact is not None:
            assert found == min(exact, n)
        else:
            assert min(low or 1, n) <= found <= min(high or n, n)


@pytest.mark.parametrize("linkage", LINKAGES)
def test_numbers_of_speakers_for_scores_that_are_no_cosines(linkage):
    rng = np.random.default_rng(0)
    for n in (1, 2, 5, 30):
        scores = rng.normal(0, 20, (n, n))
        scores = scores + scores.T
        for number in (1, 2, 4, 29, 40):
            for size in (None, 1, 5):
                opts = dict(num_speakers=number, min_cluster_size=size, linkage=linkage)
                assert len(set(find(Scores(scores, linkage), **opts))) == min(number, n)


def test_equal_segments_too():
    for vectors in (np.ones((10, 3)) / np.sqrt(3), np.zeros((10, 3))):
        for number in (1, 3, 10, 11):
            for similarities in both(vectors.astype(np.float32)):
                labels = find(similarities, num_speakers=number)
                assert len(set(labels)) == min(number, 10)


@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_clear_voices_are_told_apart(number):
    """Without a word about how many there are."""
    for seed in range(5):
        vectors, who = voices(np.random.default_rng(seed), 120, number, spread=0.3)
        for similarities in both(vectors):
            assert partition(find(similarities)) == partition(who)
            assert partition(find(similarities, num_speakers=number)) == partition(who)


def test_outliers_are_no_speakers():
    """Two windows like nobody else's do not become speakers, also when the number is given."""
    rng = np.random.default_rng(1)
    vectors, who = voices(rng, 100, 3, spread=0.3)
    vectors[[20, 60]] = unit_length(rng.normal(size=(2, 24)))
    rest = np.setdiff1d(np.arange(100), [20, 60])
    for similarities in both(vectors):
        for opts in ({}, dict(num_speakers=3), dict(min_speakers=3, max_speakers=3)):
            labels = find(similarities, **opts)
            assert partition(labels[rest]) == partition(who[rest])
            assert len(set(labels)) == 3
        with_outliers = find(similarities, threshold=0.5)
        assert len(set(with_outliers)) == 5  # a threshold means what it says


def test_a_cluster_of_the_least_size_is_a_speaker():
    rng = np.random.default_rng(12)
    centres = np.eye(24)[:3]
    who = np.repeat([0, 1, 2], [30, 4, 3])
    vectors = unit_length(centres[who] + 0.05 * rng.normal(size=(37, 24)))
    for size, number in ((3, 3), (4, 2), (5, 1)):
        found = find(Scores(cosine_scores(vectors)), threshold=0.5, refine=True, min_cluster_size=size)
        assert len(set(found)) == number


def test_a_threshold_is_plain_clustering():
    rng = np.random.default_rng(2)
    for _ in range(20):
        vectors, _ = voices(rng, int(rng.integers(1, 60)), 4, spread=1.0)
        scores = cosine_scores(vectors)
        threshold = rng.uniform(-0.2, 0.9)
        tree = score_tree(scores)
        expected = trees.cut(tree, len(scores), trees.merges_above(tree, threshold))
        assert find(Scores(scores), threshold=threshold).tolist() == expected.tolist()
        number = int(rng.integers(1, len(scores) + 1))
        expected = trees.cut(tree, len(scores), len(scores) - number)
        for how in (dict(threshold=threshold), dict(refine=False)):
            assert find(Scores(scores), num_speakers=number, **how).tolist() == expected.tolist()


def test_scores_and_vectors_agree(monkeypatch):
    """Also where the vectors are clustered without a matrix."""
    rng = np.random.default_rng(3)
    for small in (2000, 50):
        monkeypatch.setattr(similarities_module, "SMALL", small)
        for number in (1, 2, 4):
            vectors, who = voices(rng, 230, number, spread=0.35)
            scores, plain = both(vectors)
            for numbers in ({}, dict(num_speakers=number), dict(num_speakers=number + 1), dict(max_speakers=1)):
                assert find(scores, **numbers).tolist() == find(plain, **numbers).tolist()


def test_similarity_to_clusters_is_that_to_their_centroids():
    rng = np.random.default_rng(5)
    vectors, _ = voices(rng, 50, 3, spread=1.0)
    labels = rng.integers(-1, 3, 50)
    for similarities in both(vectors):
        found = similarities.to_clusters(labels, 4)  # the fourth is empty
        assert found.shape == (50, 4)
        for k in range(3):
            centroid = vectors[labels == k].mean(axis=0)
            assert np.allclose(found[:, k], vectors @ centroid / np.linalg.norm(centroid), atol=1e-4)
    # scores of another kind: the mean over the cluster
    scores = rng.normal(0, 10, (50, 50))
    scores = scores + scores.T
    found = Scores(scores).to_clusters(labels, 3)
    for k in range(3):
        assert np.allclose(found[:, k], scores[:, labels == k].mean(axis=1), atol=1e-4)


def test_an_empty_cluster_attracts_nobody():
    vectors, _ = voices(np.random.default_rng(6), 30, 2, spread=1.0)
    for similarities in both(-abs(vectors)), both(vectors):
        for one in similarities:
            labels = reassigned(one, np.zeros(30, int), 2, 3)
            assert set(labels) == {0}


def test_reassigning_is_done_so_many_times():
    vectors, who = voices(np.random.default_rng(7), 40, 2, spread=0.2)
    similarities = Scores(cosine_scores(vectors))
    labels = who.copy()
    labels[:3] = 1 - labels[:3]
    assert partition(reassigned(similarities, labels, 2, 0)) == partition(who)
    calls = []
    counted = Scores(cosine_scores(vectors))
    counted.to_clusters = lambda labels, count: (calls.append(1), np.eye(2)[(labels + 1) % 2])[1]  # never settles
    reassigned(counted, labels, 2, 4)
    assert len(calls) == 5


def slow_calibration(values, steps):
    """Two Gaussians with one variance, fitted value by value as in a textbook, and where they cross."""
    mean = sum(values) / len(values)
    variance = sum((v - mean) ** 2 for v in values) / len(values)
    means, weights = [mean - variance**0.5, mean + variance**0.5], [0.5, 0.5]
    for _ in range(steps):
        shares = []
        for v in values:
            density = [w * np.exp(-0.5 * (v - m) ** 2 / variance) for w, m in zip(weights, means, strict=True)]
            shares.append([d / sum(density) for d in density])
        counts = [sum(share[k] for share in shares) for k in range(2)]
        means = [sum(s[k] * v for s, v in zip(shares, values, strict=True)) / counts[k] for k in range(2)]
        variance = sum(s[k] * (v - means[k]) ** 2 for s, v in zip(shares, values, strict=True) for k in range(2)) / len(
            values)
        weights = [count / len(values) for count in counts]
    middle = (means[0] + means[1]) / 2
    return middle - variance * np.log(weights[1] / weights[0]) / (means[1] - means[0])


def test_calibration_by_the_textbook():
    rng = np.random.default_rng(8)
    for _ in range(10):
        different, same = rng.normal(0.1, 0.1, rng.integers(20, 200)), rng.normal(0.6, 0.1, rng.integers(5, 90))
        values = np.concatenate([different, same])
        assert calibrated_threshold(values) == pytest.approx(slow_calibration(values, speakers.EM_STEPS), abs=1e-6)


def slow_candidates(tree, n, number):
    """{merges: labels} by trying every cut for every least size, and which labels are kept."""
    found = {}
    for least in (size for size in (1, 2, 3, 4, 6, 8, 11, 15, 21) if size <= max(n // (2 * number), 1)):
        for merges in range(n - number, -1, -1):
            labels = trees.cut(tree, n, merges)
            sizes = np.bincount(labels)
            if sum(sizes >= least) >= number:
                largest = sorted(range(len(sizes)), key=lambda label, sizes=sizes: (-sizes[label], label))[:number]
                found.setdefault(merges, [largest.index(label) if label in largest else -1 for label in labels])
                break
    return list(found.values())


@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_candidates_and_the_best_of_them(number):
    """Also where no two speakers may be as similar as a limit, which some of the candidates are just at."""
    chosen = set()
    for seed in range(40):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(number, 70))
        vectors, _ = voices(rng, n, number, spread=2.0)
        similarities = Scores(cosine_scores(vectors))
        tree = similarities.tree()
        found = [labels.tolist() for labels in speakers.candidates(similarities, tree, number)]
        assert found == slow_candidates(tree, n, number)
        opts, partitions = AhcOptions(), []
        for labels in found:
            labels = reassigned(similarities, np.array(labels), number, opts.reassign)
            if len(set(labels)) == number:
                total = similarities.to_clusters(labels, number)[np.arange(n), labels].sum()
                partitions.append((total, speakers.most_alike(similarities, labels, number), labels))
        if not partitions:
            continue
        for limit in (np.inf, *(alike for _, alike, _ in partitions)):
            *_, best = max(partitions, key=lambda one, limit=limit: (limit == np.inf or one[1] < limit, one[0]))
            exact = speakers.exactly(similarities, tree, number, opts, limit)
            assert exact.tolist() == trees.in_order_of_appearance(best).tolist()
            chosen.add((seed, exact.tobytes()))
    assert number == 1 or len(chosen) > 42, "limits matter"


def test_sizes_that_are_tried():
    assert list(speakers.least_sizes(15)) == [1, 2, 3, 4, 6, 8, 11, 15]
    assert list(speakers.least_sizes(14))[-1] == 11 and list(speakers.least_sizes(0)) == [1]


def test_with_a_number_that_was_asked_for_speakers_may_be_as_similar_as_the_crossing_point(monkeypatch):
    limits = []
    exactly = speakers.exactly

    def recording(*args):
        limits.append(args[4:])
        return exactly(*args)

    monkeypatch.setattr(speakers, "exactly", recording)
    similarities = Scores(cosine_scores(voices(np.random.default_rng(3), 60, 3)[0]))
    opts = AhcOptions(margin=0.1, min_threshold=-1.0, max_threshold=1.0)
    find_speakers(similarities, replace(opts, refine=True), SpeakersOptions(num_speakers=4).bounds(60))
    assert limits == [(pytest.approx(calibrated_threshold(similarities.pairs())),)]


def test_where_merging_stops_without_pairs_and_for_scores_that_are_no_cosines():
    opts = AhcOptions(min_threshold=0.1, max_threshold=0.2)
    assert speakers.stopping_point(Scores(np.ones((1, 1))), opts) == 0.2
    noise = np.random.default_rng(0).normal(0, 20, (40, 40))
    scores = Scores(noise + noise.T)
    assert speakers.stopping_point(scores, opts) == calibrated_threshold(scores.pairs()) != 0.2
    assert speakers.stopping_point(scores, replace(opts, threshold=7.0)) == 7


def test_means_that_are_kept_are_those_of_the_labels(monkeypatch):
    calls = []
    members = similarities_module.members
    monkeypatch.setattr(similarities_module, "members", lambda *args: calls.append(args) or members(*args))
    scores = cosine_scores(voices(np.random.default_rng(4), 20, 3)[0])
    similarities, labels = Scores(scores), np.arange(20) % 3
    similarities.between(labels, 3)
    similarities.to_clusters(labels.copy(), 3)
    assert len(calls) == 1
    assert similarities.to_clusters(labels, 4).shape == (20, 4)
    labels[:10] = 1
    for count in (4, 3):
        assert np.array_equal(similarities.to_clusters(labels, count), Scores(scores).to_clusters(labels, count))


def test_calibration_of_odd_similarities():
    assert calibrated_threshold([]) == 0
    assert calibrated_threshold([0.3]) == pytest.approx(0.3)
    assert calibrated_threshold([0.3] * 10) == pytest.approx(0.3)
    for values in ([0.0, 1.0], [0.1, 0.1, 0.1, 0.9], [0.5, 0.5 + 1e-7], np.linspace(-1, 1, 100)):
        assert np.isfinite(calibrated_threshold(values))


def test_the_calibrated_threshold_stays_within_its_bounds():
    rng = np.random.default_rng(9)
    vectors, _ = voices(rng, 60, 3, spread=0.5)
    scores = Scores(cosine_scores(vectors))
    for low, high in ((-1.0, -0.9), (0.9, 1.0), (-1.0, 1.0)):
        point = speakers.stopping_point(scores, AhcOptions(min_threshold=low, max_threshold=high))
        assert low <= point <= high
    margin = 0.1
    free = AhcOptions(min_threshold=-1.0, max_threshold=1.0, margin=0.0)
    assert speakers.stopping_point(scores, free) - margin == pytest.approx(
        speakers.stopping_point(scores, replace(free, margin=margin)))
    # twice the segments of which the margin is whole: half of it
    vectors, _ = voices(rng, 2 * speakers.FEW, 3, spread=0.5)
    many = Scores(cosine_scores(vectors))
    assert speakers.stopping_point(many, free) - margin / 2 == pytest.approx(
        speakers.stopping_point(many, replace(free, margin=margin)))


def test_pairs_are_sampled_when_there_are_many(monkeypatch):
    vectors, _ = voices(np.random.default_rng(10), 200, 3)
    every = {len(similarities.pairs()) for similarities in both(vectors)}
    assert every == {199 * 100}
    monkeypatch.setattr(similarities_module, "MOST_PAIRS", 1000)
    for similarities in both(vectors):
        pairs = similarities.pairs()
        assert 500 <= len(pairs) <= 2000
        assert abs(pairs.mean() - cosine_scores(vectors)[np.triu_indices(200, 1)].mean()) < 0.1


@pytest.mark.parametrize("options, message", [
    (dict(num_speakers=0), "--num-speakers must be at least 1"),
    (dict(min_speakers=0), "--min-speakers must be at least 1"),
    (dict(max_speakers=-1), "--max-speakers must be at least 1"),
    (dict(min_speakers=3, max_speakers=2), "--min-speakers 3 is more than --max-speakers 2"),
    (dict(num_speakers=3, max_speakers=2), "--num-speakers 3 is not within"),
    (dict(num_speakers=3, min_speakers=4), "--num-speakers 3 is not within"),
    (dict(num_speakers=3, reco2num_spk="x"), "give one of them"),
    (dict(auto=True, num_speakers=3), "--auto chooses"), (dict(auto=True, reco2num_spk="x"), "--auto chooses"),
    (dict(ghost_share=1.01), "--ghost-share=1.01 is not"), (dict(ghost_share=-0.1), "--ghost-share=-0.1 is not"),
    (dict(ghost_share=np.nan), "--ghost-share=nan is not"),
    (dict(ghost_turn=-1.0), "--ghost-turn=-1 is"), (dict(ghost_turn=np.nan), "--ghost-turn=nan is"),
])
def test_numbers_that_cannot_be(options, message):
    with pytest.raises(UsageError, match=message):
        SpeakersOptions(**options).check()


def test_numbers_that_just_can_be():
    for options in (dict(min_speakers=2, max_speakers=2), dict(num_speakers=2, min_speakers=2, max_speakers=2),
                    dict(ghost_share=0.0, ghost_turn=0.0), dict(ghost_share=1.0), dict(auto=True)):
        SpeakersOptions(**options).check()
    with pytest.raises(UsageError, match="--auto chooses"):
        SpeakersOptions(auto=True).check(threshold=0.0)
    for cls, options in ((AhcOptions, dict(reassign=0, min_cluster_size=1)), (AhcOptions, dict(apart_share=0.0)),
                         (AhcOptions, dict(min_threshold=0.3, max_threshold=0.3, apart_share=1.0)),
                         (SourceOptions, dict(target_energy=0.0)), (SourceOptions, dict(target_energy=1.0)),
                         (KaldiAhcOptions, dict(max_spk_fraction=1.0, first_pass_max_utterances=1))):
        cls(**options)


@pytest.mark.parametrize("cls, name, value", [
    (AhcOptions, "reassign", -1), (AhcOptions, "min_cluster_size", 0), (AhcOptions, "min_threshold", 0.46),
    (AhcOptions, "apart_share", 1.1), (AhcOptions, "apart_share", -0.1), (SourceOptions, "target_energy", 1.1),
    (SourceOptions, "target_energy", -0.1), (KaldiAhcOptions, "max_spk_fraction", 0.0),
    (KaldiAhcOptions, "max_spk_fraction", 1.1), (KaldiAhcOptions, "first_pass_max_utterances", 0),
])
def test_settings_that_cannot_be(cls, name, value):
    with pytest.raises(UsageError, match=f"--{name.replace('_', '-')}={value:g}"):
        cls(**{name: value})


def test_bounds_of_a_recording():
    opts = SpeakersOptions(min_speakers=2, max_speakers=4)
    assert [tuple(opts.bounds(n)) for n in (1, 3, 9)] == [(1, 1), (2, 3), (2, 4)]
    assert [tuple(opts.bounds(9, number)) for number in (2, 4)] == [(2, 2), (4, 4)] and opts.bounds(3, 4) == (3, 3)
    for number in (1, 5):
        with pytest.raises(DataError, match=f"--reco2num-spk says {number} speakers, not within"):
            opts.bounds(9, number)
    assert SpeakersOptions(num_speakers=3).bounds(9) == (3, 3) and SpeakersOptions().bounds(9) == (1, 9)
    assert SpeakersOptions().bounds(9, 9) == (9, 9) and SpeakersOptions().bounds(9, 1) == (1, 1)


def test_one_segment():
    for similarities in (Scores(np.ones((1, 1))), Vectors(np.ones((1, 1), np.float32))):
        assert find(similarities).tolist() == [0]


def test_similarity_between_clusters_is_the_mean_over_pairs():
    rng = np.random.default_rng(11)
    vectors, _ = voices(rng, 30, 3, spread=1.0)
    labels = np.arange(30) % 3
    scores = cosine_scores(vectors)
    expected = [[scores[np.ix_(labels == a, labels == b)].mean() for b in range(3)] for a in range(3)]
    for similarities in both(vectors):
        assert similarities.between(labels, 3) == pytest.approx(np.array(expected), abs=1e-5)


def test_similarity_within_clusters_leaves_out_neighbours():
    rng = np.random.default_rng(13)
    vectors, _ = voices(rng, 40, 3, spread=1.0)
    labels = rng.integers(0, 3, 40)
    scores = cosine_scores(vectors)
    expected = []
    for k in range(4):
        pairs = [scores[i, j] for i in range(40) for j in range(40) if labels[i] == labels[j] == k and abs(i - j) > 1]
        expected.append((sum(pairs) + similarities_module.PRIOR_PAIRS * 0.3) / (len(pairs) + 4))
    for similarities in (*both(vectors), Vectors(vectors[:, :-1], vectors[:, -1])):
        if not similarities.cosine:
            scores = similarities.rows(0, 40)
            expected = [(sum(pairs := [scores[i, j] for i in range(40) for j in range(40)
                                       if labels[i] == labels[j] == k and abs(i - j) > 1]) + 4 * 0.3)
                        / (len(pairs) + 4) for k in range(4)]
        assert similarities.within(labels, 4, 0.3) == pytest.approx(np.array(expected), abs=1e-4)


def clusters_at(cosine, noise, sizes, rng, dim=400):
    """Two speakers whose means have this cosine; the similarity within a speaker is 1 - noise."""
    first, second, *_ = np.linalg.qr(rng.normal(size=(dim, dim)))[0]
    means = [first, cosine * first + np.sqrt(1 - cosine**2) * second]
    vectors = [np.sqrt(1 - noise) * means[who] + np.sqrt(noise / dim) * rng.normal(size=dim)
               for who, size in enumerate(sizes) for _ in range(size)]
    return unit_length(np.array(vectors)), np.repeat([0, 1], sizes)


@pytest.mark.parametrize("cosine, sizes, threshold, apart", [
    (0.5, (30, 30), 0.2, True),  # similarity 0.3: above the threshold, but clearly two
    (0.5, (30, 30), -np.inf, True),
    (0.5, (50, 8), 0.2, False),  # the second is too small for that,
    (0.5, (50, 8), 0.4, True),  # but not for the threshold
    (0.76, (30, 30), 0.2, False),  # neither clearly two
    (0.76, (30, 30), 0.5, True),
    (0.95, (30, 30), 0.6, False),  # one and the same, whatever the threshold says
])
def test_two_speakers_are_told_apart(cosine, sizes, threshold, apart):
    vectors, labels = clusters_at(cosine, 0.4, sizes, np.random.default_rng(14))
    for similarities in both(vectors):
        assert speakers.told_apart(similarities, labels, 2, threshold, AhcOptions()) == apart
        # a threshold that is given means what it says
        given = AhcOptions(threshold=threshold)
        assert speakers.told_apart(similarities, labels, 2, threshold, given) == (0.6 * cosine < threshold)


def test_speakers_that_are_found_are_apart_and_large_enough():
    """Whatever the data, every two are less similar than the threshold, and none is smaller than allowed."""
    rng = np.random.default_rng(12)
    for _ in range(30):
        n = int(rng.integers(2, 150))
        vectors, _ = voices(rng, n, int(rng.integers(1, 6)), spread=rng.uniform(0.2, 2))
        for similarities in both(vectors):
            labels = find(similarities)
            count = labels.max() + 1
            if count > 1:
                between = similarities.between(labels, count)[~np.eye(count, dtype=bool)]
                assert between.max() < AhcOptions().max_threshold
                assert np.bincount(labels).min() >= speakers.smallest(AhcOptions(), n)


def test_the_smallest_cluster_grows_with_the_recording():
    sizes = [speakers.smallest(AhcOptions(), n) for n in (2, 11, 12, 100, 900, 4800)]
    assert sizes == [2, 2, 3, 3, 10, 23]
    assert speakers.smallest(AhcOptions(threshold=0.4, min_cluster_size=7), 900) == 7
