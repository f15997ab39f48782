"""Whether one system is better than another on the same recordings: differences, intervals and p-values.

What is compared are ratios of sums: seconds of each kind of error over all recordings by the seconds of speech, as the
overall DER is. Recordings are the units that are drawn or swapped (see diarkit.scoring.resampling), since of two
systems the same ones are hard: the difference within a recording varies much less than its DER.
"""

from itertools import combinations
from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError
from diarkit.scoring.resampling import confidence_interval, holm, sign_flip_test

MEASURES = ("miss", "fa", "conf", "mean_of_files", "der")
SAME = 1e-6  # s: less is rounding


class Estimate(NamedTuple):
    """Percent of the speech scored, with the ends of the confidence interval (NaN where there is none)."""

    value: float
    low: float
    high: float


class Difference(NamedTuple):
    """A system minus another, in points of percent, with the ends of the interval.

    p, two-sided, and p_holm, adjusted for the number of pairs; `exact` says that all ways to swap were looked at;
    `smallest` is the least p there could be. The rest are numbers of recordings: where the first has less errors,
    where the second has, where both have the same.
    """

    value: float
    low: float
    high: float
    p: float
    p_holm: float
    exact: bool
    smallest: float
    first_better: int
    second_better: int
    equal: int


class Comparison(NamedTuple):
    """systems: {name: {measure: Estimate}}; pairs: {(name, name): {measure: Difference}}; files: {recording: [DER in
    percent of each system, NaN where no speech is scored]}; seconds: {recording: [seconds wrong of each system]}."""

    systems: dict
    pairs: dict
    files: dict
    seconds: dict
    num_groups: int


def compare(systems, groups=None, level=0.95, samples=10000, seed=0, interval="t"):
    """Compare systems on the same recordings.

    Parameters
    ----------
    systems : {name: {recording: Errors}}, two or more with the same recordings and the same speech scored in each
    groups : {recording: group}; those of one group are drawn and swapped together
    level, samples, seed, interval : see resampling.confidence_interval, which has `interval` as `method`

    Returns
    -------
    Comparison. `mean_of_files` is the mean of the DER of recordings with speech, each counting as much as another

    Raises DataError where the systems were not scored on the same.
    """
    recos = same_recordings(systems)
    names, pairs = list(systems), list(combinations(range(len(systems)), 2))
    labels = np.array([groups[reco] for reco in recos]) if groups else np.arange(len(recos))
    wrong = np.array([[seconds(files[reco]) for reco in recos] for files in systems.values()])  # (S, N, 4)
    scored = np.array([systems[names[0]][reco].scored for reco in recos])
    speech = scored > 0
    if not speech.any():
        raise DataError("no speech of the reference is left to score")

    of_systems, of_pairs = [{} for _ in names], [{} for _ in pairs]
    for measure, column in zip(MEASURES, (0, 1, 2, 3, 3), strict=True):
        values, lengths, same, of = wrong[:, :, column], scored, np.full(len(recos), SAME), labels
        if measure == "mean_of_files":
            values, lengths, same = values[:, speech] / scored[speech], np.ones(speech.sum()), SAME / scored[speech]
            of = labels[speech]
        differences = np.array([values[a] - values[b] for a, b in pairs])
        both = np.concatenate([values, differences])
        ends = confidence_interval(100 * both.T, lengths, level, samples, seed, of, interval)
        estimates = np.column_stack([100 * both.sum(axis=1) / lengths.sum(), *ends]).tolist()
        tests = [sign_flip_test(row, samples, seed, of) for row in differences]
        adjusted = holm([test.p for test in tests]).tolist()
        for found, estimate in zip(of_systems, estimates, strict=False):
            found[measure] = Estimate(*estimate)
        for n, (row, test) in enumerate(zip(differences, tests, strict=True)):
            wins = int((row < -same).sum()), int((row > same).sum())
            of_pairs[n][measure] = Difference(*estimates[len(names) + n], test.p, adjusted[n], test.exact,
                                              test.smallest, *wins, len(row) - sum(wins))
    return Comparison(
        dict(zip(names, of_systems, strict=True)),
        {(names[a], names[b]): found for (a, b), found in zip(pairs, of_pairs, strict=True)},
        {reco: [systems[name][reco].der for name in names] for reco in recos},
        dict(zip(recos, wrong[:, :, 3].T.tolist(), strict=True)),
        len(np.unique(labels)),
    )


def same_recordings(systems):
    """The recordings, sorted. Raises DataError if some system lacks one, or has more or less speech in it."""
    (first, files), *others = systems.items()
    for name, other in others:
        only = sorted(set(files) ^ set(other))
        if only:
            has, lacks = (first, name) if only[0] in files else (name, first)
            raise DataError(f"in {has}, not in {lacks}; --common leaves it out", where=only[0])
        for reco in sorted(files):
            pair = files[reco].scored, other[reco].scored
            if abs(pair[0] - pair[1]) > SAME * max(1, *pair):
                raise DataError(f"{pair[0]:.3f} s of speech scored in {first}, {pair[1]:.3f} s in {name}:"
                                " not the same reference, or not the same UEM", where=reco)
    return sorted(files)


def seconds(errors):
    """Missed, false alarm, confusion, and their sum."""
    parts = errors.missed, errors.false_alarm, errors.confusion
    return *parts, sum(parts)
