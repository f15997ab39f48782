"""I-vectors of windows of a recording, whose overlap is summed once, and of whole utterances and speakers."""

import numpy as np

from diarkit.errors import DataError
from diarkit.ivector.statistics import check, sums_of_windows

BLOCK = 256  # windows worked on at once; fixed, so that the result does not hang on it


def window_sums(extractor, feats, posteriors, windows):
    """What i-vectors of windows are inferred from, block by block: yields indices (n,), counts (n, C), linear (n, R).

    windows : W pairs, frames, the first and the one after the last; feats (T, D), posteriors : of the recording

    Raises DataError for features that are not those of the model.
    """
    check(feats, posteriors, extractor.num_gauss, extractor.feat_dim)
    windows = np.asarray(windows).reshape(-1, 2)
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
    """I-vectors (W, R) of windows, float32; see window_sums and infer."""
    found = np.empty((len(windows), extractor.dim), np.float32)
    for some, counts, linear in window_sums(extractor, feats, posteriors, windows):
        found[some] = infer(extractor, counts, linear, opts)
    return found


def window_frames(segments, frame_shift, total, fail):
    """The frames of windows, as Kaldi's data directories of windows have them: those of `total` that there are.

    segments : with utt, start and end, s, -1 being that of the features; frame_shift : ms
    fail : called with utt and why, of those without a frame

    Returns utts, and the first frame and the one after the last of each.
    """
    names, frames = [], []
    for segment in segments:
        first, last = (int(np.floor(time * 1000 / frame_shift + 0.5)) for time in (segment.start, segment.end))
        last = total if segment.end < 0 else last
        if first < min(last, total):
            names.append(segment.utt)
            frames.append((first, min(last, total)))
        else:
            fail(segment.utt, f"is frames {first} to {last}, the features have {total}")
    return names, frames


class SpeakerSums:
    """What the i-vectors of speakers are inferred from: the sums over their utterances or windows.

    speakers : {speaker: [window]}
    """

    def __init__(self, extractor, speakers):
        self.extractor, self.speakers = extractor, speakers
        self._of = {}
        for speaker, windows in speakers.items():
            for window in windows:
                self._of.setdefault(window, []).append(speaker)
        self._counts, self._linear = {}, {}

    def add(self, names, blocks):
        """Add windows of these names, given as window_sums gives them."""
        for some, counts, linear in blocks:
            for at, index in enumerate(some):
                for speaker in self._of.get(names[index], ()):
                    if speaker not in self._counts:
                        self._counts[speaker] = np.zeros(self.extractor.num_gauss)
                        self._linear[speaker] = np.zeros(self.extractor.dim)
                    self._counts[speaker] += counts[at]
                    self._linear[speaker] += linear[at]

    def ivector(self, speaker, opts):
        """The i-vector of a speaker (R,), float32. Raises DataError for one of whom there is nothing."""
        if speaker not in self._counts:
            raise DataError("there is nothing of this speaker")
        counts, linear = self._counts[speaker][None], self._linear[speaker][None]
        return infer(self.extractor, counts, linear, opts)[0].astype(np.float32)
