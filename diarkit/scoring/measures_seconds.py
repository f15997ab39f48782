"""Purity, coverage, homogeneity and completeness of the speakers of a hypothesis, as pyannote.metrics has them.

Time is continuous, and what counts is speech: silence is no class, and where two speakers overlap, both have the time.
Agrees with pyannote.metrics' DiarizationPurity, DiarizationCoverage, DiarizationHomogeneity and
DiarizationCompleteness (4.2) for turns that are cut to the UEM - the first two of them do not look at a UEM - and of
which none overlaps with one of the same speaker. The arithmetic is done here, because to import the library takes
longer than to measure hundreds of recordings.
"""

import numpy as np

from diarkit.scoring.cooccurrence import Cooccurrence

NAMES = ("purity", "coverage", "purity_coverage_f", "homogeneity", "completeness", "v_measure")


def part_of(ref, hyp, uem):
    """What adds up over recordings: (8,) array; arguments as in diarkit.scoring.jer.jaccard_errors.

    Speech of the hypothesis that is of the most frequent speaker of the reference in its cluster, and all, s; the
    same for the reference; cross-entropy and entropy in nats, of the reference given the hypothesis, then the other
    way round.
    """
    both = Cooccurrence(ref, hyp, uem)
    together, (ref_total, hyp_total) = both.together(), both.totals()
    return np.array([
        together.max(axis=0, initial=0).sum(), hyp_total.sum(), together.max(axis=1, initial=0).sum(), ref_total.sum(),
        *entropies(together), *entropies(together.T)])


def entropies(together):
    """(cross-entropy, entropy) of the rows of an (R, H) array of seconds: given the column, and without, in nats."""
    rows, columns = np.nonzero(together)
    seconds = together[rows, columns]
    share = seconds / seconds.sum()
    alone = together.sum(axis=1)
    alone = alone[alone > 0] / seconds.sum()
    return -(share @ np.log(seconds / together.sum(axis=0)[columns])), -(alone @ np.log(alone))


def values_of(parts):
    """{measure: value, 0 to 1} of recordings together; sums are taken before ratios. What has nothing to count is 1.

    purity, coverage   the share of the speech of the hypothesis (of the reference) that is also speech of the speaker
        of the other side who talks the longest with its speaker; purity_coverage_f is the harmonic mean
    homogeneity, completeness   1 - cross-entropy / entropy; v_measure is the harmonic mean, which pyannote.metrics
        does not have
    """
    pure, hypothesis, covered, reference, *entropy = np.sum(list(parts), axis=0).tolist()
    purity, coverage = ratio(pure, hypothesis), ratio(covered, reference)
    homogeneity, completeness = unexplained(*entropy[:2]), unexplained(*entropy[2:])
    return dict(zip(NAMES, (purity, coverage, harmonic_mean(purity, coverage),
                            homogeneity, completeness, harmonic_mean(homogeneity, completeness)), strict=True))


def ratio(part, whole):
    return part / whole if whole > 0 else 1.0


def unexplained(cross, entropy):
    return 1 - cross / entropy if entropy > 0 else 1.0


def harmonic_mean(a, b):
    return 2 * a * b / (a + b) if a + b > 0 else 0.0
