"""One data directory out of several, as Kaldi's utils/combine_data.sh makes it."""

import os

from diarkit.errors import DataError
from diarkit.io.datadir import Segment, format_segment
from diarkit.io.datadir.durations import durations
from diarkit.io.datadir.files import LISTS, SINGLE, TIMES, UTT, DataFile, anything, path_of, require_directory
from diarkit.io.datadir.lines import Lines, write_together
from diarkit.io.datadir.pieces import clear

MADE = ("segments", "utt2uniq")  # for the directories that have none, if another has


def combine(target, folders, extra_files=()):
    """Write what several data directories hold into one: the list of lines that tell what was done.

    An utterance may be in one of them only. A recording or a speaker may be in several if its lines are the same in
    all; turns of a recording in several rttm's are put together, those that are the same once. A file
    that not all of them have is left out, but `segments`, which are made for whole recordings, and utt2uniq.
    Raises DataError.
    """
    for folder in folders:
        require_directory(folder)
        if os.path.realpath(folder) == os.path.realpath(target):
            raise DataError("cannot be combined into itself", target)
    told = []
    files = merged_files(folders, extra_files, told)
    os.makedirs(target, exist_ok=True)
    written = []
    write_together(target, ((written.append(name) or name, data) for name, data in files))
    clear(target, keep=written)
    return told


def merged_files(folders, extra_files, told):
    """Iterate over the files of the combination: (name, bytes)."""
    extra = [DataFile(name, UTT, anything) for name in extra_files if name not in LISTS]
    for file in (*LISTS.values(), *extra):
        if file.name != "spk2utt" and in_all(file.name, folders, told):
            lines = merge_list(file.name, folders)
            yield file.name, text(lines)
            if file.name == "utt2spk":
                speakers = {}
                for line in lines:
                    utt, speaker = line.split()[:2]
                    speakers.setdefault(speaker, []).append(utt)
                yield "spk2utt", text(f"{speaker} {' '.join(utts)}" for speaker, utts in sorted(speakers.items()))
    for name, column in TIMES.items():
        if in_all(name, folders, told):
            yield name, text(merge_times(name, column, folders))
    for name in SINGLE:
        if in_all(name, folders, told):
            contents = {open_whole(path_of(folder, name)) for folder in folders}
            if len(contents) == 1:
                yield name, contents.pop()
            else:
                told.append(f"{name} is not the same in all of them and left out")


def in_all(name, folders, told):
    """Whether a file is to be combined; told is what is left out."""
    lacking = [folder for folder in folders if not os.path.exists(path_of(folder, name))]
    if len(lacking) == len(folders):
        return False
    if lacking and name not in MADE:
        told.append(f"{name} is left out: {lacking[0]} has none")
        return False
    return True


def merge_list(name, folders):
    """The lines of a list in all directories, sorted by their keys."""
    merged = {}
    for folder in folders:
        path = path_of(folder, name)
        lines = made_lines(name, folder) if not os.path.exists(path) else all_lines(path)
        for number, key, line in lines:
            before = merged.setdefault(key, (line, path, number))
            if before[1:] != (path, number) and (name == "utt2spk" or before[1] == path or before[0] != line):
                where = f"{before[1]}:{before[2]}"
                what = "is there, too" if before[0] == line else "has another line"
                raise DataError(f"{key!r} {what} in {where}", f"{path}:{number}")
    return [merged[key][0] for key in sorted(merged)]


def all_lines(path):
    lines = Lines(path)
    for number, key, _ in lines:
        yield number, key, lines.line
    lines.must_be_text()


def made_lines(name, folder):
    """The lines of segments or utt2uniq of a directory that has none: an utterance is a whole recording, and unique."""
    if name == "segments":
        for number, (utt, measure) in enumerate(durations(folder), 1):
            yield number, utt, format_segment(Segment(utt, utt, 0, measure())).rstrip("\n")
    else:
        for number, utt, _ in all_lines(path_of(folder, "utt2spk")):
            yield number, utt, f"{utt} {utt}"


def merge_times(name, column, folders):
    """The lines of an rttm or uem in all directories, recordings in order; one that is in several, once."""
    merged = {}
    for folder in folders:
        path = path_of(folder, name)
        here = {}
        for _, key, line in all_lines(path):
            words = line.split(None, column + 1)
            if key[0] not in ";#" and len(words) > column:
                here.setdefault(words[column], []).append(line)
        for reco, lines in here.items():
            before = merged.setdefault(reco, [])
            known = set(before)
            before += [line for line in lines if line not in known]
    return [line for reco in sorted(merged) for line in merged[reco]]


def open_whole(path):
    with open(path, "rb") as file:
        return file.read()


def text(lines):
    return "".join(f"{line}\n" for line in lines).encode()
