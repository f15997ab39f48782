"""Parts of a data directory, each a data directory: all its files, cut alike."""

import os
from contextlib import suppress

from diarkit.errors import DataError
from diarkit.io.datadir import iterate_segments
from diarkit.io.datadir.files import LISTS, RECO, SINGLE, SPK, TIMES, UTT, lists_of, path_of, require_directory
from diarkit.io.datadir.lines import Lines, write_new
from diarkit.io.lists import read_lists
from diarkit.io.specifiers import is_whole


def read_utterances(folder):
    """The speaker of each utterance, and its recording: two dicts in the order of utt2spk.

    Raises DataError if there is no utterance, or one without a segment though there are segments.
    """
    require_directory(folder)
    path = path_of(folder, "utt2spk")
    speaker_of = {utt: words[0] for utt, words in read_lists(path, count=1).items()}
    if not speaker_of:
        raise DataError("is empty", path)
    segments = path_of(folder, "segments")
    if not os.path.exists(segments):
        return speaker_of, {utt: utt for utt in speaker_of}
    reco_of = {segment.utt: segment.reco for _, segment, _ in iterate_segments(segments)}
    for utt in speaker_of:
        if utt not in reco_of:
            raise DataError(f"no line for {utt!r} of {path} (see fix-data-dir)", segments)
    return speaker_of, reco_of


def write_pieces(folder, utterances, piece_of, folders):
    """Write each file of a directory in pieces: a line goes to where its utterance, recording or speaker goes.

    utterances : what read_utterances gave
    piece_of : dict utterance -> index of a folder; utterances that are not in it go nowhere
    folders : are made; files of a data directory that an earlier call left in them go

    A recording or speaker goes to all pieces that have an utterance of it. Lines of no utterance, recording or speaker
    of utt2spk go nowhere. Files that are there with the same content already are left alone. Raises DataError.
    """
    speaker_of, reco_of = utterances
    places = {UTT: {utt: (piece,) for utt, piece in piece_of.items()}, RECO: {}, SPK: {}}
    for utt, piece in piece_of.items():
        places[RECO].setdefault(reco_of[utt], {})[piece] = None
        places[SPK].setdefault(speaker_of[utt], {})[piece] = None
    files = lists_of(folder)
    for target in folders:
        if os.path.realpath(target) == os.path.realpath(folder):
            raise DataError("cannot be written over itself", target)
        os.makedirs(target, exist_ok=True)
        clear(target, keep=[file.name for file in files])
    names = dict(places[RECO])
    for file in files:
        if file.name == "reco2file_and_channel":
            add_files(path_of(folder, file.name), names)
        if file.name != "spk2utt":
            deal(folder, file.name, 0, places[file.key], folders)
    for name, column in TIMES.items():
        if os.path.exists(path_of(folder, name)):
            deal(folder, name, column, names, folders)
    write_speakers(speaker_of, piece_of, folders)
    for name in SINGLE:
        with suppress(FileNotFoundError), open(path_of(folder, name), "rb") as file:
            data = file.read()
            for target in folders:
                write_new(path_of(target, name), data)


def deal(folder, name, column, places, folders):
    """Write the lines of one file to where the word in their `column` goes."""
    dealt = [[] for _ in folders]
    lines = Lines(path_of(folder, name))
    for _, key, rest in lines:
        if column:
            words = rest.split(None, column)
            key = words[column - 1] if len(words) >= column and key[0] not in ";#" else key
        for piece in places.get(key, ()):
            dealt[piece].append(lines.line)
    lines.must_be_text()
    for target, part in zip(folders, dealt, strict=True):
        write_new(path_of(target, name), "".join(f"{line}\n" for line in part).encode())


def write_speakers(speaker_of, piece_of, folders):
    """Write spk2utt in pieces."""
    dealt = [{} for _ in folders]
    for utt, speaker in speaker_of.items():
        if utt in piece_of:
            dealt[piece_of[utt]].setdefault(speaker, []).append(utt)
    for target, speakers in zip(folders, dealt, strict=True):
        lines = (f"{speaker} {' '.join(utts)}\n" for speaker, utts in speakers.items())
        write_new(path_of(target, "spk2utt"), "".join(lines).encode())


def add_files(path, places):
    """Let the file of a recording, by which an rttm may call it, go where the recording goes."""
    for reco, words in read_lists(path).items():
        if words and reco in places and words[0] not in places:
            places[words[0]] = {}
        if words and words[0] != reco:
            places.get(words[0], {}).update(places.get(reco, {}))


def clear(folder, keep=()):
    """Remove the files of a data directory that a folder has, but for these."""
    for name in (*LISTS, *TIMES, *SINGLE):
        if name not in keep:
            with suppress(FileNotFoundError):
                os.unlink(path_of(folder, name))


def clear_pieces(folder, count):
    """Remove what an earlier call left in folder/N for N > count."""
    with suppress(FileNotFoundError):
        for name in os.listdir(folder):
            if is_whole(name) and int(name) > count:
                clear(path_of(folder, name))
                with suppress(OSError):
                    os.rmdir(path_of(folder, name))
