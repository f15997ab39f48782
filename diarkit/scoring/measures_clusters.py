"""Clustering measures of who spoke when, as dscore has them: every frame of 10 ms is in one class on each side.

The classes are the sets of speakers that talk in a frame, so that nobody, A, B, and A with B are four. All measures
come from the table of how many frames there are of each pair of classes. Recordings have no class in common, not even
silence: the table of several is block-diagonal, and only what is not 0 of it is kept here. Formulas: nryant/dscore,
scorelib/metrics.py. There more than 63 speakers of one recording run into each other in 64 bits, here they do not.
"""

from dataclasses import dataclass

import numpy as np

from diarkit.scoring.cooccurrence import Cooccurrence

NAMES = ("b3_precision", "b3_recall", "b3_f1", "tau_ref_hyp", "tau_hyp_ref", "h_ref_given_hyp", "h_hyp_given_ref",
         "mi", "nmi")


@dataclass
class Table:
    """Frames by class of the reference and of the hypothesis; classes count from 0, each has frames.

    frames : (E,) float;  ref, hyp : (E,) int, class on either side of an entry
    """

    frames: np.ndarray
    ref: np.ndarray
    hyp: np.ndarray

    def sums(self):
        """Frames of every class: (R,) of the reference, (H,) of the hypothesis."""
        return np.bincount(self.ref, self.frames), np.bincount(self.hyp, self.frames)


def part_of(ref, hyp, uem):
    """The Table of one recording; arguments as in diarkit.scoring.jer.jaccard_errors."""
    both = Cooccurrence.in_frames(ref, hyp, uem)
    kept = both.length > 0
    ref_set, hyp_set = (np.unique(numbers[kept], return_inverse=True)[1] for numbers in both.sets())
    size = hyp_set.max(initial=0) + 1
    pairs, entry = np.unique(ref_set * size + hyp_set, return_inverse=True)
    return Table(np.bincount(entry, both.length[kept], len(pairs)), *np.divmod(pairs, size))


def joined(tables):
    """The Table of several recordings, block after block."""
    tables = [table for table in tables if len(table.frames)]
    if len(tables) < 2:
        return tables[0] if tables else Table(np.zeros(0), np.zeros(0, int), np.zeros(0, int))
    sides = []
    for side in ("ref", "hyp"):
        numbers = [getattr(table, side) for table in tables]
        first = np.cumsum([0] + [part.max() + 1 for part in numbers[:-1]])
        sides.append(np.concatenate([part + offset for part, offset in zip(numbers, first, strict=True)]))
    return Table(np.concatenate([table.frames for table in tables]), *sides)


def values_of(tables):
    """{measure: value} of recordings together; None each where there are no frames.

    b3_precision, b3_recall, b3_f1   B-cubed: of the frames in the class of a frame in the hypothesis, the share that
        is in its class in the reference, as a mean over frames; the other way round; their harmonic mean
    tau_ref_hyp, tau_hyp_ref   Goodman and Kruskal's tau, 0 to 1: how far the reference tells the hypothesis, and the
        other way round; 1 where all that is to be told is one class
    h_ref_given_hyp, h_hyp_given_ref   conditional entropies, in bits a frame
    mi, nmi   mutual information in bits a frame; divided by the root of the product of both entropies, 1 where both
        sides are one class, 0 where only one of them is
    """
    table = joined(tables)
    if not len(table.frames):
        return dict.fromkeys(NAMES)
    frames, (ref, hyp) = table.frames, table.sums()
    total, ref_of, hyp_of = frames.sum(), ref[table.ref], hyp[table.hyp]
    share = frames / total
    precision, recall = (min(share @ (frames / of), 1.0) for of in (hyp_of, ref_of))
    mutual = max(share @ (np.log2(frames) - np.log2(ref_of) - np.log2(hyp_of) + np.log2(total)), 0.0)
    values = (
        precision, recall, 2 * precision * recall / (precision + recall),
        tau(recall, hyp / total), tau(precision, ref / total),
        share @ (np.log2(hyp_of) - np.log2(frames)), share @ (np.log2(ref_of) - np.log2(frames)),
        *information(mutual, ref / total, hyp / total),
    )
    return dict(zip(NAMES, map(float, values), strict=True))


def tau(right, shares):
    """How much of the variation of classes with these shares is gone, where one is `right` as often when guided.

    `right` is the chance to guess the class of a frame right by drawing from the classes of those frames that are in
    its class on the other side: B-cubed recall for classes of the hypothesis, precision for those of the reference.
    """
    if len(shares) == 1:
        return 1.0
    variation = 1 - shares @ shares
    return min(max((variation - (1 - right)) / variation, 0.0), 1.0)


def information(mutual, ref, hyp):
    """(mutual information, normalized by the geometric mean of the entropies), from the shares of the classes."""
    if len(ref) == 1 or len(hyp) == 1:
        return 0.0, float(len(ref) == len(hyp))
    return mutual, min(mutual / np.sqrt((ref @ np.log2(ref)) * (hyp @ np.log2(hyp))), 1.0)
