import numpy as np
import pytest

from diarkit.scoring.verification import (
    cllr,
    convex_hull,
    crossing,
    curve_of,
    detection_cost,
    kaldi_eer,
    min_cllr,
)


def made_up(seed, targets=30, nontargets=50, decimals=None):
    """Scores; with few decimals there are ties within and between the two."""
    rng = np.random.default_rng(seed)
    pair = rng.normal(1, 1.5, targets), rng.normal(-1, 1, nontargets)
    return pair if decimals is None else tuple(np.round(side, decimals) for side in pair)


CASES = [made_up(0), made_up(1, decimals=0), made_up(2, 7, 5, 1), made_up(3, 1, 1), made_up(4, 40, 3, 0),
         made_up(5, 2, 90), (np.ones(3), np.ones(4)), (np.array([2.0, 3]), np.array([0.0, 1])),
         (np.array([0.0, 1]), np.array([2.0, 3]))]
every_case = pytest.mark.parametrize("targets, nontargets", CASES)


def by_definition(targets, nontargets):
    """[(threshold, miss rate, false alarm rate)], a trial being accepted from the threshold on."""
    thresholds = [*sorted({*targets.tolist(), *nontargets.tolist()}), np.inf]
    return [(t, sum(s < t for s in targets) / len(targets), sum(s >= t for s in nontargets) / len(nontargets))
            for t in thresholds]


@every_case
def test_the_curve(targets, nontargets):
    curve = curve_of(targets, nontargets)
    points = np.array(by_definition(targets, nontargets))
    assert (curve.thresholds == points[:, 0]).all()
    assert curve.p_miss == pytest.approx(points[:, 1]) and curve.p_fa == pytest.approx(points[:, 2])
    assert (curve.num_targets, curve.num_nontargets) == (len(targets), len(nontargets))


@every_case
def test_the_interpolated_rate_lies_on_both_diagonals(targets, nontargets):
    """The crossing of the line of equal rates with each of the straight parts, one after the other."""
    points = by_definition(targets, nontargets)
    found = []
    for (_, miss, fa), (_, later_miss, later_fa) in zip(points, points[1:], strict=False):
        for part in np.linspace(0, 1, 2001):
            at = miss + part * (later_miss - miss), fa + part * (later_fa - fa)
            found.append((abs(at[0] - at[1]), at[0]))
    assert crossing(curve_of(targets, nontargets)).rate == pytest.approx(min(found)[1], abs=1e-3)


def test_known_rates():
    assert crossing(curve_of([2, 3], [0, 1])) == (0, 2)  # apart: any threshold above 1 up to 2
    assert crossing(curve_of([0, 1], [2, 3])).rate == 1
    assert crossing(curve_of([1, 1, 1], [1, 1])).rate == 0.5
    # one of four targets below one of four nontargets
    assert crossing(curve_of([1, 3, 4, 5], [2, 0, -1, -2])).rate == 0.25
    assert crossing(curve_of([1, 3], [0, 2, -1])).rate == pytest.approx(1 / 3)


@every_case
def test_the_hull_has_no_point_below_it_and_turns_one_way(targets, nontargets):
    curve = curve_of(targets, nontargets)
    hull = convex_hull(curve)
    steps = np.diff(hull.false_alarms), np.diff(hull.missed)
    assert (steps[0][:-1] * steps[1][1:] < steps[1][:-1] * steps[0][1:]).all()
    for share in (0.1, 0.5, 0.9):  # the least of every weighted sum of rates is at a vertex
        costs = [share * c.p_miss + (1 - share) * c.p_fa for c in (curve, hull)]
        assert costs[0].min() == pytest.approx(costs[1].min())
    assert crossing(hull).rate <= crossing(curve).rate + 1e-12


def test_the_hull_one_by_one_is_the_same(monkeypatch):
    for seed in range(20):
        curve = curve_of(*made_up(seed, 200, 300, 1))
        whole = convex_hull(curve)
        with monkeypatch.context() as patch:
            patch.setattr("diarkit.scoring.verification.PASSES", 1)
            one_by_one = convex_hull(curve)
        assert (whole.thresholds == one_by_one.thresholds).all()


def kaldis_loop(targets, nontargets):
    """The rule of compute-eer.cc as it is said there."""
    targets, nontargets = sorted(np.float32(targets)), sorted(np.float32(nontargets))
    position = 0
    while position + 1 < len(targets):
        accepted = int(len(nontargets) * position / len(targets))
        if nontargets[len(nontargets) - 1 - accepted] < targets[position]:
            break
        position += 1
    return position / len(targets), targets[position]


