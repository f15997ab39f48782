import random

import numpy as np
import pytest

from diarkit.errors import DataError
from diarkit.io import trials as module
from diarkit.io.trials import read_labelled_scores, read_pairs, read_speakers, read_trial_scores, read_trials

VOXCELEB = "1 a/1 a/2\n0 a/1 b/1\n0 b/1 c/9\n1 c/8 c/9\n"
KALDI = "a/1 a/2 target\na/1 b/1 nontarget\nb/1 c/9 nontarget\nc/8 c/9 target\n"
SCORES = "a/1 a/2 1.5\na/1 b/1 -2e-1\nb/1 c/9 .5\nc/8 c/9 +3\n"


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return write


def test_kaldis_labelled_scores(write):
    scores, is_target = read_labelled_scores(write("a", "1.5 target\n\n-2\tnontarget\r\n 1e3  target\n"))
    assert scores.tolist() == [1.5, -2, 1000] and is_target.tolist() == [True, False, True]


@pytest.mark.parametrize("text", [VOXCELEB, KALDI, KALDI.replace("\n", "\n\n").replace(" ", "  ")])
def test_both_forms_of_trials(write, text):
    trials, notes = read_trials(write("trials", text))
    pairs = [(trials.names[a], trials.names[b]) for a, b in zip(trials.first, trials.second, strict=True)]
    assert pairs == [("a/1", "a/2"), ("a/1", "b/1"), ("b/1", "c/9"), ("c/8", "c/9")]
    assert trials.is_target.tolist() == [True, False, False, True] and notes == []


def test_a_name_of_one_digit_is_no_label(write):
    trials, _ = read_trials(write("trials", "1 0 target\n0 1 nontarget\n"))
    assert trials.names == ["1", "0"] and trials.first.tolist() == [0, 1]


def test_scores_in_any_order(write):
    trials, _ = read_trials(write("trials", VOXCELEB))
    expected = [1.5, -0.2, 0.5, 3]
    assert read_trial_scores(write("s", SCORES), trials)[0].tolist() == expected
    lines = SCORES.splitlines(keepends=True)
    assert read_trial_scores(write("s", "".join(lines[::-1])), trials)[0].tolist() == expected
    more = "x y 1\na/1 y 2\na/1 z 6\nx a/1 3\na/2 a/1 7\nx y 8\n"  # strangers, and a pair the other way round
    scores, notes = read_trial_scores(write("s", "".join([*lines[2:], more, *lines[:2]])), trials)
    assert scores.tolist() == expected
    assert len(notes) == 1 and "6 scores of pairs that are no trials" in notes[0]


def test_many_trials_over_the_edges_of_chunks(write, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 7)
    pairs = [(f"m{a}", f"u{b}") for a in range(12) for b in range(9)]
    random.Random(0).shuffle(pairs)
    trials, _ = read_trials(write("t", "".join(f"{int(a[1:] == b[1:])} {a} {b}\n" for a, b in pairs)))
    shuffled = sorted(pairs)
    scores, _ = read_trial_scores(write("s", "".join(f"{a} {b} {a[1:]}.{b[1:]}\n" for a, b in shuffled)), trials)
    assert scores.tolist() == [float(f"{a[1:]}.{b[1:]}") for a, b in pairs]
    assert trials.is_target.tolist() == [a[1:] == b[1:] for a, b in pairs]
    for n in (1, 7, 8, 30):
        lines = ["1 target\n"] * (n - 1) + ["1 targets\n", "0 nontarget\n"]
        with pytest.raises(DataError, match=f"bad:{n}: neither"):
            read_labelled_scores(write("bad", "".join(lines)))


def test_a_trial_that_is_there_twice_counts_twice(write):
    trials, notes = read_trials(write("trials", KALDI + "a/1 b/1 nontarget\n"))
    assert len(trials.first) == 5 and "1 trials are there again" in notes[0]
    scores, _ = read_trial_scores(write("scores", SCORES + "a/1 b/1 -.2\n"), trials)
    assert scores.tolist() == [1.5, -0.2, 0.5, 3, -0.2]
    assert read_trial_scores(write("scores", SCORES), trials)[0].tolist() == scores.tolist()


