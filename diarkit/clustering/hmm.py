"""Hidden Markov models of who speaks: forward and backward, where anybody may follow on anybody.

Speakers are states. After each item (a window, a frame) the same one goes on with the probability `loop`; else the
next is drawn from the priors, whoever it was. Such transitions, loop I + (1 - loop) 1 priors', need no matrix: a step
costs as much as there are speakers. Probabilities are kept as they are, scaled item by item, not as logarithms.

Items are cut into blocks of BLOCK, and one step is made in all blocks at once. Each block but the first begins with a
guess; when all have been done, those that began wrong begin again with what came out of the block before, and stop as
soon as they do what they did before: a hidden Markov model soon forgets how it began. This goes on until nothing
changes, so the result does not depend on the guess.
"""

from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError

BLOCK = 256  # items
SAME = 1e-13  # relative difference of two runs that have become one
NOBODY = 1e-100  # speakers of a smaller prior never speak
LONGEST = 1 - 1e-9  # the highest probability of going on
GONE = 1e-10  # speakers of a smaller prior are left out of the inference


class Path(NamedTuple):
    """What a model says of T items and S speakers.

    posteriors : (T, S), how probable each speaker is, rows that sum to 1
    log_likelihood : of all items, nats
    begins : (S,), how often each speaker begins, the first item included; not counting who follows on himself within
        `loop`, but counting who is drawn again
    """

    posteriors: np.ndarray
    log_likelihood: float
    begins: np.ndarray


class Inference(NamedTuple):
    """What variational inference finds for T items and S speakers.

    posteriors : (T, S), how probable each speaker is, rows that sum to 1
    priors : (S,), sum to 1
    elbo : the evidence lower bound after each iteration, list of nats
    """

    posteriors: np.ndarray
    priors: np.ndarray
    elbo: list


def infer(explained, posteriors, priors, opts, least=1, told=None):
    """Infer in turn what the speakers are like, who speaks, and how probable each speaker is.

    Parameters
    ----------
    explained : posteriors (T, K) -> log likelihoods (T, K) of items under what the K speakers are then like, and minus
        the divergence of that from what was believed before, nats
    posteriors : (T, S), to begin with
    priors : (S,), to begin with; None for all the same
    opts : has loop_probability, max_iters and epsilon
    least : as for forward_backward
    told : called with the number of each iteration and its bound

    Returns an Inference. Speakers whose prior vanishes are left out from there on, with posteriors and priors of 0.
    """
    speakers = posteriors.shape[1]
    priors = np.full(speakers, 1 / speakers) if priors is None else np.asarray(priors, float) / np.sum(priors)
    alive = np.arange(speakers)
    bounds = []
    for i in range(opts.max_iters):
        scores, gain = explained(posteriors)
        path = forward_backward(scores, opts.loop_probability, priors, least)
        posteriors, priors = path.posteriors, path.begins / path.begins.sum()
        bounds.append(path.log_likelihood + gain)
        if told:
            told(i + 1, bounds[-1])
        if i > 0 and bounds[-1] - bounds[-2] < opts.epsilon:
            break
        kept = priors > GONE
        if not kept.all():
            alive, priors = alive[kept], priors[kept] / priors[kept].sum()
            posteriors = posteriors[:, kept] / posteriors[:, kept].sum(axis=1, keepdims=True)
    return Inference(spread(posteriors, alive, speakers), spread(priors, alive, speakers), bounds)


def spread(array, places, size):
    """An array whose last axis is put at `places` of `size`, zeros elsewhere."""
    if len(places) == size:
        return array
    found = np.zeros((*array.shape[:-1], size))
    found[..., places] = array
    return found


def forward_backward(scores, loop, priors, least=1):
    """Posterior probabilities of the speakers of every item.

    Parameters
    ----------
    scores : (T, S), T >= 1, log likelihoods of items under speakers, nats
    loop : probability that a speaker goes on, 0 <= loop < 1
    priors : (S,), probabilities of who comes next, and of who comes first
    least : items that a speaker has at least, once begun (at the end there may be fewer)

    Returns a Path. Raises DataError if `loop` is not such a probability, or scores are not finite.
    """
    scores = np.asarray(scores, float)
    if not 0 <= loop <= LONGEST:
        raise DataError(f"a loop probability of {loop:g}: it must be at least 0 and less than 1")
    if not np.isfinite(scores).all():
        raise DataError("log likelihoods of speakers have NaN or infinity in them")
    living = np.flatnonzero(np.asarray(priors) >= NOBODY)
    if not len(living):
        raise DataError("no speaker has a prior probability")
    found = (chained if least > 1 else scaled)(
        scores[:, living], loop, np.asarray(priors, float)[living], *([least] if least > 1 else []))
    if len(living) == scores.shape[1]:
        return found
    size = scores.shape[1]
    return Path(spread(found.posteriors, living, size), found.log_likelihood, spread(found.begins, living, size))


