"""Embeddings of windows of a recording: what every model does with a signal and a list of windows.

An embedder has `sample_frequency` (Hz; None: it takes features instead of a signal) and
embed(signal, windows) -> (N, D) float32 for windows [(start, end), ...] in seconds. Batches are made from the list of
windows alone, never from the number of threads, so that the same windows give the same bits.
"""

from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from diarkit.errors import DataError
from diarkit.features import BLOCK
from diarkit.windows import frame_span

BATCH = 8  # windows; more would fall out of the processor's cache
LENGTH_STEP = 10  # frames: lengths are rounded down to this, so that windows at the ends of segments share batches
SHORTEST = 20  # frames; shorter windows are widened, at the ends of the recording by repeating frames
HEAD_BLOCK = 512  # frames that the head of CAM++ computes at once
FRAME_SHIFT = 0.01  # s
OVERSHOOT = 0.5  # s; a window that ends later than this after the recording is of another one (Kaldi extract-segments)


def spans(windows, num_frames):
    """First frame and number of frames of each window, a multiple of LENGTH_STEP and at least SHORTEST."""
    found = []
    for start, end in windows:
        first, last = frames_of(start, end, num_frames)
        length = max((last - first) // LENGTH_STEP * LENGTH_STEP, SHORTEST)
        found.append((first + (last - first - length) // 2, length))
    return found


def frames_of(start, end, num_frames):
    """First frame of a window and the one after its last, within the recording."""
    first, last = frame_span(start, end)
    if first >= num_frames:
        raise DataError(f"nothing of the window from {start:g} to {end:g} s lies within the recording")
    if last > num_frames + round(OVERSHOOT / FRAME_SHIFT):
        beyond = last * FRAME_SHIFT - num_frames * FRAME_SHIFT
        raise DataError(f"the window from {start:g} to {end:g} s ends {beyond:.2f} s after the recording")
    return first, min(last, num_frames)


def frames_within(found, num_frames):
    """Which of the recording's frames are in one of the spans; (num_frames,) bool."""
    inside = np.zeros(num_frames + 1, int)
    for first, length in found:
        inside[max(first, 0)] += 1
        inside[min(first + length, num_frames)] -= 1
    return np.cumsum(inside[:-1]) > 0


class InBatches:
    """Windows of one length gathered into batches, run by threads, put where they belong."""

    def __init__(self, run, output, pool, threads):
        self.run = run  # (B, ...) tensor -> (B, D) tensor
        self.output = output
        self.pool = pool
        self.most = 2 * threads + 1  # batches under way, so that memory stays bounded
        self.waiting = {}  # length -> [(place in output, frames)]
        self.running = deque()

    def add(self, place, frames):
        batch = self.waiting.setdefault(tuple(frames.shape), [])
        batch.append((place, frames))
        if len(batch) == BATCH:
            self.start(self.waiting.pop(tuple(frames.shape)))

    def start(self, batch):
        import torch

        places = [place for place, _ in batch]
        frames = torch.stack([frames for _, frames in batch])
        self.running.append((places, self.pool.submit(self.run, frames)))
        while len(self.running) > self.most:
            self.collect()

    def collect(self):
        places, future = self.running.popleft()
        self.output[places] = future.result().numpy()

    def finish(self):
        for shape in list(self.waiting):
            self.start(self.waiting.pop(shape))
        while self.running:
            self.collect()


def thread_pool(threads):
    """Each thread computes alone: two small products side by side are faster than each on two cores."""
    import torch

    torch.set_num_threads(1)
    return ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))


class CamPlusPlusEmbedder:
    """CAM++ on log-mel features, the mean over the recording's windows subtracted."""

    def __init__(self, network, extractor, threads=1):
        from diarkit.embeddings.campplus_fast import FastCamPlusPlus

        self.network = FastCamPlusPlus(network)
        self.extractor = extractor
        self.sample_frequency = int(extractor.opts.sample_frequency)
        self.threads = threads

    def embed(self, signal, windows, progress=None):
        """(N, 192); `progress`, if given, is called with the number of windows taken up."""
        import torch

        from diarkit.embeddings.campplus import EMBEDDING_DIM

        total = self.extractor.frames.count(signal.num_samples)
        found = spans(windows, total)
        output = np.zeros((len(windows), EMBEDDING_DIM), np.float32)
        if not found:
            return output
        mean = self.mean(signal, frames_within(found, total))
        with thread_pool(self.threads) as pool:
            batches = InBatches(self.network.tail, output, pool, self.threads)
            head = HeadBlocks(self.network, self.extractor, signal, mean, pool, self.threads)
            for done, place in enumerate(sorted(range(len(found)), key=lambda i: found[i][0])):
                first, length = found[place]
                # Past its ends the recording's first and last frames are repeated, as Kaldi pads short input.
                frames = np.clip(np.arange(first, first + length), 0, total - 1)
                batches.add(place, torch.from_numpy(head.take(frames)))
                if progress:
                    progress(done)
            batches.finish()
        return output

    def mean(self, signal, inside):
        """Mean of the features of the frames that are in a window; (80,) float32."""
        total, count = 0.0, 0
        for t in range(0, len(inside), BLOCK):
            if inside[t : t + BLOCK].any():
                chosen = self.extractor.compute(signal, t, t + BLOCK)[inside[t : t + BLOCK]]
                total = total + chosen.sum(axis=0, dtype=np.float64)
                count += len(chosen)
        return (total / count).astype(np.float32)


class HeadBlocks:
    """Outputs of the head of CAM++ for frames that are asked for in order of time."""

    def __init__(self, network, extractor, signal, mean, pool, threads):
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


class GE2EEmbedder:
    """GE2E d-vectors; the loudness is that of the recording's windows together."""

    def __init__(self, network, threads=1):
        from diarkit.embeddings import ge2e

        self.network = network
        self.spectra = ge2e.MelSpectrogram()
        self.sample_frequency = ge2e.SAMPLE_FREQUENCY
        self.threads = threads

    def embed(self, signal, windows, progress=None):
        """(N, 256)"""
        import torch

        from diarkit.embeddings import ge2e

        total = 1 + signal.num_samples // ge2e.FRAME_SHIFT
        found = spans(windows, total)
        output = np.zeros((len(windows), ge2e.EMBEDDING_DIM), np.float32)
        if not found:
            return output
        factor = np.float32(ge2e.gain(self.mean_square(signal, frames_within(found, total))) ** 2)
        with thread_pool(self.threads) as pool:
            batches = InBatches(self.run, output, pool, self.threads)
            for place, (first, length) in enumerate(found):
                batches.add(place, torch.from_numpy(self.spectra.compute(signal, first, first + length) * factor))
                if progress:
                    progress(place)
            batches.finish()
        return output

    def mean_square(self, signal, inside):
        from diarkit.embeddings.ge2e import FRAME_SHIFT

        total, count = 0.0, 0
        for t in range(0, len(inside), BLOCK):
            if (chosen := inside[t : t + BLOCK]).any():
                samples = signal.read(t * FRAME_SHIFT, (t + len(chosen)) * FRAME_SHIFT).reshape(-1, FRAME_SHIFT)
                total += float(np.square(samples[chosen].astype(np.float64) / 32768).sum())
                count += int(chosen.sum()) * FRAME_SHIFT
        return total / max(count, 1)

    def run(self, frames):
        import torch

        with torch.inference_mode():
            return self.network(frames)


class StatisticsEmbedder:
    """The mean and the standard deviation of features over each window: no training, for tests and toys."""

    sample_frequency = None

    def embed(self, features, windows, progress=None):
        """Features (T, D), a frame every 10 ms, to (N, 2 D)."""
        if features.ndim != 2:
            raise DataError("not a matrix of features")
        rows = np.zeros((len(windows), 2 * features.shape[1]), np.float32)
        for row, (start, end) in zip(rows, windows, strict=True):
            first, last = frames_of(start, end, len(features))
            window = features[first:last]
            row[:] = np.concatenate([window.mean(axis=0), window.std(axis=0)])
        return rows
