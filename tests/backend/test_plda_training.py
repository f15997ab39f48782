import numpy as np
import pytest

from diarkit.backend import plda_training
from diarkit.backend.plda import Model, covariances
from diarkit.backend.plda_training import SpeakerSums, adapted, em_step, factor_step, log_likelihood, train
from diarkit.errors import DataError
from diarkit.io.plda import read_plda
from diarkit.io.tables import read_arrays, read_lists
from diarkit.options.plda import (
    AdaptationOptions,
    BinaryOptions,
    LengthOptions,
    PldaOptions,
    ProjectionOptions,
    SmoothingOptions,
)

SIZE = 5


@pytest.fixture
def speakers():
    """Vectors of 30 speakers, 1 to 6 each, that differ along two directions."""
    rng = np.random.default_rng(0)
    mixing, directions = rng.normal(size=(SIZE, SIZE)), rng.normal(size=(2, SIZE))
    return [rng.normal(size=2) @ directions * 3 + rng.normal(size=(n, SIZE)) @ mixing + 7
            for n in rng.integers(1, 7, size=30)]


def sums_of(speakers):
    """In an order in which speakers alternate, and one of the numbers never comes."""
    sums = SpeakerSums(len(speakers) + 1)
    for i in range(max(map(len, speakers))):
        for number, vectors in enumerate(speakers):
            if i < len(vectors):
                sums.add(vectors[i].astype(np.float32), number + (number > 3))
    return sums


def straightforward_em(speakers, iterations):
    """Kaldi's training with all vectors: what is expected of the mean of every speaker, given its vectors."""
    speakers = [vectors.astype(np.float32).astype(float) for vectors in speakers]
    mean = np.mean([vectors.mean(axis=0) for vectors in speakers], axis=0)
    within = between = np.eye(SIZE)
    for _ in range(iterations):
        between_sum, within_sum = np.zeros((SIZE, SIZE)), np.zeros((SIZE, SIZE))
        for vectors in speakers:
            left = np.linalg.inv(np.linalg.inv(between) + len(vectors) * np.linalg.inv(within))
            expected = left @ np.linalg.inv(within) @ (vectors - mean).sum(axis=0)
            between_sum += left + np.outer(expected, expected)
            for x in vectors:
                within_sum += left + np.outer(x - mean - expected, x - mean - expected)
        between, within = between_sum / len(speakers), within_sum / sum(map(len, speakers))
    return mean, within, between


def joint_log_likelihood(speakers, mean, within, between):
    total = 0
    for vectors in speakers:
        n = len(vectors)
        covariance = np.kron(np.eye(n), within) + np.kron(np.ones((n, n)), between)
        x = (vectors - mean).ravel()
        total -= 0.5 * (np.linalg.slogdet(2 * np.pi * covariance)[1] + x @ np.linalg.solve(covariance, x))
    return total


def test_sums(speakers, monkeypatch):
    monkeypatch.setattr(plda_training, "BLOCK", 7)
    counts, means, scatter = sums_of(speakers).of_speakers()
    assert counts.tolist() == list(map(len, speakers))
    np.testing.assert_allclose(means, [vectors.mean(axis=0) for vectors in speakers], rtol=1e-5)
    centred = np.concatenate([vectors - vectors.mean(axis=0) for vectors in speakers])
    np.testing.assert_allclose(scatter, centred.T @ centred, rtol=1e-5, atol=1e-4)
    assert sums_of(speakers).dimensions_within() == (SIZE, SIZE)


def test_vectors_far_from_zero_lose_no_digits():
    rng = np.random.default_rng(0)
    near, far = SpeakerSums(2), SpeakerSums(2)
    for i, vector in enumerate(rng.integers(-99, 99, size=(20, SIZE)).astype(float)):
        near.add(vector, i % 2)
        far.add(vector + 2.0**40, i % 2)
    np.testing.assert_allclose(far.of_speakers()[2], near.of_speakers()[2], rtol=1e-9)


