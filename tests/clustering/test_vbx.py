"""VBx against the published equations step by step, and numbers of speakers that are asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diarkit.clustering import vbx as module
from diarkit.clustering.similarities import Scores, Vectors, make_similarities
from diarkit.clustering.tree import in_order_of_appearance
from diarkit.clustering.vbx import (
    find_speakers,
    first_labels,
    plda_space,
    smoothed,
    spherical_space,
    vbx,
    without_columns,
)
from diarkit.errors import DataError, UsageError
from diarkit.io.plda import Plda
from diarkit.options.clustering import SpeakersOptions
from diarkit.options.vbx import PUBLISHED, SPHERICAL, VbxOptions

OPTS = VbxOptions(fa=0.5, fb=2.0, loop_probability=0.8, threshold=0.0, max_iters=8, epsilon=-1e9)


def talk(rng, count, number, dim=6, between=9.0):
    """Embeddings (T, D) in the space of a model, psi (D,), and who speaks (T,), in runs."""
    psi = between * rng.uniform(0.2, 1, dim)
    means = rng.normal(size=(number, dim)) * np.sqrt(psi)
    who = np.repeat(rng.integers(0, number, -(-count // 5)), 5)[:count]
    return means[who] + rng.normal(size=(count, dim)), psi, who


def with_all_transitions(log_p, loop, pi):
    """Posteriors, log likelihood and beginnings by a matrix of transitions, numbers as they are: for few items."""
    transitions = loop * np.eye(len(pi)) + (1 - loop) * pi
    shift = log_p.max(axis=1, keepdims=True)
    p = np.exp(log_p - shift)
    forward, backward = [pi * p[0]], [np.ones(len(pi))]
    for row in p[1:]:
        forward.append(row * (forward[-1] @ transitions))
    for row in p[:0:-1]:
        backward.insert(0, transitions @ (row * backward[0]))
    forward, backward = np.array(forward), np.array(backward)
    total = forward[-1].sum()
    begins = forward[0] * backward[0] / total
    begins = begins + (forward[:-1].sum(axis=1)[:, None] * (1 - loop) * pi * p[1:] * backward[1:] / total).sum(axis=0)
    return forward * backward / total, np.log(total) + shift.sum(), begins


def published(x, psi, gamma, opts):
    """The algorithm of Landini et al. 2022, (16) to (25), one speaker and one iteration after the other."""
    speakers = gamma.shape[1]
    pi = np.full(speakers, 1 / speakers)
    elbos = []
    for _ in range(opts.max_iters):
        log_p, gain = np.zeros((len(x), speakers)), 0.0
        for s in range(speakers):
            precision = np.eye(len(psi)) + opts.fa / opts.fb * gamma[:, s].sum() * np.diag(psi)
            covariance = np.linalg.inv(precision)
            rho = x * np.sqrt(psi)
            alpha = opts.fa / opts.fb * covariance @ (gamma[:, s] @ rho)
            second = covariance + np.outer(alpha, alpha)
            for t in range(len(x)):
                log_p[t, s] = opts.fa * (alpha @ rho[t] - 0.5 * np.trace(second @ np.diag(psi))
                                         - 0.5 * len(psi) * np.log(2 * np.pi) - 0.5 * x[t] @ x[t])
            gain += opts.fb / 2 * (len(psi) + np.linalg.slogdet(covariance)[1] - np.trace(second))
        gamma, total, begins = with_all_transitions(log_p, opts.loop_probability, pi)
        elbos.append(total + gain)
        pi = begins / begins.sum()
    return gamma, pi, elbos


@pytest.mark.parametrize("seed", range(4))
def test_the_published_equations(seed):
    rng = np.random.default_rng(seed)
    x, psi, who = talk(rng, 40, 3)
    start = smoothed(rng.integers(0, 3, 40), 3, 1.0)
    found = vbx(x, psi, start, OPTS)
    gamma, pi, elbos = published(x, psi, start, OPTS)
    np.testing.assert_allclose(found.posteriors, gamma, atol=1e-8)
    np.testing.assert_allclose(found.priors, pi, atol=1e-8)
    np.testing.assert_allclose(found.elbo, elbos, rtol=1e-9)
    assert (np.diff(found.elbo) > -1e-6).all()


def test_speakers_are_found():
    x, psi, who = talk(np.random.default_rng(0), 300, 4, dim=10, between=30.0)
    opts = VbxOptions(max_iters=20).with_defaults(plda=True)
    labels, posteriors = find_speakers(x, psi, opts, SpeakersOptions().bounds(300), Vectors(x))
    assert labels.tolist() == in_order_of_appearance(who).tolist()
    assert posteriors.shape == (300, 4) and (posteriors.argmax(axis=1) == labels).all()


def test_initial_posteriors_are_a_softmax():
    np.testing.assert_allclose(smoothed(np.array([1, 0]), 3, 5.0),
                               [np.array([1, np.exp(5), 1]) / (2 + np.exp(5)),
                                np.array([np.exp(5), 1, 1]) / (2 + np.exp(5))])
    np.testing.assert_allclose(smoothed(np.array([0, 1]), 2, 1e5), np.eye(2))


def test_plda_space_whitens_and_is_cut_to_the_largest_variances():
    rng = np.random.default_rng(0)
    plda = Plda(rng.normal(size=4), rng.normal(size=(4, 4)), np.array([1.0, 3.0, 0.0, 2.0]))
    vectors = rng.normal(size=(7, 4))
    found, psi = plda_space(plda, vectors, 2)
    np.testing.assert_allclose(found, np.stack([plda.transform[[1, 3]] @ (x - plda.mean) for x in vectors]))
    assert psi.tolist() == [3, 2]
    assert plda_space(plda, vectors)[0].shape == plda_space(plda, vectors, 9)[0].shape == (7, 4)
    with pytest.raises(DataError, match="vectors of 3 numbers, the PLDA model is for 4"):
        plda_space(plda, vectors[:, :3])
    for space in (spherical_space, lambda bad: plda_space(plda, bad)):
        with pytest.raises(DataError, match="NaN"):
            space(np.full((2, 4), np.nan))


def test_without_a_model_all_directions_are_the_same():
    found, psi = spherical_space(np.array([[3.0, 4.0], [0.0, 0.0]]))
    np.testing.assert_allclose(found, [[1.2, 1.6], [0, 0]], rtol=1e-6)
    assert psi.tolist() == [1, 1]


def test_the_first_clusters_are_at_the_calibrated_threshold():
    """Two groups of pairs: cosines 0.8 within pairs, 0.5 within groups, 0 between; all pairs are looked at."""
    cosines = np.kron(np.eye(2), np.full((4, 4), 0.5)) + np.kron(np.eye(4), np.full((2, 2), 0.3))
    np.fill_diagonal(cosines, 1.0)
    calibrated = module.agglomerative.calibrated_threshold(cosines.ravel())
    for offset, number in ((0.49 - calibrated, 2), (0.51 - calibrated, 4), (0.81 - calibrated, 8)):
        opts = VbxOptions(threshold=offset)
        assert len(set(first_labels(Scores(cosines), opts, SpeakersOptions().bounds(8)))) == number
    opts = VbxOptions(threshold=0.49 - calibrated)
    assert len(set(first_labels(Scores(cosines), opts, SpeakersOptions(min_speakers=3).bounds(8)))) == 3


def test_first_clusters_are_as_many_as_memory_allows(monkeypatch):
    vectors = np.random.default_rng(0).normal(size=(60, 8))
    monkeypatch.setattr(module, "MOST_POSTERIORS", 60 * 7)
    monkeypatch.setattr(module, "ALL_PAIRS", 10)
    bounds = SpeakersOptions().bounds(60)
    assert first_labels(make_similarities(vectors, True), VbxOptions(threshold=9.0), bounds).max() == 6


@settings(deadline=None, max_examples=120)
@given(n=st.integers(1, 30), number=st.integers(1, 5), kind=st.sampled_from(["talk", "equal", "zeros", "far"]),
       data=st.data())
def test_numbers_of_speakers_are_honoured(n, number, kind, data):
    rng = np.random.default_rng(n * 7 + number)
    x, psi, _ = talk(rng, n, number)
    x = {"talk": x, "equal": np.ones_like(x), "zeros": 0 * x, "far": 1e3 * x}[kind]
    exact = data.draw(st.none() | st.integers(1, 40))
    low = data.draw(st.none() | st.integers(1, 12))
    high = data.draw(st.none() | st.integers(low or 1, 14))
    bounds = SpeakersOptions(num_speakers=exact, min_speakers=low, max_speakers=high).bounds(n)
    opts = VbxOptions(max_iters=5, threshold=data.draw(st.sampled_from([None, -2.0, 0.0, 2.0])))
    opts = opts.with_defaults(data.draw(st.booleans()))
    first = data.draw(st.none() | st.just(in_order_of_appearance(rng.integers(0, 4, n))))
    labels, posteriors = find_speakers(x, psi, opts, bounds, make_similarities(x, True), first)
    assert labels.tolist() == in_order_of_appearance(labels).tolist() and len(labels) == n
    assert bounds.low <= labels.max() + 1 <= bounds.high
    assert posteriors.shape == (n, labels.max() + 1)
    np.testing.assert_allclose(posteriors.sum(axis=1), 1)
    again, _ = find_speakers(x, psi, opts, bounds, make_similarities(x, True), first)
    assert again.tolist() == labels.tolist()


def test_fewer_speakers_are_the_most_probable_ones():
    x, psi, who = talk(np.random.default_rng(3), 400, 5, dim=10, between=40.0)
    opts = VbxOptions().with_defaults(plda=True)
    for number in (4, 3, 1):
        labels, _ = find_speakers(x, psi, opts, SpeakersOptions(max_speakers=number).bounds(400), Vectors(x), who)
        most = np.argsort(-np.bincount(who))[:number]
        for speaker in most:
            assert len(set(labels[who == speaker])) == 1
        assert len({labels[who == speaker][0] for speaker in most}) == len(set(labels)) == number


def test_more_speakers_come_from_a_prior_that_costs_less():
    """Where the prior alone leaves one speaker, three that are asked for are found as the model has them."""
    x, psi, who = talk(np.random.default_rng(0), 60, 3, dim=10, between=20.0)
    opts = VbxOptions(fb=1000.0).with_defaults(plda=True)
    assert find_speakers(x, psi, opts, SpeakersOptions().bounds(60), Vectors(x))[0].max() == 0
    labels, posteriors = find_speakers(x, psi, opts, SpeakersOptions(min_speakers=3).bounds(60), Vectors(x))
    assert labels.tolist() == in_order_of_appearance(who).tolist()
    first = smoothed(labels, 3, opts.init_smoothing)
    assert np.abs(posteriors - first).max() > 0.001 and (posteriors.max(axis=1) > 0.99).mean() > 0.9


def test_columns_of_what_is_left():
    posteriors = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.0, 0.5, 0.5], [0.0, 1.0, 0.0]])
    labels, fewer = np.array([0, 1, 2, 1]), np.array([0, 1, 0, 1])
    found = without_columns(posteriors, labels, fewer)
    np.testing.assert_allclose(found[:2], [[0.7 / 0.9, 0.2 / 0.9], [0.1 / 0.9, 0.8 / 0.9]])
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert (without_columns(posteriors, labels, labels) == pytest.approx(posteriors))


def test_defaults_are_those_of_the_model():
    assert VbxOptions().with_defaults(True) == VbxOptions(**PUBLISHED)
    assert VbxOptions().with_defaults(False) == VbxOptions(**SPHERICAL)
    assert VbxOptions(fb=3.0).with_defaults(True).fb == 3
    for wrong in (dict(fa=0.0), dict(fb=-1.0), dict(loop_probability=1.0), dict(max_iters=0), dict(lda_dim=-1)):
        with pytest.raises(UsageError):
            VbxOptions(**wrong).with_defaults(True)
