"""Embeddings by a TDNN whose frame layers run over a recording once, in blocks."""

import numpy as np

from diarkit.embeddings.batches import Embedder
from diarkit.embeddings.spans import SHORTEST
from diarkit.embeddings.tdnn_fast import Block, FastTdnn

FRAMES = 75  # frame outputs of a block for each window of a batch: 600 of a batch of 8 stay in the cache
LEAST_OUTPUTS = 6  # that are pooled of the shortest window, as of SHORTEST frames with the context of Snyder's TDNN
AT_ONCE = 64  # windows whose last layers are computed together


class TdnnEmbedder(Embedder):
    """A Tdnn on features that are normalised before windows are cut; else over one window after the other.

    network : tdnn.Tdnn in test mode
    rows : source -> rows.Rows
    cutter : spans.Cutter
    normalise : (T, D) array -> (T, D): what is done to the frames of a window by itself, if anything is
    """

    def __init__(self, network, rows, cutter, running, sample_frequency=None, normalise=None):
        super().__init__(running)
        self.network = FastTdnn(network, running.device, running.precision)
        self.rows = rows
        self.dim = network.embedding_dim
        self.sample_frequency = sample_frequency
        self.cutter = cutter
        self.normalise = normalise
        self.size = FRAMES * running.batch_size

    def batches(self, work):
        return Blocks(self.network, work, self.size if self.running.shared else 0)

    def feed(self, source, windows, job, batches, progress):
        rows = self.rows(source)
        spans = self.cutter.cut(windows, rows.total, job.refuse)
        job.expect(spans)
        sums = Sums(self.network, job, spans)
        context = self.network.context
        ranges = [(span.first, span.first + span.length - context, place) for place, span in enumerate(spans)]
        # Not with the others: what is left at the end of a window cut into chunks, if it has to be widened.
        together, alone = [], []
        for entry in sorted(ranges):
            shares = not self.normalise and shares_frames(spans[entry[2]], rows.total)
            (together if shares else alone).append(entry)
        taken = 0
        for first, last, members in plan(together, self.size, context):
            frames = np.clip(np.arange(first, last + context), 0, rows.total - 1)
            batches.add(sums, make_block(rows.of(frames), first, last, members))
            for _ in range(sum(end <= last for _, end, _ in members)):
                progress(taken)
                taken += 1
        for first, last, place in alone:
            frames = rows.of(spans[place].frames())
            frames = self.normalise(frames) if self.normalise else frames
            batches.add(sums, make_block(frames, first, last, [(first, last, place)]))
            progress(taken)
            taken += 1


def shares_frames(span, total):
    """Whether the frames of a span are those of the recording, beyond its ends repeated as for all others."""
    return span.inside or (span.low, span.high) == (0, total)


class Sums:
    """Sums over the windows of one recording, added up block by block; what is whole becomes embeddings."""

    def __init__(self, network, job, spans):
        self.network = network
        self.job = job
        self.wanted = [span.length - network.context for span in spans]
        self.growing = {}  # place -> (1 + 2 C,) sums
        self.whole = []  # [(place, sums)]
        self.missing = len(spans)

    def add(self, places, sums):
        for place, part in zip(places, sums, strict=True):
            total = self.growing.pop(place, 0) + part
            if total[0] < self.wanted[place]:
                self.growing[place] = total
            else:
                self.whole.append((place, total))
                self.missing -= 1
                if len(self.whole) == AT_ONCE or self.missing == 0:
                    places, rows = zip(*self.whole, strict=True)
                    self.job.put(list(places), self.network.embed(np.array(rows)))
                    self.whole = []


class Blocks:
    """Blocks gathered until there are `size` rows, and pooled by threads."""

    def __init__(self, network, work, size):
        self.network = network
        self.work = work
        self.size = size
        self.waiting = []  # [(Sums, Block)]
        self.rows = 0  # of these

    def add(self, sums, block):
        self.waiting.append((sums, block))
        self.rows += len(block.rows)
        if self.rows >= self.size:
            self.flush()

    def flush(self):
        waiting, self.waiting, self.rows = self.waiting, [], 0

        def put(found):
            for (sums, block), part in zip(waiting, found, strict=True):
                sums.add(block.places, part)

        if waiting:
            self.work.start(self.network.pool, [block for _, block in waiting], put)


def smallest(network):
    """Frames of the shortest window that is not widened."""
    return max(SHORTEST, network.left_context + network.right_context + LEAST_OUTPUTS)


def plan(ranges, size, gap):
    """Cut ranges of outputs (first, last, place), ascending, into blocks of at most `size` that cover them.

    Yields (first, last, [(first, last, place) of the ranges that reach into it, whole]). A block ends before more than
    `gap` outputs that are in no range.
    """
    following, active, at = 0, [], 0
    while following < len(ranges) or active:
        at = at if active else ranges[following][0]
        reach = max((last for _, last, _ in active), default=at)
        while following < len(ranges) and ranges[following][0] <= min(reach + gap, at + size - 1):
            active.append(ranges[following])
            reach = max(reach, ranges[following][1])
            following += 1
        end = min(reach, at + size)
        yield at, end, active
        active = [entry for entry in active if entry[1] > end]
        at = end


def make_block(rows, begin, end, ranges):
    """The Block of rows with the outputs begin <= t < end, pooled over ranges (first, last, place) cut to these."""
    first, last = (np.clip([entry[i] for entry in ranges], begin, end) - begin for i in (0, 1))
    edges = np.unique([*first, *last])
    within = (first[:, None] <= edges[:-1]) & (edges[1:] <= last[:, None])
    pieces = [piece for piece, used in zip(zip(edges[:-1], edges[1:], strict=True), within.any(0), strict=True) if used]
    return Block(rows, pieces, within[:, within.any(0)].astype(float), [place for _, _, place in ranges])
