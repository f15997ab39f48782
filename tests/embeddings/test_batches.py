"""Windows in batches, threads, and several recordings after and beside each other."""

import threading

import numpy as np
import pytest
import torch

from diarkit.embeddings import batches, rows
from diarkit.embeddings.batches import BATCH, LONG, Embedder, InBatches, Job, Running, Work, thread_pool, vector_of
from diarkit.embeddings.embedders import StatisticsEmbedder, WindowEmbedder
from diarkit.embeddings.spans import Cutter, Span
from diarkit.errors import DataError


def job_of(work, count, dim):
    job = Job(work, count, dim)
    job.expect([Span(i, 0, 1, 0, 1, 1) for i in range(count)])
    return job


def test_batches_put_everything_where_it_belongs():
    sizes = []

    def run(frames):
        sizes.append(len(frames))
        return frames.sum(dim=1).numpy()

    rng = np.random.default_rng(0)
    with thread_pool(2) as pool:
        work = Work(pool, 2)
        gathered = InBatches(run, work)
        jobs = [job_of(work, 50, 4), job_of(work, 50, 4)]
        expected = np.zeros((2, 50, 4), np.float32)
        for place in rng.permutation(100):
            frames = torch.randn(int(rng.choice([3, 7])), 4)
            expected[place // 50, place % 50] = frames.sum(dim=0)
            gathered.add(jobs[place // 50], place % 50, len(frames), frames)
        gathered.flush()
        assert np.allclose([job.result() for job in jobs], expected, atol=1e-5)
    assert max(sizes) == BATCH and sum(sizes) == 100


def test_long_windows_make_small_batches():
    sizes = []

    def run(frames):
        sizes.append(len(frames))
        return np.zeros((len(frames), 1))

    with thread_pool(1) as pool:
        work = Work(pool, 1)
        gathered = InBatches(run, work)
        job = job_of(work, 21, 1)
        for place in range(21):
            gathered.add(job, place, [LONG, 3 * LONG, 20 * LONG][place % 3], torch.zeros(place % 3 + 1, 1))
        gathered.flush()
        job.result()
    assert sorted(sizes) == [1] * 7 + [1, 2, 2, 2] + [7]


def test_an_error_in_a_thread_comes_out():
    def run(frames):
        raise MemoryError

    embedder = embedder_of(run)
    with pytest.raises(MemoryError):
        embedder.embed(np.zeros((100, 3), np.float32), [(0, 1)])


def embedder_of(run, **running):
    return WindowEmbedder(run, 3, lambda features: rows.of_matrix(features, 3), Cutter(step=1, shortest=1),
                          Running(**running))


def means(frames):
    return frames.mean(dim=1).numpy()


def recordings(number):
    """(key, features, windows), of which one has windows that are not there and one has none."""
    rng = np.random.default_rng(0)
    for key in range(number):
        features = rng.normal(size=(int(rng.integers(5, 90)), 3)).astype(np.float32)
        begins = rng.integers(0, len(features) - 3, int(rng.integers(1, 9))) / 100
        windows = [(begin, begin + float(rng.choice([0.02, 0.03]))) for begin in begins]
        yield key, features, [(5, 6)] if key == 4 else [] if key == 7 else windows


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("threads, batch_size", [(1, 8), (2, 3), (1, 1000)])
def test_recordings_come_out_in_their_order(shared, threads, batch_size):
    sizes = []

    def run(frames):
        sizes.append(len(frames))
        return means(frames)

    embedder = embedder_of(run, threads=threads, batch_size=batch_size, shared=shared)
    keys = []
    for (key, job), (_, features, windows) in zip(embedder.embed_all(recordings(12)), recordings(12), strict=True):
        keys.append(key)
        if key == 4:
            with pytest.raises(DataError, match="nothing of the window"):
                job.result()
            *found, refused = job.outcomes()  # which costs the others nothing
            assert isinstance(refused, DataError) and not any(isinstance(vector, DataError) for vector in found)
            continue
        expected = [features[round(100 * start) : round(100 * end)].mean(axis=0) for start, end in windows]
        assert np.allclose(job.result(), np.reshape(expected, (-1, 3)), atol=1e-6)
    assert keys == list(range(12))
    if batch_size == 1000:  # of the two lengths
        assert len(sizes) == 2 if shared else len(sizes) > 10


def test_shared_batches_do_not_wait_for_ever(monkeypatch):
    monkeypatch.setattr(batches, "PENDING", 3)
    sizes, read = [], []

    def run(frames):
        sizes.append(len(frames))
        return means(frames)

    def items():
        for key in range(20):
            read.append(key)
            yield key, np.ones((9, 3), np.float32), [(0, 0.05)]

    for count, _ in enumerate(embedder_of(run, shared=True, batch_size=1000).embed_all(items())):
        assert len(read) <= count + 3
    assert sorted(sizes) == [2, 3, 3, 3, 3, 3, 3]


def test_the_next_recording_is_read_while_the_network_works():
    reading = threading.Event()

    def run(frames):
        assert reading.wait(timeout=60)
        return means(frames)

    def items():
        yield 1, np.ones((9, 3), np.float32), [(0, 0.05)]
        reading.set()
        yield 2, np.ones((9, 3), np.float32), [(0, 0.05)]

    assert [key for key, _ in embedder_of(run).embed_all(items())] == [1, 2]


def test_vectors_that_are_no_numbers():
    def run(frames):
        return np.full((len(frames), 3), np.nan)

    with pytest.raises(DataError, match="the network gives NaN"):
        embedder_of(run).embed(np.zeros((100, 3), np.float32), [(0, 1)])


def test_statistics_of_many():
    found = {key: job for key, job in StatisticsEmbedder().embed_all(recordings(5))}
    assert {len(vector) for vector in found[0].outcomes()} == {6}
    with pytest.raises(DataError):
        vector_of(found[4].outcomes()[-1])


def test_progress_counts_windows():
    done = []
    embedder_of(means).embed(np.ones((50, 3), np.float32), [(0, 0.1), (0.3, 0.4), (0.1, 0.2)], done.append)
    assert done == [0, 1, 2]
    assert issubclass(WindowEmbedder, Embedder)
