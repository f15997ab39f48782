"""I-vectors of windows of a recording, whose overlap is summed once, and of whole utterances and speakers."""

import numpy as np

from diarkit.errors import DataError
from diarkit.ivector.statistics import check, sums_of_windows

BLOCK = 256  # windows worked on at once; fixed, so that the result does not hang on it


def window_sums(extractor, feats, posteriors, windows):
    """What i-vectors of windows are inferred from, block by block: yields indices (n,), counts (n, C), linear (n, R).

    windows : (W, 2) int, frames, the first and the one after the last; feats (T, D), posteriors : of the recording

    Raises DataError for features that are not those of the model.
    """
    check(feats, posteriors, extractor.num_gauss, extractor.feat_dim)
    order = np.lexsort(windows.T[::-1])
    for first in range(0, len(order), BLOCK):
        some = order[first : first + BLOCK]
        yield some, *sums_of_windows(extractor, feats, posteriors, windows[some])


def infer(extractor, counts, linear, opts):
    """I-vectors, less the offset, of sums (n, C) and (n, R), as Kaldi's ivector-extract has them: (n, R).

    opts : IvectorOptions; sums are scaled by the acoustic weight, and those of more frames than `max_count` to so many
    """
    scale = np.full(len(counts), opts.acoustic_weight)
    if opts.max_count > 0:
        total = opts.acoustic_weight * counts.sum(axis=1)
        scale[total > opts.max_count] *= opts.max_count / total[total > opts.max_count]
    return extractor.infer(counts * scale[:, None], linear * scale[:, None])


def extract(extractor, feats, posteriors, windows, opts):
    """I-vectors (W, R) of windows; see window_sums and infer."""
    found = np.empty((len(windows), extractor.dim))
    for some, counts, linear in window_sums(extractor, feats, posteriors, windows):
        found[some] = infer(extractor, counts, linear, opts)
    return found


def window_frames(start, end, frame_shift, total):
    """The frames of a window in s, the first and the one after the last, as Kaldi's data directories of windows have
    them: those of `total` there are. Raises DataError if none is left, or the features end much earlier.
    """
    first, last = (int(np.floor(time * 1000 / frame_shift + 0.5)) for time in (start, end))
    if first >= min(last, total):
        raise DataError(f"{start:g} to {end:g} s are frames {first} to {last}, the features have {total}")
    return first, min(last, total)


class SpeakerSums:
    """What the i-vectors of speakers are inferred from: the sums over their utterances."""

    def __init__(self, extractor):
        self.extractor = extractor
        self.counts, self.linear = {}, {}

    def add(self, speaker, counts, linear):
        """Add an utterance's counts (C,) and linear (R,)."""
        if speaker not in self.counts:
            self.counts[speaker] = np.zeros(self.extractor.num_gauss)
            self.linear[speaker] = np.zeros(self.extractor.dim)
        self.counts[speaker] += counts
        self.linear[speaker] += linear

    def ivector(self, speaker, opts):
        """The i-vector of a speaker (R,). Raises DataError for one of whom there is nothing."""
        if speaker not in self.counts:
            raise DataError("has no utterance")
        return infer(self.extractor, self.counts[speaker][None], self.linear[speaker][None], opts)[0]
