"""Embeddings of windows of a recording by each kind of model; what they share is diarkit.embeddings.batches."""

from functools import partial
from types import SimpleNamespace

import numpy as np

from diarkit.embeddings.batches import Embedder, InBatches, Running, all_of
from diarkit.embeddings.spans import Cutter, frames_of, frames_within
from diarkit.errors import DataError
from diarkit.features import BLOCK

HEAD_BLOCK = 512  # frames that the head of CAM++ computes at once


class WindowEmbedder(Embedder):
    """A network over one window after the other.

    run : (B, T, D) float32 tensor of frames -> (B, dim) array
    rows : source -> rows.Rows
    normalise : (T, D) array -> (T, D): what is done to the frames of a window by itself
    """

    def __init__(self, run, dim, rows, cutter=None, running=None, sample_frequency=None, normalise=None):
        super().__init__(running or Running())
        self.run = run
        self.dim = dim
        self.rows = rows
        self.cutter = cutter or Cutter()
        self.sample_frequency = sample_frequency
        self.normalise = normalise or (lambda frames: frames)

    def batches(self, work):
        return InBatches(self.run, work, self.running.batch_size)

    def feed(self, source, windows, job, batches, progress):
        import torch

        rows = self.rows(source)
        spans = self.cutter.cut(windows, rows.total, job.refuse)
        job.expect(spans)
        for done, place in enumerate(sorted(range(len(spans)), key=lambda place: max(spans[place].first, 0))):
            frames = self.normalise(rows.of(spans[place].frames()))
            batches.add(job, place, len(frames), torch.from_numpy(np.ascontiguousarray(frames)))
            progress(done)


class CamPlusPlusEmbedder(Embedder):
    """CAM++ on log-mel features, the mean over the recording's windows subtracted; its head once over a recording."""

    def __init__(self, network, extractor, running=None, cutter=None):
        from diarkit.embeddings.campplus_fast import FastCamPlusPlus
        from diarkit.embeddings.devices import Placed

        super().__init__(running or Running())
        self.dim = network.embedding_dim
        self.network = Placed(FastCamPlusPlus(network), self.running)
        self.extractor = extractor
        self.sample_frequency = int(extractor.opts.sample_frequency)
        self.cutter = cutter or Cutter()

    def batches(self, work):
        return InBatches(lambda frames: self.network.tail(frames).numpy(), work, self.running.batch_size)

    def feed(self, signal, windows, job, batches, progress):
        import torch

        total = self.extractor.frames.count(signal.num_samples)
        spans = self.cutter.cut(windows, total, job.refuse)
        job.expect(spans)
        mean = self.mean(signal, frames_within(spans, total))
        head = HeadBlocks(self.network, self.extractor, signal, mean, job.work.pool)
        for done, place in enumerate(sorted(range(len(spans)), key=lambda place: spans[place].first)):
            frames = spans[place].frames()
            batches.add(job, place, len(frames), torch.from_numpy(head.take(frames)))
            progress(done)

    def mean(self, signal, inside):
        """Mean of the features of the frames that are in a window; (80,) float32."""
        total, count = np.zeros(self.extractor.dim), 0
        for t in range(0, len(inside), BLOCK):
            if inside[t : t + BLOCK].any():
                chosen = self.extractor.compute(signal, t, t + BLOCK)[inside[t : t + BLOCK]]
                total = total + chosen.sum(axis=0, dtype=np.float64)
                count += len(chosen)
        return (total / max(count, 1)).astype(np.float32)


