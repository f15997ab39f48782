"""Frames resegmented by variational Bayes against the published program's steps, done one by one."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logsumexp

from diarkit.clustering import mixtures, vbframes
from diarkit.clustering.hmm import forward_backward
from diarkit.clustering.mixtures import Mixture
from diarkit.clustering.vbframes import (
    Eigenvoices,
    OwnMeans,
    active_frames,
    find_turns,
    first_posteriors,
    make_units,
    resegment,
    turns_of_frames,
)
from diarkit.errors import DataError, UsageError
from diarkit.options.vbx import KALDI_FRAMES, OWN_FRAMES, ResegmentOptions

OPTS = ResegmentOptions(max_iters=5, downsample=4, epsilon=-1e9, sparsity_threshold=0.01).with_defaults(True)


@pytest.fixture
def model():
    rng = np.random.default_rng(0)
    ubm = Mixture(np.array([0.5, 0.3, 0.2]), 3 * rng.normal(size=(3, 4)), rng.uniform(0.5, 2, (3, 4)))
    return ubm, rng.normal(size=(3, 4, 2))


def talk(ubm, moves, count, rng):
    """Frames (T, D) of speakers whose means are those of the UBM and `moves` (S, C, D), and who speaks."""
    who = np.repeat(rng.integers(0, len(moves), -(-count // 20)), 20)[:count]
    which = rng.choice(len(ubm.weights), count, p=ubm.weights)
    return (ubm.means + moves[who])[np.arange(count), which] + rng.normal(size=(count, ubm.means.shape[1])) * np.sqrt(
        ubm.variances[which]), who


def step_by_step(frames, start, ubm, directions, opts):
    """VB_diarization.py's steps for S speakers, frame by frame: labels and bounds."""
    count, speakers = start.shape
    shares = np.zeros((count, len(ubm.weights)))
    likelihoods = np.zeros(count)
    for t, frame in enumerate(frames):
        scores = opts.ll_scale * mixtures.log_likelihoods(ubm, frame[None])[0]
        likelihoods[t] = logsumexp(scores)
        shares[t] = opts.stat_scale * np.exp(scores - likelihoods[t])
    shares[shares < opts.sparsity_threshold] = 0
    of = np.ceil(np.arange(count) / opts.downsample).astype(int)
    size, rank = of[-1] + 1, directions.shape[2]
    counts, first, together, q = (np.zeros((size, n)) for n in (shares.shape[1], rank, 1, speakers))
    for t, frame in enumerate(frames):
        counts[of[t]] += shares[t]
        together[of[t]] += likelihoods[t]
        q[of[t]] += start[t] / opts.downsample
        for c, share in enumerate(shares[t]):
            first[of[t]] += share * directions[c].T @ ((frame - ubm.means[c]) / ubm.variances[c])
    squares = [directions[c].T @ (directions[c] / ubm.variances[c][:, None]) for c in range(len(ubm.weights))]
    priors, bounds = np.full(speakers, 1 / speakers), []
    for _ in range(opts.max_iters):
        scores, gain = np.zeros((size, speakers)), 0.0
        for s in range(speakers):
            inverse = np.linalg.inv(np.eye(rank) + sum((q[:, s] @ counts[:, c]) * squares[c] for c in range(3)))
            a = inverse @ (q[:, s] @ first)
            second = inverse + np.outer(a, a)
            traces = np.array([np.trace(square @ second) for square in squares])
            scores[:, s] = together[:, 0] + first @ a - 0.5 * counts @ traces
            gain += 0.5 * (np.linalg.slogdet(inverse)[1] - np.trace(second) + rank)
        path = forward_backward(scores, opts.loop_probability, priors, opts.min_duration)
        q, priors = path.posteriors, path.begins / path.begins.sum()
        bounds.append(path.log_likelihood + gain)
    return q.argmax(axis=1)[of], bounds


@pytest.mark.parametrize("changes", [{}, {"min_duration": 3}, {"downsample": 1, "ll_scale": 0.5}, {"stat_scale": 1.0}])
def test_the_published_steps(model, changes, monkeypatch):
    """Also in blocks of a few units."""
    ubm, directions = model
    opts = replace(OPTS, **changes)
    rng = np.random.default_rng(5)
    frames, who = talk(ubm, np.einsum("cdr,sr->scd", directions, 2 * rng.normal(size=(3, 2))), 131, rng)
    start = first_posteriors(np.eye(3, dtype=bool)[np.roll(who, 5)], 4, opts)
    expected, bounds = step_by_step(frames, start, ubm, directions, opts)
    for block in (mixtures.BLOCK, 40):
        monkeypatch.setattr(mixtures, "BLOCK", block)
        told = []
        found = resegment(frames, start, Eigenvoices(ubm, directions), opts, lambda *what: told.append(what[1]))  # noqa: B023
        assert (found == expected).all() and len(set(found)) > 1
        np.testing.assert_allclose(told, bounds, rtol=1e-5)
        assert (np.diff(told) > -1e-3).all()


def test_own_means_are_eigenvoices_of_one_dimension_each(model):
    ubm, _ = model
    relevance = 4.0
    directions = np.zeros((3, 4, 12))
    for c in range(3):
        for d in range(4):
            directions[c, d, c * 4 + d] = np.sqrt(ubm.variances[c, d] / relevance)
    rng = np.random.default_rng(1)
    frames, who = talk(ubm, rng.normal(size=(2, 3, 4)), 90, rng)
    posteriors = rng.dirichlet(np.ones(3), size=24)
    own, eigen = OwnMeans(ubm, relevance), Eigenvoices(ubm, directions)
    one, other = (voices.explained(make_units(frames, voices, OPTS), posteriors) for voices in (own, eigen))
    np.testing.assert_allclose(one[0], other[0], rtol=1e-5)
    assert one[1] == pytest.approx(other[1], rel=1e-5)


