"""Passes of a network side by side: windows gathered into batches, run by threads, put where they belong.

Batches are made from the list of windows alone, never from the number of threads, so that the same windows give the
same bits. Those of several recordings share batches only where that is asked for: which neighbours a window has then
hangs on the other recordings, and with them the last bits of its embedding.
"""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from diarkit.embeddings.spans import averaged
from diarkit.errors import DataError

BATCH = 8  # windows; more would fall out of the processor's cache
BATCH_ON_GPU = 128
LONG = 1000  # frames: of longer windows a batch has fewer, so that memory stays bounded
PENDING = 256  # recordings at most whose windows wait for others to share a batch with


class Running(NamedTuple):
    """How a network is run: `device` is torch's name of one, `shared` says whether recordings share batches."""

    threads: int = 1
    batch_size: int = BATCH  # windows
    device: str = "cpu"
    precision: str = "float32"
    shared: bool = False


class Work:
    """Calls run by threads; what they give is handed on in the order in which they were started."""

    def __init__(self, pool, threads):
        self.pool = pool
        self.most = 2 * threads + 1  # calls under way, so that memory stays bounded
        self.running = deque()

    def start(self, function, argument, then):
        """Call function(argument) in a thread and, when its turn has come, then(result) here."""
        self.running.append((self.pool.submit(function, argument), then))
        while len(self.running) > self.most:
            self.collect()

    def collect(self):
        future, then = self.running.popleft()
        then(future.result())


class Job:
    """One recording: outcomes() waits for its embeddings, or raises the DataError for which it has none."""

    def __init__(self, work, num_windows, dim):
        self.work = work
        self.num_windows = num_windows
        self.spans = []
        self.rows = np.zeros((0, dim), np.float32)
        self.left = 0  # rows that are still to come
        self.error = None
        self.refused = {}  # number of the window -> DataError

    def expect(self, spans):
        self.spans = spans
        self.rows = np.zeros((len(spans), self.rows.shape[1]), np.float32)
        self.left = len(spans)

    def refuse(self, number, error):
        self.refused[number] = error

    def put(self, places, rows):
        self.rows[places] = rows
        self.left -= len(places)

    @property
    def complete(self):
        return self.error is not None or self.left == 0

    @property
    def widened(self):
        """How many windows were too short for the network."""
        return sum(span.length > span.weight for span in self.spans)

    def outcomes(self):
        """Of every window its embedding, (D,) float32, or the DataError for which it has none."""
        if self.error:
            raise self.error
        while self.left:
            self.work.collect()
        vectors = averaged(self.rows, self.spans, self.num_windows)
        bad = {number: DataError("the network gives NaN or infinity")
               for number in np.flatnonzero(~np.isfinite(vectors).all(axis=1))} | self.refused
        return [bad.get(number, vector) for number, vector in enumerate(vectors)]

    def result(self):
        """(N, D) float32, a row a window; raises the DataError of the first that has none."""
        return all_of(self.outcomes(), self.rows.shape[1])


def all_of(outcomes, dim):
    """(N, dim) float32 of the outcomes of N windows; raises the first error among them."""
    return np.array([vector_of(outcome) for outcome in outcomes], np.float32).reshape(-1, dim)


def vector_of(outcome):
    if isinstance(outcome, DataError):
        raise outcome
    return outcome


class InBatches:
    """Windows of one length gathered into batches."""

    def __init__(self, run, work, size=BATCH):
        self.run = run  # (B, ...) tensor -> (B, D) tensor
        self.work = work
        self.size = size
        self.waiting = {}  # shape -> [(job, place, frames)]

    def add(self, job, place, length, frames):
        """Embed a window of `length` frames, a tensor, into the row `place` of a job."""
        shape = tuple(frames.shape)
        batch = self.waiting.setdefault(shape, [])
        batch.append((job, place, frames))
        if len(batch) >= max(self.size * min(LONG, length) // length, 1):
            self.start(self.waiting.pop(shape))

    def start(self, batch):
        import torch

        frames = torch.stack([frames for _, _, frames in batch])

        def put(rows):
            for job in dict.fromkeys(job for job, _, _ in batch):
                mine = [i for i, (other, _, _) in enumerate(batch) if other is job]
                job.put([batch[i][1] for i in mine], rows[mine])

        self.work.start(self.run, frames, put)

    def flush(self):
        """Start what waits for others of its length."""
        for shape in list(self.waiting):
            self.start(self.waiting.pop(shape))


class Embedder:
    """What all models do: embed a recording, or many, of which the next is read while the network works.

    Derived classes have
        sample_frequency : Hz; None: they take features instead of a signal
        dim : numbers of an embedding
        batches(work) : what gathers their windows, with flush()
        feed(source, windows, job, batches, progress) : tell the job its spans, and hand all that they need to batches
    """

    def __init__(self, running):
        self.running = running

    def embed(self, source, windows, progress=None):
        """The embeddings of windows [(start, end), ...], s, of a Signal or of features (T, D): (N, dim) float32.

        `progress`, if given, is called with the number of windows taken up. Raises DataError.
        """
        [(_, job)] = self.embed_all([(None, source, windows)], progress)
        return job.result()

    def embed_all(self, items, progress=None):
        """Yield (key, Job) for each of (key, source, windows), in their order.

        A source may be closed as soon as the next is asked for.
        """
        with thread_pool(self.running.threads) as pool:
            work = Work(pool, self.running.threads)
            batches = self.batches(work)
            pending = deque()
            for key, source, windows in items:
                job = Job(work, len(windows), self.dim)
                pending.append((key, job))
                try:
                    if windows:
                        self.feed(source, windows, job, batches, progress or (lambda done: None))
                except DataError as error:
                    job.error = error
                full = len(pending) == PENDING
                if full or not self.running.shared:
                    batches.flush()
                while pending and (full or pending[0][1].complete):
                    yield pending.popleft()
            batches.flush()
            yield from pending


def thread_pool(threads):
    """Each thread computes alone: two small products side by side are faster than each on two cores."""
    import torch

    torch.set_num_threads(1)
    return ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))
