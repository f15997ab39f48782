"""Windows that overlap, speakers, and training sums by blocks, against sums frame by frame."""

from types import SimpleNamespace

import numpy as np
import pytest

from diarkit.errors import DataError
from diarkit.io.gmm import DiagGmm, FullGmm
from diarkit.io.ivectorextractor import IvectorExtractor
from diarkit.io.posteriors import Posteriors
from diarkit.io.scratch import Scratch
from diarkit.ivector import extraction
from diarkit.ivector.background import Background
from diarkit.ivector.extraction import SpeakerSums, extract, infer, window_frames, window_sums
from diarkit.ivector.extractor import Extractor
from diarkit.ivector.statistics import squares_of_block
from diarkit.ivector.sums import Blocks, Corpus, TrainingSums
from diarkit.options.ivectors import IvectorOptions

C, D, R = 6, 3, 4


@pytest.fixture
def rng():
    return np.random.default_rng(2)


@pytest.fixture
def extractor(rng):
    roots = rng.normal(size=(C, D, D))
    return Extractor(IvectorExtractor(rng.normal(size=(C, D, R)), roots @ roots.transpose(0, 2, 1) + np.eye(D),
                                      rng.dirichlet(np.ones(C)), np.zeros((0, 0)), 3.0))


def drawn(rng, frames):
    """Features and posteriors, of some frames none."""
    sizes = rng.integers(0, 4, frames)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    gaussians = np.concatenate([rng.permutation(C)[:size] for size in sizes]).astype(np.int32)
    return (rng.normal(size=(frames, D)).astype(np.float32),
            Posteriors(starts, gaussians, rng.random(len(gaussians)).astype(np.float32)))


def dense(posteriors):
    weights = np.zeros((len(posteriors), C))
    for t in range(len(posteriors)):
        part = slice(*posteriors.starts[t : t + 2])
        weights[t, posteriors.gaussians[part]] = posteriors.weights[part]
    return weights


def one(extractor, frames, weights, opts=None):
    """The i-vector of frames (T, D) with weights (T, C)."""
    sums = (weights.T @ frames.astype(np.float64)).reshape(1, -1)
    return infer(extractor, weights.sum(axis=0)[None], sums @ extractor.linear, opts or IvectorOptions())[0]


def test_windows_of_any_place_and_order(extractor, rng, monkeypatch):
    monkeypatch.setattr(extraction, "BLOCK", 8)
    feats, posteriors = drawn(rng, 90)
    weights = dense(posteriors)
    windows = [(0, 90), (5, 6), (40, 70), (5, 6), (3, 40), *((start, start + 15) for start in range(70, 0, -5)), (4, 4)]
    found = extract(extractor, feats, posteriors, windows, IvectorOptions())
    assert found.dtype == np.float32
    for vector, (first, last) in zip(found, windows, strict=True):
        np.testing.assert_allclose(vector, one(extractor, feats[first:last], weights[first:last]), atol=1e-5)
    assert not found[-1].any()  # nothing is heard of it
    backwards = extract(extractor, feats, posteriors, windows[::-1], IvectorOptions())
    assert np.array_equal(backwards[::-1], found)
    assert extract(extractor, feats, posteriors, [], IvectorOptions()).shape == (0, R)


def test_weight_and_maximal_count_scale_posteriors(extractor, rng):
    feats, posteriors = drawn(rng, 40)
    weights = dense(posteriors)
    total = weights.sum()
    for opts, scale in ((IvectorOptions(acoustic_weight=0.3), 0.3), (IvectorOptions(max_count=total + 1), 1),
                        (IvectorOptions(max_count=5), 5 / total),
                        (IvectorOptions(acoustic_weight=0.5, max_count=total / 4), 0.25)):
        found = extract(extractor, feats, posteriors, [(0, 40)], opts)
        np.testing.assert_allclose(found[0], one(extractor, feats, scale * weights), atol=1e-5)


def test_speakers_are_the_sum_of_their_windows(extractor, rng):
    recordings = [drawn(rng, size) for size in (30, 25)]
    speakers = SpeakerSums(extractor, {"s": ["a", "c"], "all": ["a", "b", "c"], "none": ["d"]})
    speakers.add(["b", "a"], window_sums(extractor, *recordings[0], [(10, 20), (2, 9)]))
    speakers.add(["c", "other"], window_sums(extractor, *recordings[1], [(0, 5), (5, 25)]))
    parts = [(recordings[0][0][2:9], dense(recordings[0][1])[2:9]),
             (recordings[1][0][:5], dense(recordings[1][1])[:5])]
    frames, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
    opts = IvectorOptions(max_count=6)
    expected = one(extractor, frames, weights * 6 / weights.sum())
    np.testing.assert_allclose(speakers.ivector("s", opts), expected, atol=1e-5)
    assert not np.allclose(speakers.ivector("all", opts), expected, atol=1e-3)
    with pytest.raises(DataError, match="nothing of this speaker"):
        speakers.ivector("none", opts)


