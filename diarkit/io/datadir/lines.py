"""Reading the lists of a data directory that may be broken: every line, and what is wrong with it."""

import os
import re
from contextlib import ExitStack

from diarkit.errors import DataError
from diarkit.io.streams import open_input, open_output

BLOCK = 1 << 20  # bytes
_ODD = re.compile("[\0-\x08\x0b-\x1f\x7f\ufeff\udc80-\udcff]")
_CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f]")
_UNDECODED = re.compile("[\udc80-\udcff]")
_SPACE = re.compile("[ \t]+")


class Lines:
    """Iterates over the lines of a text: (line number, key, rest), the rest without white space around it.

    What is wrong with the text is counted on the way, so that a file of a million lines with CR LF is one
    problem. Lines that are not text at all are left out, and so are blank ones.

    carriage_returns, blank, undecoded, control : numbers of lines (of the first one in `first`, by the same names)
    byte_order_mark, unfinished : whether there is a mark at the start, and no end of line at the end
    line : the one that was given last, clean, without its end
    num_lines, nothing : lines there are, and whether there are none with anything in them
    """

    def __init__(self, path):
        self.path = path
        self.first = {}
        self.carriage_returns = self.blank = self.undecoded = self.control = 0
        self.byte_order_mark = self.unfinished = False
        self.line = ""
        self.num_lines = 0
        self.nothing = True

    def __iter__(self):
        number = 0
        with open_input(self.path) as stream:
            while lines := stream.readlines(BLOCK):
                block = b"".join(lines)
                self.unfinished = not block.endswith(b"\n")
                text = block.removesuffix(b"\n").decode("utf-8", "surrogateescape")
                odd = _ODD.search(text) is not None
                for line in text.split("\n"):
                    number += 1
                    if odd:
                        line = self._clean(number, line)
                        if line is None:
                            continue
                    if line.isascii():
                        words = line.split(None, 1)
                    else:
                        words = _SPACE.split(line.strip(" \t"), maxsplit=1)
                    if not words or not words[0]:
                        self._count("blank", number)
                        continue
                    self.nothing = False
                    self.line = line
                    yield number, words[0], words[1].rstrip() if len(words) > 1 else ""
        self.num_lines = number

    def _clean(self, number, line):
        """A line without a byte order mark and CR, or None if it is not text."""
        if number == 1 and line.startswith("\ufeff"):
            self.byte_order_mark = True
            line = line[1:]
        if line.endswith("\r"):
            self._count("carriage_returns", number)
            line = line.rstrip("\r")
        if _UNDECODED.search(line):
            return self._count("undecoded", number)
        if _CONTROL.search(line):
            return self._count("control", number)
        return line

    def _count(self, what, number):
        self.first.setdefault(what, number)
        setattr(self, what, getattr(self, what) + 1)

    def faults(self):
        """What was wrong with the text: (line number or None, message)."""
        if self.byte_order_mark:
            yield 1, "a byte order mark at the start of the file"
        for what, message in (("carriage_returns", "ends in CR LF, not in LF only"), ("blank", "a blank line"),
                              ("undecoded", "not UTF-8"), ("control", "control characters")):
            number = getattr(self, what)
            if number:
                yield self.first[what], message + (f" (and {number - 1} more such lines)" if number > 1 else "")
        if self.unfinished:
            yield self.num_lines, "no end of line at the end of the file"

    def must_be_text(self):
        """Raise DataError if there were lines that are not text, which nothing but leaving them out could repair."""
        for what, why in (("undecoded", "not UTF-8; convert it first, with iconv"), ("control", "control characters")):
            if getattr(self, what):
                raise DataError(f"not a text file: {why}", f"{self.path}:{self.first[what]}")


def differs(path, data):
    """Whether a file is not there, or holds other bytes."""
    try:
        with open(path, "rb") as file:
            return os.fstat(file.fileno()).st_size != len(data) or file.read() != data
    except OSError:
        return True


def write_new(path, data):
    """Write the bytes of a file, unless it holds them already: who reads it meanwhile is not disturbed."""
    if differs(path, data):
        with open_output(path) as out:
            out.write(data)


def write_together(folder, files, before=None):
    """Write files of a directory, (name, bytes) each, under other names until all are written: those that changed.

    Files that hold their bytes already are left alone. `before(names)` is called before the first takes its name.
    """
    changed = []
    with ExitStack() as stack:
        for name, data in files:
            path = os.path.join(folder, name)
            if differs(path, data):
                changed.append(name)
                out = stack.enter_context(open_output(path))
                out.write(data)
                out.flush()
        if before:
            before(changed)
    return changed
