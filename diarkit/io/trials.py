"""Verification trials, is this the same speaker as that, and their scores."""

from array import array
from collections import defaultdict
from itertools import count, islice, repeat
from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError
from diarkit.io.filesets import shown
from diarkit.io.lists import read_lists
from diarkit.io.streams import open_text_input, parse_number

LABELS = {"target": True, "nontarget": False}
DIGITS = {"1": True, "0": False}
LARGEST = 1e38  # of a score; Kaldi's tool, whose numbers are ours, holds it in 32 bits
CHUNK = 1000  # lines at once, which the cache of a processor holds


class Trials(NamedTuple):
    """N trials: numbers of the utterances (or models) of both sides among `names`, and whether they are targets."""

    names: list
    first: np.ndarray
    second: np.ndarray
    is_target: np.ndarray

    @property
    def keys(self):
        return keys_of(self.first, self.second)


def read_labelled_scores(path):
    """Scores with their labels, as Kaldi's compute-eer reads them: lines `<score> target|nontarget`.

    Returns (N,) float64 scores and (N,) bool, whether target. Raises DataError naming file and line, and where one of
    the two kinds is missing.
    """
    scores, is_target = array("d"), bytearray()
    for lines, rows in chunks(path, "<score> target|nontarget"):
        texts, labels = zip(*rows, strict=True)
        scores.extend(numbers(path, lines, texts))
        is_target.extend(truths(path, lines, labels, LABELS))
    return np.array(scores), both_kinds(np.array(is_target, dtype=bool), path)


def read_trials(path):
    """Trials of a list, Kaldi's `<a> <b> target|nontarget` or VoxCeleb's `<1|0> <a> <b>`; the first line decides.

    Returns Trials and a list of what the user should know. A pair may be there again, and counts again, with the same
    label. Raises DataError naming file and line.
    """
    number = defaultdict(count().__next__)
    first, second, is_target, lines = array("i"), array("i"), bytearray(), array("q")
    names = kaldi = None
    for at, rows in chunks(path, "<a> <b> target|nontarget, or <1|0> <a> <b>"):
        if kaldi is None:
            kaldi = rows[0][2] in LABELS
        one, other, labels = zip(*rows, strict=True)
        if not kaldi:
            one, other, labels = other, labels, one
        is_target.extend(truths(path, at, labels, LABELS if kaldi else DIGITS))
        first.extend(map(number.__getitem__, one))
        second.extend(map(number.__getitem__, other))
        lines.extend(at)
    names = list(number)
    trials = Trials(names, np.array(first), np.array(second), both_kinds(np.array(is_target, dtype=bool), path))
    repeats, clash = repeated(trials.keys, trials.is_target)
    if clash is not None:
        raise DataError(f"{pair(trials, clash)} is both target and nontarget", f"{shown(path)}:{lines[clash]}")
    return trials, [f"{path}: {repeats} trials are there again, and count again"] if repeats else []


def read_trial_scores(path, trials):
    """Scores of trials, in any order: lines `<a> <b> <score>`.

    Returns (N,) float64 and a list of what the user should know: pairs that are no trials are passed over. Raises
    DataError naming file and line, or a trial that has no score.
    """
    number = {name: n for n, name in enumerate(trials.names)}
    first, second, scores, lines = array("i"), array("i"), array("d"), array("q")
    for at, rows in chunks(path, "<a> <b> <score>"):
        one, other, texts = zip(*rows, strict=True)
        first.extend(map(number.get, one, repeat(-1)))
        second.extend(map(number.get, other, repeat(-1)))
        scores.extend(numbers(path, at, texts))
        lines.extend(at)
    first, second, scores, lines = np.array(first), np.array(second), np.array(scores), np.array(lines)
    keys, wanted = keys_of(first, second), trials.keys
    known = (first >= 0) & (second >= 0)
    strangers = int((~known).sum())  # one of whose names is in no trial
    if strangers:
        keys, scores, lines = keys[known], scores[known], lines[known]
    _, clash = repeated(keys, scores)
    if clash is not None:
        raise DataError("another score for a pair that has one", f"{shown(path)}:{lines[clash]}")
    if not np.array_equal(keys, wanted):
        order = np.argsort(keys, kind="stable")
        place = np.searchsorted(keys, wanted, sorter=order)
        place = np.append(order, 0)[np.minimum(place, len(keys))]
        lacking = np.append(keys, -1)[place] != wanted if len(keys) else np.ones(len(wanted), dtype=bool)
        if lacking.any():
            raise DataError(f"no score for {pair(trials, int(np.argmax(lacking)))}"
                            f" ({lacking.sum()} of {len(wanted)} trials lack one)", shown(path))
        strangers += int((~np.isin(keys, wanted)).sum())
        scores = scores[place]
    return scores, [f"{path}: {strangers} scores of pairs that are no trials, passed over"] if strangers else []


def read_pairs(path):
    """The pairs of a list of trials, which is not kept: iterates over lists of (a, b), in its order.

    Lines are `<a> <b>`, `<a> <b> target|nontarget` or VoxCeleb's `<1|0> <a> <b>`; the first line decides. Raises
    DataError naming file and line.
    """
    form = "<a> <b>, <a> <b> target|nontarget, or <1|0> <a> <b>"
    first = None
    for lines, rows in chunks(path, form, (2, 3)):
        first = first or rows[0]
        for n, words in zip(lines, rows, strict=True):
            if len(words) != len(first):
                raise DataError(f"{len(words)} fields, {len(first)} in the first line", f"{shown(path)}:{n}")
        at = slice(0, 2)
        if len(first) == 3:
            kaldi = first[2] in LABELS or first[0] not in DIGITS
            truths(path, lines, [words[2 if kaldi else 0] for words in rows], LABELS if kaldi else DIGITS)
            at = slice(0, 2) if kaldi else slice(1, 3)
        yield [tuple(words[at]) for words in rows]


