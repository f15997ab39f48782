"""Speakers in frames of 10 ms, as dscore (nryant/dscore, scorelib/score.py) has them for all but DER.

Frame i begins at the floating-point product 0.01 * i; a turn has the frames that begin in [start, end), and those
that begin in a region of the UEM are scored. dscore makes an array of all frames and speakers; here frames are
counted between the boundaries of turns, which gives the same numbers.
"""

import numpy as np

from diarkit.cells import Cells, join, numbered

STEP = 0.01  # s


def frame_index(times, num_frames):
    """The first frame that begins at or after each time, `num_frames` if none of so many does.

    That is np.searchsorted(0.01 * np.arange(num_frames), times), whatever the rounding of the products.
    """
    near = np.floor(np.asarray(times, dtype=float) / STEP) - 1  # the frame is this or one of the next three
    index = near + sum(STEP * (near + k) < times for k in range(3))
    return np.clip(index, 0, num_frames)


class Frames:
    """The scored frames of one recording, by the speakers that talk in them.

    ref, hyp : (starts, ends, speakers), one entry a turn; s, s, names. Turns of one speaker may overlap
    uem : (starts, ends), s

    Times are taken as they are, without the rounding to 1 ms that dscore does for DER only.

    length : (N,) scored frames of each cell of time, in which nobody begins or ends
    ref_names, hyp_names : the speakers in order, also those without a scored frame
    """

    def __init__(self, ref, hyp, uem):
        num_frames = int(np.max(uem[1], initial=0.0) / STEP)
        ref_span, hyp_span, region = (
            [frame_index(times, num_frames) for times in side[:2]] for side in (ref, hyp, uem))
        cells = Cells(ref_span, hyp_span, region)
        self.length = np.where(cells.cover(*region), cells.length, 0.0)
        ref_labels, self.ref_names = numbered(ref[2])
        hyp_labels, self.hyp_names = numbered(hyp[2])
        self.ref = cells.members(*ref_span, ref_labels, len(self.ref_names))  # entries (cell, speaker), by cell
        self.hyp = cells.members(*hyp_span, hyp_labels, len(self.hyp_names))

    def together(self):
        """(R, H) frames in which each speaker of the reference talks with each of the hypothesis."""
        i, j = join(self.ref[0], self.hyp[0])
        shape = len(self.ref_names), len(self.hyp_names)
        pair = self.ref[1][i] * shape[1] + self.hyp[1][j]
        return np.bincount(pair, self.length[self.ref[0][i]], shape[0] * shape[1]).reshape(shape)

    def totals(self):
        """The frames of each speaker: (R,) of the reference, (H,) of the hypothesis."""
        sides = (self.ref, self.ref_names), (self.hyp, self.hyp_names)
        return [np.bincount(labels, self.length[cells], len(names)) for (cells, labels), names in sides]