class HeadBlocks:
    """Outputs of the head of CAM++ for frames that are asked for in order of time."""

    def __init__(self, network, extractor, signal, mean, pool):
        from diarkit.embeddings.campplus_fast import CONTEXT

        self.network = network
        self.extractor = extractor
        self.signal = signal
        self.mean = mean
        self.pool = pool
        self.context = CONTEXT
        self.total = extractor.frames.count(signal.num_samples)
        self.blocks = {}  # number -> future of a (frames, 320) array
        self.features = {}  # number -> features of one block, as they are computed

    def block_features(self, number):
        if number not in self.features:
            while len(self.features) >= 4:
                self.features.pop(next(iter(self.features)))
            first = number * HEAD_BLOCK
            self.features[number] = self.extractor.compute(self.signal, first, first + HEAD_BLOCK) - self.mean
        return self.features[number]

    def start(self, number):
        begin = number * HEAD_BLOCK
        end = min(begin + HEAD_BLOCK, self.total)
        parts = [self.block_features(n) for n in range(max(number - 1, 0), number + 1)]
        offset = begin - HEAD_BLOCK * max(number - 1, 0)
        if end < self.total:
            parts.append(self.block_features(number + 1))
        low = max(offset - self.context, 0)
        x = np.concatenate(parts)[low : offset + end - begin + self.context]
        return self.pool.submit(self.run, x, offset - low, end - begin)

    def run(self, x, skip, count):
        import torch

        return self.network.head(torch.from_numpy(x))[:, skip : skip + count].numpy()

    def block(self, number):
        # One block ahead keeps the threads busy while features are computed here.
        for wanted in (number, number + 1):
            if wanted not in self.blocks and wanted * HEAD_BLOCK < self.total:
                self.blocks[wanted] = self.start(wanted)
        return self.blocks[number].result()

    def take(self, frames):
        """Outputs for the given frames, all within the recording; (320, len(frames)) float32."""
        numbers = frames // HEAD_BLOCK
        first, last = int(numbers[0]), int(numbers[-1])
        for old in [n for n in self.blocks if n < first]:
            del self.blocks[old]
        part = np.concatenate([self.block(n) for n in range(first, last + 1)], axis=1)
        return np.ascontiguousarray(part[:, frames - first * HEAD_BLOCK])


class GE2EEmbedder(Embedder):
    """GE2E d-vectors; the loudness is that of the recording's windows together."""

    def __init__(self, network, running=None, cutter=None):
        from diarkit.embeddings import ge2e
        from diarkit.embeddings.devices import runner

        super().__init__(running or Running())
        self.dim = ge2e.EMBEDDING_DIM
        self.run = runner(network, self.running)
        self.spectra = ge2e.MelSpectrogram()
        self.sample_frequency = ge2e.SAMPLE_FREQUENCY
        self.cutter = cutter or Cutter()

    def batches(self, work):
        return InBatches(self.run, work, self.running.batch_size)

    def feed(self, signal, windows, job, batches, progress):
        import torch

        from diarkit.embeddings import ge2e

        total = 1 + signal.num_samples // ge2e.FRAME_SHIFT
        spans = self.cutter.cut(windows, total, job.refuse)
        job.expect(spans)
        factor = np.float32(ge2e.gain(self.mean_square(signal, frames_within(spans, total))) ** 2)
        for place, span in enumerate(spans):
            spectra = self.spectra.compute(signal, span.first, span.first + span.length)  # zeros beyond its ends
            batches.add(job, place, span.length, torch.from_numpy(spectra * factor))
            progress(place)

    def mean_square(self, signal, inside):
        from diarkit.embeddings.ge2e import FRAME_SHIFT

        total, count = 0.0, 0
        for t in range(0, len(inside), BLOCK):
            if (chosen := inside[t : t + BLOCK]).any():
                samples = signal.read(t * FRAME_SHIFT, (t + len(chosen)) * FRAME_SHIFT).reshape(-1, FRAME_SHIFT)
                total += float(np.square(samples[chosen].astype(np.float64) / 32768).sum())
                count += int(chosen.sum()) * FRAME_SHIFT
        return total / max(count, 1)


class StatisticsEmbedder:
    """The mean and the standard deviation of features over each window: no training, for tests and toys."""

    sample_frequency = None

    def embed(self, features, windows, progress=None):
        """Features (T, D), a frame every 10 ms, to (N, 2 D)."""
        return all_of(self.outcomes(features, windows), 2 * features.shape[1])

    def outcomes(self, features, windows):
        """Of every window its vector, (2 D,), or the DataError for which it has none."""
        if features.ndim != 2:
            raise DataError("not a matrix of features")
        found = []
        for start, end in windows:
            try:
                first, last = frames_of(start, end, len(features))
                window = features[first:last]
                found.append(np.concatenate([window.mean(axis=0), window.std(axis=0)]).astype(np.float32))
            except DataError as error:
                found.append(error)
        return found

    def embed_all(self, items):
        for key, features, windows in items:
            yield key, SimpleNamespace(outcomes=partial(self.outcomes, features, windows), widened=0)
