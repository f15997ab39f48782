"""Training of transforms against the definitions, stage by stage and in chains."""

import numpy as np
import pytest
import scipy.linalg

from diarkit.backend.transform_training import moments, passes, train
from diarkit.backend.transforms import apply
from diarkit.errors import DataError, UsageError
from diarkit.options.vectors import TransformOptions

RNG = np.random.default_rng(0)
MEANS = RNG.normal(scale=2, size=(6, 5))
SPEAKERS = np.array([0, 0, 3, 1, *RNG.integers(0, 6, size=80), 2, 4, 5])
X = (MEANS[SPEAKERS] + RNG.normal(size=(len(SPEAKERS), 5)) @ RNG.normal(size=(5, 5)) + 7).astype(np.float32)
BLOCKS = [(X[:50], SPEAKERS[:50]), (X[50:51], SPEAKERS[50:51]), (X[51:], SPEAKERS[51:])]


def trained(chain, blocks=BLOCKS, report=lambda line: None, **options):
    opts = TransformOptions(chain=chain, **options)
    return train(opts.stages(), blocks, opts, report)


def moments_by_definition(x, speakers):
    x = x.astype(float)
    means = np.array([x[speakers == speaker].mean(axis=0) for speaker in speakers])
    return x.mean(axis=0), np.cov(x.T, bias=True), np.cov(means.T, bias=True)


def test_moments():
    found = moments(BLOCKS)
    mean, total, between = moments_by_definition(X, SPEAKERS)
    assert (found.count, found.speakers) == (len(X), 6)
    np.testing.assert_allclose(found.mean, mean)
    np.testing.assert_allclose(found.total, total, atol=1e-12)
    np.testing.assert_allclose(found.between, between, atol=1e-12)
    alone = moments((x, None) for x, _ in BLOCKS)
    assert alone.between is None and alone.speakers == 0
    np.testing.assert_allclose(alone.total, total, atol=1e-12)


def test_moments_of_far_means_keep_their_digits():
    far = X.astype(float) + 1e7
    np.testing.assert_allclose(moments([(far, None)]).total, np.cov(far.T, bias=True), rtol=1e-9, atol=1e-9)


def test_moments_after_a_stage_are_those_of_what_it_gives():
    for stage in (("mean", {"mean": MEANS[0]}), ("matrix", {"matrix": RNG.normal(size=(3, 5))}),
                  ("matrix", {"matrix": RNG.normal(size=(3, 6))})):
        found = moments(BLOCKS).after(stage)
        mean, total, between = moments_by_definition(apply([stage], X), SPEAKERS)
        for ours, theirs in ((found.mean, mean), (found.total, total), (found.between, between)):
            np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_pca():
    [(kind, arrays)] = trained("pca:3")
    assert kind == "matrix" and arrays["matrix"].shape == (3, 6)
    values, vectors = np.linalg.eigh(np.cov(X.T.astype(float), bias=True))
    y = apply([(kind, arrays)], X)
    np.testing.assert_allclose(np.cov(y.T, bias=True), np.diag(values[:1:-1]), atol=1e-9)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(np.abs(y), np.abs((X - X.astype(float).mean(axis=0)) @ vectors[:, :1:-1]), atol=1e-6)


def test_whitening_and_what_est_pca_can_leave_out():
    y = apply(trained("whiten"), X)
    np.testing.assert_allclose(np.cov(y.T, bias=True), np.eye(5), atol=1e-9)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-9)
    [(_, arrays)] = trained("pca", normalize_variance=True, normalize_mean=False)
    np.testing.assert_allclose(arrays["matrix"], trained("whiten")[0][1]["matrix"][:, :-1])
    [(_, arrays)] = trained("pca", dim=2, normalize_mean=False)
    assert arrays["matrix"].shape == (2, 5)
    np.testing.assert_allclose(arrays["matrix"] @ arrays["matrix"].T, np.eye(2), atol=1e-12)


