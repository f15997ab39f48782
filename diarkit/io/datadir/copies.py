"""Data directories of augmented copies, as of Kaldi's augment_data_dir.py and perturb_data_dir_speed.sh."""

import os

from diarkit.errors import DataError
from diarkit.io.audio import parse_audio_rspecifier
from diarkit.io.datadir import TO_THE_END, format_segment, iterate_segments
from diarkit.io.datadir.durations import format_seconds
from diarkit.io.datadir.files import LISTS, RECO, SPK, TIMES, path_of
from diarkit.io.datadir.lines import write_together
from diarkit.io.datadir.pieces import clear, read_utterances
from diarkit.io.lists import read_records, read_scp
from diarkit.io.rttm import BadLine, parse_region, parse_turn
from diarkit.io.soundfiles import Samples, write_audio
from diarkit.io.streams import parse_number, read_lines
from diarkit.io.waves import WaveWriter

SAME = ("text", "utt2lang", "utt2num_spk", "spk2gender", "reco2num_spk", "vad.scp", "utt2num_frames")
SECONDS = ("utt2dur", "reco2dur")
FRAMES = ("vad.scp", "utt2num_frames", "frame_shift")  # they hold as long as the speed is the same


class CopyFolder:
    """Writes copies of recordings to the folder wav/ of a data directory, and at the end its lists: a context manager.

    The lists are of the recordings of which there are all copies, and are written unless an exception ends the
    context. `left_out` has the files of the source that do not hold for the copies, `lost` counts its utterances of
    whose recordings there are no copies, `clipped` the samples that were too large for 16 bits.

    Parameters
    ----------
    source : the data directory that is copied, or None: then each recording is an utterance and a speaker of its own
    table : the wav.scp or archive that is read, of which nothing is overwritten
    target : the data directory to be made
    copies : list of options.augment.Copy
    ending : "flac" or "wav"

    Raises DataError if source and target are one directory, and naming file and line if lists are damaged.
    """

    def __init__(self, source, table, target, copies, ending):
        if source and os.path.realpath(source) == os.path.realpath(target):
            raise DataError("cannot be written over itself", target)
        self.source, self.target, self.copies, self.ending = source, target, copies, ending
        self.utterances = read_utterances(source) if source else None
        if source:
            for _ in Lists(source, self.utterances[1], self.utterances[0]).of(copies[0]):
                pass  # what is wrong with them is said before the work, not after it
        rxfilename = parse_audio_rspecifier(table).rxfilename
        once = rxfilename in ("", "-") or rxfilename.endswith("|")  # such a list cannot be read here as well
        is_list = parse_audio_rspecifier(table).kind == "scp" and not once
        entries = read_scp(rxfilename).values() if is_list else ()
        self.inputs = {os.path.realpath(name) for name in (rxfilename, *entries)}
        self.paths = {}  # recording -> {copy: its file}
        self.clipped, self.lost, self.left_out = 0, 0, []
        os.makedirs(path_of(target, "wav"), exist_ok=True)

    def write(self, copy, reco, samples, sample_frequency):
        """Write the samples (N,) of a copy.

        Raises DataError for a key that cannot be the name of a file, and for a file that is read from.
        """
        key = copy.name(reco)
        if "/" in key:
            raise DataError("has a / in its name, which cannot be the name of a file")
        path = os.path.join(self.target, "wav", f"{key}.{self.ending}")
        if os.path.realpath(path) in self.inputs:
            raise DataError(f"would be written over {path}, which is read")
        self.clipped += write_audio(path, samples, sample_frequency)
        self.paths.setdefault(reco, {})[copy] = path

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if kind is None:
            self.finish({reco: paths for reco, paths in self.paths.items() if len(paths) == len(self.copies)})

    def finish(self, paths):
        if not paths:
            raise DataError("there are no recordings to copy", self.source)
        speaker_of, reco_of = self.utterances or ({reco: reco for reco in paths},) * 2
        kept = {utt: reco for utt, reco in reco_of.items() if reco in paths}
        self.lost = len(reco_of) - len(kept)
        lists = Lists(self.source, kept, speaker_of)
        files = {"wav.scp": [f"{copy.name(reco)} {path}" for reco, own in paths.items() for copy, path in own.items()]}
        for copy in self.copies:
            for name, lines in lists.of(copy):
                files.setdefault(name, []).extend(lines)
        for name in FRAMES if any(copy.speed for copy in self.copies) else ():
            files.pop(name, None)
        for name in files:
            if name == "frame_shift":
                files[name] = files[name][:1]
            elif name not in TIMES:
                files[name] = sorted(dict.fromkeys(files[name]), key=lambda line: line.split(None, 1)[0])
        files["spk2utt"] = spk2utt(files["utt2spk"])
        write_together(self.target, ((name, text(lines)) for name, lines in files.items()))
        clear(self.target, keep=files)
        self.left_out = [name for name in (*LISTS, *TIMES) if name not in files and lists.has(name)]


