"""Corpora of sounds for augmentation as data directories: MUSAN (OpenSLR 17), RIRS_NOISES (OpenSLR 28)."""

import os
from pathlib import Path

from diarkit.errors import DataError
from diarkit.io.audio import open_audio
from diarkit.io.datadir.durations import format_seconds
from diarkit.io.recordings import files_below
from diarkit.io.streams import open_text_output, read_lines

MUSAN = ("music", "noise", "speech")
# What becomes of the lists of RIRS_NOISES: directory -> list
RIRS = {"rirs_smallroom": "simulated_rirs/smallroom/rir_list", "rirs_mediumroom": "simulated_rirs/mediumroom/rir_list",
        "rirs_largeroom": "simulated_rirs/largeroom/rir_list", "rirs_real": "real_rirs_isotropic_noises/rir_list",
        "noise_isotropic": "real_rirs_isotropic_noises/noise_list",
        "noise_pointsource": "pointsource_noises/noise_list"}


def musan_recordings(folder, kind):
    """The recordings of a kind in MUSAN's layout, <folder>/<kind>/<source>/<name>.wav: dict name -> path, sorted.

    Raises DataError if there is no such folder, nothing in it, or a name twice.
    """
    if not os.path.isdir(os.path.join(folder, kind)):
        raise DataError(f"no folder {kind} in it; MUSAN has music, noise and speech", folder)
    found = {}
    for path in files_below(Path(folder, kind), {".wav"}):
        if found.setdefault(path.stem, str(path)) != str(path):
            raise DataError(f"{path.stem} is there twice, as {found[path.stem]}, too", str(path))
    if not found:
        raise DataError("no recordings in it", os.path.join(folder, kind))
    return found


def musan_vocals(folder):
    """The names of the music with singing in it, by the lines <name> <genres> <vocals> <musician> of ANNOTATIONS.

    Raises DataError naming file and line, and if there is no such file.
    """
    files = sorted(Path(folder, "music").rglob("ANNOTATIONS"))
    if not files:
        raise DataError("no ANNOTATIONS in it, which say where vocals are", os.path.join(folder, "music"))
    vocals = set()
    for path in files:
        for number, line in read_lines(str(path)):
            fields = line.split()
            if fields and (len(fields) < 3 or fields[2] not in ("Y", "N")):
                raise DataError("<name> <genres> Y|N ... expected", f"{path}:{number}")
            if fields and fields[2] == "Y":
                vocals.add(fields[0])
    return vocals


def listed_recordings(folder, name):
    """The recordings of a list of RIRS_NOISES: dict name -> path, in the order of the list.

    A line is options and at the end the path, --rir-id <name> --room-id <room> RIRS_NOISES/...; the path begins with
    the name that the folder has in the corpus, whatever it is called here. Raises DataError naming file and line.
    """
    path = os.path.join(folder, name)
    found = {}
    for number, line in read_lines(path):
        fields = line.split()
        if not fields:
            continue
        options = dict(zip(fields[:-1:2], fields[1:-1:2], strict=False))
        key = options.get("--rir-id") or options.get("--noise-id")
        if len(fields) % 2 == 0 or not key or any(not option.startswith("--") for option in options):
            raise DataError("--rir-id <name> --room-id <room> <path> expected", f"{path}:{number}")
        if key in found:
            raise DataError(f"{key!r} is there twice", f"{path}:{number}")
        found[key] = os.path.join(folder, *Path(fields[-1]).parts[1:])
    if not found:
        raise DataError("is empty", path)
    return found


class SoundFolder:
    """Writes a data directory of recordings, each an utterance: a context manager.

    The files appear at its end: wav.scp, utt2spk, spk2utt and reco2dur, sorted; unless an exception ends it.
    """

    def __init__(self, folder):
        self.folder = folder
        self.found = {}  # name -> (path, s, speaker)

    def add(self, name, path, speaker=""):
        """Add a recording, by default of a speaker of its own. Raises DataError if it cannot be read, is empty, or
        has a name or a path that cannot be in a list or is there already.
        """
        if len(name.split()) != 1 or path != path.strip() or "\n" in path:
            raise DataError("blanks cannot be in the key of a list, nor line ends or blanks around a path", path)
        if name in self.found:
            raise DataError(f"a recording of this name is there already, {self.found[name][0]}", path)
        with open_audio(path, from_table=True) as audio:  # of lists that a corpus brings along, no command runs
            if not audio.num_samples:
                raise DataError("no samples", path)
            self.found[name] = path, audio.duration, speaker or name

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if kind is not None:
            return
        os.makedirs(self.folder, exist_ok=True)
        names = sorted(self.found)
        speakers = {}
        for name in names:
            speakers.setdefault(self.found[name][2], []).append(name)
        for file, lines in (("wav.scp", [f"{name} {self.found[name][0]}" for name in names]),
                            ("utt2spk", [f"{name} {self.found[name][2]}" for name in names]),
                            ("spk2utt", [" ".join([speaker, *speakers[speaker]]) for speaker in sorted(speakers)]),
                            ("reco2dur", [f"{name} {format_seconds(self.found[name][1])}" for name in names])):
            with open_text_output(os.path.join(self.folder, file)) as out:
                out.writelines(f"{line}\n" for line in lines)
