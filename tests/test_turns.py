import random

import pytest

from diarkit.io.datadir import read_segments
from diarkit.io.lists import read_lists
from diarkit.io.rttm import read_rttm
from diarkit.turns import make_turns


def test_overlap_of_neighbours_is_cut_at_its_middle():
    assert make_turns([(0, 1.5), (0.75, 2.25), (1.5, 3)], "AAB") == [(0, 1.875, "A"), (1.875, 3, "B")]


def test_what_touches_and_has_one_label_is_one_turn():
    assert make_turns([(0, 1), (1, 2), (2, 3), (4, 5)], "AABB") == [(0, 2, "A"), (2, 3, "B"), (4, 5, "B")]


def test_order_of_the_input_does_not_matter():
    segments = [(i * 0.25, i * 0.25 + 1.5) for i in range(20)]
    labels = "AAABBBAACCCCCCBBAAAA"
    expected = make_turns(segments, labels)
    order = random.Random(1).sample(range(20), 20)
    assert make_turns([segments[i] for i in order], [labels[i] for i in order]) == expected


def test_a_contained_segment_keeps_its_time():
    assert make_turns([(0, 10), (2, 3)], "AB") == [(0, 2, "A"), (2, 3, "B"), (3, 10, "A")]
    assert make_turns([(0, 10), (2, 3)], "AA") == [(0, 10, "A")]
    assert make_turns([(0, 10), (2, 8), (4, 6)], "ABC") == [
        (0, 2, "A"), (2, 4, "B"), (4, 6, "C"), (6, 8, "B"), (8, 10, "A")]


def test_segments_with_a_common_start_end_or_both():
    assert make_turns([(0, 4), (0, 4)], "AB") == [(0, 2, "A"), (2, 4, "B")]
    assert make_turns([(0, 4), (2, 4)], "AB") == [(0, 3, "A"), (3, 4, "B")]
    assert make_turns([(0, 2), (0, 4)], "AB") == [(0, 1, "A"), (1, 4, "B")]


def test_deep_nesting_and_nothing():
    n = 1200  # deeper than Python recurses
    assert make_turns([(i, 3 * n - i) for i in range(n)], ["A"] * n) == [(0, 3 * n, "A")]
    assert make_turns([], []) == []
    with pytest.raises(ValueError, match="segment of A"):
        make_turns([(2, 1)], "A")


@pytest.mark.parametrize("seed", range(30))
def test_turns_cover_what_the_segments_cover_and_nothing_twice(seed):
    """Every moment of a turn has a segment of its label; no moment is lost or in two turns."""
    rng = random.Random(seed)
    starts = [rng.randrange(100) / 7 for _ in range(rng.randrange(1, 12))]
    segments = [(start, start + rng.uniform(0.1, 5)) for start in starts]
    labels = [rng.choice("AB") for _ in segments]
    turns = make_turns(segments, labels)
    assert all(start < end for start, end, _ in turns)
    assert all(before[1] <= after[0] for before, after in zip(turns, turns[1:], strict=False))
    assert all(a[1] < b[0] or a[2] != b[2] for a, b in zip(turns, turns[1:], strict=False))
    for moment in [i / 50 + 0.0071 for i in range(1100)]:
        over = {label for (start, end), label in zip(segments, labels, strict=True) if start <= moment < end}
        said = [label for start, end, label in turns if start <= moment < end]
        edge = any(abs(moment - time) < 0.001 for segment in segments for time in segment)
        edge = edge or any(abs(moment - time) < 0.001 for turn in turns for time in turn[:2])
        if not edge:
            assert len(said) == (1 if over else 0)
            assert set(said) <= over


@pytest.mark.parametrize("name", ["nspk4", "thr0", "thr-10"])
def test_kaldi_makes_the_same(shared, name):
    folder = shared / "golden" / "kaldi"
    labels = read_lists(str(folder / "ahc" / f"labels_full_te0.9_{name}.txt"))
    segments = read_segments(str(folder / "scripts" / "vbx_segments"))
    turns = make_turns([s[2:] for s in segments], [labels[s.utt][0] for s in segments])
    theirs = read_rttm(str(folder / "scripts" / f"rttm_full_te0.9_{name}.rttm"))
    assert len(turns) == len(theirs)
    for (start, end, label), turn in zip(turns, theirs, strict=True):
        assert (f"{start:.3f}", f"{end - start:.3f}", label) == (
            f"{turn.start:.3f}", f"{turn.duration:.3f}", turn.speaker)
