#!/usr/bin/env python3
"""What an iteration of VBx costs beside the published loop, and how it grows: python tests/bench/vbx.py

N embeddings of 128 dimensions of S speakers, who speak 20 in a row; one iteration, CPU seconds of one thread, the least
of some runs. The peer takes each step of forward and backward with logarithms and a matrix of transitions, as the
published program does (Landini et al. 2022, BUTSpeechFIT/VBx); what both find is the same but for the rounding of
large logarithms. "forward-backward" is that part of ours. Then the growth: seconds for twice as many embeddings over
seconds for as many. Where the shared data is, at last the whole inference on the meeting ES2005a with the authors'
transform and PLDA, in both ways.

    --runs N    runs of ours (3)       --no-peer    ours alone
"""

import argparse
import os
import resource
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# ruff: noqa: E402 - numpy comes after the number of its threads is set
import numpy as np
from common import SHARED, load, show
from scipy.special import logsumexp

from diarkit.clustering import hmm, vbx
from diarkit.options.clustering import Bounds
from diarkit.options.vbx import VbxOptions

DIM = 128
SIZES = (5000, 10000, 100000)
SPEAKERS = (10, 20)


def peer_forward_backward(scores, loop, priors):
    """forward_backward step by step, each a matrix of S x S logarithms."""
    transitions = np.log(loop * np.eye(len(priors)) + (1 - loop) * priors + 1e-300)
    forward, backward = np.empty_like(scores), np.zeros_like(scores)
    forward[0] = scores[0] + np.log(priors + 1e-300)
    for t in range(1, len(scores)):
        forward[t] = scores[t] + logsumexp(forward[t - 1] + transitions.T, axis=1)
    for t in range(len(scores) - 2, -1, -1):
        backward[t] = logsumexp(transitions + scores[t + 1] + backward[t + 1], axis=1)
    total = logsumexp(forward[-1])
    posteriors = np.exp(forward + backward - total)
    drawn = np.log((1 - loop) * priors + 1e-300)
    begins = posteriors[0] + np.exp(
        logsumexp(forward[:-1], axis=1, keepdims=True) + drawn + scores[1:] + backward[1:] - total).sum(axis=0)
    return hmm.Path(posteriors, total, begins)


def timed(function, *args):
    started = time.process_time()
    found = function(*args)
    return time.process_time() - started, found


def as_published(function, *args):
    """Call `function` with the peer's forward and backward in place of ours."""
    ours = hmm.forward_backward
    hmm.forward_backward = lambda scores, loop, priors, least=1: peer_forward_backward(scores, loop, priors)
    try:
        return function(*args)
    finally:
        hmm.forward_backward = ours


def talk(rng, count, speakers):
    psi = np.sort(rng.uniform(0.1, 4, DIM))[::-1]
    means = rng.normal(size=(speakers, DIM)) * np.sqrt(psi)
    who = np.repeat(rng.integers(0, speakers, -(-count // 20)), 20)[:count]
    return means[who] + rng.normal(size=(count, DIM)), psi, vbx.smoothed(who, speakers, 1.0)


def iterations(runs, peer):
    """Rows of the table: one iteration for each size."""
    once = VbxOptions(max_iters=1).with_defaults(plda=True)
    seconds = {}
    for speakers in SPEAKERS:
        for count in SIZES:
            data = talk(np.random.default_rng(0), count, speakers)
            costs = [timed(vbx.vbx, *data, once) for _ in range(runs)]
            ours, found = min(costs, key=lambda cost: cost[0])
            scores = np.log(found.posteriors + 1e-30)
            passes = min(timed(hmm.forward_backward, scores, 0.99, found.priors)[0] for _ in range(runs))
            row = [f"N = {count}, S = {speakers}", f"{ours:.3f}", f"{passes:.3f}"]
            if peer:
                theirs, expected = timed(as_published, vbx.vbx, *data, once)
                apart = np.abs(expected.posteriors - found.posteriors).max()
                row += [f"{theirs:.2f}", f"{theirs / ours:.0f}", f"{apart:.0e}"]
            seconds[count, speakers] = ours
            yield row + [f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}"]
    for speakers in SPEAKERS:
        low, high = SIZES[0], SIZES[-1]
        power = np.log(seconds[high, speakers] / seconds[low, speakers]) / np.log(high / low)
        print(f"growth with N, S = {speakers}: {2**power:.2f} times for twice as many")


def meeting(peer):
    """The whole inference on ES2005a."""
    from diarkit.backend.transforms import scale_to_length
    from diarkit.clustering.similarities import make_similarities
    from diarkit.io.plda import read_plda
    from diarkit.io.tables import read_arrays

    folder = SHARED / "data/es2005a"
    if not folder.is_dir():
        print("not run: no shared data (set DIARKIT_SHARED)")
        return
    with np.load(folder / "transform.npz") as stages:
        vectors = np.stack([vector for _, vector in read_arrays(f"ark:{folder}/ES2005a.ark")]).astype(float)
        vectors = scale_to_length(vectors - stages["mean1"]) @ stages["lda"]
        vectors = scale_to_length(vectors - stages["mean2"])
    opts = VbxOptions().with_defaults(plda=True)
    space, psi = vbx.plda_space(read_plda(str(folder / "plda")), vectors, opts.lda_dim)
    similarities = make_similarities(vectors.astype(np.float32), True)
    ahc, labels = timed(vbx.first_labels, similarities, opts, Bounds(1, len(vectors)))
    start = vbx.smoothed(labels, labels.max() + 1, opts.init_smoothing)
    ours, found = min((timed(vbx.vbx, space, psi, start, opts) for _ in range(3)), key=lambda cost: cost[0])
    print(f"ES2005a, {len(vectors)} embeddings, {start.shape[1]} clusters, {len(found.elbo)} iterations: "
          f"clusters {ahc:.2f} s, VBx {ours:.3f} s")
    if peer:
        theirs, expected = timed(as_published, vbx.vbx, space, psi, start, opts)
        same = np.mean(expected.posteriors.argmax(axis=1) == found.posteriors.argmax(axis=1))
        print(f"the published loop {theirs:.2f} s, {theirs / ours:.0f} times as long; "
              f"{100 * same:.1f} % of labels the same")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-peer", action="store_true")
    args = parser.parse_args()
    print(f"one iteration of VBx, {DIM} dimensions, CPU s; {load()}", flush=True)
    peer = [] if args.no_peer else ["published loop", "ratio", "apart"]
    show(["", "ours", "forward-backward", *peer, "peak MB"], list(iterations(args.runs, not args.no_peer)))
    meeting(not args.no_peer)


if __name__ == "__main__":
    main()