@pytest.mark.parametrize("iterations", [1, 4])
def test_training_is_that_with_full_vectors(speakers, iterations):
    mean, within, between = straightforward_em(speakers, iterations)
    model = train(sums_of(speakers), PldaOptions(iterations))
    np.testing.assert_allclose(model.mean, mean)
    for found, expected in zip(covariances(model), (within, between), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_the_likelihood_is_the_joint_one(speakers):
    rng = np.random.default_rng(1)
    model = Model(rng.normal(size=SIZE), rng.normal(size=(SIZE, SIZE)), np.array([3, 2, 1, 0.5, 0]))
    counts, means, scatter = sums_of(speakers).of_speakers()
    found = log_likelihood(counts, (means - model.mean) @ model.transform.T, model, scatter)
    np.testing.assert_allclose(found, joint_log_likelihood(speakers, model.mean, *covariances(model)), rtol=1e-5)


@pytest.mark.parametrize("factors", [0, 1, 2, SIZE])
def test_the_likelihood_never_falls(speakers, factors):
    found = []
    train(sums_of(speakers), PldaOptions(30, factors), lambda iteration, value: found.append((iteration, value)))
    assert [iteration for iteration, _ in found] == list(range(1, 31))
    values = np.array([value for _, value in found])
    assert (np.diff(values) > -1e-10).all() and values[-1] > values[0]
    counts, means, scatter = sums_of(speakers).of_speakers()
    value = em_step(counts, means - means.mean(axis=0), scatter, np.eye(SIZE), np.eye(SIZE))[2] / counts.sum()
    assert (value == values[0]) == (factors == 0)


def test_a_step_of_factors_is_that_with_full_vectors(speakers):
    rng = np.random.default_rng(2)
    counts, means, scatter = sums_of(speakers).of_speakers()
    mean = means.mean(axis=0)
    within, factors = covariances(train(sums_of(speakers), PldaOptions(1)))[0], rng.normal(size=(SIZE, 2))
    squares, crossed, of_y, vectors = 0, 0, 0, [x.astype(np.float32).astype(float) - mean for x in speakers]
    for x in vectors:
        left = np.linalg.inv(np.eye(2) + len(x) * factors.T @ np.linalg.inv(within) @ factors)
        y = left @ factors.T @ np.linalg.inv(within) @ x.sum(axis=0)
        squares = squares + len(x) * (left + np.outer(y, y))
        crossed = crossed + np.outer(x.sum(axis=0), y)
        of_y = of_y + (left + np.outer(y, y)) / len(vectors)
    expected = crossed @ np.linalg.inv(squares)
    everything = np.concatenate(vectors)
    products = scatter + (means - mean).T @ (counts[:, None] * (means - mean))
    np.testing.assert_allclose(products, everything.T @ everything, rtol=1e-8)
    found_within, found = factor_step(counts, means - mean, products, within, factors)
    np.testing.assert_allclose(found_within, (products - expected @ crossed.T) / counts.sum(), atol=1e-8)
    np.testing.assert_allclose(found @ found.T, expected @ of_y @ expected.T, atol=1e-8)


def test_factors_are_the_subspace_that_speakers_differ_in(speakers):
    model = train(sums_of(speakers), PldaOptions(50, 2))
    assert (model.psi > 0).tolist() == [True, True, False, False, False]
    between = covariances(model)[1]
    true = np.random.default_rng(0)
    true.normal(size=(SIZE, SIZE))
    directions = true.normal(size=(2, SIZE))
    share = np.linalg.lstsq(directions.T, between, rcond=None)[1].sum() / (between**2).sum()
    assert share < 0.05
    all_of_them, two_covariance = (
        train(sums_of(speakers), PldaOptions(2000, number)) for number in (SIZE, 0))
    np.testing.assert_allclose(covariances(all_of_them)[0], covariances(two_covariance)[0], rtol=0.05, atol=0.1)


def test_what_cannot_be_trained(speakers):
    for these, opts, message in (
        ([x[:1] for x in speakers], PldaOptions(), "no speaker has two vectors"),
        ([np.tile(x[:1], (3, 1)) for x in speakers], PldaOptions(), "vectors of one speaker are all the same"),
        ([np.ones((3, SIZE))] * 4, PldaOptions(), "vectors of one speaker are all the same"),
        (speakers[-1:], PldaOptions(), "one speaker is not enough"),
        (speakers, PldaOptions(num_factors=6), "6 factors of 30 speakers in 5 dimensions: at most 5"),
        (speakers[-3:], PldaOptions(num_factors=3), "at most 2 can be found"),
        ([x * [1, 1, 0, 1, 1] for x in speakers], PldaOptions(num_factors=1), "within speakers is singular"),
        ([x[:2] for x in speakers[:3]], PldaOptions(num_factors=1), "within speakers is singular"),
    ):
        with pytest.raises(DataError, match=message):
            train(sums_of(these), opts)
    sums = SpeakerSums(2)
    with pytest.raises(DataError, match="no vector to train on"):
        train(sums, PldaOptions())
    with pytest.raises(DataError, match="NaN"):
        sums.add(np.full(3, np.nan), 0)
    sums.add(np.zeros(3), 0)
    for bad, message in ((np.zeros(4), "4 numbers, where others have 3"), (np.full(3, np.nan), "NaN"),
                         (np.full(3, np.inf), "infinity"), (np.zeros(0), "is empty")):
        with pytest.raises(DataError, match=message):
            sums.add(bad, 0)
    assert sums.of_speakers()[0].tolist() == [1] and not sums.of_speakers()[1].any()


def test_a_dimension_without_variance_is_counted_and_no_failure_of_kaldi_s_training(speakers):
    sums = sums_of([x * [1, 1, 0, 1, 1] for x in speakers])
    assert sums.dimensions_within() == (SIZE - 1, SIZE)
    model = train(sums, PldaOptions())
    assert all(np.isfinite(part).all() for part in model)


@pytest.mark.parametrize("opts", [AdaptationOptions(), AdaptationOptions(0.75, 0.25, 0), AdaptationOptions(0, 0, 2)])
def test_adaptation(opts):
    """Along each axis of the vectors' covariance in units of the model's, what is more than one is shared out."""
    from scipy.linalg import eigh

    rng = np.random.default_rng(0)
    plda = Model(rng.normal(size=SIZE), rng.normal(size=(SIZE, SIZE)), np.array([5, 2, 1, 0.5, 0]))
    within, between = covariances(plda)
    mean, root = rng.normal(size=SIZE), np.linalg.cholesky(within) @ rng.normal(size=(SIZE, SIZE))
    total = root @ root.T + opts.mean_diff_scale * np.outer(mean - plda.mean, mean - plda.mean)
    variances, axes = eigh(total, within + between)
    assert (variances > 1).any() and (variances < 1).any()
    back = np.linalg.inv(axes)
    excess = sum(max(value - 1, 0) * np.outer(row, row) for value, row in zip(variances, back, strict=True))
    found = adapted(plda, mean, root @ root.T, opts)
    assert np.array_equal(found.mean, mean)
    np.testing.assert_allclose(covariances(found)[0], within + opts.within_covar_scale * excess, atol=1e-8)
    np.testing.assert_allclose(covariances(found)[1], between + opts.between_covar_scale * excess, atol=1e-8)
    with pytest.raises(DataError, match="of 3 numbers, but a PLDA model of 5"):
        adapted(plda, np.zeros(3), np.eye(3), opts)


def test_defaults_are_kaldi_s():
    assert PldaOptions() == PldaOptions(num_em_iters=10, num_factors=0)
    assert AdaptationOptions() == AdaptationOptions(0.3, 0.7, 1.0)
    assert LengthOptions() == LengthOptions(True, False)
    assert ProjectionOptions() == ProjectionOptions(0.1, False, 1)
    assert SmoothingOptions().smoothing == 0 and BinaryOptions().binary


def test_models_of_kaldi(shared):
    """To the signs of their rows."""
    folder = shared / "golden/kaldi/plda"
    numbers = {utt: i for i, utts in enumerate(read_lists(str(folder / "spk2utt")).values()) for utt in utts}
    sums = SpeakerSums(100)
    for utt, vector in read_arrays(f"ark:{folder}/train.ark"):
        sums.add(vector, numbers[utt])
    test = np.stack([vector for _, vector in read_arrays(f"ark:{folder}/test.ark")]).astype(float)
    raw = read_plda(str(folder / "plda_raw.txt"))
    for found, name in (
        (train(sums, PldaOptions()), "plda_raw.txt"), (train(sums, PldaOptions(1)), "plda_raw_em1.txt"),
        (adapted(raw, test.mean(axis=0), np.cov(test.T, bias=True), AdaptationOptions(0.75, 0.25)),
         "plda_raw_adapted.txt"),
    ):  # fmt: skip
        for ours, theirs in zip(found, read_plda(str(folder / name)), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6 * abs(theirs).max())


def test_vectors_too_large_to_be_squared():
    sums = SpeakerSums(2)
    for number in range(4):
        sums.add(np.array([1e300 * number, 1.0]), number % 2)
    with pytest.raises(DataError, match="too large"):
        train(sums, PldaOptions())
