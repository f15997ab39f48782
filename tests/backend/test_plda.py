import numpy as np
import pytest

from diarkit.backend import plda as models
from diarkit.backend.plda import Model, covariances, from_covariances, projected, smoothed, transformed
from diarkit.errors import DataError
from diarkit.options.plda import LengthOptions


def some_covariance(rng, size):
    root = rng.normal(size=(size, size + 2))
    return root @ root.T


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def plda(rng):
    return Model(rng.normal(size=6), rng.normal(size=(6, 6)), np.array([9.0, 4, 1, 0.5, 0.1, 0]))


@pytest.mark.parametrize("signs", [False, True])
def test_covariances_back_and_forth(rng, signs):
    mean, within, between = rng.normal(size=5), some_covariance(rng, 5), some_covariance(rng, 5)
    model = from_covariances(mean, within, between, signs)
    np.testing.assert_allclose(model.transform @ within @ model.transform.T, np.eye(5), atol=1e-10)
    np.testing.assert_allclose(model.transform @ between @ model.transform.T, np.diag(model.psi), atol=1e-10)
    assert (np.diff(model.psi) <= 0).all()
    for found, expected in zip(covariances(model), (within, between), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-9)
    assert model.mean is mean


def test_no_variance_between_speakers_is_negative(rng):
    few = rng.normal(size=(5, 1))
    model = from_covariances(np.zeros(5), some_covariance(rng, 5), few @ few.T)
    assert model.psi[0] > 0 and (model.psi[1:] >= 0).all() and model.psi[1] < 1e-10


def test_a_projected_model_has_the_projected_covariances(rng, plda):
    projection = rng.normal(size=(3, 6))
    found = projected(plda, projection)
    np.testing.assert_allclose(found.mean, projection @ plda.mean)
    for theirs, whole in zip(covariances(found), covariances(plda), strict=True):
        np.testing.assert_allclose(theirs, projection @ whole @ projection.T, atol=1e-9)
    again = projected(plda, projection, covariances(plda))
    assert all(np.array_equal(a, b) for a, b in zip(found, again, strict=True))


def test_smoothing_adds_to_the_covariance_within(plda):
    within, between = covariances(plda)
    found = covariances(smoothed(plda, 0.3))
    np.testing.assert_allclose(found[0], within + 0.3 * between, atol=1e-9)
    np.testing.assert_allclose(found[1], between, atol=1e-9)
    assert all(np.array_equal(a, b) for a, b in zip(smoothed(plda, 0), plda, strict=True))


def test_lengths_of_transformed_vectors(rng, plda):
    vectors, counts = rng.normal(size=(4, 6)), np.array([1, 2, 5, 9])
    plain = transformed(plda, vectors, LengthOptions(normalize_length=False))
    for x, u in zip(vectors, plain, strict=True):
        np.testing.assert_allclose(u, plda.transform @ (x - plda.mean))
    found = transformed(plda, vectors, LengthOptions(), counts)
    np.testing.assert_allclose([u @ np.diag(1 / (plda.psi + 1 / n)) @ u for u, n in zip(found, counts, strict=True)], 6)
    np.testing.assert_allclose(found / np.linalg.norm(found, axis=1)[:, None],
                               plain / np.linalg.norm(plain, axis=1)[:, None])
    simple = transformed(plda, vectors, LengthOptions(simple_length_normalization=True), counts)
    np.testing.assert_allclose((simple**2).sum(axis=1), 6)
    assert not transformed(plda, plda.mean[None], LengthOptions()).any()


def test_what_does_not_fit(rng, plda):
    with pytest.raises(DataError, match="vectors of 5 numbers, but a PLDA model of 6"):
        transformed(plda, rng.normal(size=(2, 5)), LengthOptions())
    with pytest.raises(DataError, match="within speakers is singular.*train-transform"):
        from_covariances(np.zeros(2), np.diag([1.0, 0]), np.eye(2))
    with pytest.raises(DataError, match="transform of the PLDA model is singular"):
        models.covariances(plda._replace(transform=np.zeros((6, 6))))
