"""Which utterances of a data directory make a part of it: the ways of Kaldi's utils/subset_data_dir.sh."""

import logging
import os

from diarkit.errors import DataError
from diarkit.io.datadir import iterate_segments
from diarkit.io.datadir.files import path_of
from diarkit.io.lists import read_lists, read_records
from diarkit.io.streams import parse_number

log = logging.getLogger(__name__)


def named(folder, utterances, path, noun):
    """The utterances that a list names, or those of the speakers or recordings that it names.

    noun : "utterances", "speakers" or "recordings"
    Raises DataError if there are none of them.
    """
    speaker_of, reco_of = utterances
    names = {key for _, key, _ in read_records(path, missing_is_error=False)}
    of = {"utterances": {utt: utt for utt in speaker_of}, "speakers": speaker_of, "recordings": reco_of}[noun]
    chosen = [utt for utt in speaker_of if of[utt] in names]
    if not chosen:
        raise DataError(f"names no {noun} of {folder}", path)
    if missing := len(names) - len({of[utt] for utt in chosen}):
        log.warning("%s: %d of its %d names are no %s of %s", path, missing, len(names), noun, folder)
    return chosen


def lengths(folder, utts):
    """How long utterances are, in frames or in s; what utt2num_frames, utt2dur or segments say, whichever is there.

    Raises DataError if none is, or an utterance is not in it.
    """
    for name in ("utt2num_frames", "utt2dur", "segments"):
        path = path_of(folder, name)
        if os.path.exists(path):
            break
    else:
        raise DataError("no utt2num_frames, utt2dur or segments to tell lengths by (see get-utt2dur)", folder)
    if name == "segments":
        found = {segment.utt: segment.end - segment.start for _, segment, _ in iterate_segments(path)}
    else:
        found = {utt: parse_number(words[0]) for utt, words in read_lists(path, count=1).items()}
    for utt in utts:
        if found.get(utt) is None:
            raise DataError(f"no length of {utt!r}", path)
    return [found[utt] for utt in utts]
