"""Agglomerative clustering as cluster-ahc does it: the plain tree or speakers found in it, or Kaldi's special ways."""

import math

import numpy as np

from diarkit.clustering.linkage import Merger, checked, pair_costs, two_passes
from diarkit.clustering.speakers import find_speakers
from diarkit.clustering.tree import cut
from diarkit.errors import DataError


def cluster(similarities, opts, kaldi_opts, bounds, warn):
    """Label the segments of a recording; (N,) int from 0 in order of appearance.

    Parameters
    ----------
    similarities : Scores or Vectors of clustering.similarities, N >= 1
    opts : AhcOptions, kaldi_opts : KaldiAhcOptions
    bounds : Bounds
    warn : called with a line where --max-spk-fraction leaves more speakers than asked for
    """
    n = len(similarities)
    largest = largest_cluster(n, kaldi_opts.max_spk_fraction, bounds)
    in_runs = hasattr(similarities, "scores") and n > kaldi_opts.first_pass_max_utterances
    if largest is None and not in_runs:
        return find_speakers(similarities, opts, bounds)
    if opts.refine:
        raise DataError("--refine does not go with --max-spk-fraction and runs of --first-pass-max-utterances")
    if in_runs and similarities.linkage != "average":
        raise DataError(f"--linkage={similarities.linkage} does not go with runs of --first-pass-max-utterances")
    limit, least = float("inf"), bounds.exact
    if least is None:
        if opts.threshold is None or bounds != (1, n):
            raise DataError(f"{n} segments are more than --first-pass-max-utterances, which needs --threshold "
                            "or the number of speakers")
        limit, least = -opts.threshold, 1
    scores = checked(similarities.scores if in_runs else similarities.rows(0, n))
    if in_runs:
        labels = two_passes(scores, limit, least, kaldi_opts.first_pass_max_utterances, largest)
    else:
        merges = Merger(pair_costs(scores), similarities.linkage).run(limit, least, largest)
        labels = cut(merges, n, len(merges))
    found = labels.max() + 1
    if bounds.exact and found > bounds.exact:
        warn(f"{found} speakers, not {bounds.exact}: none may have more than {largest} of {n} segments")
    return labels


def largest_cluster(n, fraction, bounds):
    """Segments of the largest cluster that --max-spk-fraction allows, None where it has no effect.

    As in Kaldi that is where the number of speakers is given, and so many of that size have room for all segments.
    """
    if bounds.exact is None or not 1 / bounds.exact <= fraction < 1:
        return None
    return math.ceil(np.float32(n) * np.float32(fraction))
