"""Collections of sounds for augmentation: folders of recordings, data directories, lists."""

import os

from diarkit.errors import DataError
from diarkit.io.audio import open_audio
from diarkit.io.lists import read_scp
from diarkit.io.recordings import files_below

KINDS = ("noise", "music", "speech", "rirs")  # fields of SoundOptions


def read_sounds(opts):
    """The sources of a SoundOptions: dict kind -> list of sources, each a list of entries for open_sound.

    A source is a data directory, of which wav.scp counts, else a folder with all recordings in it and in its
    folders, else a list (a name that ends in .scp or begins with scp:), else one recording; commas stand between
    several. Raises DataError naming what is not there or empty.
    """
    return {kind: [read_source(name) for name in getattr(opts, kind).split(",") if name] for kind in KINDS}


def read_source(name):
    if os.path.isdir(name):
        table = os.path.join(name, "wav.scp")
        entries = list(read_scp(table).values()) if os.path.exists(table) else list(map(str, files_below(name)))
    elif name.endswith(".scp") or name.startswith("scp:"):
        entries = list(read_scp(name.removeprefix("scp:")).values())
    elif os.path.exists(name):
        entries = [name]
    else:
        raise DataError("no such file or folder", name)
    if not entries:
        raise DataError("no recordings in it", name)
    return entries


def open_sound(entry):
    """An Audio of an entry; commands run only with permission, as in all lists."""
    return open_audio(entry, from_table=True)
