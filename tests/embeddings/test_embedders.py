"""Embeddings of windows: heads in blocks, batches, threads, and windows where a recording ends."""


import numpy as np
import pytest
import torch

from diarkit import signals, toy
from diarkit.backend.cosine import cosine_scores, unit_length
from diarkit.embeddings.batches import Running, thread_pool
from diarkit.embeddings.embedders import (
    HEAD_BLOCK,
    CamPlusPlusEmbedder,
    GE2EEmbedder,
    HeadBlocks,
    StatisticsEmbedder,
)
from diarkit.embeddings.ge2e import GE2E, MelSpectrogram, gain
from diarkit.embeddings.models import make_embedder
from diarkit.embeddings.spans import SHORTEST, Cutter, frames_within
from diarkit.errors import DataError
from diarkit.features import FeatureExtractor
from diarkit.options.embeddings import XvectorOptions
from diarkit.options.features import FbankOptions
from diarkit.windows import subsegments

RATE = 16000


@pytest.fixture(scope="module")
def signal():
    """Toy voices, 24 s: more than four blocks of the head."""
    samples, _ = toy.make_conversation(np.random.default_rng(1), 24, 2, RATE)
    return samples


@pytest.fixture(scope="module")
def network(toy_network):
    return toy_network


def far(found, expected):
    """The largest difference, measured in the deviation from one window to the next."""
    return abs(found - expected).max() / expected.std(axis=0).mean()


def embedder(network, **running):
    extractor = FeatureExtractor(FbankOptions(num_mel_bins=80, snip_edges=False))
    return CamPlusPlusEmbedder(network, extractor, Running(**running))


def spans(windows, num_frames):
    return Cutter().cut(windows, num_frames)


def test_the_head_in_blocks_is_the_head_over_the_whole(signal, network):
    ours = embedder(network)
    whole = ours.extractor.compute(signals.of_array(signal, RATE))
    assert len(whole) > 4 * HEAD_BLOCK
    mean = whole.mean(axis=0)
    with thread_pool(1) as pool:
        expected = ours.network.head(torch.from_numpy(whole - mean)).numpy()
        rng = np.random.default_rng(0)
        for windows in ([np.arange(first, first + 150) for first in range(0, len(whole) - 150, 75)],
                        [np.arange(len(whole))],
                        [np.arange(first, first + 20) for first in np.sort(rng.integers(0, len(whole) - 20, 5))]):
            head = HeadBlocks(ours.network, ours.extractor, signals.of_array(signal, RATE), mean, pool)
            for frames in windows:
                found = head.take(frames)
                assert found.shape == (320, len(frames))
                assert abs(found - expected[:, frames]).max() < 1e-4 * max(1, abs(expected).max())
                kept = (frames[-1] - frames[0]) // HEAD_BLOCK + 3
                assert len(head.blocks) <= kept and len(head.features) <= 4  # memory does not grow


def test_a_last_block_of_one_frame(signal, network):
    ours = embedder(network)
    short = signals.of_array(signal[: (2 * HEAD_BLOCK + 1) * 160], RATE)
    whole = ours.extractor.compute(short)
    assert len(whole) == 2 * HEAD_BLOCK + 1
    expected = ours.network.head(torch.from_numpy(whole)).numpy()
    with thread_pool(1) as pool:
        head = HeadBlocks(ours.network, ours.extractor, short, np.zeros(80, np.float32), pool)
        assert abs(head.take(np.arange(len(whole))) - expected).max() < 1e-4 * abs(expected).max()


def plain_embeddings(network, signal, windows, extractor):
    """One window after the other through the plain network."""
    features = extractor.compute(signal)
    found = spans(windows, len(features))
    inside = frames_within(found, len(features))
    features = features - features[inside].mean(axis=0)
    with torch.inference_mode():
        head = network.head(torch.from_numpy(features).T[None])  # (1, 320, T)
        rows = []
        for span in found:
            x = head[:, :, span.frames()]
            for name, layer in network.xvector.named_children():
                if name != "dense":
                    x = layer(x)
            rows.append(network.xvector.dense(torch.cat([x.mean(-1), x.std(-1)], dim=-1))[0].numpy())
    return np.array(rows)


def windows_of(duration):
    """Also such as are short, that begin before and end after the recording, in no order."""
    windows = subsegments(0, 6.2) + subsegments(7.111, 9.3) + [(0, 0.05), (duration - 0.04, duration),
                                                              (duration - 1, duration + 0.5), (15.0, 15.1), (3.0, 4.5)]
    return windows[::-1]


def test_embeddings_are_those_of_the_plain_network(signal, network):
    ours = embedder(network)
    windows = windows_of(len(signal) / RATE)
    done = []
    found = ours.embed(signals.of_array(signal, RATE), windows, done.append)
    expected = plain_embeddings(network, signals.of_array(signal, RATE), windows, ours.extractor)
    assert found.dtype == np.float32 and found.shape == (len(windows), 192)
    assert far(found, expected) < 1e-3
    assert done == list(range(len(windows)))
    assert ours.embed(signals.of_array(signal, RATE), []).shape == (0, 192)
    with pytest.raises(DataError, match="nothing of the window"):
        ours.embed(signals.of_array(signal, RATE), [(0, 1), (30, 31)])


def test_threads_change_no_bit(signal, network):
    windows = windows_of(len(signal) / RATE) + subsegments(10, 22)
    one = embedder(network).embed(signals.of_array(signal, RATE), windows)
    for threads in (2, 3):
        assert np.array_equal(embedder(network, threads=threads).embed(signals.of_array(signal, RATE), windows), one)
    torch.set_num_threads(2)
    try:
        assert np.array_equal(embedder(network).embed(signals.of_array(signal, RATE), windows), one)
    finally:
        torch.set_num_threads(1)