@every_case
def test_kaldis_rate(targets, nontargets):
    rate, threshold = kaldis_loop(targets, nontargets)
    assert kaldi_eer(targets, nontargets) == (pytest.approx(rate), threshold)


def test_kaldi_has_scores_in_single_precision():
    close = 1 + 1e-9
    assert kaldi_eer([close, 2.0], [1.0]).rate == 0.5  # 1 is not less than what becomes 1
    assert kaldi_eer([1 + 1e-6, 2.0], [1.0]).rate == 0
    assert crossing(curve_of([close, 2.0], [1.0])).rate == 0


@every_case
@pytest.mark.parametrize("cost", [(0.01, 1, 1), (0.3, 10, 1), (0.9, 1, 1), (0.5, 1, 2)])
def test_detection_costs(targets, nontargets, cost):
    p, c_miss, c_fa = cost

    def at(threshold):
        miss = np.mean([s < threshold for s in targets])
        fa = np.mean([s >= threshold for s in nontargets])
        return (c_miss * p * miss + c_fa * (1 - p) * fa) / min(c_miss * p, c_fa * (1 - p))

    found = detection_cost(curve_of(targets, nontargets), *cost)
    assert found.minimum == pytest.approx(min(at(t) for t, _, _ in by_definition(targets, nontargets)))
    assert found.minimum == pytest.approx(at(found.threshold)) and found.minimum <= 1
    assert found.actual == pytest.approx(at(found.bayes_threshold))
    assert found.bayes_threshold == pytest.approx(np.log(c_fa * (1 - p)) - np.log(c_miss * p))


def test_the_cost_of_kaldis_script_where_no_scores_are_equal():
    """sid/compute_min_dcf.py rejects up to a score, and cannot accept all trials."""
    targets, nontargets = made_up(7)
    both = sorted([(s, 1) for s in targets] + [(s, 0) for s in nontargets])
    best = min((0.01 * sum(label for _, label in both[:n]) / 30
                + 0.99 * sum(1 - label for _, label in both[n:]) / 50) / 0.01 for n in range(1, 81))
    assert detection_cost(curve_of(targets, nontargets)).minimum == pytest.approx(best)


def test_cllr():
    assert cllr([0.0], [0.0, 0.0]) == pytest.approx(1)
    assert cllr([np.log(3)], [-np.log(3)]) == pytest.approx(np.log2(4 / 3))
    assert cllr([1000.0], [-1000.0]) == 0 and np.isfinite(cllr([-1e6], [1e6]))


def pooled(hits, weights):
    """Shares that rise, nearest to hits / weights: neighbours that fall are made one, again and again."""
    pools = []
    for hit, weight in zip(hits, weights, strict=True):
        pools.append([hit, weight, 1])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] >= pools[-1][0] / pools[-1][1]:
            last = pools.pop()
            pools[-1] = [a + b for a, b in zip(pools[-1], last, strict=True)]
    return np.concatenate([np.full(size, hit / weight) for hit, weight, size in pools])


@every_case
def test_the_least_cllr_is_that_of_pooled_adjacent_violators(targets, nontargets):
    scores, place = np.unique(np.concatenate([targets, nontargets]), return_inverse=True)
    share = pooled(np.bincount(place[: len(targets)], minlength=len(scores)), np.bincount(place))
    share = share.clip(1e-300, 1 - 1e-16)
    llr = np.log(share / (1 - share)) - np.log(len(targets) / len(nontargets))
    expected = cllr(llr[place[: len(targets)]], llr[place[len(targets) :]])
    assert min_cllr(convex_hull(curve_of(targets, nontargets))) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("targets, nontargets", [([], [1.0]), ([1.0], []), ([np.nan], [1.0]), ([1.0], [2, np.inf])])
def test_what_has_no_curve(targets, nontargets):
    with pytest.raises(ValueError):
        curve_of(targets, nontargets)


@pytest.mark.parametrize("cost", [(0, 1, 1), (1, 1, 1), (0.5, 0, 1), (0.5, 1, -1)])
def test_costs_that_make_no_sense(cost):
    with pytest.raises(ValueError):
        detection_cost(curve_of([1.0], [0.0]), *cost)
