"""How long the utterances and recordings of a data directory are: Kaldi's utils/data/get_utt2dur.sh."""

import os

from diarkit.errors import DataError
from diarkit.io.datadir import TO_THE_END, iterate_segments
from diarkit.io.datadir.files import path_of
from diarkit.io.lists import read_lists, read_scp
from diarkit.io.specifiers import is_whole
from diarkit.io.streams import parse_number

# Frames to s: the part of the last frame that goes beyond its shift, 25 - 10 ms, is 1.5 shifts. As Kaldi has it.
BEYOND = 1.5


def durations(folder, frame_shift=0.01):
    """Iterate over the utterances of a directory: (utterance, function without arguments that gives its length in s).

    From segments, else from utt2num_frames and frame_shift, else from the headers of the recordings, else
    from features, whose `frame_shift` in s counts only if the directory has none. The functions raise DataError, as
    does this if there is nothing to go by.
    """
    shift = read_shift(folder)
    if exists(folder, "segments"):
        ends = {}
        for _, segment, _ in iterate_segments(path_of(folder, "segments")):
            yield segment.utt, lambda segment=segment: length(folder, segment, ends)
    elif exists(folder, "utt2num_frames") and shift:
        path = path_of(folder, "utt2num_frames")
        for utt, [frames] in read_lists(path, count=1).items():
            yield utt, lambda frames=frames: (whole(frames) + BEYOND) * shift
    elif exists(folder, "wav.scp"):
        yield from recording_durations(folder)
    elif exists(folder, "feats.scp"):
        from diarkit.io.entries import Entries

        entries = Entries()
        for utt, entry in read_scp(path_of(folder, "feats.scp")).items():
            yield utt, lambda entry=entry: (len(entries.read(entry)) + BEYOND) * (shift or frame_shift)
        entries.close()
    else:
        raise DataError("no segments, wav.scp or feats.scp to tell durations by", folder)


def recording_durations(folder):
    """Iterate over the recordings of wav.scp, as durations does over utterances."""
    for reco, entry in read_scp(path_of(folder, "wav.scp")).items():
        yield reco, lambda entry=entry: sound_duration(entry)


def sound_duration(entry):
    """The length in s of the recording that an entry of wav.scp names."""
    from diarkit.io.audio import open_audio

    with open_audio(entry, from_table=True) as audio:
        return audio.num_samples / audio.sample_frequency


def length(folder, segment, ends):
    """The length of a segment; `ends`, which this fills, has the lengths of recordings."""
    if segment.end != TO_THE_END:
        return segment.end - segment.start
    if segment.reco not in ends:
        if not ends and exists(folder, "reco2dur"):
            ends.update((reco, parse_number(word))
                        for reco, [word] in read_lists(path_of(folder, "reco2dur"), count=1).items())
        if not ends.get(segment.reco):
            entry = read_scp(path_of(folder, "wav.scp")).get(segment.reco) if exists(folder, "wav.scp") else None
            if entry is None:
                raise DataError(f"it ends with {segment.reco}, of which the length is not known")
            ends[segment.reco] = sound_duration(entry)
    return ends[segment.reco] - segment.start


def read_shift(folder):
    """What frame_shift says, in s, or None without one."""
    path = path_of(folder, "frame_shift")
    if not os.path.exists(path):
        return None
    for word in read_lists(path, count=0):
        shift = parse_number(word)
        if shift and shift > 0:
            return shift
    raise DataError("one number of seconds expected", path)


def whole(text):
    if not is_whole(text):
        raise DataError(f"not a number of frames: {text!r}")
    return int(text)


def exists(folder, name):
    return os.path.exists(path_of(folder, name))


def format_seconds(seconds):
    """Microseconds at the finest, and no more digits than that takes: 2.5, 1.300625."""
    return f"{seconds:.6f}".rstrip("0").rstrip(".")
