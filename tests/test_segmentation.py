"""Kaldi's rule for segments: its own output, and the rule played frame by frame."""

import io
from dataclasses import asdict

import numpy as np
import pytest

from diarkit.errors import DataError
from diarkit.io.tables import read_arrays
from diarkit.options.activity import KaldiSegmentOptions
from diarkit.segmentation import kaldi_lines, kaldi_segments


def lines(table, opts):
    text = io.StringIO()
    for reco, decisions in table:
        spans = kaldi_segments(decisions, opts)
        text.writelines(f"{name} {reco} {start} {end}\n" for name, start, end in kaldi_lines(reco, spans, opts))
    return "".join(sorted(text.getvalue().splitlines(keepends=True)))


GOLDEN = {
    **{f"segmentation_mfcc_{name}.{end}": (f"mfcc_{name}", dict(min_duration=least))
       for name in ("callhome8k", "callhome8k_v1", "vox16k") for end, least in (("all", 0), ("segments", 0.25))},
    "segmentation_mfcc_vox16k_sp0.2_max10.all": ("mfcc_vox16k", dict(max_segment_length=10, min_duration=0)),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_kaldi_s_segments(shared, name):
    vad, settings = GOLDEN[name]
    kaldi = shared / "golden/kaldi"
    if not (kaldi / "scripts" / name).exists():
        pytest.skip("this golden file is kept apart")
    found = lines(read_arrays(f"ark:{kaldi}/vad/{vad}.ark"), KaldiSegmentOptions(**settings))
    assert found == (kaldi / "scripts" / name).read_text()


class Strip:
    """The rule as it is told: markers on a strip of frames, moved one at a time."""

    def __init__(self, classes):
        self.classes = classes
        self.total = len(classes)
        self.spans = []  # [start, end] in order
        for t, c in enumerate(classes):
            if c and (t == 0 or not classes[t - 1]):
                self.spans.append([t, t])
            if c:
                self.spans[-1][1] = t + 1

    def add_silence(self, proportion):
        loud = sum(c != 0 for c in self.classes)
        size, wanted, moved = loud, int(loud / (1 - proportion)), True
        while size < wanted and moved:
            moved = False
            for i, span in enumerate(self.spans):
                before = self.spans[i - 1][1] if i else 0
                after = self.spans[i + 1][0] if i + 1 < len(self.spans) else self.total
                if size < wanted and span[0] > before:
                    span[0], size, moved = span[0] - 1, size + 1, True
                if size < wanted and span[1] < after:
                    span[1], size, moved = span[1] + 1, size + 1, True

    def silence_at(self, t):
        after = before = 0
        while t + after < self.total and not self.classes[t + after]:
            after += 1
        while t - 1 - before >= 0 and not self.classes[t - 1 - before]:
            before += 1
        return before + after

    def join(self, longest, shift):
        touching = [a[1] for a, b in zip(self.spans, self.spans[1:], strict=False) if a[1] == b[0]]
        for t in sorted(touching, key=self.silence_at):
            [i] = [i for i, span in enumerate(self.spans) if span[1] == t]
            a, b = self.spans[i], self.spans[i + 1]
            if (b[1] - a[0]) * shift <= longest:
                self.spans[i : i + 2] = [[a[0], b[1]]]

    def cut(self, most):
        whole, self.spans = self.spans, []
        for start, end in whole:
            count = 1
            while end - start > most * count and end - start > most:
                count += 1
            piece = (end - start) // count
            for i in range(count):
                self.spans.append([start + i * piece, end if i == count - 1 else start + (i + 1) * piece])

    def drop_noise(self):
        self.spans = [[a, b] for a, b in self.spans if 2 in list(self.classes[a:b])]


def test_frame_by_frame():
    rng = np.random.default_rng(0)
    seen = {"joined": 0, "not joined": 0, "cut": 0, "dropped": 0}
    for case in range(400):
        n = int(rng.integers(1, 25)) if case % 10 else 300  # with many gaps of equal length
        longest = int(rng.choice([2, 15, 60])) if case % 10 else 4
        classes = np.repeat(rng.choice([0, 0, 1, 2], n), rng.integers(1, longest, n))
        opts = KaldiSegmentOptions(
            silence_proportion=float(rng.choice([0.02, 0.1, 0.2, 0.5, 0.8, 0.98])), frame_shift=0.05,
            max_segment_length=float(rng.choice([1.5, 3, 4.5])), hard_max_segment_length=float(rng.choice([4.5, 6])),
            remove_noise_only_segments=bool(rng.integers(2)))
        strip = Strip(classes)
        strip.add_silence(opts.silence_proportion)
        apart = len(strip.spans)
        touching = sum(a[1] == b[0] for a, b in zip(strip.spans, strip.spans[1:], strict=False))
        strip.join(opts.max_segment_length, opts.frame_shift)
        seen["joined"] += apart > len(strip.spans)
        seen["not joined"] += touching > apart - len(strip.spans)
        apart = len(strip.spans)
        strip.cut(round(opts.hard_max_segment_length / opts.frame_shift))
        seen["cut"] += len(strip.spans) > apart
        if opts.remove_noise_only_segments:
            apart = len(strip.spans)
            strip.drop_noise()
            seen["dropped"] += len(strip.spans) < apart
        assert kaldi_segments(classes.astype(np.float32), opts).tolist() == strip.spans, asdict(opts)
    assert min(seen.values()) > 20, seen


def test_names():
    """Hundredths cut off after the product of a binary fraction, digits by the last end."""
    opts = KaldiSegmentOptions(min_duration=0)
    found = list(kaldi_lines("a", np.array([[1020, 1110], [1806, 2279]]), opts))
    assert found == [("a-01019-01110", "10.20", "11.10"), ("a-01805-02279", "18.06", "22.79")]
    assert [name for name, *_ in kaldi_lines("a", np.array([[0, 1]]), opts)] == ["a-0-1"]
    assert [name for name, *_ in kaldi_lines("a", np.array([[0, 10]]), opts)] == ["a-00-10"]
    assert [name for name, *_ in kaldi_lines("a", np.array([[0, 11]]), opts)] == ["a-000-011"]
    assert list(kaldi_lines("a", np.zeros((0, 2), int), opts)) == []
    opts = KaldiSegmentOptions(first_separator="_", second_separator="+", frame_shift=0.02)
    spans = np.array([[0, 12], [12, 25], [30, 42], [100, 113]])  # 0.24, 0.26, 0.24, 0.26 s
    assert [name for name, *_ in kaldi_lines("a", spans, opts)] == ["a_0024+0050", "a_0200+0225"]


def test_no_speech_and_all_speech():
    opts = KaldiSegmentOptions()
    assert kaldi_segments(np.zeros(100), opts).shape == (0, 2)
    assert kaldi_segments(np.zeros(0), opts).shape == (0, 2)
    assert kaldi_segments(np.ones(100), opts).tolist() == [[0, 100]]
    assert kaldi_segments(np.ones(6000), opts).tolist() == [[0, 3000], [3000, 6000]]
    assert kaldi_segments(np.ones(3001), opts).tolist() == [[0, 1500], [1500, 3001]]
    assert kaldi_segments(np.ones(3000, np.int32), opts).tolist() == [[0, 3000]]


def test_equal_gaps_are_closed_from_the_first_on():
    classes = np.tile([1] * 90 + [0] * 10, 40)
    found = kaldi_segments(classes, KaldiSegmentOptions(max_segment_length=2, hard_max_segment_length=5))
    edges = [0, *range(195, 3800, 200), 3895, 4000]  # the last two are 2.05 s together
    assert found.tolist() == [list(pair) for pair in zip(edges, edges[1:], strict=False)]


def test_the_shortest_segment_that_is_kept():
    opts = KaldiSegmentOptions()
    assert len(list(kaldi_lines("a", np.array([[100, 125], [200, 224]]), opts))) == 1


def test_what_is_refused():
    with pytest.raises(DataError, match="0.5 is no decision.*hysteresis"):
        kaldi_segments(np.array([0, 1, 0.5]), KaldiSegmentOptions())
    with pytest.raises(DataError, match="vector"):
        kaldi_segments(np.ones((3, 2)), KaldiSegmentOptions())
    for name, value in (("silence_proportion", 0.01), ("silence_proportion", 0.99), ("frame_shift", 0.0),
                        ("max_segment_length", 1.0), ("max_segment_length", 40.0), ("hard_max_segment_length", 500.0)):
        with pytest.raises(DataError, match="--.*max-segment" if "max" in name else "--" + name.replace("_", "-")):
            kaldi_segments(np.ones(3), KaldiSegmentOptions(**{name: value}))
