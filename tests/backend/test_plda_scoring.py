import numpy as np
import pytest

from diarkit.backend.plda import Model, covariances, transformed
from diarkit.backend.plda_scoring import (
    PairScorer,
    bilinear,
    kept_dimensions,
    principal_components,
    recording_projection,
    score_matrix,
    score_rows,
    scores_between,
)
from diarkit.errors import DataError
from diarkit.io.plda import read_plda
from diarkit.io.tables import read_arrays, read_lists
from diarkit.options.plda import LengthOptions, ProjectionOptions

ALL = ProjectionOptions(target_energy=1)
AS_THEY_ARE = LengthOptions(normalize_length=False)
PSI = np.array([9.0, 4, 1, 0.5, 0.1, 0])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def plda(rng):
    return Model(rng.normal(size=6), rng.normal(size=(6, 6)), PSI)


def log_gaussian(x, covariance):
    return -0.5 * (np.linalg.slogdet(2 * np.pi * covariance)[1] + x @ np.linalg.solve(covariance, x))


def brute_force(plda, x, y, n=1):
    """The log likelihood ratio of the mean x of n vectors, and y: from the joint Gaussians of both."""
    within, between = covariances(plda)
    first, second = between + within / n, between + within
    joint = np.concatenate([x - plda.mean, y - plda.mean])
    zero = np.zeros_like(between)
    return (log_gaussian(joint, np.block([[first, between], [between, second]]))
            - log_gaussian(joint, np.block([[first, zero], [zero, second]])))


def test_scores_are_log_likelihood_ratios(rng, plda):
    vectors = rng.normal(size=(7, 6))
    expected = [[brute_force(plda, x, y) for y in vectors] for x in vectors]
    scaled, biases, constant = bilinear(plda, vectors, ALL, AS_THEY_ARE)
    np.testing.assert_allclose(scaled @ scaled.T + biases[:, None] + biases + constant, expected, atol=1e-9)
    assert scaled.shape == (7, 5), "where speakers do not differ there is nothing to multiply"
    np.testing.assert_allclose(score_matrix(plda, vectors, ALL, AS_THEY_ARE), expected, atol=1e-4)
    left, right = (transformed(plda, part, AS_THEY_ARE) for part in (vectors[:3], vectors[3:]))
    np.testing.assert_allclose(scores_between(plda.psi, left, right), np.array(expected)[:3, 3:], atol=1e-9)


@pytest.mark.parametrize("lengths", [LengthOptions(), LengthOptions(simple_length_normalization=True)])
def test_scores_of_pairs(rng, plda, lengths):
    means, vectors, counts = rng.normal(size=(4, 6)), rng.normal(size=(5, 6)), np.array([3, 1, 1, 8])
    train, test = transformed(plda, means, lengths, counts), transformed(plda, vectors, lengths)
    first, second = [0, 3, 1, 0, 3], [4, 2, 2, 1, 0]
    back = np.linalg.inv(plda.transform).T
    expected = [brute_force(plda, train[i] @ back + plda.mean, test[j] @ back + plda.mean, counts[i])
                for i, j in zip(first, second, strict=True)]
    score = PairScorer(plda.psi, train, test, counts)
    np.testing.assert_allclose(score(first, second), expected, atol=1e-8)
    assert score([], []).shape == (0,)
    ones = PairScorer(plda.psi, test, test, np.ones(5, int))
    np.testing.assert_allclose(ones([1, 2], [2, 1]), scores_between(plda.psi, test, test)[[1, 2], [2, 1]])


