"""How a tool ends: known failures as one line and a status, signals as signals, bugs with their traceback."""

import os
import signal
import sys
import warnings

import click

from diarkit.cli.manners import kaldi
from diarkit.cli.messages import close_quietly, hide_progress, log, tool_name
from diarkit.errors import DataError, ItemsFailed, UsageError

WRONG_USAGE = 1 if kaldi() else 2


class Terminated(BaseException):
    """SIGTERM or SIGHUP: unwinds like KeyboardInterrupt, so that temporary files are removed."""

    def __init__(self, signum, frame):
        super().__init__(signum)
        self.signum = signum


def run(main):
    """Call `main`, turn what it raises into a line on stderr, and return the exit status."""
    fill_standard_places()
    warnings.simplefilter("ignore", RuntimeWarning)  # of numpy: what overflows is found where it is written
    for signum in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(signum) is signal.SIG_DFL:  # nohup's SIG_IGN stays
            signal.signal(signum, raise_terminated)
    try:
        status = main()
        if sys.stdout is not None:
            sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        log(f"{error.format_message()} (see {tool_name()} --help)")
        return WRONG_USAGE
    except UsageError as error:
        log(error)
        return WRONG_USAGE
    except ItemsFailed:
        return 1
    except BrokenPipeError:
        die_of(signal.SIGPIPE)
    except (KeyboardInterrupt, click.Abort):
        hide_progress()
        die_of(signal.SIGINT)
    except Terminated as terminated:
        die_of(terminated.signum)
    except DataError as error:
        log(f"error: {error}")
        return 1
    except OSError as error:
        if error.errno is None:
            raise
        where = f"{error.filename}: " if error.filename is not None else ""
        log(f"error: {where}{os.strerror(error.errno)}")
        close_quietly(sys.stdout)
        return 1
    except MemoryError:
        log("error: out of memory")
        return 1


def raise_terminated(signum, frame):
    raise Terminated(signum, frame)


def fill_standard_places():
    """Where a standard stream is closed (`2>&-`), let nothing else take its place: what goes to it is lost, no more."""
    for place in range(3):
        try:
            os.fstat(place)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest place that is free
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")


def die_of(signum):
    """End as a program does that has no handler for the signal, so that the caller sees why."""
    close_quietly(sys.stdout)
    signal.signal(signum, signal.SIG_DFL)
    os.kill(os.getpid(), signum)