def test_frames_of_windows():
    """As Kaldi's subsegments: from int(start / shift + 0.5) to int(end / shift - 0.5), both included."""
    told = []
    times = {"a": (0.0, 1.5), "b": (0.754, 2.255), "c": (1.0, 9.0), "d": (3.0, 4.5), "e": (1.0, 1.004), "f": (2.9, -1)}
    segments = [SimpleNamespace(utt=utt, start=start, end=end) for utt, (start, end) in times.items()]
    names, frames = window_frames(segments, 10, 300, lambda utt, reason: told.append(f"{utt} {reason}"))
    assert dict(zip(names, frames, strict=True)) == {"a": (0, 150), "b": (75, 226), "c": (100, 300), "f": (290, 300)}
    assert told == ["d is frames 300 to 450, the features have 300", "e is frames 100 to 100, the features have 300"]


@pytest.mark.parametrize(("change", "message"), [
    (lambda feats, post: (feats[:, :2], post), "features of 2 dimensions, the model has 3"),
    (lambda feats, post: (feats[:0], post[:0]), "has no frames"),
    (lambda feats, post: (feats[:-1], post), "posteriors of 20 frames, features of 19"),
    (lambda feats, post: (feats, Posteriors(post.starts, post.gaussians + C, post.weights)), "of Gaussian"),
])
def test_what_does_not_fit_is_told(extractor, rng, change, message):
    feats, posteriors = change(*drawn(rng, 20))
    with pytest.raises(DataError, match=message):
        extract(extractor, feats, posteriors, [(0, len(feats))], IvectorOptions())
    with pytest.raises(DataError, match=message):
        Blocks(C, D, False, None).add(feats, posteriors)


def test_squares(rng):
    corpus = [drawn(rng, size) for size in (5, 1, 30)]
    expected = sum(np.einsum("tc,ti,tj->cij", dense(post), feats, feats) for feats, post in corpus)
    np.testing.assert_allclose(squares_of_block(corpus, C), expected, atol=1e-5)


@pytest.mark.parametrize("squares", [True, False])
def test_sums_are_the_same_bytes_for_any_jobs(extractor, rng, squares):
    """Jobs that have whole blocks give together what one gives, in any order, also through what a file has of them."""
    corpus = [drawn(rng, 1 + i % 7) for i in range(23)]

    def job(first, last):
        total = TrainingSums(C, D, R, squares)
        blocks = Blocks(C, D, squares, lambda *block: total.add_block(extractor, *block))
        for i in range(first, last):
            blocks.begin((i - first) // 4)
            blocks.add(*corpus[i])
        blocks.end()
        return SimpleNamespace(values=total.values(), rests=total.rests(), projected=total.values()[2])

    def of(*jobs):
        total = TrainingSums(C, D, R, squares)
        for found in jobs:
            total.add(found.values)
            total.add(found.rests)
        return total.values()

    whole = job(0, 23).values
    parts = [job(0, 8), job(8, 12), job(12, 23)]
    for found in (of(*parts), of(*parts[::-1])):
        assert all(np.array_equal(a, b) for a, b in zip(found, whole, strict=True))
    assert whole[5] == 23
    # all in one process, in which frames are read once
    store = Scratch()
    waiting = Corpus(C, D, squares, store)
    for i, (feats, posteriors) in enumerate(corpus):
        waiting.blocks.begin(i // 4)
        waiting.blocks.add(feats, posteriors)
    waiting.blocks.end()
    for _ in range(2):
        found = waiting.sums(extractor).values()
        assert found[0] == pytest.approx(whole[0], rel=1e-9)
        assert all(np.array_equal(a, b) for a, b in zip(found[1:], whole[1:], strict=True))


def test_sums_of_other_models_are_refused(extractor):
    total = TrainingSums(C, D, R, True)
    with pytest.raises(DataError, match="of another model"):
        total.add(TrainingSums(C, D, R, False).values())
    named = SimpleNamespace(projected=np.zeros((C, D, R + 1)), squares=np.zeros((0, 0, 0)))
    with pytest.raises(DataError, match=r"^a\.acc: sums of another model"):
        TrainingSums.of([("a.acc", type("Sums", (tuple,), vars(named))(total.values()))])


def test_background_models_of_both_kinds(rng):
    """Of a full model with diagonal covariances the posteriors are those of the diagonal one."""
    weights, means, variances = rng.dirichlet(np.ones(C)), rng.normal(size=(C, D)), rng.random((C, D)) + 0.5
    diagonal = Background(DiagGmm(weights, means, variances))
    full = Background(FullGmm(weights, means, np.eye(D) / variances[:, None]))
    np.testing.assert_allclose(full.precisions, diagonal.precisions)
    feats = rng.normal(size=(50, D)).astype(np.float32)
    one, other = (dense(Posteriors(*model.posteriors(feats, 3, 0.05))) for model in (diagonal, full))
    np.testing.assert_allclose(one, other, atol=1e-4)
    np.testing.assert_allclose(one.sum(axis=1), 1, rtol=1e-6)
    assert ((one > 0).sum(axis=1) <= 3).all() and not ((one > 0) & (one < 0.05)).any()
    scaled = diagonal.posteriors(feats, 3, 0.05, 0.5)
    assert scaled.weights.dtype == np.float32
    np.testing.assert_allclose(dense(Posteriors(*scaled)), one / 2, rtol=1e-6)