@pytest.mark.parametrize("factor", [0, 0.3, 1])
def test_lda_solves_the_generalised_eigenproblem(factor):
    [(_, arrays)] = trained("lda:4", total_covariance_factor=factor)
    _, total, between = moments_by_definition(X, SPEAKERS)
    mixed = factor * total + (1 - factor) * (total - between)
    linear = arrays["matrix"][:, :-1]
    np.testing.assert_allclose(linear @ mixed @ linear.T, np.eye(4), atol=1e-9)
    values = scipy.linalg.eigh(between, mixed, eigvals_only=True)[:0:-1]
    np.testing.assert_allclose(linear @ between @ linear.T, np.diag(values), atol=1e-9)
    np.testing.assert_allclose(apply([("matrix", arrays)], X).mean(axis=0), 0, atol=1e-9)


def test_lda_keeps_as_many_dimensions_as_tell_speakers_apart():
    lines = []
    three = [(X[SPEAKERS < 3], SPEAKERS[SPEAKERS < 3])]
    assert trained("lda", three, lines.append)[0][1]["matrix"].shape == (2, 6)
    assert not any("warning" in line for line in lines)
    assert trained("lda:4", three, lines.append)[0][1]["matrix"].shape == (4, 6)
    assert "warning: lda: of 4 dimensions only the first 2 tell 3 speakers apart" in lines


def test_lda_floors_what_varies_too_little():
    lines = []
    flat = np.column_stack([X, np.full(len(X), 2.0), X[:, 0] * 1e-5])
    [(_, arrays)] = trained("lda:5", [(flat, SPEAKERS)], lines.append)
    assert np.abs(arrays["matrix"]).max() < 1e6 and np.isfinite(arrays["matrix"]).all()
    assert any("2 of 7 eigenvalues of the covariance are taken to be" in line for line in lines)
    y = apply([("matrix", arrays)], flat)
    np.testing.assert_allclose(np.abs(y), np.abs(apply(trained("lda:5"), X)), rtol=1e-3, atol=1e-3)
    with pytest.raises(DataError, match="singular; a --covariance-floor above 0"):
        trained("lda:5", [(np.column_stack([X, np.zeros(len(X))]), SPEAKERS)], covariance_floor=0.0)


def test_the_floor_is_a_share_of_the_greatest_eigenvalue():
    [(_, arrays)] = trained("lda:5", covariance_floor=0.5)
    _, total, between = moments_by_definition(X, SPEAKERS)
    values, vectors = np.linalg.eigh(total - between)
    one = (vectors / np.sqrt(np.maximum(values, values[-1] / 2))).T
    spread = np.linalg.eigvalsh(one @ between @ one.T)[::-1]
    linear = arrays["matrix"][:, :-1]
    np.testing.assert_allclose(np.diag(linear @ between @ linear.T), spread, atol=1e-9)


@pytest.mark.parametrize("chain, number", [("mean", 1), ("mean,whiten,lda:3", 1), ("length", 0), ("unit,mean", 1),
                                           ("mean,unit,lda,unit", 2), ("mean,unit,length,pca,unit,whiten", 3)])
def test_each_stage_is_trained_on_what_those_before_it_give(chain, number):
    plan = TransformOptions(chain=chain).stages()
    assert passes(plan) == number
    stages, now = [], X
    for word in chain.split(","):
        stages += trained(word, [(now, SPEAKERS)])
        now = apply(stages[-1:], now)
    count = 0

    class Counted(list):
        def __iter__(self):
            nonlocal count
            count += 1
            return super().__iter__()

    np.testing.assert_allclose(np.abs(apply(trained(chain, Counted(BLOCKS)), X)), np.abs(now), atol=1e-6)
    assert count == number


# The same, but for the last digit of double precision.
SAME = np.array([0.1, 0.7, 1.3, -2.1, 1e3]) * (1 + np.finfo(float).eps * RNG.integers(0, 2, size=(7, 5)))
PAIRS = np.repeat(X[:6], 2, axis=0)


