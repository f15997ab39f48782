"""How long the speakers of a reference and those of a hypothesis talk together, in seconds or in frames of 10 ms.

Frames are those of dscore (nryant/dscore, scorelib/score.py), for all that it measures but DER: frame i begins at the
floating-point product 0.01 * i; a turn has the frames that begin in [start, end), and those that begin in a region of
the UEM are scored. dscore makes an array of all frames and speakers; here frames are counted between the boundaries
of turns, which gives the same numbers.
"""

import numpy as np

from diarkit.cells import Cells, join, numbered

STEP = 0.01  # s
BITS = 32  # of a word that stands for a set of speakers, as a float


def frame_index(times, num_frames):
    """The first frame that begins at or after each time, `num_frames` if none of so many does.

    That is np.searchsorted(0.01 * np.arange(num_frames), times), whatever the rounding of the products.
    """
    index = np.floor(np.asarray(times, dtype=float) / STEP)
    # A time above a rounded product is not below the exact one, so the quotient is never too small by one.
    return np.clip(index + (STEP * index < times), 0, num_frames)


class Cooccurrence:
    """Who talks with whom in one recording, within the UEM.

    ref, hyp : (starts, ends, speakers), one entry a turn; s, s, names. Turns of one speaker may overlap
    uem : (starts, ends), s

    cells : diarkit.cells.Cells, cells of time in which nobody begins or ends
    length : (N,) of each cell in s, or in frames; 0 outside of the UEM
    ref_names, hyp_names : the speakers in order
    ref, hyp : entries (cells, speakers), one for each speaker of each cell in which it talks, by cell
    """

    def __init__(self, ref, hyp, uem):
        self.cells = Cells(ref[:2], hyp[:2], uem)
        self.length = np.where(self.cells.cover(*uem), self.cells.length, 0.0)
        ref_labels, self.ref_names = numbered(ref[2])
        hyp_labels, self.hyp_names = numbered(hyp[2])
        self.ref = self.cells.members(*ref[:2], ref_labels, len(self.ref_names))
        self.hyp = self.cells.members(*hyp[:2], hyp_labels, len(self.hyp_names))

    @classmethod
    def in_frames(cls, ref, hyp, uem):
        """The same, counted in frames. Arguments are in s, and as they are: dscore rounds to 1 ms for DER only."""
        num_frames = int(np.max(uem[1], initial=0.0) / STEP)
        ref, hyp, uem = (
            (*(frame_index(times, num_frames) for times in side[:2]), *side[2:]) for side in (ref, hyp, uem))
        return cls(ref, hyp, uem)

    def together(self):
        """(R, H): how long each speaker of the reference talks with each of the hypothesis."""
        i, j = join(self.ref[0], self.hyp[0])
        shape = len(self.ref_names), len(self.hyp_names)
        pair = self.ref[1][i] * shape[1] + self.hyp[1][j]
        return np.bincount(pair, self.length[self.ref[0][i]], shape[0] * shape[1]).reshape(shape)

    def totals(self):
        """How long each speaker talks: (R,) of the reference, (H,) of the hypothesis."""
        sides = (self.ref, self.ref_names), (self.hyp, self.hyp_names)
        return [np.bincount(labels, self.length[cells], len(names)) for (cells, labels), names in sides]

    def sets(self):
        """The set of speakers of each cell, numbered: (N,) int of the reference, (N,) int of the hypothesis.

        Cells have the same number where the same speakers talk; nobody is a set as well.
        """
        size = len(self.length)
        sides = (self.ref, self.ref_names), (self.hyp, self.hyp_names)
        numbers = []
        for (cells, labels), names in sides:
            words = len(names) // BITS + 1
            bits = np.bincount(cells * words + labels // BITS, 2.0 ** (labels % BITS), size * words)
            numbers.append(np.unique(bits.reshape(size, words), axis=0, return_inverse=True)[1].ravel())
        return numbers
