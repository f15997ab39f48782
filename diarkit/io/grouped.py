"""The segments of every recording with their scores or vectors, as clustering takes them."""

from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError, ItemError
from diarkit.io.datadir import TO_THE_END, read_segments
from diarkit.io.tables import RandomArrays, read_arrays, read_lists


class Group(NamedTuple):
    """The segments of one recording.

    reco : its name
    names : of the N segments
    array : (N, N) scores or (N, D) vectors, as stored
    times : (N, 2), start and end in s, or None where they are not known
    """

    reco: str
    names: list
    array: np.ndarray
    times: np.ndarray | None = None


class read_scores:
    """Iterate over a table of score matrices (N, N) by recording, in its order; a Group each.

    Raises DataError for lists that cannot be read; ItemError from next(), which can then be called again, for a
    recording that is not in `spk2utt` or has another number of segments there.
    """

    def __init__(self, rspecifier, spk2utt, segments=""):
        self.names = read_lists(spk2utt)
        self.spk2utt, self.seen = spk2utt, set()
        self.times = read_times(segments)
        self.arrays = read_arrays(rspecifier)

    def __iter__(self):
        return self

    def __next__(self):
        reco, scores = next(self.arrays)
        if reco not in self.names:
            raise ItemError(reco, "has scores but no segments")
        self.seen.add(reco)
        names = self.names[reco]
        if not names and not scores.size:
            scores = scores.reshape(0, 0)
        if scores.ndim != 2 or scores.shape[0] != scores.shape[1]:
            raise ItemError(reco, f"a square matrix of scores expected, not {scores.shape}")
        if len(scores) != len(names):
            raise ItemError(reco, f"{len(scores)} rows of scores, {len(names)} segments")
        return Group(reco, names, scores, times_of(names, self.times, reco))

    @property
    def passed_over(self):
        return getattr(self.arrays, "passed_over", 0)

    @property
    def remark(self):
        """How many recordings of `spk2utt` had no scores, in words; nothing to worry about where scores are a part."""
        lacking = [reco for reco, names in self.names.items() if names and reco not in self.seen]
        return f"{len(lacking)} of {self.spk2utt} without scores, {lacking[0]} the first" if lacking else ""


class read_vectors:
    """Iterate over the recordings of `spk2utt` with the vectors of their segments, from a table by segment.

    Raises DataError for lists that cannot be read; ItemError from next(), which can then be called again, for a
    recording of which a vector is missing, cannot be read, or has another length than the others.
    """

    def __init__(self, rspecifier, spk2utt, segments=""):
        self.groups = iter(read_lists(spk2utt).items())
        self.times = read_times(segments)
        self.rspecifier, self.vectors = rspecifier, RandomArrays(rspecifier)

    def __iter__(self):
        return self

    def __next__(self):
        reco, names = next(self.groups)
        missing = [name for name in names if name not in self.vectors]
        if missing:
            more = f" and {len(missing) - 1} more" if missing[1:] else ""
            raise ItemError(reco, f"no vector for {missing[0]}{more} in {self.rspecifier}")
        try:
            array = self.stacked(names)
        except DataError as error:
            raise ItemError(reco, str(error)) from error
        return Group(reco, names, array, times_of(names, self.times, reco))

    def stacked(self, names):
        """The vectors of segments, (N, D)."""
        array = None
        for i, name in enumerate(names):
            vector = self.vectors[name]
            if array is None and vector.ndim == 1 and vector.size:
                array = np.empty((len(names), vector.size), vector.dtype)
            if array is None or vector.shape != array.shape[1:]:
                raise DataError(f"{name} is not a vector of {0 if array is None else array.shape[1]} numbers" if i else
                                f"{name} is not a vector of numbers")
            array[i] = vector
        return array

    @property
    def passed_over(self):
        return self.vectors.passed_over


def read_groups(source, spk2utt, vectors, segments=""):
    """read_vectors or read_scores, as `vectors` says."""
    return (read_vectors if vectors else read_scores)(source, spk2utt, segments)


def read_times(segments):
    """{segment: (start, end)}, s, of a file of segments; None where none is named."""
    if not segments:
        return None
    times = {segment.utt: (segment.start, segment.end) for segment in read_segments(segments)}
    for utt, (_, end) in times.items():
        if end == TO_THE_END:
            raise DataError("its end is -1, the end of the recording, which is not known here", utt)
    return times


def times_of(names, times, reco):
    if times is None:
        return None
    missing = next((name for name in names if name not in times), None)
    if missing is not None:
        raise ItemError(reco, f"{missing} is not in the file of segments")
    return np.array([times[name] for name in names], float).reshape(-1, 2)
