"""Text lists of a data directory: a key and something, one record a line."""

import re
from array import array

from diarkit.errors import DataError
from diarkit.io.streams import open_text_input

# Only ASCII divides the words of a line, as in Kaldi: a file name may have other spaces in it.
_SPACE = re.compile("[ \t\r\v\f]+")
_KEY = re.compile("[^\0-\x20\x7f]+")


def is_key(text):
    """Whether a text can be the key of a record: a word without white space or control characters."""
    return _KEY.fullmatch(text) is not None


class SeenKeys:
    """Tells whether a key was there before.

    Tables are sorted as a rule, so only a hash of 8 bytes is kept of each key for as long as each is
    greater than the one before it, and a set only once that ends. `sorted` says whether it has not.
    """

    def __init__(self):
        self.sorted = True
        self._last = ""
        self._hashes = array("q")
        self._set = None

    def add(self, key):
        """Add a key; returns False if it was there before."""
        number = hash(key)
        if self._set is None:
            if key > self._last:  # str compares as C compares the bytes of UTF-8
                self._last = key
                self._hashes.append(number)
                return True
            self.sorted = False
            self._set, self._hashes = set(self._hashes), None
        if number in self._set:
            return False
        self._set.add(number)
        return True


def read_records(rxfilename, what="value", missing_is_error=True, repeated=False, seen=None):
    """Iterate over the records of a list: (line number, key, rest of the line). Blank lines are passed.

    Raises DataError naming file and line if a line is not text, has a key only (unless told that this is
    fine), or has the key of an earlier line (unless `repeated`). `seen` is the SeenKeys that remembers them.
    """
    seen = SeenKeys() if seen is None else seen
    with open_text_input(rxfilename) as text:
        for line in text:
            if line.isascii():  # the quick way
                words = line.split(None, 1)
            else:
                line = line.strip(" \t\r\v\f\n")
                words = _SPACE.split(line, maxsplit=1) if line else []
            if len(words) == 2:
                key, rest = words
                rest = rest.rstrip(" \t\r\v\f\n")
            elif not words:
                continue
            elif missing_is_error:
                raise DataError(f"{words[0]!r} without a {what}", f"{rxfilename}:{text.line_number}")
            else:
                key, rest = words[0], ""
            if not seen.add(key) and not repeated:
                raise DataError(f"{key!r} is there twice", f"{rxfilename}:{text.line_number}")
            yield text.line_number, key, rest


def read_lists(rxfilename, count=None, repeated=False):
    """Read a text list whose lines are `key word word ...`: spk2utt, utt2spk, labels, reco2num_spk.

    Returns a dict key -> list of words, in the order of the file. `count` says how many words each line
    must have, if that is known (utt2spk: 1); else there may be any number, none too. Raises DataError
    naming file and line for what is not text, a wrong number of words, or a key that is there twice; with
    `repeated` the last line of a key counts.
    """
    lists = {}
    for number, key, rest in read_records(rxfilename, missing_is_error=False, repeated=repeated):
        words = rest.split() if rest.isascii() else _SPACE.split(rest)
        if count is not None and len(words) != count:
            raise DataError(f"{1 + count} fields expected, not {1 + len(words)}", f"{rxfilename}:{number}")
        lists[key] = words
    return lists


def read_scp(rxfilename):
    """Read an scp, or any list of `key rest of the line`: a dict in the order of the file.

    Raises DataError naming file and line for what is not text, a key alone, or a key that is there twice.
    """
    return {key: rest for _, key, rest in read_records(rxfilename, "file")}
