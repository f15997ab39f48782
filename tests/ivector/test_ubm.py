"""Training of mixtures against its definition: statistics, updates, splits, the first model."""

import itertools

import numpy as np
import pytest
from scipy.special import softmax as scipy_softmax
from scipy.stats import multivariate_normal

from diarkit.errors import DataError
from diarkit.ivector import ubm_initial
from diarkit.ivector.ubm import Expectation, MixtureSums, diagonal_of, full_of, mixture_of, total_of, update
from diarkit.ivector.ubm_initial import Reservoir, initial_model, split
from diarkit.options.ubm import UbmInitOptions, UbmUpdateOptions

NUM_GAUSS, DIM = 5, 3
ANY = UbmUpdateOptions(min_gaussian_weight=0, min_gaussian_occupancy=0, min_variance=1e-9, max_condition=1e12)


def frames_of(rng, count=400):
    """Frames of three Gaussians of correlated dimensions, far from 0."""
    factors = rng.normal(size=(3, DIM, DIM))
    means = rng.normal(size=(3, DIM)) * 4 + 20
    which = rng.integers(0, 3, count)
    return (means[which] + np.einsum("tij,tj->ti", factors[which], rng.normal(size=(count, DIM)))).astype(np.float32)


def model_of(rng, frames, full):
    means = frames[rng.choice(len(frames), NUM_GAUSS, replace=False)].astype(float)
    model = rng.dirichlet(np.full(NUM_GAUSS, 20)), means, np.tile(frames.var(axis=0), (NUM_GAUSS, 1)).astype(float)
    return full_of(model) if full else model


def definition(model, frames, allowed=None):
    """Weights, means and covariances after one iteration, and the log likelihood of frames, by the textbook.

    allowed : (T, C), whether a frame may belong to a Gaussian
    """
    weights, means, last = model
    covariances = np.linalg.inv(last) if last.ndim == 3 else [np.diag(one) for one in last]
    likely = np.stack([np.log(w) + multivariate_normal(m, c).logpdf(frames)
                       for w, m, c in zip(weights, means, covariances, strict=True)], axis=1)
    if allowed is not None:
        likely = np.where(allowed, likely, -np.inf)
    posts = scipy_softmax(likely, axis=1)
    counts = posts.sum(axis=0)
    means = posts.T @ frames / counts[:, None]
    covariances = np.stack([(p[:, None] * (frames - m)).T @ (frames - m) / p.sum()
                            for p, m in zip(posts.T, means, strict=True)])
    if last.ndim == 2:
        covariances = np.einsum("cdd->cd", covariances)
    return counts / counts.sum(), means, covariances, np.logaddexp.reduce(likely, axis=1)


