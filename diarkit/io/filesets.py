"""Text files that are given one by one, as a folder of them, or as a list of their names."""

import os

from diarkit.errors import DataError
from diarkit.io.streams import open_input, read_lines
from diarkit.io.textinput import TextInput


def fields_of(name, suffix, least):
    """The words of every line with content, as lines_of(): yields (file, line number, words)."""
    for file, number, line in lines_of(name, suffix, least):
        if words := content(line):
            yield file, number, words


def lines_of(name, suffix, least):
    """The lines of a file, of all files of a folder, or of those that a list names.

    A folder stands for all files below it whose names end in `suffix`, in order of name. A file whose first line with
    content has fewer than `least` words, one or two, is a list: `<path>` or `<recording> <path>` on each line. Empty
    lines and lines that begin with ';' or '#' are comments. '-' is standard input, and may be a list as well.

    Yields (file, line number, line). Raises DataError naming file and line.
    """
    if os.path.isdir(name):
        for path in in_folder(name, suffix):
            yield from lines_of_entry(path)
        return
    lines = named(shown(name), read_lines(name))
    first = next((entry for entry in lines if content(entry[2])), None)
    if first is None:
        return
    if len(content(first[2])) > min(least - 1, 2):
        yield first
        yield from lines
        return
    for file, number, line in (first, *lines):
        words = content(line)
        if not words:
            continue
        if len(words) > 2:
            raise DataError("neither that nor a list: <path> or <recording> <path> expected", f"{file}:{number}")
        if not os.path.exists(words[-1]):
            raise DataError(f"{len(words)} fields, and the last is no file: {words[-1][:80]}", f"{file}:{number}")
        yield from lines_of_entry(words[-1])


def lines_of_entry(path):
    """The lines of a file that a list names or a folder holds: an ordinary one, for others may never end."""
    with open_input(path, from_table=True) as stream:
        yield from named(path, enumerate(TextInput(stream, path), 1))


def named(file, lines):
    for number, line in lines:
        yield file, number, line


def content(line):
    """The words of a line, none of an empty one or a comment."""
    words = line.split()
    return words if words and words[0][0] not in ";#" else []


def in_folder(folder, suffix):
    paths = [os.path.join(at, file) for at, _, files in os.walk(folder) for file in files if file.endswith(suffix)]
    if not paths:
        raise DataError(f"no file that ends in {suffix} in this folder", where=folder)
    return sorted(paths)


def words_of(file, lines):
    for number, line in lines:
        if words := content(line):
            yield file, number, words


def shown(path):
    return "standard input" if path == "-" else path
