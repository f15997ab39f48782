"""Files of sound as a browser takes them: which belongs to which recording, of what kind, their bytes."""

import os
from urllib.parse import quote

from diarkit.errors import DataError, UsageError
from diarkit.io.recordings import expand
from diarkit.io.specifiers import split_offset
from diarkit.io.streams import open_input

KINDS = {b"RIFF": "audio/wav", b"fLaC": "audio/flac", b"OggS": "audio/ogg", b"ID3": "audio/mpeg",
         b"\x1aE\xdf\xa3": "audio/webm"}


def sounds_for(opts, page, recordings):
    """{recording: (MIME type, bytes)}, or {recording: address} with link_audio, of what `opts.audio` names.

    opts : PlotOptions; page : the path of the page; recordings : names. Errors are those of sound_files and read_sound.
    """
    found = sound_files(opts.audio, recordings)
    if opts.link_audio:
        return {reco: link_to(path, page) for reco, path in found.items()}
    left = opts.max_audio * 1e6
    sounds = {}
    for reco, path in found.items():
        sounds[reco] = read_sound(path, left)
        left -= len(sounds[reco][1])
    return sounds


def sound_files(name, recordings):
    """{recording: path} of the sound that a file, a folder or a wav.scp holds of these recordings.

    A single file is that of the only recording, whatever it is called. Raises DataError where none of the recordings
    is among them, or a file is none that a browser could be given: a command, a place within an archive.
    """
    entries = expand(name)
    if len(entries) == len(recordings) == 1 and not entries[0][2]:
        entries = [(recordings[0], *entries[0][1:])]
    found = {}
    for reco, entry, _ in entries:
        if reco not in recordings:
            continue
        if entry == "-" or entry.endswith("|") or (split_offset(entry)[1] is not None and not os.path.exists(entry)):
            raise DataError(f"not a file of its own, which a page needs: {entry[:80]}", reco)
        found[reco] = entry
    if not found:
        raise DataError("no sound of the recordings that are drawn", name)
    return found


def read_sound(path, most):
    """(MIME type, bytes) of a file of sound, as it is. Raises DataError if no browser plays it, UsageError if it
    has more than `most` bytes."""
    with open_input(path, from_table=True) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > most:
            raise UsageError(f"{path}: {size / 1e6:.1f} MB of sound are more than --max-audio leaves room for"
                             f" ({most / 1e6:.1f} MB); --link-audio puts none into the page")
        content = stream.read()
    kind = next((kind for head, kind in KINDS.items() if content.startswith(head)), None)
    if content[4:8] == b"ftyp":
        kind = "audio/mp4"
    if kind is None and len(content) > 1 and content[0] == 0xFF and content[1] & 0xE0 == 0xE0:
        kind = "audio/mpeg"
    if kind is None:
        raise DataError("not WAV, FLAC, Ogg, MP3, MP4 or WebM, which browsers play", path)
    return kind, content


def link_to(path, page):
    """The address by which a page (a path, '-' for one of this folder) names a file of sound."""
    if not os.path.isfile(path):
        raise DataError("no such file", path)
    folder = os.path.dirname(os.path.abspath(page)) if page != "-" else os.getcwd()
    relative = os.path.relpath(path, folder)
    return quote(relative if os.sep in relative else f"./{relative}")
