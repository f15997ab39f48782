"""Commands at the end of a pipe: `cmd |` to read from, `| cmd` to write to.

A command runs if it was typed as an argument. One that stands in a file (an entry of an scp) runs only
if the user said so: a data file that was downloaded must not decide what runs on this machine.

Commands are bash's, with pipefail, as in Kaldi's own recipes: of `a | b | c` any one that fails counts, not only the
last. (Where there is no bash they are those of sh, to which only the last counts.) One that dies of a closed pipe
has not failed: whoever read from it, `head` or we, had enough.
"""

import os
import signal
import subprocess
from contextlib import suppress

from diarkit.errors import CommandFailed, DataError

HEARD = 1 << 16  # bytes, as many as a pipe holds
_allowed = False


def allow_pipes(yes=True):
    """Let commands that stand in scp files run, for the rest of this process (--allow-pipes)."""
    global _allowed
    _allowed = bool(yes)


def pipes_allowed():
    """Whether commands that stand in files may run: --allow-pipes, or DIARKIT_PIPES=1."""
    return _allowed or os.environ.get("DIARKIT_PIPES") == "1"


def start_command(command, write=False, from_table=False):
    """Start a shell command whose output (or with `write`, input) is a pipe to us.

    Raises DataError if the command is empty, or stands in a file while that is not allowed.
    """
    command = command.strip()
    if not command:
        raise DataError("a pipe without a command")
    if from_table and not pipes_allowed():
        raise DataError(
            f"commands in tables do not run unless allowed by --allow-pipes or DIARKIT_PIPES=1: {command}"
        )
    if write:
        # A process group of its own, so that all of `sort | gzip > x` can be stopped when we fail.
        return _start(command, stdin=subprocess.PIPE, process_group=0)
    # ffmpeg and others would eat the table that we read from standard input.
    return _start(command, stdin=subprocess.DEVNULL if from_table else None, stdout=subprocess.PIPE)


def _start(command, **kwargs):
    try:
        return subprocess.Popen(["bash", "-o", "pipefail", "-c", command], **kwargs)
    except FileNotFoundError:
        return subprocess.Popen(["sh", "-c", command], **kwargs)


def finish_reading(process, error=None):
    """Wait for a command that we have read from; raise CommandFailed if it failed.

    That it died of our not reading on is no failure, whether by SIGPIPE or, as ffmpeg does, with a status of its
    own. `error` is the exception that ended the reading, if one did: then the failure of the command is the likelier
    cause and goes before it, while a command that merely was cut off says nothing.
    """
    judged = error is None or isinstance(error, DataError)
    if judged:
        judged = _at_its_end(process.stdout)
    elif not isinstance(error, Exception):
        process.terminate()
    process.stdout.close()
    status = process.wait()
    if judged and _bad(status):
        raise CommandFailed(_failure(process, status)) from error


def _at_its_end(stream):
    """Whether nothing follows, or no more than a command can say that nobody listens to: then we did not cut it off."""
    return stream.closed or len(stream.read(HEARD + 1)) <= HEARD


def finish_writing(process):
    """Close the pipe and wait for the command; raise CommandFailed if it failed."""
    broken = None
    try:
        process.stdin.close()
    except BrokenPipeError as error:
        broken = error
    status = process.wait()
    if _bad(status):
        raise CommandFailed(_failure(process, status)) from broken
    if broken:
        raise broken


def stop_writing(process):
    """Stop a command whose input will never be complete, before it sees an end that looks like one."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(OSError, ValueError):
        process.stdin.close()
    return process.wait()


def command_error(process, status):
    """The exception for a command that ended before it had read all, or None if it did not fail."""
    return CommandFailed(_failure(process, status)) if _bad(status) else None


def _bad(status):
    return status not in (0, -signal.SIGPIPE, 128 + signal.SIGPIPE)


def _failure(process, status):
    how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
    return f"command {how}: {process.args[-1]}"