@pytest.mark.parametrize(("full", "how"), list(itertools.product([False, True], ["all", "best", "given"])))
def test_an_iteration_is_that_of_the_textbook(full, how):
    rng = np.random.default_rng(0)
    frames = frames_of(rng)
    model = model_of(rng, frames, full)
    best = np.argsort(-(mixture_of(diagonal_of(model)) if full else mixture_of(model)).log_likelihoods(frames), axis=1)
    allowed = np.zeros((len(frames), NUM_GAUSS), bool)
    np.put_along_axis(allowed, best[:, :3], True, axis=1)
    selection = np.arange(len(frames) + 1) * 3, best[:, :3].reshape(-1)
    expectation = Expectation(model, num_gselect=3 if how == "best" else 0)
    blocks = [frames[:150], frames[150:151], frames[151:]]
    statistics, count, likelihood = expectation.of(blocks, selection if how == "given" else None)
    *expected, likely = definition(model, frames.astype(float), None if how == "all" else allowed)
    result = update(model, statistics, ANY)
    assert count == len(frames) and likelihood == pytest.approx(likely.sum(), rel=1e-6)
    assert (result.removed, result.kept, result.floored) == (0, 0, 0) and result.remarks() == ""
    weights, means, last = result.model
    for found, wanted in zip((weights, means, np.linalg.inv(last) if full else last), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("full", [False, True])
def test_likelihood_never_falls(full):
    rng = np.random.default_rng(1)
    frames = frames_of(rng)
    model, values = model_of(rng, frames, full), []
    for _ in range(15):
        statistics, count, likelihood = Expectation(model).of([frames])
        values.append(likelihood / count)
        model = update(model, statistics, ANY).model
    assert (np.diff(values) > -1e-5).all() and values[-1] - values[0] > 0.3


@pytest.mark.parametrize("full", [False, True])
def test_any_jobs_and_any_order_give_the_same_bytes(full):
    rng = np.random.default_rng(2)
    utterances = [frames_of(rng, count) for count in (30, 1, 200, 77, 5, 60)]
    expectation = Expectation(model_of(rng, np.concatenate(utterances), full), 2)
    found = set()
    for jobs in ([[0, 1, 2, 3, 4, 5]], [[5, 3], [4, 0, 1, 2]], [[i] for i in (2, 4, 1, 0, 5, 3)]):
        total = expectation.sums()
        for job in jobs:
            part = expectation.sums()
            for i in job:
                part.add(*expectation.of([utterances[i]]))
            total.merge(part)
        found.add(total.statistics.parts.tobytes() + total.totals.parts.tobytes())
    assert len(found) == 1
    likelihood, frames = total.per_frame()
    assert frames == 373 and np.isfinite(likelihood)


def test_low_counts_are_removed_or_stay():
    model = np.full(3, 1 / 3), np.arange(9.0).reshape(3, 3), np.ones((3, 3))
    statistics = np.tile([1.0, 2, 2, 2, 5, 5, 5], (3, 1)) * np.array([[1000], [5], [100]])
    opts = UbmUpdateOptions(min_gaussian_weight=0.1)
    removed = update(model, statistics, opts)
    assert (removed.removed, removed.kept) == (2, 0) and removed.model[0].tolist() == [1]
    assert removed.remarks("; ") == "; 2 Gaussians had too few frames and were removed"
    kept = update(model, statistics, opts, remove=False)
    assert (kept.removed, kept.kept) == (0, 2)
    np.testing.assert_allclose(kept.model[0], [1000 / 1105, 0.1, 0.1])
    assert (kept.model[1][1:] == model[1][1:]).all() and (kept.model[1][0] == 2).all()
    by_count = update(model, statistics, UbmUpdateOptions(min_gaussian_weight=0))
    assert by_count.removed == 1  # fewer than 10 frames
    np.testing.assert_allclose(by_count.model[0], [10 / 11, 1 / 11])
    none = update(model, statistics, UbmUpdateOptions(min_gaussian_occupancy=1e9))
    assert none.removed == 2 and none.model[1].tolist() == [[0, 1, 2]] and none.model[0].tolist() == [1]
    assert update(full_of(model), np.zeros((3, 10)) + 50, UbmUpdateOptions(), remove=False).kept == 3  # fewer than 100


def test_floors():
    frames = np.random.default_rng(3).normal(size=(500, 2)) * [1, 1e-4]
    model = np.ones(1), np.zeros((1, 2)), np.ones((1, 2))
    result = update(model, Expectation(model).of([frames])[0], UbmUpdateOptions())
    assert result.floored == 1 and result.model[2][0, 1] == 0.001
    turn = np.array([[0.6, 0.8], [-0.8, 0.6]])
    full = full_of(model)
    statistics = Expectation(full).of([frames @ turn])[0]
    for opts, least in ((UbmUpdateOptions(), 0.001), (UbmUpdateOptions(min_variance=1e-9, max_condition=100), None)):
        result = update(full, statistics, opts)
        values = np.linalg.eigvalsh(np.linalg.inv(result.model[2][0]))
        assert result.floored == 1 and values[0] == pytest.approx(least or values[1] / 100)
        assert values[1] == pytest.approx(frames[:, 0].var(), rel=1e-3)


def test_sums_of_other_models_are_refused():
    model = np.ones(1), np.zeros((1, 2)), np.ones((1, 2))
    sums = Expectation(model).sums()
    with pytest.raises(DataError, match="not sums of this mixture"):
        sums.merge(MixtureSums(2, 2, False))
    with pytest.raises(DataError, match="not sums of this mixture"):
        sums.merge(MixtureSums(1, 2, True))
    with pytest.raises(DataError, match="no frame to train on"):
        update(model, np.zeros((1, 5)), ANY)
    assert np.isnan(sums.per_frame()[0])
    assert total_of([]) is None


def test_frames_and_selections_that_do_not_fit():
    model = np.full(2, 0.5), np.arange(4.0).reshape(2, 2), np.ones((2, 2))
    expectation, frames = Expectation(model), np.zeros((3, 2), np.float32)
    for selection, message in ((([0, 1, 2], [0, 1]), "for 2 frames, there are more"),
                               (([0, 1, 2, 3, 4], [0, 1, 0, 1]), "for 4 frames, there are 3"),
                               (([0, 1, 2, 3], [0, 2, 0]), "Gaussian 2 is selected"),
                               (([0, 1, 1, 2], [0, 1]), "no Gaussian is selected for frame 1")):
        with pytest.raises(DataError, match=message):
            expectation.of([frames], selection)
    for blocks in ([], [frames[:0]]):
        with pytest.raises(DataError, match="no frames"):
            expectation.of(blocks)
    with pytest.raises(DataError, match="dimensions"):
        expectation.of([frames[:, :1]])


def test_a_selection_as_kaldi_takes_it():
    """Gaussians 2 and 3, in this order, are taken for the range 2 to 3; 3 and 2 are not."""
    rng = np.random.default_rng(4)
    frames = frames_of(rng, 2)
    model = model_of(rng, frames_of(rng), False)
    selection = [0, 3, 6], [1, 4, 3, 3, 4, 1]  # 1 to 3: of three Gaussians, the range 1 2 3
    plain, faulty = (Expectation(model, as_kaldi=as_kaldi).of([frames], selection)[0] for as_kaldi in (False, True))
    every = np.exp(mixture_of(model).log_likelihoods(frames).astype(float))
    expected = np.zeros(NUM_GAUSS)
    for frame, (likely, owners) in enumerate((([1, 2, 3], [1, 4, 3]), ([3, 4, 1], [3, 4, 1]))):
        expected[owners] += every[frame, likely] / every[frame, likely].sum()
    np.testing.assert_allclose(faulty[:, 0], expected, rtol=1e-4)
    assert not np.allclose(plain[:, 0], expected, rtol=1e-2)


def test_the_reservoir_keeps_all_that_it_has_room_for_and_else_any_as_likely():
    frames = np.arange(40, dtype=np.float32)[:, None]
    whole = Reservoir(10**15, np.random.default_rng(0))
    for part in np.split(frames, [3, 30]):
        whole.add(part)
    assert whole.frames().tolist() == frames.tolist()
    hits = np.zeros(40)
    rng = np.random.default_rng(0)
    for _ in range(500):
        some = Reservoir(10, rng)
        for part in np.split(frames, [3, 17, 18]):
            some.add(part)
        assert len(set(some.frames().ravel().tolist())) == 10
        hits[some.frames().astype(int).ravel()] += 1
    assert abs(hits / 500 - 0.25).max() < 0.085
    with pytest.raises(DataError, match="2 columns"):
        whole.add(np.zeros((1, 2)))
    with pytest.raises(DataError, match="no frame"):
        Reservoir(3, rng).frames()


def test_splits_are_of_the_heaviest():
    model = np.array([0.7, 0.3]), np.array([[0.0], [10.0]]), np.array([[4.0], [1.0]])
    weights, means, variances = split(model, 4, np.random.default_rng(0))
    np.testing.assert_allclose(weights, [0.175, 0.3, 0.35, 0.175])
    assert variances.ravel().tolist() == [4, 1, 4, 4] and means[1] == 10
    assert abs(means[[0, 2, 3]]).max() < 2 and len(set(means.ravel())) == 4
    np.testing.assert_allclose(means[0] + means[3], 2 * -means[2])


@pytest.mark.parametrize(("iterations", "sizes"), [(2, [3, 8]), (4, [3, 5, 8, 8]), (20, [3] + [
    3, 4, 4, 5, 5, 6, 6, 7, 7] + [8] * 10)])
def test_the_first_model_grows_to_its_size(iterations, sizes):
    """Kaldi stays at 3 Gaussians in 20 iterations, (8 - 3) // 10 being 0."""
    rng = np.random.default_rng(5)
    frames, seen = frames_of(rng, 2000), []
    opts = UbmInitOptions(num_gauss=8, num_gauss_init=3, num_init_iters=iterations)
    model = initial_model(frames, opts, UbmUpdateOptions(), rng, report=lambda *told: seen.append(told))
    assert [told[1] for told in seen] == sizes and len(model[0]) == 8
    assert seen[-1][2] > seen[0][2] and model[0].sum() == pytest.approx(1)


def test_what_is_lost_is_split_anew_but_not_at_the_end(monkeypatch):
    frames = np.random.default_rng(6).normal(size=(200, 1)).astype(np.float32)
    opts = UbmInitOptions(num_gauss=4, num_gauss_init=4, num_init_iters=3)
    real = ubm_initial.update

    def losing(model, statistics, update_opts):
        result = real(model, statistics, update_opts)
        kept = tuple(part[:3] for part in result.model)
        return result._replace(model=(kept[0] / kept[0].sum(), *kept[1:]))

    monkeypatch.setattr(ubm_initial, "update", losing)
    seen = []
    model = initial_model(frames, opts, UbmUpdateOptions(), np.random.default_rng(0),
                          report=lambda *told: seen.append(told[1]))
    assert seen == [4, 4, 4] and len(model[0]) == 3


def test_frames_that_make_no_model():
    rng, opts = np.random.default_rng(0), UbmInitOptions(num_gauss=4)
    with pytest.raises(DataError, match="39 frames are too few for 4 Gaussians"):
        initial_model(np.zeros((39, 2), np.float32), opts, UbmUpdateOptions(), rng)
    with pytest.raises(DataError, match="all frames are the same"):
        initial_model(np.ones((40, 2), np.float32), opts, UbmUpdateOptions(), rng)
    with pytest.raises(DataError, match="f.ark: features of a variance of .* are too large"):
        initial_model(rng.normal(size=(40, 2)) * 1e20, opts, UbmUpdateOptions(), rng, where="f.ark")
    frames = np.stack([np.random.default_rng(0).normal(size=50), np.ones(50)], axis=1).astype(np.float32)
    model = initial_model(frames, opts, UbmUpdateOptions(min_gaussian_occupancy=1), rng)  # one column is constant
    assert (model[2][:, 1] == 0.001).all()