def test_memory_is_for_units_and_not_for_frames(model, monkeypatch):
    """Likelihoods are computed for BLOCK numbers at once."""
    ubm, directions = model
    sizes = []
    plain = mixtures.log_likelihoods
    monkeypatch.setattr(mixtures, "log_likelihoods",
                        lambda gmm, frames: sizes.append(len(frames)) or plain(gmm, frames))
    monkeypatch.setattr(mixtures, "BLOCK", 3 * 4 * 10)
    units = make_units(np.zeros((400, 4)), Eigenvoices(ubm, directions), OPTS)
    assert max(sizes) <= 41 and sum(sizes) == 400
    assert units.first.shape == (101, 2) and units.of.tolist() == [0, *np.repeat(np.arange(1, 101), 4)[:399]]


def test_turns_and_frames():
    turns = [(0.0, 0.03, 0), (0.02, 0.05, 1), (0.07, 9.0, 0)]
    active = active_frames(turns, 2, 10, 0.01)
    assert active.astype(int).T.tolist() == [[1, 1, 1, 0, 0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 0, 0, 0, 0, 0]]
    found = turns_of_frames(np.array([0, 0, 1, -1, 1, 1, 2]), 0.5)
    assert found == [(0, 1, 0), (1, 1.5, 1), (2, 3, 1), (3, 3.5, 2)]
    assert turns_of_frames(np.array([], int), 1) == turns_of_frames(np.array([-1, -1]), 1) == []


def test_first_posteriors():
    active = np.array([[1, 0], [1, 1], [0, 0]], bool)
    assert first_posteriors(active, 4, OPTS).tolist() == [[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4]
    drawn = [first_posteriors(active, 3, replace(OPTS, initialize=False, seed=seed)) for seed in (0, 0, 1)]
    assert (drawn[0] == drawn[1]).all() and (drawn[0] != drawn[2]).any()
    np.testing.assert_allclose(drawn[0].sum(axis=1), 1)


def test_turns_are_found_where_there_is_speech(model):
    ubm, directions = model
    rng = np.random.default_rng(2)
    moves = np.array([3.0, -3.0])[:, None, None] * np.ones((2, 3, 4))
    feats, who = talk(ubm, moves, 400, rng)
    edges = np.flatnonzero(np.diff(who, prepend=-1, append=-1)).tolist()
    turns = [(a / 100 + 0.03, b / 100 + 0.03, who[a]) for a, b in zip(edges[:-1], edges[1:], strict=True)]
    opts = ResegmentOptions(downsample=2, stat_scale=1.0, loop_probability=0.9).with_defaults(False)
    found = find_turns(feats, turns, [(0.0, 4.0)], None, opts)
    truth = active_frames([(a - 0.03, b - 0.03, s) for a, b, s in turns], 2, 400, 0.01)
    assert np.mean((active_frames(found, 2, 400, 0.01) == truth).all(axis=1)) > 0.96  # units are two frames
    part = find_turns(feats, turns, [(1.0, 2.0), (3.0, 3.5)], None, opts)
    assert active_frames(part, 2, 400, 0.01).any(axis=1).tolist() == [100 <= t < 200 or 300 <= t < 350
                                                                       for t in range(400)]
    assert find_turns(feats, turns, [], None, opts) == find_turns(feats[:0], turns, None, None, opts) == []
    assert find_turns(feats, [], [(0, 1)], None, opts)[0][2] == 0


def test_speakers_that_the_turns_do_not_have_are_found_with_a_model(model):
    ubm, directions = model
    moves = np.einsum("cdr,sr->scd", directions, [[3.0, 0], [-3.0, 0]])
    feats, who = talk(ubm, moves, 600, np.random.default_rng(7))
    opts = replace(OPTS, stat_scale=1.0, max_iters=20, max_speakers=2)
    turns, speech = [(start, end, 0) for start, end, speaker in turns_of_frames(who, 0.01) if speaker == 0], [(0, 6)]
    found = find_turns(feats, turns, speech, Eigenvoices(ubm, directions), opts)
    assert np.mean((active_frames(found, 2, 600, 0.01) == np.eye(2, dtype=bool)[who]).all(axis=1)) > 0.9
    alone = find_turns(feats, turns, speech, Eigenvoices(ubm, directions), replace(opts, max_speakers=1))
    assert alone == [(0, 6, 0)]


def test_what_does_not_fit_is_refused(model):
    ubm, directions = model
    with pytest.raises(DataError, match="features of 3 dimensions, the UBM has 4"):
        find_turns(np.zeros((50, 3)), [(0, 1, 0)], None, Eigenvoices(ubm, directions), OPTS)
    with pytest.raises(DataError, match="NaN"):
        find_turns(np.full((50, 4), np.nan), [(0, 1, 0)], None, Eigenvoices(ubm, directions), OPTS)
    with pytest.raises(DataError, match="moves 2 Gaussians of 4 dimensions, the UBM has 3 of 4"):
        Eigenvoices(ubm, directions[:2])
    for wrong in (dict(downsample=0), dict(stat_scale=0.0), dict(loop_probability=1.0)):
        with pytest.raises(UsageError):
            ResegmentOptions(**wrong).with_defaults(True)


def test_defaults_are_kaldi_s_with_a_model():
    assert ResegmentOptions().with_defaults(True) == ResegmentOptions(**KALDI_FRAMES)
    assert ResegmentOptions().with_defaults(False) == ResegmentOptions(**OWN_FRAMES)
    assert vbframes.FITTING == 10
