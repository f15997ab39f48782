"""Jaccard error rate (JER), as dscore has it: every speaker of the reference counts the same.

The Jaccard error of a speaker of the reference and one of the hypothesis is 1 - I / U, where in I frames both talk
and in U frames one of them or both. Speakers are mapped one to one for the least sum of errors; a speaker of the
reference without a partner has an error of 1. JER is the mean over the speakers of the reference, of all recordings
for the overall value. There is never a collar, and overlap is always scored. Source: Ryant et al., "The second DIHARD
diarization challenge", 2019, and nryant/dscore, scorelib/metrics.py.
"""

import numpy as np

from diarkit.scoring.cooccurrence import Cooccurrence
from diarkit.scoring.matching import map_speakers, matched_by_scipy

MANY = 500  # speakers, beyond which to import scipy takes less time than to do without


def jaccard_errors(ref, hyp, uem):
    """The error of each speaker of the reference of one recording: {speaker: 0..1}.

    Parameters
    ----------
    ref, hyp : (starts, ends, speakers), one entry a turn, of what lies within the UEM; s, s, names
    uem : (starts, ends), what is evaluated, s

    The times must not be rounded: dscore rounds to 1 ms for DER, not for JER, and where a frame begins just there,
    1e-16 s are one frame more or less. A speaker without a scored frame has an error of 1 (dscore stops where there
    are two such, one on each side).
    """
    frames = Cooccurrence.in_frames(ref, hyp, uem)
    both = frames.together()
    ref_total, hyp_total = frames.totals()
    either = ref_total[:, None] + hyp_total - both
    index = np.divide(both, either, out=np.zeros(both.shape), where=either > 0)
    return dict(zip(frames.ref_names, (1 - best_sum(index)).tolist(), strict=True))


def best_sum(index):
    """(R,) what each row of an (R, H) array, >= 0, gets from the one-to-one choice of columns with the greatest sum."""
    partner = matched_by_scipy(index) if max(index.shape) > MANY else map_speakers(index)
    return np.where(partner >= 0, index[np.arange(len(index)), partner] if index.size else 0.0, 0.0)


def jer_of(errors, num_hyp):
    """JER in percent.

    errors : the errors of jaccard_errors; of several recordings together {(recording, speaker): error}
    num_hyp : number of speakers of the hypothesis, which alone make it 100 where the reference has none
    """
    if errors:
        return 100 * float(np.mean(list(errors.values())))
    return 100.0 if num_hyp else 0.0
