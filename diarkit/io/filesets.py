"""Text files that are given one by one, as a folder of them, or as a list of their names."""

import os

from diarkit.errors import DataError
from diarkit.io.streams import open_input, read_lines
from diarkit.io.textinput import TextInput


def fields_of(name, suffix, least):
    """The words of every line of a file, of all files of a folder, or of those that a list names.

    A folder stands for all files below it whose names end in `suffix`, in order of name. A file whose first line with
    content has fewer than `least` words, one or two, is a list: `<path>` or `<recording> <path>` on each line. Empty
    lines and lines that begin with ';' or '#' are comments. '-' is standard input, and may be a list as well.

    Yields (file, line number, words). Raises DataError naming file and line.
    """
    if os.path.isdir(name):
        for path in in_folder(name, suffix):
            yield from words_of(shown(path), read_lines(path))
        return
    lines = words_of(shown(name), read_lines(name))
    first = next(lines, None)
    if first is None:
        return
    if len(first[2]) > min(least - 1, 2):
        yield first
        yield from lines
        return
    for file, number, words in (first, *lines):
        if len(words) > 2:
            raise DataError("neither that nor a list: <path> or <recording> <path> expected", f"{file}:{number}")
        if not os.path.exists(words[-1]):
            raise DataError(f"{len(words)} fields, and the last is no file: {words[-1][:80]}", f"{file}:{number}")
        with open_input(words[-1], from_table=True) as stream:
            yield from words_of(words[-1], enumerate(TextInput(stream, words[-1]), 1))


def in_folder(folder, suffix):
    paths = [os.path.join(at, file) for at, _, files in os.walk(folder) for file in files if file.endswith(suffix)]
    if not paths:
        raise DataError(f"no file that ends in {suffix} in this folder", where=folder)
    return sorted(paths)


def words_of(file, lines):
    for number, line in lines:
        words = line.split()
        if words and words[0][0] not in ";#":
            yield file, number, words


def shown(path):
    return "standard input" if path == "-" else path
