"""Pairs for verification trials: all of them, or a sample drawn evenly from those that may be."""

from functools import cached_property

import numpy as np


class Pairs:
    """The pairs that trials may be made of: (i, j), i < j, of N utterances; or (model, utterance), all M times N.

    Parameters
    ----------
    speakers : numbers of the utterances' speakers, (N,) int
    models : numbers of the speakers of enrolled models, (M,) int, or None where utterances are compared with each other
    sessions : of the utterances, (N,) int, or None; utterances of one session are not compared
    genders : of the speakers, by their numbers, (S,) int, or None; only pairs of one gender, or, with `across`,
        nontargets of different genders
    taken : {model: [utterance]}, of what a model may not be compared with
    """

    def __init__(self, speakers, models=None, sessions=None, genders=None, across=False, taken=None):
        self.speakers, self.models, self.sessions = speakers, models, sessions
        self.genders, self.across, self.taken = genders, across, taken or {}
        self.rows = len(speakers) if models is None else len(models)

    def row(self, i):
        """The partners of one side: numbers of utterances (n,) and whether they are targets (n,) bool."""
        if self.models is None:
            speaker, others = self.speakers[i], np.arange(i + 1, len(self.speakers))
            if self.sessions is not None:
                others = others[self.sessions[others] != self.sessions[i]]
        else:
            speaker, others = self.models[i], np.delete(np.arange(len(self.speakers)), self.taken.get(i, []))
        targets = self.speakers[others] == speaker
        if self.genders is not None:
            same = self.genders[self.speakers[others]] == self.genders[speaker]
            kept = targets | ~same if self.across else same
            others, targets = others[kept], targets[kept]
        return others, targets

    @cached_property
    def counts(self):
        """How many targets and nontargets there are."""
        found = [self.row(i)[1] for i in range(self.rows)]
        targets = sum(int(row.sum()) for row in found)
        return targets, sum(map(len, found)) - targets

    def draw(self, numbers, seed=0):
        """Iterate over (i, partners (n,), targets (n,) bool), so many (targets, nontargets) in all, or all there are.

        Which ones is drawn without replacement, each as likely as any other, and the same for the same seed.
        """
        chosen = [np.sort(np.random.default_rng([seed, kind]).choice(total, number, replace=False, shuffle=False))
                  if number < total else None
                  for kind, (total, number) in enumerate(zip(self.counts, numbers, strict=True))]
        passed = [0, 0]  # targets and nontargets of the rows before
        for i in range(self.rows):
            others, targets = self.row(i)
            kept = np.ones(len(others), bool)
            for kind, ranks in enumerate(chosen):
                places = np.flatnonzero(targets != bool(kind))
                if ranks is not None:
                    first, last = np.searchsorted(ranks, (passed[kind], passed[kind] + len(places)))
                    kept[np.delete(places, ranks[first:last] - passed[kind])] = False
                passed[kind] += len(places)
            yield i, others[kept], targets[kept]