@pytest.mark.parametrize("text, message", [
    ("1 target\nnan nontarget\n", ":2: the score"), ("1 target\n1_0 nontarget\n", ":2: the score"),
    ("1 target\n\u0661 nontarget\n", ":2: the score"), ("inf target\n1 nontarget\n", ":1: the score"),
    ("1e999 target\n1 nontarget\n", ":1: the score"), ("0x1 target\n1 nontarget\n", ":1: the score"),
    ("1 target\n2 Target\n", ":2: neither target nor nontarget: 'Target'"),
    ("1 target\n\n2 1 target\n", ":3: 3 fields"),
    ("1\ntarget 1 nontarget\n", ":1: 1 fields"), ("1 target\n", ": no nontarget trials"), ("", ": no target trials"),
    ("1 nontarget\n", ": no target trials"), ("target 1\n", ":1: neither|:1: the score"),
])
def test_bad_labelled_scores(write, text, message):
    path = write("bad", text)
    with pytest.raises(DataError, match=f"{path}({message})"):
        read_labelled_scores(path)


@pytest.mark.parametrize("text, message", [
    ("1 a b\n2 a c\n", ":2: neither 1 nor 0: '2'"), ("a b target\n1 a c\n", ":2: neither target nor nontarget: 'c'"),
    ("1 a b\n0 a\n", ":2: 2 fields"), ("1 a b\n0 a c\n\n0 a b\n", ":4: a b is both"), ("1 a b\n", ": no nontarget"),
    ("a b c\n", ":1: neither 1 nor 0: 'a'"),
])
def test_bad_trials(write, text, message):
    path = write("bad", text)
    with pytest.raises(DataError, match=path + message):
        read_trials(path)


@pytest.mark.parametrize("text, message", [
    ("a b target\na c bogus\n", ":2: neither target nor nontarget: 'bogus'"), ("1 a b\n2 a c\n", ":2: neither 1 nor 0"),
    ("a b 0.5\n", ":1: neither target nor nontarget: '0.5'"), ("a b\na\n", ":2: 1 fields"),
])
def test_bad_pairs(write, text, message):
    path = write("bad", text)
    with pytest.raises(DataError, match=path + message):
        list(read_pairs(path))


@pytest.mark.parametrize("text, message", [
    (SCORES.replace("a/1 b/1 -2e-1\n", ""), r": no score for a/1 b/1 \(1 of 4 trials lack one\)"),
    (SCORES.replace("a/1 b/1", "b/1 a/1"), ": no score for a/1 b/1"), ("", ": no score for a/1 a/2 .4 of 4"),
    (SCORES + "a/1 b/1 7\n", ":5: another score"), ("x y 1\n" + SCORES + "a/1 b/1 7\n", ":6: another score"),
    (SCORES.replace(" .5", " NaN"), ":3: the score"), (SCORES.replace(" .5", ""), ":3: 2 fields"),
])
def test_bad_scores(write, text, message):
    trials, _ = read_trials(write("trials", KALDI))
    path = write("bad", text)
    with pytest.raises(DataError, match=path + message):
        read_trial_scores(path, trials)


def test_speakers(write):
    names = ["a/1", "b/x/2", "a/2"]
    assert read_speakers("", names).tolist() == [0, 1, 0]
    path = write("utt2spk", "u1 s1\nu2 s2\nu3 s1\n")
    assert read_speakers(path, ["u2", "u1", "s1", "u3"]).tolist() == [0, 1, 1, 1]  # s1 is a speaker's model
    for source, name in ((path, "u4"), ("", "u4")):
        with pytest.raises(DataError, match="^u4: "):
            read_speakers(source, ["u1" if source else "a/1", name])


def test_keys_do_not_run_into_each_other():
    first, second = np.array([1, 0, 2**31 - 1], dtype=np.int32), np.array([0, 1, 2**31 - 1], dtype=np.int32)
    assert len(set(module.keys_of(first, second).tolist())) == 3 and (module.keys_of(first, second) > 0).all()


def test_a_score_that_32_bits_do_not_hold(write):
    """Else the threshold is infinite, which JSON does not have."""
    assert read_labelled_scores(write("a", "-9e37 target\n1 nontarget\n"))[0].tolist() == [-9e37, 1]
    with pytest.raises(DataError, match="a:2: the score is not below 1e.38: '-1e38'"):
        read_labelled_scores(write("a", "1 target\n-1e38 nontarget\n"))
