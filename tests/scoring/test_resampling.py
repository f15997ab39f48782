import itertools

import numpy as np
import pytest
from scipy import stats

from diarkit.scoring.resampling import (
    METHODS,
    confidence_interval,
    grouped_sums,
    holm,
    resampled,
    sign_flip_test,
    signed_sums,
)


def corpus(rng, n, spread=0.8):
    """(wrong, scored) of files of different lengths and error rates."""
    scored = rng.gamma(2, 300, n)
    return rng.gamma(1 / spread**2, 0.12 * spread**2, n) * scored, scored


@pytest.mark.parametrize("method", ["percentile", "bca"])
@pytest.mark.parametrize("n", [12, 60])
def test_intervals_are_those_of_scipy(method, n):
    wrong, scored = corpus(np.random.default_rng(n), n)

    def ratio(w, s, axis=-1):
        return w.sum(axis=axis) / s.sum(axis=axis)

    for level in (0.95, 0.7):
        other = stats.bootstrap((wrong, scored), ratio, paired=True, vectorized=True, n_resamples=40000,
                                confidence_level=level, method=method, random_state=np.random.default_rng(1))
        own = confidence_interval(wrong, scored, level, 40000, method=method)
        width = own[1] - own[0]
        assert own == pytest.approx(tuple(other.confidence_interval), abs=0.025 * width)


def test_bootstrap_t_is_its_definition():
    """One sample after the other, with the standard error of each computed as that of the whole is."""
    wrong, scored = corpus(np.random.default_rng(3), 9)

    def ratio_and_error(w, s):
        ratio = w.sum() / s.sum()
        return ratio, np.sqrt(len(w) / (len(w) - 1) * ((w - ratio * s) ** 2).sum()) / s.sum()

    whole, error = ratio_and_error(wrong, scored)
    rng, t = np.random.default_rng(4), []
    for _ in range(20000):
        drawn = rng.integers(0, 9, 9)
        ratio, of_sample = ratio_and_error(wrong[drawn], scored[drawn])
        t.append((ratio - whole) / of_sample)
    low, high = np.quantile(t, [0.05, 0.95])
    own = confidence_interval(wrong, scored, 0.9, 40000)
    assert own == pytest.approx((whole - high * error, whole - low * error), abs=0.03 * (own[1] - own[0]))


@pytest.mark.parametrize("method, least", [("t", 0.92), ("bca", 0.85), ("percentile", 0.85)])
def test_intervals_hold_the_truth_as_often_as_they_say(method, least):
    """Of 95 %, with 16 files; what is missing is measured in tests/bench/intervals.py."""
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(400):
        low, high = confidence_interval(*corpus(rng, 16), samples=500, seed=rng.integers(1 << 30), method=method)
        inside.append(low <= 0.12 <= high)
    assert least <= np.mean(inside) <= 0.98


@pytest.mark.parametrize("method", METHODS)
def test_several_columns_are_each_for_itself(method):
    rng = np.random.default_rng(1)
    wrong, scored = corpus(rng, 20)
    other = rng.normal(0, 3, 20)
    low, high = confidence_interval(np.column_stack([wrong, other]), scored, samples=2000, method=method)
    assert (low[0], high[0]) == pytest.approx(confidence_interval(wrong, scored, samples=2000, method=method))
    assert (low[1], high[1]) == pytest.approx(confidence_interval(other, scored, samples=2000, method=method))
    assert low[1] < 0 < high[1]  # differences may be negative


@pytest.mark.parametrize("method", METHODS)
def test_intervals_scale_and_are_deterministic(method):
    wrong, scored = corpus(np.random.default_rng(2), 15)
    found = confidence_interval(wrong, scored, method=method)
    assert found == confidence_interval(wrong, scored, method=method)
    assert found != confidence_interval(wrong, scored, method=method, seed=1)
    assert confidence_interval(100 * wrong, scored, method=method) == pytest.approx(100 * np.array(found))
    wide = confidence_interval(wrong, scored, level=0.99, method=method)
    assert wide[0] < found[0] < wrong.sum() / scored.sum() < found[1] < wide[1]


@pytest.mark.parametrize("method", METHODS)
def test_files_of_a_group_are_drawn_together(method):
    rng = np.random.default_rng(5)
    wrong, scored = corpus(rng, 8)
    many = np.repeat(wrong, 4) / 4, np.repeat(scored, 4) / 4  # 8 groups of 4 files that are alike
    names = np.repeat(list("hgfedcba"), 4)
    alone = confidence_interval(wrong[::-1], scored[::-1], method=method)
    together = confidence_interval(*many, groups=names, method=method)
    assert together == pytest.approx(alone)
    without = confidence_interval(*many, method=method)
    assert without[1] - without[0] < 0.8 * (together[1] - together[0])


@pytest.mark.parametrize("method", METHODS)
def test_edges(method):
    def interval(*args):
        return confidence_interval(*args, method=method)

    assert np.isnan(interval([1], [10])).all()
    assert np.isnan(interval([1, 2, 3], [0, 0, 0])).all()
    assert interval([1, 2, 3, 1, 2, 3], [10, 20, 30, 10, 20, 30]) == pytest.approx((0.1, 0.1))
    assert interval([0, 0, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6]) == (0, 0)
    low, high = interval([1, 0, 0, 4, 0, 0], [10, 10, 10, 10, 10, 10])
    assert 0 <= low < 5 / 60 < high
    low, high = interval([1, 5, 2, 1, 5, 2], [10, 0, 0, 10, 9, 8])  # some samples have nothing scored
    assert np.isfinite([low, high]).all() and low < 16 / 37 < high


