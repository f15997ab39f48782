"""Reading the lists of a data directory and comparing their keys; the rules of each file are in checks.py."""

import os
from array import array

from diarkit.errors import DataError
from diarkit.io.datadir.files import Problems, path_of
from diarkit.io.datadir.lines import Lines
from diarkit.io.entries import split_range
from diarkit.io.specifiers import split_offset


class Keys:
    """Keys that the lines of other files go by: the number of each in `numbers`, and the lines they stand in."""

    def __init__(self, noun, file):
        self.noun, self.file = noun, file
        self.numbers = {}
        self.in_order = []
        self.lines = array("q")

    def add(self, key, line):
        """Add a key; returns False if it was there before."""
        if self.numbers.setdefault(key, len(self.lines)) != len(self.lines):
            return False
        self.in_order.append(key)
        self.lines.append(line)
        return True

    def find(self, key, near):
        """The number of a key, or None; fastest if it is `near`, for another list has the same order as a rule."""
        if near < len(self.in_order) and self.in_order[near] == key:
            return near
        return self.numbers.get(key)

    def place(self, index):
        return f"{self.file}:{self.lines[index]}"


class Scan:
    """The files of a directory, their lists compared with keys, and what is wrong with them in `problems`."""

    def __init__(self, folder, limit=0):
        self.folder = folder
        self.problems = Problems(limit)
        self.sizes = {}  # of the files that scp files name, None where there is none

    def path(self, name):
        return path_of(self.folder, name)

    def has(self, name):
        return os.path.exists(self.path(name))

    def require(self, name, wanted, hint=""):
        if wanted and not self.has(name):
            self.problems.add(self.path(name), None, "no such file" + hint)

    def records(self, name, complete=True):
        """The lines of a list, with the problems of its text and order: (line number, key, rest).

        That it is empty is a warning where it need not be `complete`.
        """
        path = self.path(name)
        lines = Lines(path)
        last, disorder, first = "", 0, None
        try:
            for record in lines:
                key = record[1]
                if key < last:  # str compares as C compares the bytes of UTF-8
                    disorder += 1
                    first = first or (record[0], key, last)
                last = key
                yield record
        except DataError as error:
            self.problems.add(path, None, str(error).removeprefix(f"{path}: "))
            return
        for number, message in lines.faults():
            self.problems.add(path, number, message)
        if disorder:
            more = f" (and {disorder - 1} more such lines)" if disorder > 1 else ""
            self.problems.add(path, first[0], f"not sorted as LC_ALL=C sorts: {first[1]!r} after {first[2]!r}{more}")
        if lines.nothing:
            self.problems.add(path, None, "is empty", not complete)

    def check_list(self, file, keys, each=None):
        """Check a list that goes by `keys`; `each(path, number, key, rest)` looks at the good lines as well."""
        path = self.path(file.name)
        seen = bytearray(len(keys.lines))
        nothing, near = True, 0
        for number, key, rest in self.records(file.name, file.complete):
            nothing = False
            index = keys.find(key, near)
            near = near + 1 if index is None else index + 1
            if index is None:
                self.problems.add(path, number, f"{key!r} is no {keys.noun} of {keys.file}")
            elif seen[index]:
                self.problems.add(path, number, f"{key!r} is there twice")
            else:
                seen[index] = 1
            fault = file.check(rest)
            if fault:
                self.problems.add(path, number, f"{key}: {fault}")
            elif each:
                each(path, number, key, rest)
        if not nothing and 0 in seen:
            for key, index in keys.numbers.items():
                if not seen[index]:
                    self.problems.add(
                        path, None, f"no line for {key!r}, {article(keys.noun)} of {keys.place(index)}",
                        not file.complete)

    def check_place(self, path, number, key, entry):
        """Whether the file that an entry names is there, and what it names is within."""
        entry = split_range(entry)[0]
        if entry.endswith("|"):
            return True
        file, offset = split_offset(entry)
        if offset is not None and self.size(file) is None and self.size(entry) is not None:
            file, offset = entry, None
        size = self.size(file)
        if size is None:
            self.problems.add(path, number, f"{key}: no such file: {file}")
        elif (offset or 0) >= size:
            where = f"{offset} is past the end of" if offset else "nothing in"
            self.problems.add(path, number, f"{key}: {where} {file}")
        else:
            return True
        return False

    def size(self, file):
        if file not in self.sizes:
            self.sizes[file] = os.path.getsize(file) if os.path.isfile(file) else None
        return self.sizes[file]


def article(noun):
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
