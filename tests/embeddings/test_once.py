"""A TDNN once over a recording against the plain network over one window after the other."""

import numpy as np
import pytest
import torch

from diarkit import signals
from diarkit.embeddings import rows, tdnn_fast
from diarkit.embeddings.batches import Running
from diarkit.embeddings.frontend import FrontEnd
from diarkit.embeddings.once import TdnnEmbedder, make_block, plan, smallest
from diarkit.embeddings.spans import Cutter
from diarkit.embeddings.tdnn import Tdnn
from diarkit.errors import DataError

LAYERS = [((-2, -1, 0, 1, 2), 24), ((-2, 0, 2), 16), ((0,), 40)]


@pytest.fixture(scope="module")
def network():
    return make(6, LAYERS, (12, 8), 2)


def make(dim, *sizes):
    """A network of random weights whose batch norms are no identity."""
    torch.manual_seed(0)
    network = Tdnn(dim, *sizes).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.running_mean.normal_(0.2, 0.2)
            module.running_var.uniform_(0.05, 1)
    return network


def features(count, dim=6):
    """Slow colours on noise, with a stretch in which nothing changes."""
    rng = np.random.default_rng(count)
    matrix = rng.normal(size=(count, dim)) + np.repeat(3 * rng.normal(size=(count // 40 + 1, dim)), 40, axis=0)[:count]
    matrix[count // 3 : count // 3 + 60] = 1
    return matrix.astype(np.float32)


def windows_of(count, seed=0):
    """Some in a grid, some at random, short and long, over the ends, and twice the same."""
    rng = np.random.default_rng(seed)
    end = count / 100
    found = [(t, min(t + 0.6, end)) for t in np.arange(0, end, 0.25)]
    for _ in range(20):
        start = rng.uniform(0, end - 0.02)
        found.append((start, start + rng.uniform(0.01, end - start)))
    found += [(0, 0.03), (end - 0.03, end), (end - 0.5, end + 0.4), (0, None), found[3]]
    return [found[i] for i in rng.permutation(len(found))]


def embedder(network, cutter=None, normalise=None, **running):
    cutter = cutter or Cutter(step=1, shortest=smallest(network))
    return TdnnEmbedder(network, lambda matrix: rows.of_matrix(matrix, 6), cutter, Running(**running),
                        normalise=normalise)


def one_by_one(network, matrix, windows, cutter=None, normalise=None):
    from diarkit.embeddings.spans import averaged

    spans = (cutter or Cutter(step=1, shortest=smallest(network))).cut(windows, len(matrix))
    with torch.inference_mode():
        found = [(normalise or (lambda x: x))(matrix[span.frames()]) for span in spans]
        found = np.array([network(torch.from_numpy(frames)[None])[0].numpy() for frames in found])
    return averaged(found, spans, len(windows))


def far(found, expected):
    """The largest distance of two vectors, relative to their length."""
    return (np.linalg.norm(found - expected, axis=1) / np.linalg.norm(expected, axis=1)).max()


@pytest.mark.parametrize("count", [12, 70, 1000, 2500])
@pytest.mark.parametrize("running", [{}, {"batch_size": 1}, {"batch_size": 3, "threads": 2}, {"batch_size": 100}])
def test_once_is_window_by_window(network, count, running):
    matrix, windows = features(count), windows_of(count)
    done = []
    found = embedder(network, **running).embed(matrix, windows, done.append)
    assert found.dtype == np.float32 and found.shape == (len(windows), 8)
    assert far(found, one_by_one(network, matrix, windows)) < 1e-5
    assert done == list(range(len(windows)))


def test_threads_and_other_recordings_change_no_bit(network):
    items = [(key, features(count), windows_of(count)) for key, count in enumerate((900, 25, 400))]
    alone = [embedder(network).embed(*item[1:]) for item in items]
    for threads in (1, 2, 3):
        found = list(embedder(network, threads=threads).embed_all(items))
        assert [key for key, _ in found] == [0, 1, 2]
        assert all(np.array_equal(job.result(), vectors) for (_, job), vectors in zip(found, alone, strict=True))


@pytest.mark.parametrize("batch_size", [1, 5, 1000])
def test_recordings_that_share_blocks(network, batch_size):
    items = [(key, features(count), windows_of(count, key)) for key, count in enumerate((900, 25, 400, 60, 12, 30))]
    items.append(("bad", features(20), [(0, 0.1), (5, 6)]))
    items.append(("empty", features(20), []))
    for key, job in embedder(network, shared=True, batch_size=batch_size).embed_all(items):
        if key == "bad":
            with pytest.raises(DataError, match="nothing of the window"):
                job.result()
        elif key == "empty":
            assert job.result().shape == (0, 8)
        else:
            assert far(job.result(), one_by_one(network, *items[key][1:])) < 1e-5


def test_chunks(network):
    matrix, windows = features(700), [*windows_of(700), (0, 3.03)]
    cutter = Cutter(step=1, shortest=25, chunk=100)  # of the last window 3 frames are left, and widened alone
    assert any(not span.inside and span.low > 0 for span in cutter.cut(windows, 700))
    found = embedder(network, cutter).embed(matrix, windows)
    assert far(found, one_by_one(network, matrix, windows, cutter)) < 1e-5


def test_windows_normalised_by_themselves(network):
    def normalise(frames):
        return frames - frames.mean(axis=0)

    matrix, windows = features(300), windows_of(300)
    found = embedder(network, normalise=normalise).embed(matrix, windows)
    assert far(found, one_by_one(network, matrix, windows, normalise=normalise)) < 1e-5


def test_channels_that_are_constant_over_a_window(network):
    """Where the variance is at its floor differences of large sums would be far from it."""
    matrix = features(400)
    matrix[:200] += 50
    matrix[150:300] = matrix[150]
    windows = [(1.6, 2.9), (1.4, 3.1), (0, 4), (2, 2.5)]
    assert far(embedder(network).embed(matrix, windows), one_by_one(network, matrix, windows)) < 1e-5


def test_the_network_of_the_literature():
    network = make(30)
    front_end = FrontEnd({"features": "mfcc", "options": {"num_ceps": 30, "num_mel_bins": 30, "snip_edges": False},
                          "cmn": "sliding"})
    signal = signals.of_array(1000 * np.random.default_rng(0).normal(size=16000 * 7), 16000)
    assert smallest(network) == 20
    ours = TdnnEmbedder(network, lambda signal: rows.of_signal(front_end, signal), Cutter(step=1, shortest=20),
                        Running(), front_end.sample_frequency)
    windows = [(t / 4, t / 4 + 1.5) for t in range(22)] + [(3, 3.1), (6.9, 7.2), (0, None)]
    found = ours.embed(signal, windows)
    assert found.shape == (25, 512) and ours.sample_frequency == 16000
    assert far(found, one_by_one(network, front_end.whole(signal), windows)) < 1e-5


@pytest.mark.parametrize("precision, most", [("bfloat16", 0.03), ("int8", 0.06)])
def test_less_precise(network, precision, most):
    matrix, windows = features(500), windows_of(500)
    expected = one_by_one(network, matrix, windows)
    found = embedder(network, precision=precision).embed(matrix, windows)
    assert 1e-5 < np.median(np.linalg.norm(found - expected, axis=1) / np.linalg.norm(expected, axis=1)) < most
    assert np.array_equal(embedder(network, precision=precision, threads=2).embed(matrix, windows), found)


def test_layers_with_and_without_packed_weights(network, monkeypatch):
    """Where torch has no such operators, or others, the products are those of its interface."""
    matrix, windows = features(500), windows_of(500)
    expected = embedder(network).embed(matrix, windows)

    def other(*args):
        raise RuntimeError("no such operator")

    monkeypatch.setattr(tdnn_fast.PackedLayer, "__call__", other)
    plain = embedder(network)
    assert {type(layer) for layer in plain.network.layers} == {tdnn_fast.FrameLayer}
    assert far(plain.embed(matrix, windows), expected) < 1e-5
    half = embedder(network, precision="bfloat16").embed(matrix, windows)
    assert 1e-5 < np.median(np.linalg.norm(half - expected, axis=1)) / np.linalg.norm(expected, axis=1).mean() < 0.03


def test_plan_covers_what_is_wanted_and_little_else():
    rng = np.random.default_rng(0)
    for _ in range(200):
        size, gap = int(rng.integers(1, 30)), int(rng.integers(0, 6))
        begins = rng.integers(0, rng.choice([20, 300]), rng.integers(1, 12))
        ranges = sorted((int(first), int(first + rng.integers(1, 40)), place) for place, first in enumerate(begins))
        wanted = {t for first, last, _ in ranges for t in range(first, last)}
        pieces = {place: [] for _, _, place in ranges}
        computed = []
        for first, last, members in plan(ranges, size, gap):
            assert 0 < last - first <= size
            computed += range(first, last)
            for begin, end, place in members:
                pieces[place] += range(max(begin, first), min(end, last))
        assert computed == sorted(set(computed)) and wanted <= set(computed)
        assert all(pieces[place] == list(range(first, last)) for first, last, place in ranges)
        runs = [t for t in computed if t not in wanted]
        assert all(any(t + step in wanted for step in range(1, gap + 1)) for t in runs)


def test_blocks_and_sums():
    rng = np.random.default_rng(0)
    outputs = rng.normal(size=(50, 3)).astype(np.float32)
    ranges = [(90, 120, 0), (100, 130, 1), (125, 200, 2), (101, 102, 3)]
    block = make_block(None, 100, 150, ranges)
    sums = block.members @ tdnn_fast.piece_sums(torch.from_numpy(outputs), block.pieces)
    for row, (first, last, _) in zip(sums, ranges, strict=True):
        part = outputs[max(first - 100, 0) : last - 100].astype(float)
        assert np.allclose(row, [len(part), *part.sum(axis=0), *np.square(part).sum(axis=0)], atol=1e-5)
    assert block.places == [0, 1, 2, 3]
    assert (50, 60) not in make_block(None, 0, 60, [(0, 50, 0), (60, 61, 1)]).pieces  # what no window wants


def test_features_of_another_size(network):
    with pytest.raises(DataError, match="5 numbers a frame, where the model takes 6"):
        embedder(network).embed(features(50, 5), [(0, 0.3)])
