"""Commands at the end of a pipe: `cmd |` to read from, `| cmd` to write to.

A command runs if it was typed as an argument. One that stands in a file (an entry of an scp) runs only
if the user said so: a data file that was downloaded must not decide what runs on this machine.
"""

import os
import signal
import subprocess
from contextlib import suppress

from diarkit.errors import CommandFailed, DataError

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
        return subprocess.Popen(command, shell=True, stdin=subprocess.PIPE, process_group=0)
    # ffmpeg and others would eat the table that we read from standard input.
    stdin = subprocess.DEVNULL if from_table else None
    return subprocess.Popen(command, shell=True, stdin=stdin, stdout=subprocess.PIPE)


def finish_reading(process, error=None):
    """Wait for a command that we have read from; raise CommandFailed if it failed.

    That it died of our not reading on (SIGPIPE) is no failure. `error` is the exception that ended the
    reading, if one did: then the failure of the command is the likelier cause and goes before it, while a
    command that merely was cut off says nothing.
    """
    if error is not None and not isinstance(error, Exception):
        process.terminate()
    process.stdout.close()
    status = process.wait()
    if _bad(status) and (error is None or isinstance(error, DataError)):
        raise CommandFailed(_failure(process.args, status)) from error


def finish_writing(process):
    """Close the pipe and wait for the command; raise CommandFailed if it failed."""
    broken = None
    try:
        process.stdin.close()
    except BrokenPipeError as error:
        broken = error
    status = process.wait()
    if status:
        raise CommandFailed(_failure(process.args, status)) from broken
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
    return CommandFailed(_failure(process.args, status)) if status > 0 else None


def _bad(status):
    return status not in (0, -signal.SIGPIPE, 128 + signal.SIGPIPE)


def _failure(command, status):
    how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
    return f"command {how}: {command}"
