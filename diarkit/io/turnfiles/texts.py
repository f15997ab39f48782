"""Whole texts, for the formats that are not read line by line."""

import codecs

from diarkit.errors import DataError
from diarkit.io.filesets import shown
from diarkit.io.streams import open_input

LARGEST = 1 << 28  # bytes
_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16", codecs.BOM_UTF8: "utf-8-sig"}


def read_bytes(path):
    """All bytes of a file. Raises DataError naming it if there are too many."""
    with open_input(path) as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise DataError(f"more than {LARGEST >> 20} MB, this is no such file", shown(path))
    return data


def read_text(path):
    """The text of a file in UTF-8 or, as its first two bytes say, UTF-16. Raises DataError naming file and line."""
    data = read_bytes(path)
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        where = f"{shown(path)}:{1 + data[:error.start].count(10)}"
        raise DataError(f"not a text file: not {encoding.removesuffix('-sig').upper()}", where) from None
