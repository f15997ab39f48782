"""Tuning: the value of a parameter for which the diarization error rate of a development set is lowest."""

from dataclasses import fields, replace
from typing import NamedTuple

import numpy as np

from diarkit.clustering.speakers import find_speakers
from diarkit.errors import DataError, UsageError
from diarkit.options.tuning import number_text
from diarkit.scoring.der import Errors, score
from diarkit.scoring.scorers import in_the_total

GOLDEN = (5**0.5 - 1) / 2


class Trial(NamedTuple):
    """What one value gives: labels {recording: (N,) int}, errors {recording: Errors}."""

    labels: dict
    errors: dict

    def der(self, recos=None):
        """DER in percent, over all recordings or some."""
        chosen = self.errors.values() if recos is None else [self.errors[reco] for reco in recos]
        total = sum(chosen, Errors())
        if not total.scored > 0:
            raise DataError("no speech of the reference is left to score in a part of the recordings")
        return total.der


class Tuner:
    """Clusters and scores by value, each value once, and of a recording each partition once.

    Parameters
    ----------
    cluster : value -> {recording: (N,) int labels}
    turns_of : (recording, labels) -> list of turns, see scoring.der.score
    reference : list of turns
    uem : list of regions or None
    opts : DerOptions
    """

    def __init__(self, cluster, turns_of, reference, uem, opts):
        self.cluster = cluster
        self.turns_of = turns_of
        self.uem = uem
        self.opts = opts
        self.reference = {}
        for turn in reference:
            self.reference.setdefault(turn.reco, []).append(turn)
        self.trials = {}
        self.known = {}  # {(recording, bytes of labels, None without labels): Errors}
        self.score = None  # of all recordings by the first value: its protocol and notes

    def try_value(self, value):
        """The Trial of a value."""
        if value not in self.trials:
            labels = self.cluster(value)
            if not labels:
                raise DataError("no recording with segments is left to tune with")
            recos = dict.fromkeys([*labels, *self.reference])  # those that only the reference has are all missed
            new = [reco for reco in recos if key_of(reco, labels) not in self.known]
            if new:
                self.score_recordings(new, recos, labels)
            errors = {reco: self.known[key_of(reco, labels)] for reco in recos}
            errors = {reco: found for reco, found in errors.items() if found is not None}
            if not any(errors[reco].scored > 0 for reco in labels if reco in errors):
                raise DataError("no speech of the reference is left to score in the recordings that are clustered")
            self.trials[value] = Trial(labels, errors)
        return self.trials[value]

    def score_recordings(self, new, recos, labels):
        """Put the Errors of the new ones of all recordings into `known`, None where they do not count."""
        scored = self.score is not None and any(self.score.files[reco].scored > 0 for reco in new
                                                if reco in self.score.files)
        chosen = new if scored else recos  # those without speech that is scored cannot be scored by themselves
        reference = [turn for reco in chosen for turn in self.reference.get(reco, ())]
        hypothesis = [turn for reco in chosen if reco in labels for turn in self.turns_of(reco, labels[reco])]
        opts = self.opts
        found = score(reference, hypothesis, self.uem, opts.collar, opts.ignore_overlap, opts.scorer)
        errors = in_the_total(found.files, opts.scorer)
        for reco in chosen:
            self.known[key_of(reco, labels)] = errors.get(reco)
        self.score = self.score or found

    def best(self, values, recos=None):
        """(value, DER): the first of the values with the lowest DER over some recordings, all if None."""
        found = [self.try_value(value).der(recos) for value in values]
        at = int(np.argmin(found))
        return values[at], found[at]

    def golden(self, low, high, tolerance, recos=None):
        """(value, DER): the best of those that a golden section search of [low, high] tries.

        It finds the lowest DER where DER falls and then rises; else some local one.
        """
        def inner(part):
            return round(high - part * (high - low), 10)

        tried = [low, high]
        left, right = inner(GOLDEN), inner(1 - GOLDEN)
        while True:
            tried += [left, right]
            if high - low <= tolerance or not low < left < right < high:
                return self.best(sorted(set(tried)), recos)
            if self.try_value(left).der(recos) <= self.try_value(right).der(recos):
                high, right = right, left
                left = inner(GOLDEN)
            else:
                low, left = left, right
                right = inner(1 - GOLDEN)


