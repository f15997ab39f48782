"""What every tool shares: the option grammar, messages, counting of items, endings."""

from diarkit.cli.counting import Tally
from diarkit.cli.grammar import Truth, options, tool
from diarkit.cli.messages import Progress, log, log_verbose

__all__ = ["Progress", "Tally", "Truth", "log", "log_verbose", "options", "tool"]
