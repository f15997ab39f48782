"""Ghost speakers: labels with too little speech, in turns too short, to be somebody."""

import numpy as np

from diarkit.clustering.tree import in_order_of_appearance
from diarkit.turns import make_turns


def without_ghosts(labels, times, similarities, opts, bounds):
    """Give the segments of ghost speakers to the speakers that they are most similar to.

    A speaker is a ghost with less than `opts.ghost_share` of the speech of the recording and no stretch of speech of
    `opts.ghost_turn` seconds; of the least share first, for as long as `bounds` allows and one speaker is left.

    Parameters
    ----------
    labels : (N,) int from 0
    times : (N, 2), start and end of the segments, s; None: nothing is done
    similarities : Scores or Vectors
    opts : SpeakersOptions

    Returns (N,) int, numbered from 0 in order of appearance.
    """
    while times is not None and labels.max() + 1 > max(bounds.low, 1):
        speech, longest = speech_of(labels, times)
        ghosts = (speech < opts.ghost_share * speech.sum()) & (longest < opts.ghost_turn)
        if not ghosts.any():
            break
        ghost = np.argmin(np.where(ghosts, speech, np.inf))
        kept = np.where(labels > ghost, labels - 1, labels)
        kept[labels == ghost] = -1
        closest = np.argmax(similarities.to_clusters(kept, len(speech) - 1), axis=1)
        labels = in_order_of_appearance(np.where(kept < 0, closest, kept))
    return labels


def speech_of(labels, times):
    """How long each label speaks and its longest stretch, s; time that neighbours share is divided between them."""
    speech = np.zeros(labels.max() + 1)
    longest = np.zeros(labels.max() + 1)
    for start, end, label in make_turns([tuple(pair) for pair in times.tolist()], labels.tolist()):
        speech[label] += end - start
        longest[label] = max(longest[label], end - start)
    return speech, longest
