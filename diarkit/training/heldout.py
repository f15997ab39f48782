"""The equal error rate on speakers that are not trained on, which says when to stop and what to keep."""

from typing import NamedTuple

import numpy as np
import torch

from diarkit import signals
from diarkit.scoring.verification import crossing, curve_of

MOST_CROPS = 12  # of a speaker
BATCH = 32


class HeldOut(NamedTuple):
    """Trials of pieces of the held-out utterances.

    windows : (N, T, D) float32, pieces that do not overlap
    targets, nontargets : (n, 2) int, pairs of one speaker, of different utterances where he has several; and of two
    """

    windows: np.ndarray
    targets: np.ndarray
    nontargets: np.ndarray


def held_out_trials(corpus, speakers, front_end, seconds):
    """The HeldOut of {speaker: indices of utterances}, or None if they are too short to make trials of both kinds.

    Of a speaker with many pieces, some are taken that are spread over all of them.
    """
    length = int(seconds * front_end.sample_frequency)
    places = []  # (speaker, utterance, start)
    for number, own in enumerate(speakers.values()):
        found = [(number, index, start) for index in own
                 for start in range(0, corpus.utterances[index].num_samples - length + 1, length)]
        chosen = np.unique(np.linspace(0, len(found) - 1, min(MOST_CROPS, len(found))).astype(int))
        places += [found[place] for place in chosen]
    if not places:
        return None
    speaker, utterance, _ = np.array(places).T
    i, j = np.triu_indices(len(places), 1)
    same = speaker[i] == speaker[j]
    several = np.array([len(own) > 1 for own in speakers.values()])
    targets = same & (~several[speaker[i]] | (utterance[i] != utterance[j]))
    if not targets.any() or same.all():
        return None
    windows = [front_end.window(front_end.whole(signals.of_array(
        corpus.read(index, start, start + length), front_end.sample_frequency))) for _, index, start in places]
    return HeldOut(np.stack(windows), np.stack([i[targets], j[targets]], 1), np.stack([i[~same], j[~same]], 1))


def embeddings(network, windows, device="cpu"):
    """(N, D) of windows (N, T, D); the network is left as it was, in training or not."""
    training = network.training
    network.eval()
    with torch.inference_mode():
        found = [network(torch.from_numpy(windows[at : at + BATCH]).to(device)).float().cpu().numpy()
                 for at in range(0, len(windows), BATCH)]
    network.train(training)
    return np.concatenate(found)


def held_out_error(network, held_out, device="cpu"):
    """Equal error rate, %, of the cosine of embeddings from which the mean of all is taken."""
    found = embeddings(network, held_out.windows, device).astype(np.float64)
    found -= found.mean(axis=0)
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
    scores = found @ found.T
    targets, nontargets = (scores[pairs[:, 0], pairs[:, 1]] for pairs in (held_out.targets, held_out.nontargets))
    if not (np.isfinite(targets).all() and np.isfinite(nontargets).all()):
        return 100.0
    return 100 * crossing(curve_of(targets, nontargets)).rate
