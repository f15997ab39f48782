import numpy as np
import pytest
from scipy.stats import norm

from diarkit.scoring import trialsampling
from diarkit.scoring.trialsampling import bin_edges, drawn_units, rate_intervals, rates_of
from diarkit.scoring.verification import crossing, curve_of, detection_cost

COSTS = [(0.1, 1.0, 1.0), (0.4, 2.0, 1.0)]


def test_rates_of_counts_are_those_of_the_curve():
    rng = np.random.default_rng(0)
    for decimals in (0, 1, 8):
        curve = curve_of(rng.normal(1, 1, 60).round(decimals), rng.normal(-1, 1, 90).round(decimals))
        costs = [detection_cost(curve, *cost) for cost in COSTS]
        places = np.searchsorted(curve.thresholds, [cost.bayes_threshold for cost in costs])
        counts = np.diff(curve.missed)[None], -np.diff(curve.false_alarms)[None]
        found = rates_of(*counts, COSTS, places)
        expected = [crossing(curve).rate, *(c.minimum for c in costs), *(c.actual for c in costs)]
        assert found[0] == pytest.approx(expected)


def test_intervals_by_trial_are_those_of_drawing_scores():
    rng = np.random.default_rng(1)
    targets, nontargets = rng.normal(2, 2, 300), rng.normal(-2, 2, 500)
    rates = []
    for _ in range(800):
        curve = curve_of(rng.choice(targets, 300), rng.choice(nontargets, 500))
        costs = [detection_cost(curve, *cost) for cost in COSTS]
        rates.append([crossing(curve).rate, *(c.minimum for c in costs), *(c.actual for c in costs)])
    expected = np.quantile(rates, [0.05, 0.95], axis=0).T
    found = np.array(rate_intervals(curve_of(targets, nontargets), COSTS, 0.9, 2000))
    width = expected[:, 1] - expected[:, 0]
    assert (width > 0).all() and (np.abs(found - expected) < 0.15 * width[:, None]).all()


def test_fewer_bins_make_little_difference(monkeypatch):
    rng = np.random.default_rng(2)
    curve = curve_of(rng.normal(2, 2, 3000), rng.normal(-2, 2, 20000))
    whole = np.array(rate_intervals(curve, COSTS, samples=300))
    monkeypatch.setattr(trialsampling, "MOST_BINS", 600)
    edges = bin_edges(curve, [7])
    assert len(edges) < 650 and {0, 7, len(curve.thresholds) - 1} <= set(edges.tolist())
    for rates in (curve.p_miss[edges], curve.p_fa[edges]):
        steps = np.diff(norm.ppf(rates[(rates > 0.001) & (rates < 0.999)]))
        assert np.abs(steps).max() < 0.15  # on the axes of a DET plot
    few = np.array(rate_intervals(curve, COSTS, samples=300))
    assert (np.abs(few - whole) < 0.25 * (whole[:, 1:] - whole[:, :1])).all()


def test_intervals_hold_the_truth_as_often_as_they_say():
    truth = norm.cdf(-1)  # of scores around 1 and -1 with deviation 1
    rng = np.random.default_rng(3)
    inside = 0
    for seed in range(120):
        curve = curve_of(rng.normal(1, 1, 100), rng.normal(-1, 1, 300))
        low, high = rate_intervals(curve, [], samples=200, seed=seed)[0]
        inside += low <= truth <= high
    assert 0.89 <= inside / 120 <= 0.99


def speakers_trials(rng, num_speakers=16, each=6):
    """All pairs of utterances; speakers are as easy as they happen to be, so that trials depend on each other."""
    speaker = np.repeat(np.arange(num_speakers), each)
    ease, utterance = rng.normal(0, 1.6, num_speakers), rng.normal(0, 0.3, len(speaker))
    first, second = np.triu_indices(len(speaker), 1)
    same = speaker[first] == speaker[second]
    level = np.where(same, 2 + ease[speaker[first]], -2 + (ease[speaker[first]] + ease[speaker[second]]) / 2)
    scores = level + utterance[first] + utterance[second] + rng.normal(0, 1, len(first))
    return scores, same, first, second, speaker


def test_the_weight_of_a_trial_is_how_often_its_sides_are_drawn():
    scores, same = np.array([0.0, 1, 2, 3]), np.array([True, True, False, False])
    first, second = np.array([0, 1, 0, 2]), np.array([0, 2, 1, 1])
    rng, again = np.random.default_rng(4), np.random.default_rng(4)
    edges = np.array([0, 1, 2, 3, np.inf])
    for targets, nontargets in drawn_units(rng, edges, scores, same, first, second, 20):
        times = np.bincount(again.integers(0, 3, 3), minlength=3)
        assert targets[0].tolist() == [times[0], times[1] * times[2], 0, 0]
        assert nontargets[0].tolist() == [0, 0, times[0] * times[1], times[2] * times[1]]


def test_speakers_give_wider_intervals_than_trials_which_hold_the_truth():
    """The truth is the rate of very many speakers; trials as if they were independent are far too sure."""
    rng = np.random.default_rng(5)
    scores, same, *_ = speakers_trials(rng, 600, 2)
    truth = crossing(curve_of(scores[same], scores[~same])).rate
    hits = {"trials": 0, "speakers": 0}
    for seed in range(40):
        scores, same, first, second, speaker = speakers_trials(rng)
        curve = curve_of(scores[same], scores[~same])
        units = {"trials": None, "speakers": (scores, same, speaker[first], speaker[second])}
        for by, trials in units.items():
            low, high = rate_intervals(curve, [], samples=150, seed=seed, trials=trials)[0]
            hits[by] += low <= truth <= high
    assert hits["trials"] < 0.65 * 40 and hits["speakers"] > 0.75 * 40


def test_samples_without_targets_are_left_out():
    scores, same = np.array([0.0, 1, 2]), np.array([True, False, False])
    sides = np.array([0, 1, 2]), np.array([0, 2, 1])
    found = rate_intervals(curve_of(scores[same], scores[~same]), COSTS, samples=50, trials=(scores, same, *sides))
    assert np.isfinite(found).all()


def test_the_same_seed_gives_the_same():
    rng = np.random.default_rng(6)
    curve = curve_of(rng.normal(1, 1, 50), rng.normal(-1, 1, 50))
    assert rate_intervals(curve, COSTS, samples=99) == rate_intervals(curve, COSTS, samples=99)
    assert rate_intervals(curve, COSTS, samples=99) != rate_intervals(curve, COSTS, samples=99, seed=1)