@pytest.mark.parametrize("chain, blocks, words", [
    ("mean", [], "no vector"),
    ("pca:6", BLOCKS, "pca:6 of vectors of 5 numbers"),
    ("lda:6", BLOCKS, "lda:6 of vectors of 5 numbers"),
    ("pca:3,whiten:4", BLOCKS, "whiten:4 of vectors of 3 numbers"),
    ("whiten", [(X[:3], None)], "whiten: 3 vectors span 2 of 5 dimensions; whiten:2 keeps those"),
    ("whiten", [(SAME, None)], "span 0 of 5 dimensions; all are the same"),
    ("whiten", [(X[:1], None)], "whiten: 1 vectors span 0 of 5"),
    ("lda", [(X, None)], "give utt2spk"),
    ("lda", [(X, np.zeros(len(X), int))], "two speakers or more"),
    ("lda", [(X[:7], np.arange(7))], "each of 7 speakers has one vector only"),
    ("lda", [(X[:4], SPEAKERS[:4])], "4 vectors of 5 dimensions are too few; pca:1 before it"),
    ("lda", [(PAIRS, np.repeat(np.arange(6), 2))], "vectors of each speaker are all the same; a --total-cov"),
    ("lda", [(SAME, np.arange(7) // 3)], "vectors of each speaker are all the same"),
])
def test_what_cannot_be_trained_is_said_with_what_to_do(chain, blocks, words):
    with pytest.raises(DataError, match=words):
        trained(chain, blocks)


def test_what_is_advised_then_works():
    few = [(X[:3], None)]
    y = apply(trained("whiten:2", few), X[:3])
    np.testing.assert_allclose(np.cov(y.T, bias=True), np.eye(2), atol=1e-6)
    assert trained("pca:1,lda", [(X[:4], SPEAKERS[:4])])[1][1]["matrix"].shape == (1, 2)
    assert trained("lda:1", [(X[:5], SPEAKERS[:5])])[0][1]["matrix"].shape == (1, 6)  # as many as dimensions will do
    y = apply(trained("lda", [(PAIRS, np.repeat(np.arange(6), 2))], total_covariance_factor=0.5), PAIRS)
    assert np.isfinite(y).all()
    lines = []
    flat = [(np.column_stack([X, np.full((len(X), 2), 3)]), None)]
    [(_, arrays)] = trained("whiten", flat, lines.append, floor_variances=True)
    assert any("87 vectors span 5 of 7 dimensions, and the others are taken to" in line for line in lines)
    np.testing.assert_allclose(np.linalg.norm(arrays["matrix"][-2:, :-1], axis=1), 1 / np.sqrt(1e-15), rtol=1e-6)


@pytest.mark.parametrize("chain, words", [("", "no stage is called ''"), ("mean,zca", "'zca'"), ("lda:0", "1 or more"),
                                          ("mean:3", "'mean:3' cannot be"), ("unit:1", "cannot be"),
                                          ("lda:x", "'lda:x'")])
def test_chains_that_are_none(chain, words):
    with pytest.raises(UsageError, match=words):
        TransformOptions(chain=chain)


def test_options_of_chains():
    assert TransformOptions(chain="Mean, LDA:7,pca,length", dim=3).stages() == [
        ("mean", 0), ("lda", 7), ("pca", 3), ("length", 0)]
    assert TransformOptions(chain="pca", dim=-1).stages() == [("pca", 0)]
    forms = TransformOptions(chain="pca")
    assert [forms.kaldi_form(name) for name in ("x.mat", "x.vec", "-", "| cat", "x", "mat")] == [1, 1, 1, 1, 0, 0]
    assert TransformOptions(chain="pca", form="kaldi").kaldi_form("x")
    assert not TransformOptions(chain="pca", form="folder").kaldi_form("x.mat")
    with pytest.raises(UsageError, match="holds no 'length' of --chain"):
        TransformOptions(chain="pca,length").kaldi_form("x.mat")
    for bad in ({"total_covariance_factor": 1.5}, {"covariance_floor": -1.0}, {"write_full_matrix": "x"}):
        with pytest.raises(UsageError):
            TransformOptions(**bad)
