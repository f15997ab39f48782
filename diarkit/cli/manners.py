"""Whose manners a tool has: its own or, where utils/kaldi-names runs it under Kaldi's name, Kaldi's.

Kaldi's manners are: defaults of its own, below those of a --config; the command line echoed on stderr; status 0 if
at least one item was done, else 1, for wrong usage too; commands in scp files run.
"""

import os
import shlex

# Taken away at once: a command that this process starts has its own name, and so its own manners.
_kaldi = os.environ.pop("DIARKIT_KALDI", None)


def kaldi():
    """Whether they are Kaldi's."""
    return _kaldi is not None


def kaldi_defaults():
    """Options that stand before all others: where Kaldi's defaults differ from ours."""
    return shlex.split(_kaldi or "")
