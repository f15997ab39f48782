"""I-vectors, and their training by blocks, against their definitions on small random models; Kaldi's golden files."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from diarkit.errors import DataError
from diarkit.io.ivectorextractor import IvectorExtractor, IvectorSums, read_ivector_extractor, read_ivector_sums
from diarkit.ivector.extractor import Extractor
from diarkit.ivector.packed import doubled, pack, unpack
from diarkit.ivector.training import (
    best_projection,
    expect,
    floored_inverse,
    initial_model,
    objective_of_squares,
    turning,
    update,
    well_conditioned,
)
from diarkit.options.ivectors import IvectorUpdateOptions

C, D, R = 4, 3, 5


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.fixture
def model(rng):
    roots = rng.normal(size=(C, D, D))
    return IvectorExtractor(rng.normal(size=(C, D, R)), roots @ roots.transpose(0, 2, 1) + np.eye(D),
                            rng.dirichlet(np.ones(C)), np.zeros((0, 0)), 7.5)


@pytest.fixture
def utterances(rng):
    """Frames (T, D) and posteriors (T, C) of some."""
    return [(rng.normal(size=(size, D)) + 2, rng.dirichlet(np.ones(C), size)) for size in (1, 4, 30, 7)]


def sums_of(utterances):
    return (np.array([weights.sum(axis=0) for _, weights in utterances]),
            np.array([(weights.T @ frames).reshape(-1) for frames, weights in utterances]))


def definition(model, frames, weights):
    """Mean and covariance of the i-vector, by Gaussian after Gaussian and frame after frame."""
    precision, linear = np.eye(R), np.zeros(R)
    linear[0] = model.offset
    for frame, of_frame in zip(frames, weights, strict=True):
        for c in range(C):
            weighted = model.projections[c].T @ model.precisions[c]
            precision += of_frame[c] * weighted @ model.projections[c]
            linear += of_frame[c] * weighted @ frame
    covariance = np.linalg.inv(precision)
    return covariance @ linear, covariance


def test_packed_matrices(rng):
    a, b = (part + part.transpose(0, 2, 1) for part in rng.normal(size=(2, 3, R, R)))
    assert np.array_equal(unpack(pack(a)), a)
    np.testing.assert_allclose((pack(a) * pack(b)) @ doubled(R), np.einsum("nij,nji->n", a, b))


def test_ivectors_are_those_of_the_definition(model, utterances):
    extractor = Extractor(model)
    counts, sums = sums_of(utterances)
    linear = sums @ extractor.linear
    means, covariances, logs = extractor.distributions(counts, linear)
    assert np.array_equal(extractor.infer(counts, linear), means)
    for b, (frames, weights) in enumerate(utterances):
        mean, covariance = definition(model, frames, weights)
        mean[0] -= model.offset
        np.testing.assert_allclose(means[b], mean, atol=1e-10)
        np.testing.assert_allclose(unpack(covariances[b]), covariance, atol=1e-10)
        assert logs[b] == pytest.approx(np.linalg.slogdet(covariance)[1])
    np.testing.assert_allclose(extractor.infer(np.zeros((1, C)), np.zeros((1, R))), 0, atol=1e-12)


def test_sums_of_a_block_are_those_of_the_definition(model, utterances):
    extractor = Extractor(model)
    objective, counts, projected, scatters, number, total, scatter = expect(extractor, *sums_of(utterances))
    squares = sum(np.einsum("tc,ti,tj->cij", weights, frames, frames) for frames, weights in utterances)
    expected = SimpleNamespace(objective=0, projected=np.zeros((C, D, R)), scatters=np.zeros((C, R, R)),
                               total=np.zeros(R), scatter=np.zeros((R, R)))
    for frames, weights in utterances:
        mean, covariance = definition(model, frames, weights)
        second = covariance + np.outer(mean, mean)
        expected.total += mean
        expected.scatter += second
        for c in range(C):
            expected.projected[c] += np.outer(weights[:, c] @ frames, mean)
            expected.scatters[c] += weights[:, c].sum() * second
            gaussian = multivariate_normal(np.zeros(D), np.linalg.inv(model.precisions[c]))
            expected.objective += weights[:, c] @ (np.log(model.weights[c]) + np.atleast_1d(
                gaussian.logpdf(frames - model.projections[c] @ mean))) - weights[:, c].sum() / 2 * np.trace(
                model.projections[c].T @ model.precisions[c] @ model.projections[c] @ covariance)
        mean[0] -= model.offset
        expected.objective -= (mean @ mean + np.trace(covariance) - R - np.linalg.slogdet(covariance)[1]) / 2
    assert number == len(utterances)
    assert objective + objective_of_squares(squares, model.precisions) == pytest.approx(expected.objective)
    for found, wanted in ((projected, expected.projected), (unpack(scatters), expected.scatters),
                          (total, expected.total), (scatter, expected.scatter),
                          (counts, sums_of(utterances)[0].sum(axis=0))):
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9)


def test_a_projection_is_the_best_one_and_stays_where_nothing_is_known(rng):
    old, projected, root = rng.normal(size=(D, R)), rng.normal(size=(D, R)), rng.normal(size=(R, R))
    scatter = root @ root.T
    np.testing.assert_allclose(best_projection(old, projected, scatter), projected @ np.linalg.inv(scatter), atol=1e-8)
    root[:, 1] = root[:, 0] = 0
    root[0] = root[1] = 0  # the first two dimensions of i-vectors never vary
    moved = best_projection(old, old @ (root @ root.T), root @ root.T)
    np.testing.assert_allclose(moved, old, atol=1e-8)


def test_directions_of_which_little_is_known_are_not_followed_far(rng):
    """Where i-vectors vary by less than 1e-4 of the most, a step is as long as if they varied by that."""
    old, away = rng.normal(size=(D, 2)), np.array([1, -1]) / np.sqrt(2)
    scatter = np.array([[1, 1 - 1e-6], [1 - 1e-6, 1]])
    wanted = rng.normal(size=(D, 1)) * away
    moved = best_projection(old, old @ scatter + wanted, scatter)
    np.testing.assert_allclose(moved, old + wanted / (2e-4 - 1e-10), rtol=1e-6)


def test_a_covariance_that_can_be_inverted(rng):
    vectors = np.linalg.qr(rng.normal(size=(D, D)))[0]
    found = well_conditioned(vectors @ np.diag([1e-9, 5.0, 2e4]) @ vectors.T)
    np.testing.assert_allclose(found, vectors @ np.diag([2, 5.0, 2e4]) @ vectors.T, atol=1e-8)


def test_a_floored_covariance(rng):
    root = rng.normal(size=(D, D))
    floor = root @ root.T
    vectors = np.linalg.qr(rng.normal(size=(D, D)))[0]
    covariance = root @ vectors @ np.diag([0.5, 2.0, 1.5]) @ vectors.T @ root.T
    inverse, number = floored_inverse(covariance, floor)
    assert number == 1
    np.testing.assert_allclose(np.linalg.inv(inverse), root @ vectors @ np.diag([1, 2.0, 1.5]) @ vectors.T @ root.T)


def test_turning_a_vector_to_the_first_axis(rng):
    for vector in (rng.normal(size=R), np.eye(R)[0], -np.eye(R)[0]):
        matrix = turning(vector)
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(R), atol=1e-12)
        np.testing.assert_allclose(matrix @ vector, np.linalg.norm(vector) * np.eye(R)[0], atol=1e-12)


def drawn(rng, utterances=300, frames=60):
    """Utterances of a model: their i-vectors differ along two directions."""
    directions = rng.normal(size=(C, D, 2))
    centres = 4 * rng.normal(size=(C, D))
    for _ in range(utterances):
        means = centres + directions @ rng.normal(size=2)
        gaussians = rng.integers(C, size=frames)
        yield means[gaussians] + 0.3 * rng.normal(size=(frames, D)), np.eye(C)[gaussians]


def test_training_makes_the_likelihood_grow_and_keeps_the_prior(rng):
    corpus = list(drawn(rng))
    means = sum(weights.T @ frames for frames, weights in corpus) / sum(w.sum(axis=0) for _, w in corpus)[:, None]
    model = IvectorExtractor(*initial_model(np.full(C, 1 / C), means, np.tile(np.eye(D), (C, 1, 1)), 3, seed=0))
    assert model.offset == 100 and np.allclose(model.projections[:, :, 0] * 100, means)
    squares = sum(np.einsum("tc,ti,tj->cij", weights, frames, frames) for frames, weights in corpus)
    counts, sums = sums_of(corpus)
    objectives = []
    for _ in range(6):
        extractor = Extractor(model)
        parts = expect(extractor, counts, sums)
        found = IvectorSums(parts[0] + objective_of_squares(squares, model.precisions), *parts[1:4], squares,
                            *parts[4:])
        objectives.append(found.objective)
        model = IvectorExtractor(*update(model, found, IvectorUpdateOptions()))
    assert (np.diff(objectives) > 0).all()
    extractor = Extractor(model)
    ivectors, covariances, _ = extractor.distributions(counts, sums @ extractor.linear)
    second = (ivectors.T @ ivectors + unpack(covariances.sum(axis=0))) / len(counts)
    np.testing.assert_allclose(second[1:, 1:], np.eye(2), atol=0.01)  # what they are distributed as: N(0, I)
    assert 0.5 < second[0, 0] < 1.01  # along the mean itself nothing varies in what is heard
    average = np.einsum("c,cp->p", model.weights, extractor.quadratic)
    inner = unpack(average)[1:, 1:]
    assert abs(inner - np.diag(np.diag(inner))).max() < 1e-4 * inner.max()  # Kaldi leaves out the first dimension
    assert (np.diff(np.diag(inner)) < 0).all()
    np.testing.assert_allclose(np.linalg.inv(model.precisions), np.tile(0.09 * np.eye(D), (C, 1, 1)), atol=0.03)


def test_gaussians_of_few_frames_stay_and_flaws_are_told(model, utterances):
    extractor = Extractor(model)
    parts = expect(extractor, *sums_of(utterances))
    squares = sum(np.einsum("tc,ti,tj->cij", weights, frames, frames) for frames, weights in utterances)
    sums = IvectorSums(*parts[:4], squares, *parts[4:])
    said = []
    least = np.sort(sums.counts)[1] - 1e-9
    new = update(model, sums, IvectorUpdateOptions(gaussian_min_count=least, diagonalize=False), said.append)
    assert said[0].startswith("1 Gaussians have fewer than")
    stays = sums.counts.argmin()
    assert [np.array_equal(new[1][c], model.precisions[c]) for c in range(C)] == [c == stays for c in range(C)]
    with pytest.raises(DataError, match="no Gaussian has"):
        update(model, sums, IvectorUpdateOptions(gaussian_min_count=1000))
    with pytest.raises(DataError, match="use-weights=false"):
        Extractor(model._replace(weight_projections=np.zeros((C, R))))
    with pytest.raises(DataError, match="not positive"):
        Extractor(model._replace(precisions=-model.precisions))
    assert np.isfinite(Extractor(model._replace(weights=np.eye(C)[0])).constants).all()
    with pytest.raises(DataError, match="are the features those of the model"):
        extractor.infer(np.full((1, C), -100.0), np.ones((1, R)))


def test_kaldi_s_step(shared):
    """From Kaldi's sums its next model, with the signs of its dimensions."""
    kaldi = shared / "golden/kaldi/ivec"
    model, expected = (read_ivector_extractor(str(kaldi / name)) for name in ("0.ie", "1.ie"))
    (sums,) = read_ivector_sums(str(kaldi / "0.acc"))
    new = IvectorExtractor(*update(model, sums, IvectorUpdateOptions()))
    np.testing.assert_allclose(new.projections, expected.projections, atol=1e-8)
    np.testing.assert_allclose(new.precisions, expected.precisions, rtol=1e-9, atol=1e-9)
    assert new.offset == pytest.approx(expected.offset, abs=1e-8)
