"""Opening what is written: files that appear whole or not at all, standard output, pipes."""

import errno
import os
import re
import secrets
import stat
import sys
from contextlib import suppress

from diarkit.errors import DataError
from diarkit.io import commands
from diarkit.io.specifiers import check_name

STANDARD = ("", "-", "/dev/stdout")
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Output:
    """One output, open for writing bytes in `stream`; a context manager that gives the stream.

    `commit` makes it final and `abandon` gives it up. As a context manager the former follows a body that
    ends well, the latter one that raises. `is_file` says whether it is a file written under another name
    until it is committed.

    Raises DataError if it cannot be opened, and if it is an output already that is not closed yet: one would take the
    place of the other, or both would be mixed.
    """

    _written = set()  # files and standard output, of the whole process

    def __init__(self, wxfilename, from_table=False):
        self.name = wxfilename
        self.is_file = False
        self._process = None
        self._final = self._temporary = None
        if wxfilename.startswith("|"):
            self._process = commands.start_command(wxfilename[1:], write=True, from_table=from_table)
            self.stream = self._process.stdin
        elif wxfilename in STANDARD:
            self.stream = _standard_output()
            self._claim("-")
        else:
            self._open_path(wxfilename)

    def _claim(self, final):
        if final in self._written:
            raise DataError("is written twice", "standard output" if final == "-" else self.name)
        self._written.add(final)
        self._final = final

    def _release(self):
        self._written.discard(self._final)

    def _open_path(self, path):
        check_name(path)
        descriptor = re.fullmatch(r"/(?:dev|proc/self)/fd/(\d+)|(/dev/stderr)", path)
        try:
            if descriptor:  # may be a file that others write to as well: never to be replaced
                self.stream = os.fdopen(os.dup(int(descriptor[1] or 2)), "wb")
                return
            final = os.path.realpath(path)  # a symbolic link stays one
            try:
                status = os.stat(final)
            except FileNotFoundError:
                status = None
            if status and stat.S_ISDIR(status.st_mode):
                raise DataError("is a folder, not a file", path)
            if status and not stat.S_ISREG(status.st_mode):
                self.stream = open(final, "wb")
                return
            if status and not os.access(final, os.W_OK):
                raise DataError("cannot be written: permission denied", path)
            folder, name = os.path.split(final)
            self._temporary = os.path.join(folder, f".{name[:60]}.{secrets.token_hex(4)}.tmp")
            self._claim(final)
            # Not by tempfile, whose files only their owner may read: the umask decides.
            handle = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            if status:
                os.fchmod(handle, stat.S_IMODE(status.st_mode))
            self.stream = os.fdopen(handle, "wb")
            self.is_file = True
        except FileNotFoundError:
            self._release()
            raise DataError("cannot be written: its folder does not exist", path) from None
        except OSError as error:
            self._release()
            raise DataError(f"cannot be written: {error.strerror}", path) from None

    def __enter__(self):
        return self.stream

    def __exit__(self, kind, error, traceback):
        if error is not None:
            self.abandon(error)
            return
        try:
            self.prepare()
            self.commit()
        except BaseException as error:
            self.abandon(error)
            raise

    def rewind(self, position):
        """Take back what was written to a file from this position on."""
        self.stream.seek(position)
        self.stream.truncate()

    def prepare(self):
        """Bring everything to the disk, so that what is left of `commit` can hardly fail."""
        self.stream.flush()
        if self.is_file:
            os.fsync(self.stream.fileno())

    def commit(self):
        """Close after success: the file takes its name, a command must end well."""
        if self._process:
            process, self._process = self._process, None
            commands.finish_writing(process)
        elif self.is_file:
            self.stream.close()
            os.replace(self._temporary, self._final)
            self.is_file = False
            _remove(self._final + ".partial")  # of an earlier run that failed
        else:
            self._leave_stream()
        self._release()

    def abandon(self, error):
        """Close after failure. What was written stays as NAME.partial, unless someone interrupted us.

        Raises CommandFailed instead of `error` if a command that stopped reading is the cause.
        """
        self._release()
        if isinstance(error, OSError) and error.errno in FULL and not error.filename:
            error.filename = "standard output" if self.name in STANDARD else self.name
        if self._process:
            # A command that ended by itself has its own status; stopping it comes too late to matter.
            broken = isinstance(error, BrokenPipeError)
            status = self._process.wait() if broken else commands.stop_writing(self._process)
            failure = commands.command_error(self._process, status) if broken else None
            with suppress(OSError, ValueError):
                self.stream.close()
            if failure:
                raise failure from error
        elif not self.is_file:
            with suppress(OSError, ValueError):
                self._leave_stream()
        else:
            with suppress(OSError, ValueError):
                self.stream.close()
            kept = isinstance(error, Exception) and _size(self._temporary) > 0
            if kept:
                os.replace(self._temporary, self._final + ".partial")
            else:
                _remove(self._temporary)

    def _leave_stream(self):
        self.stream.flush()
        if self.name not in STANDARD:
            self.stream.close()


def open_output(wxfilename, from_table=False):
    """Open a wxfilename for writing: a context manager that gives a binary stream.

    '-' or '' is standard output, '| cmd' a shell command, anything else a path. A path is written under a
    hidden name in the same folder and renamed at the end, so that it appears whole or not at all; if the
    body raises an Exception, what was written stays as NAME.partial. Devices, named pipes and /dev/fd/N are
    written directly. `from_table` says that the name stood in a file: then a command needs permission.

    Raises DataError if it cannot be opened, CommandFailed if the command fails, OSError if the disk is full.
    """
    return Output(wxfilename, from_table)


def check_output(wxfilename):
    """Raise DataError for a file that could not be opened by open_output, before long work is done for it.

    Nothing is opened. What is no file, such as a command or a device, is not looked at.
    """
    check_name(wxfilename)
    if wxfilename in STANDARD or wxfilename.startswith("|"):
        return
    final = os.path.realpath(wxfilename)
    folder = os.path.dirname(final)
    if os.path.isdir(final):
        raise DataError("is a folder, not a file", wxfilename)
    if not os.path.isdir(folder):
        raise DataError("cannot be written: its folder does not exist", wxfilename)
    if os.path.isfile(final) and not os.access(final, os.W_OK) or (
            not os.path.exists(final) and not os.access(folder, os.W_OK)):
        raise DataError("cannot be written: permission denied", wxfilename)


def _standard_output():
    if sys.stdout is None:
        raise DataError("standard output is closed")
    sys.stdout.flush()
    return sys.stdout.buffer


def _size(path):
    with suppress(OSError):
        return os.stat(path).st_size
    return 0


def _remove(path):
    with suppress(OSError):
        os.unlink(path)


def path_in(folder, name, ending=""):
    """The path of a file in a folder, of the name of a recording.

    The name comes from a file, perhaps somebody else's: DataError for one that would lead out of the folder, or hide.
    """
    if os.sep in name or "\0" in name or name.startswith("."):
        raise DataError(f"{name!r} cannot be the name of a file")
    return os.path.join(folder, name + ending)
