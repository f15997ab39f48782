"""The recordings that a user names in a command: files, folders, wav.scp lists, standard input."""

import os
import re
from pathlib import Path

from diarkit.errors import DataError, ItemError
from diarkit.io.audio import open_audio
from diarkit.io.lists import read_records

# Endings that are looked for in folders; a file that is named is opened whatever it is called.
ENDINGS = {".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".au", ".caf", ".w64", ".rf64", ".sph", ".wv"}


class Recordings:
    """Iterates over (recording, Audio) for all that `names` name; a bad one raises ItemError and is passed.

    A file is called by its name without folder and ending, standard input "stdin", an entry of a list (a name
    that ends in .scp or begins with scp:) by its key. White space in a name, which RTTM cannot hold, becomes _.
    """

    def __init__(self, names):
        self.entries = [entry for name in names for entry in expand(name)]
        self.seen = {}
        self.at = 0
        self.audio = None

    def __len__(self):
        return len(self.entries)

    def __iter__(self):
        return self

    def __next__(self):
        if self.audio is not None:
            self.audio.close()
            self.audio = None
        if self.at == len(self.entries):
            raise StopIteration
        reco, entry, from_table = self.entries[self.at]
        self.at += 1
        if reco in self.seen:
            raise ItemError(reco, f"two recordings have this name: {self.seen[reco]} and {entry}")
        self.seen[reco] = entry
        try:
            self.audio = open_audio(entry, from_table=from_table)
        except DataError as error:
            raise ItemError(reco, str(error)) from error
        return reco, self.audio


def expand(name):
    """The (recording, entry, whether the entry comes out of a file) that one argument stands for."""
    if name == "-":
        return [("stdin", "-", False)]
    if name.endswith(".scp") or name.startswith("scp:"):
        return [(key, entry, True) for _, key, entry in read_records(name.removeprefix("scp:"), "file")]
    if os.path.isdir(name):
        files = sorted(path for path in Path(name).iterdir() if path.suffix.lower() in ENDINGS and path.is_file())
        if not files:
            raise DataError("no recordings in this folder", where=name)
        return [(recording_name(path), str(path), False) for path in files]
    return [(recording_name(Path(name)), name, False)]


def files_below(folder, endings=ENDINGS, above=()):
    """Iterate over the paths of recordings in a folder and the folders in it, also linked ones, each folder sorted.

    A link to a folder that it lies in is passed over, and so are hidden files and folders.
    """
    real = os.path.realpath(folder)
    if real in above:
        return
    for path in sorted(Path(folder).iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from files_below(path, endings, (*above, real))
        elif path.suffix.lower() in endings and path.is_file():
            yield path


def recording_name(path):
    return re.sub(r"\s+", "_", path.stem) or "_"
