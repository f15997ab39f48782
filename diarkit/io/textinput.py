"""Lines of UTF-8 text, read many at a time, for a list may have a million of them."""

import re

from diarkit.errors import DataError

CHUNK = 1 << 16  # bytes read at once, or fewer if a pipe has no more yet
LONGEST_LINE = 1 << 28  # bytes; a line of spk2utt may be long, but this is no text
_CONTROL = re.compile("[\0-\x08\x0e-\x1f]")


class TextInput:
    """Lines of text: iterating gives each with '\\n' at its end, be it LF, CRLF or missing."""

    def __init__(self, stream, name):
        """`stream` : binary, with read1"""
        self._stream = stream
        self._ready = iter(())  # lines that have been read already
        self._rest = []  # pieces of a line whose end has not been read
        self._begun = False
        self.name = name
        self.line_number = 0

    def __iter__(self):
        while True:
            for line in self._ready:
                self.line_number += 1
                yield line
            if not self._read_on():
                return

    def readline(self):
        """The next line, or '' at the end. Raises DataError naming file and line if it is not text."""
        return next(iter(self), "")

    def read(self):
        """All that is left."""
        return "".join(self)

    def _read_on(self):
        """Have more lines ready; returns whether there are any."""
        waiting = sum(map(len, self._rest))
        while data := self._stream.read1(CHUNK):
            lines, newline, rest = data.rpartition(b"\n")
            if newline:
                self._set_ready(b"".join([*self._rest, lines]))
                self._rest = [rest] if rest else []
                return True
            self._rest.append(data)
            waiting += len(data)
            if waiting > LONGEST_LINE:
                raise self._error("a line without an end")
        if not self._rest:
            return False
        self._set_ready(b"".join(self._rest))
        self._rest = []
        return True

    def _set_ready(self, data):
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = None
        if text is None or _CONTROL.search(text):
            self._ready = self._up_to_the_bad_one(data)
            return
        if not self._begun:
            text = text.removeprefix("\ufeff")
            self._begun = True
        lines = text.split("\n")
        if "\r" in text:
            lines = [line.removesuffix("\r") for line in lines]
        self._ready = iter([line + "\n" for line in lines])

    def _up_to_the_bad_one(self, data):
        """The lines before the one that is no text, at which it is raised."""
        for line in data.split(b"\n"):
            try:
                text = line.decode("utf-8").removesuffix("\r")
            except UnicodeDecodeError:
                raise self._error("not UTF-8") from None
            if not self._begun:
                text = text.removeprefix("\ufeff")
                self._begun = True
            if _CONTROL.search(text):
                raise self._error("control characters")
            yield text + "\n"

    def _error(self, why):
        """Of the line after the one that was given last."""
        return DataError(f"not a text file: {why}", f"{self.name}:{self.line_number + 1}")
