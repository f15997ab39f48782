"""What a data directory holds: its files, what each goes by, and what may stand in a line.

Kaldi's (https://kaldi-asr.org/doc/data_prep.html and utils/validate_data_dir.sh), and those of diarization:
rttm, uem, reco2num_spk, embeddings. An utterance is a line of utt2spk; without `segments` each is a
recording of its own. In directories of embeddings the "speaker" of a window is its recording.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from diarkit.errors import DataError
from diarkit.io.specifiers import is_whole
from diarkit.io.streams import parse_number

UTT, RECO, SPK = "utterance", "recording", "speaker"


def read_through(rest):
    """Anything may stand there, but something has to."""
    return None if rest else "nothing after the key"


def anything(rest):
    return None


def one_word(rest):
    return None if len(rest.split()) == 1 else f"2 fields expected, not {1 + len(rest.split())}"


def positive(rest):
    value = parse_number(rest)
    return None if value is not None and value > 0 else f"a number above 0 expected, not {rest!r}"


def count(rest):
    good = is_whole(rest) and int(rest) > 0
    return None if good else f"a whole number above 0 expected, not {rest!r}"


def warp_factor(rest):
    value = parse_number(rest)
    return None if value is not None and 0.5 < value < 1.5 else f"a number between 0.5 and 1.5 expected, not {rest!r}"


def gender(rest):
    return None if rest in ("m", "f") else f"m or f expected, not {rest!r}"


def file_and_channel(rest):
    words = rest.split()
    good = len(words) == 2 and words[1] in ("A", "B", "1")
    return None if good else f"<recording> <file> A|B expected, not {rest!r}"


@dataclass(frozen=True)
class DataFile:
    """One kind of file of a data directory.

    name : its name in the directory
    key : what the first field of a line is: UTT, RECO or SPK
    check : from the line without its key to what is wrong with it, or None
    complete : whether each key must have a line; if not, a missing one is worth a warning at most
    lacking : what an utterance without a line has; said of the files without which an utterance is of no use
    scp : whether lines name places of values
    """

    name: str
    key: str
    check: Callable = read_through
    complete: bool = True
    lacking: str = ""
    scp: bool = False


# Lists of one line a key, sorted by it. What the directory stands on comes first, the order of the rest is
# that of the messages.
LISTS = {file.name: file for file in (
    DataFile("utt2spk", UTT, one_word),
    DataFile("spk2utt", SPK),
    DataFile("wav.scp", RECO, lacking="no recording"),
    DataFile("segments", UTT, lacking="no segment"),
    DataFile("text", UTT, anything, lacking="no transcript"),
    DataFile("feats.scp", UTT, lacking="no features", scp=True),
    DataFile("vad.scp", UTT, scp=True),
    DataFile("xvector.scp", UTT, complete=False, scp=True),
    DataFile("ivector.scp", UTT, complete=False, scp=True),
    DataFile("cmvn.scp", SPK, lacking="a speaker without CMVN statistics", scp=True),
    DataFile("utt2dur", UTT, positive, lacking="no duration"),
    DataFile("utt2num_frames", UTT, count, lacking="no number of frames"),
    DataFile("utt2lang", UTT, one_word, lacking="no language"),
    DataFile("utt2uniq", UTT, one_word),
    DataFile("utt2warp", UTT, warp_factor),
    DataFile("utt2num_spk", UTT, count, complete=False),
    DataFile("spk2gender", SPK, gender, lacking="a speaker of no gender"),
    DataFile("spk2warp", SPK, warp_factor),
    DataFile("reco2dur", RECO, positive),
    DataFile("reco2num_spk", RECO, count, complete=False),
    DataFile("reco2file_and_channel", RECO, file_and_channel),
)}
# Files of times, any number of lines a recording: the field that names it, and how many fields come before it.
TIMES = {"rttm": 1, "uem": 0}
# One value for all of the directory.
SINGLE = ("frame_shift",)


class Problem(NamedTuple):
    """Something wrong with a data directory: the file, the line from 1 or None, and whether one can live with it."""

    file: str
    line: int | None
    message: str
    warning: bool = False

    def __str__(self):
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {'warning: ' if self.warning else ''}{self.message}"


class Problems:
    """Problems as they are found: all are counted, and the first `limit` of each file kept (0: all)."""

    def __init__(self, limit=0):
        self.limit = limit
        self.errors = self.warnings = 0
        self.kept = {}  # file -> [Problem]
        self.more = {}  # file -> how many were not kept

    def add(self, file, line, message, warning=False):
        if warning:
            self.warnings += 1
        else:
            self.errors += 1
        kept = self.kept.setdefault(file, [])
        if self.limit and len(kept) >= self.limit:
            self.more[file] = self.more.get(file, 0) + 1
        else:
            kept.append(Problem(file, line, message, warning))

    def __iter__(self):
        """The lines to print."""
        for file, kept in self.kept.items():
            yield from map(str, kept)
            if file in self.more:
                yield f"{file}: {self.more[file]} more problems"


def path_of(folder, name):
    """The path of a file of a directory as messages show it: data/dev/utt2spk, whether or not a / was typed."""
    return os.path.join(folder.rstrip("/") or "/", name)


def lists_of(folder, extra_utt=(), extra_spk=()):
    """The lists that a directory has, a DataFile each; files of other names that go by utterance or speaker as well."""
    extra = [DataFile(name, key, anything, complete=False)
             for names, key in ((extra_utt, UTT), (extra_spk, SPK)) for name in names if name not in LISTS]
    return [file for file in (*LISTS.values(), *extra) if os.path.exists(path_of(folder, file.name))]


def require_directory(folder):
    """Raise DataError if it is no directory, or has no utt2spk."""
    if not os.path.isdir(folder):
        raise DataError("no such directory", folder)
    if not os.path.exists(path_of(folder, "utt2spk")):
        raise DataError("no such file", path_of(folder, "utt2spk"))
