"""Folders of recordings of one speaker each, whose names say who it is."""

import os
import random
from pathlib import Path

from diarkit.errors import DataError
from diarkit.io.recordings import ENDINGS, files_below


def speech_of_speakers(folder):
    """The recordings below a folder by speaker: dict speaker -> {utterance: path}, all sorted.

    The speaker is the name of the first folder on the way to a recording, as in LibriSpeech's
    <speaker>/<chapter>/<speaker>-<chapter>-<utterance>.flac; of a recording in the folder itself it is what its name
    says before the first '-'. An utterance is named <speaker>-<what comes after>, with '-' for the folders between, so
    that a list sorted by utterance is sorted by speaker. Hidden files and those of other kinds are passed over.

    Raises DataError if there is no such folder, nothing in it, a name with a blank, or one twice.
    """
    root = Path(folder)
    if not root.is_dir():
        raise DataError("no such folder", folder)
    found = {}
    for path in files_below(root):
        parts = path.relative_to(root).parts
        speaker = parts[0] if len(parts) > 1 else path.stem.split("-")[0]
        name = path.stem
        if not name.startswith(f"{speaker}-"):
            name = "-".join([speaker, *parts[1:-1], *([path.stem] if len(parts) > 1 else [])])
        if len(name.split()) != 1 or not speaker:
            raise DataError("names become keys, and those have no blanks", os.fspath(path))
        own = found.setdefault(speaker, {})
        if name in own:
            raise DataError(f"{name} is there twice, as {own[name]}, too", os.fspath(path))
        own[name] = os.fspath(path)
    if not found:
        raise DataError(f"no recordings in it ({' '.join(sorted(ENDINGS))})", folder)
    return found


def held_out_of(speakers, count, seed):
    """`count` of the speakers, a sorted list, drawn by `seed`: a set. Raises DataError if none would be left."""
    if count and count >= len(speakers):
        raise DataError(f"there are {len(speakers)} speakers: {count} of them cannot be held out")
    return set(random.Random(seed).sample(speakers, count))
