"""Messages on stderr, under the tool's name, and the progress line of a terminal."""

import contextlib
import os
import sys
import time

import click

PROGRESS_AFTER = 3.0  # seconds of work before a progress line appears
hushed = False  # whether log() says nothing
LONGEST = 2000  # characters of a line; a file of one line that is no list would be told whole


def tool_name():
    return os.path.basename(sys.argv[0]) or "diarkit"


def log(message, whole=False):
    """One line on stderr under the tool's name; without the middle of a very long one, unless `whole`."""
    hide_progress()
    if hushed:
        return
    for line in str(message).splitlines() or [""]:
        if len(line) > LONGEST and not whole:
            line = f"{line[: LONGEST // 2]} ... {line[-LONGEST // 4 :]}"
        try:
            print(f"{tool_name()}: {line}", file=sys.stderr, flush=True)
        except BrokenPipeError:
            raise
        except OSError:  # a full disk: the work is worth more than what is said about it
            close_quietly(sys.stderr)


def close_quietly(stream):
    """Give up what `stream` still holds, so that the interpreter does not complain about it at its end."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def tell_remarks():
    """Let what the library logs come out as log() has it."""
    import logging  # not at the top: --help does without

    class Teller(logging.Handler):
        def emit(self, record):
            log(record.getMessage())

    logging.getLogger("diarkit").addHandler(Teller())


def verbosity():
    context = click.get_current_context(silent=True)
    return context.meta.get("verbose", 0) if context else 0


def log_verbose(message, level=1):
    if verbosity() >= level:
        log(message)


class Progress:
    """A line on stderr with how much is done and how long the rest will take; only on a terminal.

    It appears once the work has taken a few seconds, and is rewritten at most five times a second.
    """

    shown = False  # of the whole process: there is one terminal

    def __init__(self, noun, total=None):
        self.noun = noun
        self.total = total
        self.started = self.last = time.monotonic()
        self.active = sys.stderr.isatty()

    def show(self, done):
        now = time.monotonic()
        if not self.active or now - self.started < PROGRESS_AFTER or now - self.last < 0.2:
            return
        self.last = now
        if self.total:
            part = min(max(done / self.total, 1e-9), 1.0)
            left = int((now - self.started) * (1 - part) / part)
            bar = "#" * int(30 * part)
            text = f"[{bar:<30}] {100 * part:3.0f} %  {left // 60}:{left % 60:02d} left"
        else:
            text = f"{done:g} {self.noun}"
        print(f"\r\x1b[K{tool_name()}: {text}", end="", file=sys.stderr, flush=True)
        Progress.shown = True


def hide_progress():
    if Progress.shown:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        Progress.shown = False