@pytest.mark.parametrize("seconds", [0.01, 0.05, 0.15, 0.21, 0.5])
def test_short_recordings(signal, network, seconds):
    """Frames at the ends are repeated until there are enough."""
    short = signals.of_array(signal[3 * RATE : 3 * RATE + round(seconds * RATE)], RATE)
    found = embedder(network).embed(short, [(0, seconds)])
    assert found.shape == (1, 192) and np.isfinite(found).all()
    expected = plain_embeddings(network, short, [(0, seconds)], embedder(network).extractor)
    assert abs(found - expected).max() < 1e-3


def test_silence_has_an_embedding(network):
    found = embedder(network).embed(signals.of_array(np.zeros(RATE * 2), RATE), [(0, 1.5), (0.75, 2)])
    assert np.isfinite(found).all()


def test_ge2e_windows(signal):
    torch.manual_seed(0)
    network = GE2E().eval()
    quiet = signal / 40
    windows = windows_of(len(signal) / RATE)
    found = GE2EEmbedder(network).embed(signals.of_array(quiet, RATE), windows)
    assert found.shape == (len(windows), 256)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert np.array_equal(GE2EEmbedder(network, Running(2)).embed(signals.of_array(quiet, RATE), windows), found)
    # by hand: all samples under the windows are made as loud together as the training data
    source = signals.of_array(quiet, RATE)
    total = 1 + len(quiet) // 160
    inside = np.repeat(frames_within(spans(windows, total), total), 160)
    samples = source.read(0, len(inside))[inside] / 32768
    factor = gain(float(np.mean(samples.astype(float) ** 2)))
    assert factor > 2
    louder = signals.of_array(quiet * factor, RATE)
    for span, vector in zip(spans(windows, total), found, strict=True):
        spectra = MelSpectrogram().compute(louder, span.first, span.first + span.length)
        with torch.inference_mode():
            assert np.allclose(network(torch.from_numpy(spectra[None]))[0], vector, atol=1e-4)
    assert GE2EEmbedder(network).embed(source, []).shape == (0, 256)


def test_statistics():
    features = np.random.default_rng(0).normal(size=(100, 5)).astype(np.float32)
    found = StatisticsEmbedder().embed(features, [(0.1, 0.5), (0.9, 1.2)])
    assert found.shape == (2, 10) and found.dtype == np.float32
    assert np.allclose(found[0], np.concatenate([features[10:50].mean(axis=0), features[10:50].std(axis=0)]), atol=1e-6)
    assert np.allclose(found[1, :5], features[90:].mean(axis=0), atol=1e-6)
    assert StatisticsEmbedder().embed(features, []).shape == (0, 10)
    for bad, windows, message in ((features, [(1.0, 1.5)], "nothing of the window"),
                                  (features, [(0.9, 1.6)], "after the recording"),
                                  (features[:, 0], [(0, 1)], "not a matrix"), (features[0], [], "not a matrix")):
        with pytest.raises(DataError, match=message):
            StatisticsEmbedder().embed(bad, windows)


def test_shortest_window_leaves_the_network_more_than_one_step():
    assert SHORTEST // 2 > 1  # a deviation needs two


def speakers_of(shared, number):
    """An utterance, at least 6 s long, of each of so many speakers of LibriSpeech."""
    import soundfile

    for path in sorted((shared / "data/librispeech").rglob("*.flac")):
        if soundfile.info(path).duration > 6:
            samples, rate = soundfile.read(path, dtype="int16")
            yield signals.of_array(samples, rate)
            number -= 1
        if number == 0:
            return


@pytest.mark.parametrize("name, least", [("campplus", 0.96), ("ge2e", 0.96)])
def test_real_models_tell_speakers_apart(shared, models, name, least):
    """Windows of one speaker are more similar than those of two, in so many of the comparisons."""
    from diarkit.io.models import read_model

    if not (models / name).is_dir():
        pytest.skip(f"no model {name} in {models}")
    ours = make_embedder(read_model(models / name), XvectorOptions(threads=2))
    vectors = [ours.embed(signal, [(0.3, 3), (3, 5.8)]) for signal in speakers_of(shared, 20)]
    assert len(vectors) == 20
    who = np.repeat(np.arange(20), 2)
    scores = cosine_scores(np.concatenate(vectors))
    upper = np.triu_indices(len(who), 1)
    same = (who[:, None] == who)[upper]
    mine, others = scores[upper][same], scores[upper][~same]
    assert np.mean(mine[:, None] > others) > least


def test_cosines():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(20, 8)).astype(np.float32)
    vectors[3] = 0
    unit = unit_length(vectors)
    assert np.allclose(np.delete(np.linalg.norm(unit, axis=1), 3), 1) and (unit[3] == 0).all()
    scores = cosine_scores(vectors)
    assert scores.dtype == np.float32 and np.array_equal(scores, scores.T)
    for i, j in ((0, 1), (4, 9), (7, 7)):
        product = vectors[i] @ vectors[j] / np.linalg.norm(vectors[i]) / np.linalg.norm(vectors[j])
        assert scores[i, j] == pytest.approx(product, abs=1e-6)
    without = vectors - vectors.mean(axis=0)
    assert np.allclose(cosine_scores(vectors, subtract_mean=True), cosine_scores(without), atol=1e-6)
    for bad in (np.full((2, 2), np.nan), np.zeros(4)):
        with pytest.raises(DataError):
            cosine_scores(bad)
