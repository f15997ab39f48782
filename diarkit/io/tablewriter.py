"""Writing a table, whatever its values are: archives, archives with their scp, and the places that an scp lists."""

import contextlib
import shutil
from tempfile import SpooledTemporaryFile

from diarkit.errors import DataError, ItemError
from diarkit.io.lists import SeenKeys, is_key, read_scp
from diarkit.io.outputs import Output
from diarkit.io.specifiers import parse_wspecifier

LARGE = 1 << 16  # bytes from which on a copy costs more than it is worth
SPOOLED = 1 << 24  # bytes of an unfinished entry that are kept in memory, before a temporary file is used


class TableWriter:
    """Opens what a wspecifier names, takes the bytes of entries, and closes it: a context manager.

    Archive and scp appear at the end, both or neither. If the body raises an Exception, what was written
    stays beside them, as NAME.partial.
    """

    def __init__(self, wspecifier):
        self.specifier = parse_wspecifier(wspecifier)
        self._seen = SeenKeys()
        self._places = None
        self._ark = self._scp = None
        self._position = 0
        if self.specifier.ark is None:
            self._places = read_scp(self.specifier.scp)
            return
        self._ark = Output(self.specifier.ark)
        if self.specifier.scp is not None:
            try:
                self._scp = Output(self.specifier.scp)
                if not self._ark.is_file:
                    raise DataError("the archive that an scp points into must be a file", self.specifier.ark)
            except BaseException as error:
                for output in self._outputs():
                    output.abandon(error)
                raise

    def put(self, key, head, body=b""):
        """Write an entry whose value has these bytes. Raises ItemError for a bad key, or one that was there."""
        if not is_key(key):
            check_key(key)
        self._remember(key)
        if self._places is not None:
            if output := self._place(key):
                with output as stream:
                    stream.writelines((head, body))
            return
        start = f"{key} ".encode()
        if len(body) < LARGE:
            self._ark.stream.write(start + head + body)
        else:
            self._ark.stream.write(start + head)
            self._ark.stream.write(body)
        self._finish_entry(key, len(start), len(head) + len(body))

    def put_pieces(self, key, pieces):
        """Write an entry whose value is made of these pieces of bytes, or nothing if an exception comes."""
        check_key(key)
        if self._places is None:
            start = f"{key} ".encode()
            length = self._write_pieces(key, pieces, self._ark, start)
            self._finish_entry(key, len(start), length - len(start))
        elif output := self._place(key):
            try:
                self._write_pieces(key, pieces, output)
            except BaseException as error:
                output.abandon(error)  # which leaves nothing: all of it has been taken back
                raise
            with output:
                pass

    def _write_pieces(self, key, pieces, output, start=b""):
        """Write an entry to an output, or take all of it back; returns its length."""
        before = output.stream.tell() if output.is_file else 0
        with contextlib.nullcontext(output.stream) if output.is_file else SpooledTemporaryFile(SPOOLED) as stream:
            try:
                stream.write(start)
                for piece in pieces:  # a spool looks at its size after each write
                    stream.write(piece)
                self._remember(key)
            except BaseException:
                if output.is_file:
                    output.rewind(before)
                raise
            length = stream.tell() - before
            if not output.is_file:
                stream.seek(0)
                shutil.copyfileobj(stream, output.stream, 1 << 20)
        return length

    def _finish_entry(self, key, start, length):
        """Tell where the entry lies whose key (with the space after it) and value have these lengths."""
        if self._scp:
            self._scp.stream.write(f"{key} {self.specifier.ark}:{self._position + start}\n".encode())
        self._position += start + length
        if self.specifier.flush:
            for output in self._outputs():
                output.stream.flush()

    def _remember(self, key):
        if not self._seen.add(key):
            raise ItemError(key, "written already, a table has every key once")

    def _place(self, key):
        """The Output that the scp to write to has for a key; None if it may be passed over."""
        if key in self._places:
            return Output(self._places[key], from_table=True)
        if not self.specifier.permissive:
            raise ItemError(key, f"not in {self.specifier.scp}, which says where to write")

    def _outputs(self):
        return [output for output in (self._ark, self._scp) if output]

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if error is None:
            self.close()
        else:
            self.abandon(error)

    def close(self):
        """End the table: it is complete."""
        # What can still fail comes first: commands.
        left = sorted(self._outputs(), key=lambda output: output.is_file)
        try:
            for output in left:
                output.prepare()
            while left:
                left[0].commit()
                del left[0]
        except BaseException as error:
            for output in left:
                output.abandon(error)
            raise

    def abandon(self, error):
        """Give the table up because of an exception."""
        failure = None
        for output in self._outputs():
            try:
                output.abandon(error)
            except DataError as command_failed:
                failure = command_failed
        if failure:
            raise failure from error


def check_key(key):
    """Raise ItemError for what cannot be a key."""
    if not is_key(key):
        raise ItemError(repr(key), "a key of a table is a word without white space")
