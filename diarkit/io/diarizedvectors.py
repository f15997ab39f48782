"""Embeddings of who was diarized: of every speaker of a recording, or of every window, by the names that they have."""

import re

import numpy as np

from diarkit.errors import DataError, ItemError
from diarkit.io.profiles import read_utterance_times
from diarkit.io.streams import read_lines
from diarkit.io.tables import RandomValues

# <recording>-window-<start>-<end>, in hundredths of a second, as diarize --embeddings-out names windows
_WINDOW = re.compile(r"(.+)-window-([0-9]{7,12})-([0-9]{7,12})")


class DiarizedVectors:
    """A table of vectors by speaker, `<recording>-speaker-<label>`, by window, or both, as diarize writes them.

    rspecifier : the table
    segments : the times of the windows, lines <window> <recording> <start> <end>; without it their names have them
    size : how many numbers a vector has

    Raises DataError for what cannot be read.
    """

    def __init__(self, rspecifier, segments, size):
        self.rspecifier, self.size = rspecifier, size
        self.table = RandomValues(rspecifier, "vector")
        self._speakers = {}  # recording: names
        self._windows = {}  # recording: [(name, start, end)]
        if self.table.specifier.called_sorted:
            raise DataError("vectors are asked for in no order: leave out the option cs", rspecifier)
        for name in self.table:
            reco, mark, _ = name.rpartition("-speaker-")
            if mark:
                self._speakers.setdefault(reco, []).append(name)
            elif not segments and (found := _WINDOW.fullmatch(name)):
                self._windows.setdefault(found[1], []).append((name, int(found[2]) / 100, int(found[3]) / 100))
        if segments:
            for name, (reco, start, end) in read_utterance_times(segments=segments).items():
                self._windows.setdefault(reco, []).append((name, start, end))

    def vector(self, name):
        """The vector (D,) of a name, None if there is none. Raises ItemError if it cannot be read or compared."""
        if name not in self.table:
            return None
        vector = self.table[name]
        if len(vector) != self.size:
            raise ItemError(name, f"{len(vector)} numbers, the profiles have {self.size}")
        if not vector.any():
            raise ItemError(name, "zeros, which say nothing of a voice")
        return vector

    def of_speaker(self, reco, label):
        """The vector (D,) of a speaker of a recording, None if there is none."""
        return self.vector(f"{reco}-speaker-{label}")

    def of_recording(self, reco):
        """{label: vector} of a recording's speakers; a vector that has the recording's own name is of the label '-'."""
        names = self._speakers.get(reco, []) + [reco] * (reco in self.table)
        return {name[len(reco) + len("-speaker-"):] or "-": self.vector(name) for name in names}

    def windows(self, reco):
        """Times (W, 2), s, and vectors (W, D) of a recording's windows. Raises DataError if one has no vector."""
        windows = self._windows.get(reco, [])
        vectors = np.zeros((len(windows), self.size))
        for row, (name, _, _) in enumerate(windows):
            vector = self.vector(name)
            if vector is None:
                raise DataError(f"no vector of {name} in {self.rspecifier}")
            vectors[row] = vector
        return np.array([(start, end) for _, start, end in windows], float).reshape(-1, 2), vectors


def read_claims(path):
    """Iterate over (recording, label or None, name) of lines `<recording> <name>` or `<recording> <label> <name>`.

    Raises DataError naming file and line.
    """
    for number, line in read_lines(path):
        words = line.split()
        if not words:
            continue
        if len(words) not in (2, 3):
            raise DataError(f"{len(words)} fields, expected <recording> <name> or <recording> <label> <name>",
                            f"{path}:{number}")
        yield words[0], words[1] if words[2:] else None, words[-1]
