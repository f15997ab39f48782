"""Forward and backward against the definition by logarithms and a matrix of transitions; the inference around them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp

from diarkit.clustering import hmm
from diarkit.clustering.hmm import forward_backward, infer
from diarkit.errors import DataError
from diarkit.options.vbx import VbxOptions


def by_definition(scores, loop, priors, least=1):
    """Posteriors, log likelihood and beginnings from all transitions between the states of all chains."""
    count, speakers = scores.shape
    transitions = np.zeros((speakers * least, speakers * least))
    for last in range(least - 1, speakers * least, least):
        transitions[range(last - least + 1, last), range(last - least + 2, last + 1)] = 1
        transitions[last, ::least] += (1 - loop) * priors
        transitions[last, last] += loop
    first = np.zeros(speakers * least)
    first[::least] = priors
    with np.errstate(divide="ignore"):
        log_transitions, log_first, drawn = np.log(transitions), np.log(first), np.log((1 - loop) * priors)
    scores = scores.repeat(least, axis=1)
    forward, backward = np.zeros(scores.shape), np.zeros(scores.shape)
    forward[0] = scores[0] + log_first
    for t in range(1, count):
        forward[t] = scores[t] + logsumexp(forward[t - 1] + log_transitions.T, axis=1)
    for t in reversed(range(count - 1)):
        backward[t] = logsumexp(log_transitions + scores[t + 1] + backward[t + 1], axis=1)
    total = logsumexp(forward[-1])
    posteriors = np.exp(forward + backward - total)
    ends = logsumexp(forward[:-1, least - 1 :: least], axis=1)[:, None]
    begins = posteriors[0, ::least] + np.exp(
        ends + drawn + scores[1:, ::least] + backward[1:, ::least] - total).sum(axis=0)
    return posteriors.reshape(count, speakers, least).sum(axis=2), total, begins


def check(scores, loop, priors, least=1):
    found = forward_backward(scores, loop, priors, least)
    posteriors, total, begins = by_definition(scores, loop, priors, least)
    # the definition itself loses digits where log likelihoods of all items are large
    tolerance = 1e-9 + 1e-15 * abs(total) * 10
    np.testing.assert_allclose(found.posteriors, posteriors, rtol=0, atol=tolerance)
    np.testing.assert_allclose(found.log_likelihood, total, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(found.begins, begins, rtol=tolerance, atol=tolerance)


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 999), count=st.integers(1, 40), speakers=st.integers(1, 5),
       spread=st.sampled_from([0, 1, 30, 1e4]), loop=st.sampled_from([0.0, 0.3, 0.99, 0.99999]),
       least=st.sampled_from([1, 1, 2, 3]), block=st.sampled_from([1, 4, 7, 256]))
def test_posteriors_are_those_of_the_definition(seed, count, speakers, spread, loop, least, block):
    rng = np.random.default_rng(seed)
    before, hmm.BLOCK = hmm.BLOCK, block
    try:
        check(spread * rng.normal(size=(count, speakers)), loop, rng.dirichlet(np.full(speakers, 0.5)), least)
    finally:
        hmm.BLOCK = before


@pytest.mark.parametrize("spread", [0, 3, 1e4])
def test_posteriors_over_several_blocks(spread):
    """More items than fit in the blocks, the last of which is not full; loops after which little is forgotten."""
    rng = np.random.default_rng(1)
    for loop in (0.9, 0.9999):
        check(spread * rng.normal(size=(3 * hmm.BLOCK + 50, 3)), loop, np.array([0.6, 0.399, 0.001]))


def test_a_speaker_without_a_prior_never_speaks():
    scores = np.array([[0.0, 900.0, 1.0], [0.0, 900.0, 2.0]])
    found = forward_backward(scores, 0.5, np.array([0.5, 0.0, 0.5]))
    expected, total, begins = by_definition(scores[:, [0, 2]], 0.5, np.array([0.5, 0.5]))
    np.testing.assert_allclose(found.posteriors[:, [0, 2]], expected)
    np.testing.assert_allclose(found.begins[[0, 2]], begins)
    assert (found.posteriors[:, 1] == 0).all() and found.begins[1] == 0
    assert found.log_likelihood == pytest.approx(total)


@pytest.mark.parametrize("least", [1, 2])
def test_what_cannot_be_is_refused(least):
    scores, priors = np.zeros((3, 2)), np.full(2, 0.5)
    for loop in (-0.1, 1, float("nan")):
        with pytest.raises(DataError, match="loop probability"):
            forward_backward(scores, loop, priors, least)
    with pytest.raises(DataError, match="NaN"):
        forward_backward(scores * np.nan, 0.5, priors, least)
    with pytest.raises(DataError, match="no speaker"):
        forward_backward(scores, 0.5, np.zeros(2), least)


def test_speakers_that_nobody_needs_are_left_out_and_have_zeros():
    """An inference whose model does not learn: only the priors do."""
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(200, 3)) + [[0, 0, -60]]
    widths, told = [], []

    def explained(posteriors):
        widths.append(posteriors.shape[1])
        return scores[:, : posteriors.shape[1]], 5.0

    opts = VbxOptions(loop_probability=0.5, max_iters=6, epsilon=-1e9)
    found = infer(explained, np.full((200, 3), 1 / 3), None, opts, told=lambda *what: told.append(what))
    assert widths == [3, 2, 2, 2, 2, 2]
    assert (found.posteriors[:, 2] == 0).all() and found.priors[2] == 0
    np.testing.assert_allclose(found.posteriors.sum(axis=1), 1)
    np.testing.assert_allclose(found.priors.sum(), 1)
    assert told == list(enumerate(found.elbo, 1))
    assert found.elbo[0] == pytest.approx(by_definition(scores, 0.5, np.full(3, 1 / 3))[1] + 5)


def test_the_inference_stops_when_the_bound_gains_no_more():
    scores = np.random.default_rng(0).normal(size=(50, 2))
    opts = VbxOptions(loop_probability=0.5, max_iters=1000, epsilon=1e-3)
    elbo = np.array(infer(lambda posteriors: (scores, 0.0), np.full((50, 2), 0.5), None, opts).elbo)
    gains = np.diff(elbo)
    assert 2 <= len(elbo) < 1000
    assert (gains[:-1] >= 1e-3).all() and gains[-1] < 1e-3