@pytest.mark.parametrize("count", [1, 2, 9, 33])
def test_rows_in_blocks_are_the_whole_and_symmetric_to_the_bit(rng, plda, count):
    parts = bilinear(plda, rng.normal(size=(count, 6)), ALL)
    whole = np.concatenate(list(score_rows(*parts)))
    blocks = list(score_rows(*parts, rows=4))
    assert [len(block) for block in blocks] == [4] * (count // 4) + [count % 4] * (count % 4 > 0)
    assert whole.shape == (count, count) and whole.dtype == np.float32
    np.testing.assert_allclose(np.concatenate(blocks), whole, atol=1e-5)
    assert np.array_equal(np.concatenate(blocks), np.concatenate(blocks).T)
    scaled, biases, constant = parts
    np.testing.assert_allclose(whole, scaled @ scaled.T + biases[:, None] + biases + constant, atol=1e-5)


def test_symmetry_of_many_vectors(rng):
    """In double precision, where products of blocks the other way round differ by their last bit."""
    scaled, biases = rng.normal(size=(1300, 60)), rng.normal(size=1300)
    scores = np.concatenate(list(score_rows(scaled, biases, 1.5, dtype=np.float64)))
    assert np.array_equal(scores, scores.T)
    np.testing.assert_allclose(scores, scaled @ scaled.T + biases[:, None] + biases + 1.5, atol=1e-10)


def kaldi_counts(energies, target):
    """The loop of Kaldi's ivector-plda-scoring-dense as it stands."""
    energy, dim = 0.0, 1
    while energy / sum(energies) <= target:
        energy += energies[dim - 1]
        dim += 1
    return dim


def test_how_many_components_are_kept(rng):
    for _ in range(200):
        energies = np.sort(rng.exponential(size=8))[::-1]
        target = rng.uniform(0, 0.9)
        expected = min(kaldi_counts(energies, target), 8)
        assert kept_dimensions(energies, ProjectionOptions(target), 8) == expected
        exact = kept_dimensions(energies, ProjectionOptions(target, exact_energy=True), 8)
        assert energies[:exact].sum() >= target * energies.sum() > energies[: exact - 1].sum()
        assert kept_dimensions(energies, ProjectionOptions(target, min_dim=5), 8) == max(expected, 5)
    three = np.array([3.0, 3, 3, 1])
    assert [kept_dimensions(three, ProjectionOptions(target), 4) for target in (0, 0.3, 0.29, 0.6, 0.99)] == [
        2, 3, 2, 4, 4]
    assert kept_dimensions(three, ProjectionOptions(0.3, exact_energy=True), 4) == 1
    assert kept_dimensions(three, ProjectionOptions(min_dim=9), 4) == 4
    assert kept_dimensions(np.zeros(0), ProjectionOptions(0.9), 4) == 1


def test_from_0_998_on_nothing_is_projected(rng, plda):
    vectors = rng.normal(size=(20, 6))
    for target, whole in ((1, True), (0.9985, True), (0.998, False)):
        projection, model = recording_projection(plda, vectors, ProjectionOptions(target))
        assert (projection is None) == (model is plda) == whole


def test_the_projection_of_a_recording(rng, plda):
    """Components of the centred vectors; but what is projected is not centred."""
    vectors = rng.normal(size=(50, 6)) * [5, 4, 3, 1, 1, 1] + 100
    directions = principal_components(vectors, ProjectionOptions(0.5))
    expected = np.linalg.svd(vectors - vectors.mean(axis=0))[2][: len(directions)]
    np.testing.assert_allclose(abs(directions @ expected.T), np.eye(len(directions)), atol=1e-9)
    within, between = (directions @ part @ directions.T for part in covariances(plda))
    small = Model(directions @ plda.mean, *diagonal(within, between))
    found = score_matrix(plda, vectors, ProjectionOptions(0.5), AS_THEY_ARE)
    for i, j in ((0, 1), (7, 7), (30, 2)):
        expected = brute_force(small, directions @ vectors[i], directions @ vectors[j])
        np.testing.assert_allclose(found[i, j], expected, rtol=1e-5)


def diagonal(within, between):
    from scipy.linalg import eigh

    psi, directions = eigh(between, within)
    return directions.T, psi


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_few_vectors(rng, plda, count):
    vectors = rng.normal(size=(count, 6)).astype(np.float32)
    for target in (0.1, 0.9, 1):
        found = score_matrix(plda, vectors, ProjectionOptions(target, min_dim=4))
        assert found.shape == (count, count) and np.isfinite(found).all()
    directions = principal_components(vectors.astype(float), ProjectionOptions(0.1, min_dim=4))
    np.testing.assert_allclose(directions @ directions.T, np.eye(4), atol=1e-9)


def test_one_vector_and_equal_ones_are_projected_to_the_first_axis(plda):
    for vectors in (np.full((1, 6), 0.3), np.tile([0.1, 0.7, 0.3, 2, 1, 1], (9, 1)), np.zeros((4, 6))):
        np.testing.assert_allclose(abs(principal_components(vectors, ProjectionOptions())), np.eye(6)[:1])
        found = score_matrix(plda, vectors)
        assert np.isfinite(found).all() and np.ptp(found) == 0


def test_bad_vectors(plda):
    for bad in (np.nan, np.inf):
        with pytest.raises(DataError, match="NaN or infinity"):
            bilinear(plda, np.full((3, 6), bad))
    with pytest.raises(DataError, match="of 4 numbers, but a PLDA model of 6"):
        bilinear(plda, np.ones((3, 4)))


@pytest.mark.parametrize("name, energy, lengths", [
    ("scores200_te0.1", 0.1, LengthOptions()), ("scores200_te0.9", 0.9, LengthOptions()),
    ("scores200_te1.0", 1.0, LengthOptions()), ("scores200_te0.9_nolennorm", 0.9, AS_THEY_ARE),
    ("scores200_te0.9_simplelennorm", 0.9, LengthOptions(simple_length_normalization=True)),
])  # fmt: skip
def test_scores_of_kaldi(shared, name, energy, lengths):
    folder = shared / "golden/kaldi/vbx"
    vectors = dict(read_arrays(f"ark:{folder}/xvec128.ark"))
    [(reco, names)] = read_lists(str(folder / "reco2utt_first200")).items()
    [(key, expected)] = read_arrays(f"ark:{folder}/{name}.ark")
    assert reco == key
    found = score_matrix(read_plda(str(folder / "plda")), np.stack([vectors[name] for name in names]),
                         ProjectionOptions(energy), lengths)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-4)