def key_of(reco, labels):
    return reco, np.asarray(labels[reco], np.int32).tobytes() if reco in labels else None


class Trees:
    """The trees of all recordings, made once; called with a value it gives {recording: labels, (N,) int}.

    They are cut as by cluster-ahc. `names` and `times` have those of the segments by recording.

    Parameters
    ----------
    opts : AhcOptions
    parameter : the field of it that is tuned
    speakers_opts : SpeakersOptions

    Raises UsageError for a field that there is not, or one that is no number.
    """

    def __init__(self, opts, parameter, speakers_opts):
        self.opts = opts
        self.parameter = parameter.replace("-", "_")
        kinds = {field.name: str(field.type) for field in fields(opts)}
        if not any(kind in kinds.get(self.parameter, "") for kind in ("int", "float")):
            raise UsageError(f"--parameter={parameter}: cluster-ahc has no --{parameter} that is a number")
        self.whole = "int" in kinds[self.parameter]
        self.speakers_opts = speakers_opts
        self.names, self.times, self.trees = {}, {}, {}
        plain = self.parameter == "threshold" and not opts.refine
        self.keep = not plain

    def add(self, group, similarities):
        """Take the Group and the Scores or Vectors of a recording, which are kept only if they are needed again."""
        if group.names:
            self.names[group.reco], self.times[group.reco] = group.names, group.times
            self.trees[group.reco] = CachedTree(similarities, self.keep)

    def check(self, opts):
        """Raise UsageError for values of TuningOptions that the parameter cannot have."""
        if self.whole and opts.search == "golden":
            raise UsageError(f"--search=golden is not for --{self.parameter.replace('_', '-')}, a whole number")
        for value in opts.numbers:
            self.changed(value)

    def changed(self, value):
        """The AhcOptions with this value of the parameter."""
        if self.whole and value != int(value):
            raise UsageError(f"--{self.parameter.replace('_', '-')} is a whole number, not {number_text(value)}")
        return replace(self.opts, **{self.parameter: int(value) if self.whole else value})

    def __call__(self, value):
        opts = self.changed(value)
        return {reco: find_speakers(tree, opts, self.speakers_opts.bounds(len(tree)))
                for reco, tree in self.trees.items()}


class CachedTree:
    """Similarities whose tree is made once; without the similarities themselves, unless they are to be kept."""

    def __init__(self, similarities, keep):
        self._tree = similarities.tree()
        self._count = len(similarities)
        self._similarities = similarities if keep else None

    def __len__(self):
        return self._count

    def tree(self):
        return self._tree

    def __getattr__(self, name):
        return getattr(self._similarities, name)


class Fold(NamedTuple):
    """Part of the recordings: its name and recordings, the value tuned on the others, their DER and its own (%)."""

    name: str
    recos: list
    value: float
    der_of_others: float
    der: float


def tune(tuner, opts, parts_of=None):
    """Search as TuningOptions say: the best (value, DER) for all recordings, and a list of Fold.

    parts_of : recordings -> {name: recordings}, each of which is tuned on the others; default: in turn, as --folds says
    """
    def search(recos=None):
        if opts.search == "golden":
            return tuner.golden(*opts.numbers, opts.tolerance, recos)
        return tuner.best(opts.numbers, recos)

    recos = list(tuner.try_value(opts.numbers[0]).errors)
    parts = parts_of(recos) if parts_of else in_turn(recos, opts.folds)
    found, folds = search(), []
    for name, own in parts.items() if len(parts) > 1 else ():
        others = [reco for other, its in parts.items() if other != name for reco in its]
        value, der_of_others = search(others)
        folds.append(Fold(name, own, value, der_of_others, tuner.try_value(value).der(own)))
    return found, folds


def in_turn(recos, count):
    """{name: recordings}, `count` parts of recordings, dealt in turn. Raises DataError where they are too few."""
    if len(recos) < count:
        raise DataError(f"--folds={count}: more than there are recordings to score, {len(recos)}")
    return {str(part + 1): recos[part::count] for part in range(count)}


def best_labels(tuner, best, folds):
    """{recording: labels} of the best (value, DER), where there are folds each by the value of its own."""
    labels = dict(tuner.try_value(best[0]).labels)
    for fold in folds:
        found = tuner.try_value(fold.value).labels
        labels |= {reco: found[reco] for reco in fold.recos if reco in found}
    return labels
