"""Who speaks in every frame, by variational Bayes: a hidden Markov model whose speakers are mixtures of Gaussians.

All speakers share the weights and covariances of one mixture, the universal background model (UBM); their means are
those of the UBM moved by what is the speaker's own: an i-vector times V (Eigenvoices), or for every mean by itself
(OwnMeans). Frames are summed up in units of some frames, the resolution of the answer. Sources: Kenny 2008, "Bayesian
analysis of speaker diarization with eigenvoice priors", to whose equations the numbers belong; as programmed by Burget
(VB_diarization.py of Kaldi's callhome_diarization), whose options and units these are.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, vstack
from scipy.special import logsumexp

from diarkit.clustering import mixtures
from diarkit.clustering.hmm import infer
from diarkit.errors import DataError

FITTING = 10  # iterations
LARGEST = 1e100  # features beyond have squares that are infinite
ROUNDING = 0.1  # s by which turns may be longer than features: windows at the end, times rounded


class Units(NamedTuple):
    """What the frames of U units are in terms of the UBM.

    of : (T,), the unit of each frame
    counts : (U, C) sparse, how many frames belong to each Gaussian, times the scale
    first : (U, K), sums of frames less the means, as the voices see them
    likelihoods : (U,), log likelihoods under the UBM, nats
    """

    of: np.ndarray
    counts: csr_array
    first: np.ndarray
    likelihoods: np.ndarray


class Eigenvoices:
    """Speakers whose means are moved by V y, y ~ N(0, I) of R dimensions."""

    def __init__(self, ubm, directions):
        """directions : V, (C, D, R)"""
        if directions.shape[:2] != ubm.means.shape:
            raise DataError(f"the i-vector extractor moves {directions.shape[0]} Gaussians of {directions.shape[1]} "
                            f"dimensions, the UBM has {ubm.means.shape[0]} of {ubm.means.shape[1]}")
        self.ubm = ubm
        self.rank = directions.shape[2]
        self.project = directions / ubm.variances[:, :, None]  # (C, D, R)
        lower = np.tril_indices(self.rank)
        # V' inv(Sigma) V of each Gaussian, the lower triangle: the largest thing here
        self.precisions = np.empty((len(directions), len(lower[0])), np.float32)
        for c, (own, weighted) in enumerate(zip(directions, self.project, strict=True)):
            with np.errstate(over="ignore"):
                self.precisions[c] = (own.T @ weighted)[lower]
        if not np.isfinite(self.precisions).all():
            raise DataError("the i-vector extractor moves means too far for the variances of the UBM")
        self.lower = lower
        self.width = self.rank

    def sums(self, gaussian, sums):
        """What sums (n, D) of frames less the mean of a Gaussian add to `first`: (n, K), and to which columns."""
        return sums @ self.project[gaussian], slice(None)

    def explained(self, units, posteriors):
        """Log likelihoods (U, S) of units under speakers, and minus the divergence of what they are; see hmm.infer."""
        packed = (units.counts.T @ posteriors).T.astype(np.float32) @ self.precisions  # (S, R (R + 1) / 2)
        first = posteriors.T @ units.first
        means, seconds, gain = np.empty_like(first), np.empty_like(packed), 0.0
        for s, row in enumerate(packed):
            precision = np.zeros((self.rank, self.rank))
            precision[self.lower] = row
            precision += np.tril(precision, -1).T + np.eye(self.rank)
            try:
                covariance = np.linalg.inv(precision)  # (34)
            except np.linalg.LinAlgError:
                raise DataError("the i-vector extractor and the UBM do not fit these features: "
                                "the precision of an i-vector is singular") from None
            means[s] = covariance @ first[s]  # (35)
            second = covariance + np.outer(means[s], means[s])
            seconds[s] = (2 * second - np.diag(np.diag(second)))[self.lower]
            gain += 0.5 * (np.linalg.slogdet(covariance)[1] - np.trace(second) + self.rank)
        spread = (self.precisions @ seconds.T).astype(float)  # (C, S)
        return units.likelihoods[:, None] + units.first @ means.T - 0.5 * (units.counts @ spread), gain  # (29)


class OwnMeans:
    """Speakers of whom each mean is moved by itself: by N(0, variance / relevance), as in MAP adaptation."""

    def __init__(self, ubm, relevance):
        self.ubm = ubm
        self.scale = 1 / np.sqrt(relevance * ubm.variances)
        self.relevance = relevance
        self.width = ubm.means.size

    def sums(self, gaussian, sums):
        size = sums.shape[1]
        return sums * self.scale[gaussian], slice(gaussian * size, (gaussian + 1) * size)

    def explained(self, units, posteriors):
        size = self.ubm.means.shape[1]
        counts = (units.counts.T @ posteriors).T  # (S, C)
        variances = 1 / (1 + counts / self.relevance)
        means = np.repeat(variances, size, axis=1) * (posteriors.T @ units.first)
        squares = (means**2).reshape(*counts.shape, size).sum(axis=2)  # (S, C)
        gain = 0.5 * (size * (np.log(variances) - variances + 1) - squares).sum()
        spread = (size * variances + squares) / self.relevance
        return units.likelihoods[:, None] + units.first @ means.T - 0.5 * (units.counts @ spread.T), gain


def make_units(frames, voices, opts):
    """The Units of frames (T, D), T >= 1; memory beside them does not grow with T.

    As in Burget's program the first frame is a unit by itself.
    """
    count, ubm = len(frames), voices.ubm
    of = -(-np.arange(count) // opts.downsample)
    parts = []
    step = opts.downsample * max(1, mixtures.BLOCK // (opts.downsample * len(ubm.weights)))
    edges = [0, *range(1 + step, count, step), count]
    for start, end in zip(edges[:-1], edges[1:], strict=True):
        block = np.asarray(frames[start:end], float)
        within = of[start:end] - of[start]
        scores = opts.ll_scale * mixtures.log_likelihoods(ubm, block)
        likelihoods = logsumexp(scores, axis=1)
        shares = opts.stat_scale * np.exp(scores - likelihoods[:, None])
        shares[shares < opts.sparsity_threshold] = 0
        starts = np.flatnonzero(np.diff(within, prepend=-1))
        first = np.zeros((len(starts), voices.width))
        for gaussian in np.flatnonzero(shares.any(axis=0)):
            rows = np.flatnonzero(shares[:, gaussian])
            weighted = shares[rows, gaussian, None] * (block[rows] - ubm.means[gaussian])
            heads = np.flatnonzero(np.diff(within[rows], prepend=-1))
            sums, columns = voices.sums(gaussian, np.add.reduceat(weighted, heads))
            first[within[rows[heads]], columns] += sums
        parts.append((csr_array(np.add.reduceat(shares, starts)), first, np.add.reduceat(likelihoods, starts)))
    counts, firsts, likelihoods = zip(*parts, strict=True)
    return Units(of, csr_array(vstack(counts)), np.concatenate(firsts), np.concatenate(likelihoods))


def find_turns(feats, turns, speech, voices, opts, told=None):
    """Turns found again, frame by frame, one speaker at a time.

    Parameters
    ----------
    feats : (T, D), finite
    turns : (start, end, speaker) to begin with, s, speakers numbered from 0
    speech : (start, end) of where there is speech, s; None for where the turns are
    voices : Eigenvoices, or None for a UBM of the recording itself and OwnMeans
    opts : ResegmentOptions with its defaults
    told : called with the number of each iteration and the evidence lower bound

    Returns (start, end, speaker), s, in order; speakers that were not in `turns` have higher numbers. Raises DataError
    for frames of another D than the UBM's, for NaN, infinity or numbers whose squares are, and where turns are to begin
    with and no frame of speech is in them.
    """
    if not np.isfinite(feats).all():
        raise DataError("features have NaN or infinity in them")
    if np.size(feats) and max(float(np.max(feats)), -float(np.min(feats))) > LARGEST:
        raise DataError(f"features beyond {LARGEST:g}")
    shift = opts.frame_shift / 1000
    speakers = max([speaker + 1 for *_, speaker in turns], default=1)
    active = active_frames(turns, speakers, len(feats), shift)
    where = active if speech is None else active_frames([(*times, 0) for times in speech], 1, len(feats), shift)
    where = where.any(axis=1)
    labels = np.full(len(feats), -1)
    if where.any():
        if turns and opts.initialize and not active[where].any():
            raise DataError("its turns are nowhere where there is speech")
        frames = np.asarray(feats[where], float)
        if voices is None:
            voices = OwnMeans(mixtures.fit(frames, opts.num_gauss, FITTING, opts.seed), opts.relevance)
        else:
            speakers = max(speakers, opts.max_speakers)
        labels[where] = resegment(frames, first_posteriors(active[where], speakers, opts), voices, opts, told)
    return turns_of_frames(labels, shift)


def find_speakers(feats, turns, speech, voices, opts, told=None):
    """As find_turns, with names of speakers in place of numbers, those of new ones being new-1, new-2 or what is free.

    An end of `speech` may be infinite, for that of the frames. Returns also lines of what there is to say of it. Raises
    DataError also where there are turns, and no frame is in them or in `speech`.
    """
    names = list(dict.fromkeys(name for *_, name in turns))
    said = [] if turns else ["has no turns in RTTM"]
    for what, times in (("turns", turns), ("segments in --segments", speech)):
        if times or turns and times is not None:
            said += remarks(what, times, len(feats), opts.frame_shift / 1000)
    found = find_turns(feats, [(start, end, names.index(name)) for start, end, name in turns], speech, voices, opts,
                       told)
    free = (name for i in itertools.count(1) if (name := f"new-{i}") not in names)
    new = dict.fromkeys(speaker for *_, speaker in found if speaker >= len(names))
    names = dict(enumerate(names)) | dict(zip(new, free, strict=False))
    return [(start, end, names[speaker]) for start, end, speaker in found], said


def remarks(what, times, count, shift):
    """Lines to say of (start, end, ...), s, that go on after `count` frames; DataError if no frame is in them."""
    if not times:
        raise DataError(f"has turns, but no {what}")
    end = count * shift
    first, last = min(time[0] for time in times), max((time[1] for time in times if time[1] < math.inf), default=0)
    frames = f"{count} frames of {1000 * shift:g} ms end at {end:g} s; is --frame-shift right?"
    if not active_frames([(*time[:2], 0) for time in times], 1, count, shift).any():
        raise DataError(f"no frame is in its {what}, from {first:g} to {max(first, last):g} s: {frames}")
    late = last > end + shift + ROUNDING
    return [f"its {what} end at {last:g} s, what is after its features is lost: {frames}"] if late else []


def resegment(frames, start, voices, opts, told=None):
    """Infer who speaks in frames of speech.

    Parameters
    ----------
    frames : (T, D), T >= 1, frames of speech only
    start : (T, S), how probable each speaker is to begin with, rows sum to 1
    voices : Eigenvoices or OwnMeans
    opts : ResegmentOptions
    told : called with the number of each iteration and the evidence lower bound

    Returns the most probable speaker of every frame, (T,) int. Raises DataError for frames of another D than the UBM's.
    """
    size = voices.ubm.means.shape[1]
    if frames.ndim != 2 or frames.shape[1] != size:
        raise DataError(f"features of {frames.shape[-1]} dimensions, the UBM has {size}")
    units = make_units(frames, voices, opts)
    posteriors = np.add.reduceat(start, np.flatnonzero(np.diff(units.of, prepend=-1))) / opts.downsample
    found = infer(lambda now: voices.explained(units, now), posteriors, None, opts, opts.min_duration, told)
    return found.posteriors.argmax(axis=1)[units.of]


def active_frames(turns, speakers, count, shift):
    """Whether each of `count` frames, `shift` s apart, is of each of so many speakers: (count, speakers) bool.

    turns : (start, end, speaker), s; an end may be infinite
    """
    active = np.zeros((count, speakers), bool)
    for start, end, speaker in turns:
        active[max(round(start / shift), 0) : max(round(min(end / shift, count)), 0), speaker] = True
    return active


def first_posteriors(active, speakers, opts):
    """How probable each of `speakers` is in frames, (T, speakers), from who is active in them, (T, S), S <= speakers.

    Several share a frame; where nobody is active anybody may be. Without `opts.initialize` they are drawn by chance.
    """
    if not opts.initialize:
        drawn = np.random.default_rng(opts.seed).gamma(opts.alpha_q_init, size=(len(active), speakers))
        return drawn / drawn.sum(axis=1, keepdims=True)
    start = np.zeros((len(active), speakers))
    start[:, : active.shape[1]] = active
    start[~active.any(axis=1)] = 1
    return start / start.sum(axis=1, keepdims=True)


def turns_of_frames(labels, shift):
    """Turns (start, end, label), s, of the label of every frame, -1 for none; frames of one label in a row are one."""
    edges = np.flatnonzero(np.diff(labels, prepend=-2, append=-2))
    return [(first * shift, last * shift, int(labels[first]))
            for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True) if labels[first] >= 0]