def scaled(scores, loop, priors):
    """forward_backward without a least duration, all priors above 0."""
    count, speakers = scores.shape
    blocks = -(-count // BLOCK)
    length = min(BLOCK, count)
    highest = scores.max(axis=1)
    # Items are (length, blocks, speakers). After the last come items of which all speakers are equally likely, which
    # change nothing, forward or backward.
    likelihoods = np.ones((blocks * length, speakers))
    np.exp(scores - highest[:, None], out=likelihoods[:count])
    likelihoods = np.ascontiguousarray(likelihoods.reshape(blocks, length, speakers).transpose(1, 0, 2))
    drawn = (1 - loop) * priors
    ones = np.ones((speakers, 1))

    def ahead(before, at, which):
        after = before * loop
        after += drawn
        after *= likelihoods[at, which]
        scale = after @ ones
        after /= scale
        return after, scale[:, 0]

    def back(after, at, which):
        seen = after * likelihoods[at, which]
        before = seen * loop
        before += (seen @ drawn)[:, None]
        scale = before.max(axis=1)
        before /= scale[:, None]
        return before, scale

    first = np.tile(priors / priors.sum(), (blocks, 1))
    # The first item has been drawn without anybody before it: begin as if by chance, and scale back.
    forward, scales = run(ahead, likelihoods.shape, first, range(length))
    backward, _ = run(back, likelihoods.shape, np.ones((blocks, speakers)), range(length - 1, -1, -1), backward=True)

    def flat(array):
        return array.swapaxes(0, 1).reshape(blocks * length, -1)[:count]

    forward = flat(forward)
    # backward[t] is what comes of item t on, seen from the item before it
    posteriors = forward.copy()
    posteriors[:-1] *= flat(backward)[1:]
    posteriors /= posteriors.sum(axis=1, keepdims=True)
    begins = posteriors[0] + (posteriors[1:] * (drawn / (loop * forward[:-1] + drawn))).sum(axis=0)
    log_likelihood = np.log(flat(scales)).sum() + highest.sum()
    return Path(posteriors, float(log_likelihood), begins)


def run(step, shape, start, order, backward=False):
    """States and scales of all items, made block by block side by side.

    step : (states before, item of the block, blocks) -> (states after, scales)
    start : (blocks, speakers), what each block begins with; right for the one that comes first, a guess for the others
    """
    length, blocks, _ = shape
    states, scales = np.empty(shape), np.empty(shape[:2])
    current = start
    for at in order:
        current, scales[at] = step(current, at, slice(None))
        states[at] = current
    last = order[-1]
    shift = 1 if backward else -1
    begun = start.copy()
    which = np.arange(blocks - 1) if backward else np.arange(1, blocks)
    while True:
        wrong = which[~same(begun[which], states[last, which + shift])]
        if not len(wrong):
            return states, scales
        current = begun[wrong] = states[last, wrong + shift]
        for at in order:
            current, scales[at, wrong] = step(current, at, wrong)
            if same(current, states[at, wrong]).all():
                break  # the scales of this item are of the step to it, which may have been another
            states[at, wrong] = current


def same(one, other):
    """Of each row, whether it is the same in both but for rounding."""
    return (np.abs(one - other) <= SAME * other).all(axis=1)


def chained(scores, loop, priors, least):
    """forward_backward where every speaker is a chain of `least` states, of which only the last can be left or kept.

    With logarithms: what has to go on whatever the item says may be of any improbability.
    """
    count, speakers = scores.shape
    drawn = np.log1p(-loop) + np.log(priors)
    with np.errstate(divide="ignore"):
        stay = np.log(loop)
    nothing = np.full((speakers, least), -np.inf)
    forward = np.empty((count, speakers, least))
    forward[0] = nothing
    forward[0, :, 0] = np.log(priors) + scores[0]
    for t in range(1, count):
        before, after = forward[t - 1], forward[t]
        after[:, 0] = np.logaddexp.reduce(before[:, -1]) + drawn
        after[:, 1:] = before[:, :-1]
        after[:, -1] = np.logaddexp(after[:, -1], before[:, -1] + stay)
        after += scores[t, :, None]
    log_likelihood = np.logaddexp.reduce(forward[-1], axis=None)
    posteriors, begins = np.empty((count, speakers)), np.zeros(speakers)
    backward = np.zeros((speakers, least))
    for t in range(count - 1, -1, -1):
        posteriors[t] = np.exp(forward[t] + backward - log_likelihood).sum(axis=1)
        if t == 0:
            break
        seen = backward + scores[t, :, None]
        begins += np.exp(np.logaddexp.reduce(forward[t - 1, :, -1]) + drawn + seen[:, 0] - log_likelihood)
        backward = np.empty_like(seen)
        backward[:, :-1] = seen[:, 1:]
        backward[:, -1] = np.logaddexp(seen[:, -1] + stay, np.logaddexp.reduce(seen[:, 0] + drawn))
    return Path(posteriors, float(log_likelihood), posteriors[0] + begins)