def test_of_few_files_the_interval_is_students():
    """With equal lengths the ratio is a mean."""
    values = np.array([3.0, 5.0, 4.5])
    expected = stats.t.interval(0.9, 2, values.mean(), stats.sem(values))
    assert confidence_interval(values, np.ones(3), 0.9) == pytest.approx(expected)
    assert confidence_interval([1, 9], [10, 10], 0.9)[0] == 0  # not below 0


@pytest.mark.parametrize("wrong, scored, more", [
    ([1, 2], [1, 2, 3], {}), ([1, np.nan], [1, 2], {}), ([1, 2], [1, -2], {}), ([1, 2], [np.inf, 2], {}),
    ([1, 2], [1, 2], {"groups": ["a"]}), ([1, 2], [1, 2], {"level": 95}), ([1, 2], [1, 2], {"method": "basic"}),
    ([1, 2], [1, 2], {"samples": 0}),
])
def test_what_does_not_fit_is_refused(wrong, scored, more):
    with pytest.raises(ValueError):
        confidence_interval(wrong, scored, **more)


def test_samples_have_as_many_rows_and_blocks_make_no_difference(monkeypatch):
    columns = np.column_stack([np.ones(7), np.arange(7.0)])
    whole = resampled(columns, 500, 0)
    assert (whole[:, 0] == 7).all() and 2.5 < (whole[:, 1] / 7).mean() < 3.5
    monkeypatch.setattr("diarkit.scoring.resampling.BLOCK", 70)
    assert (resampled(columns, 500, 0) == whole).all()


def test_sums_of_groups():
    wrong, scored = grouped_sums([1, 2, 3, 4], [10, 20, 30, 40], ["b", "a", "b", "a"])
    assert wrong.tolist() == [6, 4] and scored.tolist() == [60, 40]


def brute_force(differences):
    sums = [abs(np.dot(signs, differences)) for signs in itertools.product((-1, 1), repeat=len(differences))]
    return np.mean(np.array(sums) >= abs(sum(differences)) - 1e-9)


@pytest.mark.parametrize("n", [1, 2, 3, 6, 11])
def test_all_combinations_of_signs_are_counted(n):
    rng = np.random.default_rng(n)
    for differences in (rng.normal(0.4, 1, n), rng.integers(-2, 4, n), np.ones(n)):
        found = sign_flip_test(differences)
        assert found.exact
        assert found.p == pytest.approx(brute_force(differences))
    assert sign_flip_test(np.ones(n)).p == sign_flip_test(np.ones(n)).smallest == min(2 / 2**n, 1)


def test_the_test_is_that_of_scipy():
    differences = np.random.default_rng(0).normal(0.3, 1, 13)
    other = stats.permutation_test((differences,), np.sum, permutation_type="samples", n_resamples=np.inf)
    assert sign_flip_test(differences).p == pytest.approx(other.pvalue)


def test_random_signs_come_close_to_all(monkeypatch):
    differences = np.random.default_rng(1).normal(0.3, 1, 30)
    exact = sign_flip_test(differences)
    monkeypatch.setattr("diarkit.scoring.resampling.LARGEST_EXACT", 20)
    sampled = sign_flip_test(differences, samples=40000)
    assert exact.exact and not sampled.exact
    assert 0.05 < exact.p < 0.5 and sampled.p == pytest.approx(exact.p, abs=0.006)
    assert sampled == sign_flip_test(differences, samples=40000)
    far = sign_flip_test(np.ones(30), samples=99)
    assert far.p == far.smallest == pytest.approx(0.01)  # (0 + 1) / (99 + 1)


def test_p_is_uniform_where_nothing_differs():
    rng = np.random.default_rng(0)
    p = [sign_flip_test(rng.normal(0, rng.gamma(2, 1, 24))).p for _ in range(500)]
    assert stats.kstest(p, "uniform").pvalue > 0.05
    p = [sign_flip_test(rng.normal(0, 1, 60), samples=400, seed=rng.integers(1 << 30)).p for _ in range(500)]
    assert stats.kstest(p, "uniform").pvalue > 0.05


def test_equal_errors_and_groups_in_the_test():
    assert sign_flip_test([0.0, 0.0]).p == 1
    assert sign_flip_test([1.0, -1.0]).p == 1
    assert sign_flip_test([3, 0, 2, 0, 1]).p == sign_flip_test([3, 2, 1]).p == 0.25
    # 0.1 + 0.2 - 0.3 is not 0 in binary, but it is no difference
    assert sign_flip_test([0.1 + 0.2 - 0.3, 1, 1]).smallest == 0.5
    grouped = sign_flip_test([1, 1, 2, -1, 3], groups=["x", "y", "x", "y", "z"])
    assert grouped == sign_flip_test([3, 0, 3])


def test_signed_sums():
    assert sorted(signed_sums([1, 3])) == [-4, -2, 2, 4]
    assert signed_sums([]).tolist() == [0]


def test_holm():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1, 1])
    assert holm([0.2]) == pytest.approx([0.2]) and len(holm([])) == 0