def iterate_together(paths):
    """Scores of the same trials in several files, in their order, which are not kept: ([(a, b)], [scores (N,)]), a part
    after the other. Raises DataError naming file and line, also where a file has another trial than the first.
    """
    rows = [scored_pairs(path) for path in paths]
    for first in iter(lambda: list(islice(rows[0], CHUNK)), []):
        columns = []
        for path, others in zip(paths[1:], rows[1:], strict=True):
            found = list(islice(others, len(first)))
            for (_, *pair, _), (n, *other, _) in zip(first, found, strict=False):
                if pair != other:
                    raise DataError(f"the trial {' '.join(other)}, in {shown(paths[0])} {' '.join(pair)}",
                                    f"{shown(path)}:{n}")
            if len(found) < len(first):
                raise DataError(f"fewer scores than {shown(paths[0])} has", shown(path))
            columns.append(np.array([row[3] for row in found]))
        yield [row[1:3] for row in first], [np.array([row[3] for row in first]), *columns]
    for path, others in zip(paths[1:], rows[1:], strict=True):
        for n, *_ in others:
            raise DataError(f"more scores than {shown(paths[0])} has", f"{shown(path)}:{n}")


def scored_pairs(path):
    """The lines of a file of scores: (line number, a, b, float)."""
    for lines, rows in chunks(path, "<a> <b> <score>"):
        one, other, texts = zip(*rows, strict=True)
        yield from zip(lines, one, other, numbers(path, lines, texts), strict=True)


def read_speakers(path, names):
    """(N,) int, the number of the speaker of each name, by a list `<utterance> <speaker>`; a name may be a speaker's.

    Without a list (''), the speaker is what stands before the first '/' of a name, as in VoxCeleb. Raises DataError for
    a name that has none.
    """
    if path:
        utt2spk = {utt: speaker for utt, (speaker,) in read_lists(path, count=1).items()}
        utt2spk = {speaker: speaker for speaker in utt2spk.values()} | utt2spk
    else:
        utt2spk = {name: name.split("/")[0] for name in names if "/" in name}
    for name in names:
        if name not in utt2spk:
            reason = f"not in {path}" if path else "no speaker before a / in it; --utt2spk says who it is"
            raise DataError(reason, where=name)
    number = defaultdict(count().__next__)
    return np.array([number[utt2spk[name]] for name in names])


def keys_of(first, second):
    """(N,) int64, different for different pairs."""
    return first.astype(np.int64) << 32 | second


def chunks(path, form, counts=None):
    """Lists of (line numbers, words) of lines that are not empty. Raises DataError where words are too few or many."""
    counts = set(counts or [2 if form.startswith("<score>") else 3])
    name = shown(path)
    with open_text_input(path) as text:
        lines, start = iter(text), 1
        while chunk := list(islice(lines, CHUNK)):
            rows = [line.split() for line in chunk]
            at = range(start, start + len(rows))
            start += len(rows)
            if not set(map(len, rows)) <= counts:
                for n, words in zip(at, rows, strict=True):
                    if words and len(words) not in counts:
                        raise DataError(f"{len(words)} fields, expected {form}", f"{name}:{n}")
                at = [n for n, words in zip(at, rows, strict=True) if words]
                rows = [words for words in rows if words]
            if rows:
                yield at, rows


def numbers(path, lines, texts):
    """Floats of texts in plain decimal."""
    joined = "".join(texts)
    try:
        if joined.isascii() and "_" not in joined:  # then float() takes nothing that is none but nan and infinity
            values = list(map(float, texts))
            if (np.abs(values) < LARGEST).all():
                return values
    except ValueError:
        pass
    for n, text in zip(lines, texts, strict=True):
        value = parse_number(text)
        if value is None or abs(value) >= LARGEST:
            why = "a plain decimal number" if value is None else f"below {LARGEST:g}"
            raise DataError(f"the score is not {why}: {text[:40]!r}", f"{shown(path)}:{n}")
    return list(map(parse_number, texts))


def truths(path, lines, labels, meaning):
    if not set(labels) <= set(meaning):
        n, label = next((n, label) for n, label in zip(lines, labels, strict=True) if label not in meaning)
        raise DataError(f"neither {' nor '.join(meaning)}: {label[:40]!r}", f"{shown(path)}:{n}")
    return map(meaning.__getitem__, labels)


def both_kinds(is_target, path):
    for kind, there in (("target", is_target.any()), ("nontarget", not is_target.all())):
        if not there:
            raise DataError(f"no {kind} trials", where=shown(path))
    return is_target


def repeated(keys, values):
    """How many keys are there again, and the place of the first that has another value than before, None if all agree.
    """
    order = np.argsort(keys, kind="stable")
    again = keys[order][1:] == keys[order][:-1]
    clashes = order[1:][again & (values[order][1:] != values[order][:-1])]
    return int(again.sum()), int(clashes.min()) if len(clashes) else None


def pair(trials, n):
    return f"{trials.names[trials.first[n]]} {trials.names[trials.second[n]]}"