class CopyTable:
    """Writes copies of recordings to a table of waves, as CopyFolder does to a directory."""

    def __init__(self, wspecifier):
        self.table, self.lost, self.left_out = WaveWriter(wspecifier), 0, []

    @property
    def clipped(self):
        return self.table.clipped

    def write(self, copy, reco, samples, sample_frequency):
        self.table.write(copy.name(reco), Samples(reco, samples, sample_frequency))

    def __enter__(self):
        self.table.__enter__()
        return self

    def __exit__(self, *exc_info):
        return self.table.__exit__(*exc_info)


class Lists:
    """The lists of a data directory, or of none, for copies of it.

    reco_of : dict from the utterances that are kept to their recordings
    speaker_of : dict utterance -> speaker
    """

    def __init__(self, folder, reco_of, speaker_of):
        self.folder, self.reco_of, self.speaker_of = folder, reco_of, speaker_of
        self.recos = set(reco_of.values())
        self.keys = {RECO: self.recos, SPK: {speaker_of[utt] for utt in reco_of}}

    def has(self, name):
        return self.folder is not None and os.path.exists(path_of(self.folder, name))

    def of(self, copy):
        """Iterate over the files of one kind of copy: (name, lines)."""
        speakers = {utt: copy.speaker(self.speaker_of[utt]) for utt in self.reco_of}
        yield "utt2spk", [f"{copy.name(utt)} {speaker}" for utt, speaker in speakers.items()]
        original = {utt: rest for _, utt, rest in self.lines("utt2uniq")}
        yield "utt2uniq", [f"{copy.name(utt)} {original.get(utt, utt)}" for utt in self.reco_of]
        for name in filter(self.has, SAME):
            rename = copy.speaker if LISTS[name].key == SPK else copy.name
            yield name, [f"{rename(key)} {rest}".rstrip() for _, key, rest in self.lines(name)]
        for name in filter(self.has, SECONDS):
            yield name, [f"{copy.name(key)} {self.seconds(name, number, rest, copy)}"
                         for number, key, rest in self.lines(name)]
        if self.has("segments"):
            yield "segments", list(self.segments(copy))
        if self.has("frame_shift"):
            yield "frame_shift", [line for _, line in read_lines(path_of(self.folder, "frame_shift"))]
        if not self.has("reco2file_and_channel"):  # else other names than those of recordings are in them
            for name, lines in filter(lambda pair: self.has(pair[0]), (("rttm", self.turns), ("uem", self.regions))):
                yield name, list(lines(copy))

    def lines(self, name):
        """The lines of a list that are of what is kept: (line number, key, rest)."""
        keys = self.keys.get(LISTS[name].key, self.reco_of)
        if self.has(name):
            for number, key, rest in read_records(path_of(self.folder, name), missing_is_error=False):
                if key in keys:
                    yield number, key, rest

    def seconds(self, name, number, rest, copy):
        value = parse_number(rest)
        if value is None:
            raise DataError(f"not a number of seconds: {rest!r}", f"{path_of(self.folder, name)}:{number}")
        return format_seconds(value / copy.factor)

    def segments(self, copy):
        path = path_of(self.folder, "segments")
        for number, segment, channel in iterate_segments(path):
            if segment.utt not in self.reco_of:
                continue
            if channel:
                raise DataError(f"channel {channel}, but copies have one channel only", f"{path}:{number}")
            end = segment.end if segment.end == TO_THE_END else segment.end / copy.factor
            yield format_segment(segment._replace(utt=copy.name(segment.utt), reco=copy.name(segment.reco),
                                                  start=segment.start / copy.factor, end=end)).rstrip("\n")

    def turns(self, copy):
        """The lines of the rttm that have a time: their recording, times and, of another speed, speaker changed."""
        for fields, turn in self.times("rttm", parse_turn):
            if turn is not None:
                start, end = (round(1000 * each / copy.factor) for each in (turn.start, turn.end))
                fields = [*fields[:3], f"{start / 1000:.3f}", f"{(end - start) / 1000:.3f}", *fields[5:]]
                fields[1], fields[7] = copy.name(turn.reco), copy.speaker(turn.speaker)
                yield " ".join(fields)

    def regions(self, copy):
        for fields, region in self.times("uem", parse_region):
            yield (f"{copy.name(region.reco)} {fields[1]} {region.start / copy.factor:.3f}"
                   f" {region.end / copy.factor:.3f}")

    def times(self, name, parse):
        """What stands in the lines of rttm or uem that are of recordings that are kept: (fields, turn or region)."""
        path = path_of(self.folder, name)
        for number, line in read_lines(path):
            fields = line.split()
            if not fields or fields[0][0] in ";#":
                continue
            try:
                item = parse(fields)
            except BadLine as error:
                raise DataError(str(error), f"{path}:{number}") from None
            if item is not None and item.reco in self.recos:
                yield fields, item


def text(lines):
    return "".join(f"{line}\n" for line in lines).encode()


def spk2utt(lines):
    """The lines of spk2utt from those of utt2spk."""
    utterances = {}
    for utt, speaker in map(str.split, lines):
        utterances.setdefault(speaker, []).append(utt)
    return [f"{speaker} {' '.join(utts)}" for speaker, utts in sorted(utterances.items())]
