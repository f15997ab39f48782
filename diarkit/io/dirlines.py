"""Reading the lists of a data directory that may be broken: every line, and what is wrong with it."""

import os
import re

from diarkit.errors import DataError
from diarkit.io.streams import open_input

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
    num_lines, nothing : lines there are, and whether there are none with anything in them
    """

    def __init__(self, path):
        self.path = path
        self.first = {}
        self.carriage_returns = self.blank = self.undecoded = self.control = 0
        self.byte_order_mark = self.unfinished = False
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


def readable(lines):
    """Raise DataError where lines cannot be repaired by leaving something out: what is not UTF-8, control characters."""
    for what, advice in (("undecoded", "not UTF-8; convert it first, with iconv"), ("control", "control characters")):
        if getattr(lines, what):
            raise DataError(f"cannot be repaired: {advice}", f"{lines.path}:{lines.first[what]}")


def path_of(folder, name):
    """The path of a file of a directory as messages show it: data/dev/utt2spk, whether or not a / was typed."""
    return os.path.join(folder.rstrip("/") or "/", name)
