"""What every tool shares: the option grammar, messages, counting of items, endings."""

import os

# Before numpy comes: its matrix products here are small, its threads would wait for each other at the cost of a
# whole processor, and results would depend on their number. Work is spread over threads by the tools themselves.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# ruff: noqa: E402 - these come after what has to be set first
from diarkit.cli.counting import Tally
from diarkit.cli.grammar import Truth, given, options, tool
from diarkit.cli.messages import Progress, log, log_verbose

__all__ = ["Progress", "Tally", "Truth", "given", "log", "log_verbose", "options", "tool"]
