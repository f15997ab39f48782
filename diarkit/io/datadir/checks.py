"""What is wrong with a data directory: Kaldi's rules (utils/validate_data_dir.sh), and those of diarization."""

import os
import re
import shutil
import unicodedata
from array import array

from diarkit.errors import DataError
from diarkit.io.datadir import TO_THE_END, parse_segment
from diarkit.io.datadir.files import LISTS, RECO, SPK, UTT
from diarkit.io.datadir.lines import Lines
from diarkit.io.datadir.scan import Keys, Scan
from diarkit.io.datadir.times import Durations, check_rttm, check_uem
from diarkit.io.streams import parse_number, pipes_allowed

_ILLEGAL = re.compile(r"(?<!\w)(<s>|</s>|#0)(?!\w)")
_PROGRAM = re.compile(r"[\w./+-]+")


def check_directory(folder, opts):
    """Look at all files of a data directory: the Problems found. `opts` are ValidateOptions.

    Raises DataError if there is no such directory.
    """
    if not os.path.isdir(folder):
        raise DataError("no such directory", folder)
    check = Check(folder, opts)
    if check.speakers():
        check.recordings()
        check.segments()
        check.lists()
        check.times()
    return check.problems


class Check(Scan):
    """One look at a directory; what the first files say is what the later ones go by."""

    def __init__(self, folder, opts):
        super().__init__(folder, opts.max_problems)
        self.opts = opts
        self.durations = Durations(self.problems, opts.max_overshoot)
        self.utts = Keys(UTT, self.path("utt2spk"))
        self.spks = Keys(SPK, self.path("utt2spk"))
        self.programs = {}  # that commands of wav.scp begin with, and whether they are here
        self.recos = self.utts  # where there are no segments
        self.lengths = array("d")  # of segments, in s, by the number of the utterance; 0 if not known
    def speakers(self):
        """utt2spk and spk2utt; False where nothing else can be checked."""
        self.require("utt2spk", True)
        self.require("spk2utt", True)
        if not self.has("utt2spk"):
            return False
        path = self.path("utt2spk")
        self.speaker_of = []
        last, unsorted, number = ("", ""), 0, None
        for number, utt, rest in self.records("utt2spk"):
            fault = LISTS["utt2spk"].check(rest)
            if fault:
                self.problems.add(path, number, f"{utt}: {fault}")
            if not self.utts.add(utt, number):
                self.problems.add(path, number, f"{utt!r} is there twice")
                continue
            if not rest:
                self.speaker_of.append(-1)
                continue
            speaker = rest.split(None, 1)[0]
            self.spks.add(speaker, number)
            self.speaker_of.append(self.spks.numbers[speaker])
            if (speaker, utt) < last and self.opts.spk_sort and utt > last[1]:
                unsorted += 1
                if unsorted == 1:
                    self.problems.add(
                        path, number, f"not sorted by speaker as well: {speaker!r} after {last[0]!r}; utterances "
                        "should begin with the name of their speaker (or --no-spk-sort)")
            last = (speaker, utt)
        if len(self.spks.lines) == 1:
            self.problems.add(path, None, f"one speaker only, {next(iter(self.spks.numbers))!r}", True)
        if self.has("spk2utt") and self.utts.lines:
            self.check_spk2utt()
        return bool(self.utts.lines)

    def check_spk2utt(self):
        path = self.path("spk2utt")
        seen, near = bytearray(len(self.utts.lines)), 0

        def each(path, number, speaker, rest):
            nonlocal near
            last = ""
            for utt in rest.split():
                index = self.utts.find(utt, near)
                near = near + 1 if index is None else index + 1
                if index is None:
                    self.problems.add(path, number, f"{utt!r} is no utterance of {self.utts.file}")
                elif seen[index]:
                    self.problems.add(path, number, f"{utt!r} is there twice")
                elif self.speaker_of[index] != self.spks.numbers.get(speaker):
                    self.problems.add(path, number, f"{utt!r} has another speaker in {self.utts.place(index)}")
                elif utt < last:
                    self.problems.add(path, number, f"{utt!r} comes after {last!r}, unlike in {self.utts.file}")
                if index is not None:
                    seen[index] = 1
                last = utt

        self.check_list(LISTS["spk2utt"], self.spks, each)
        for utt, index in self.utts.numbers.items() if 0 in seen else ():
            if not seen[index]:
                self.problems.add(path, None, f"{utt!r} of {self.utts.place(index)} is not there")

    def recordings(self):
        """wav.scp, and how long recordings are."""
        self.require("wav.scp", self.opts.wav, " (or --no-wav)")
        stated = "reco2dur" if self.has("reco2dur") else "utt2dur"
        if self.has(stated) and not (stated == "utt2dur" and self.has("segments")):
            try:
                self.durations.read(self.path(stated))
            except DataError:
                pass  # told when that file is checked
        if not self.has("wav.scp"):
            return
        if self.has("segments"):
            self.recos = Keys(RECO, self.path("wav.scp"))
            for number, reco, _ in Lines(self.path("wav.scp")):
                self.recos.add(reco, number)
        self.check_list(LISTS["wav.scp"], self.recos, self.check_sound)

    def check_sound(self, path, number, reco, entry):
        if entry.startswith("~"):
            self.problems.add(path, number, f"{reco}: ~ is not replaced by the home directory here")
        elif entry.endswith("|"):
            program = entry[:-1].split()[:1]
            if not program:
                self.problems.add(path, number, f"{reco}: a pipe without a command")
                return
            if not self.program(program[0]):
                self.problems.add(path, number, f"{reco}: no program {program[0]!r} here", True)
            if self.opts.audio and self.opts.run_pipes and pipes_allowed():
                self.durations.measure(path, number, reco, entry)
        elif self.check_place(path, number, reco, entry) and self.opts.audio:
            self.durations.measure(path, number, reco, entry)

    def program(self, name):
        """Whether a command can begin so: with a program that is here, or with what only a shell understands."""
        if name not in self.programs:
            self.programs[name] = not _PROGRAM.fullmatch(name) or shutil.which(name) is not None
        return self.programs[name]

    def segments(self):
        if not self.has("segments"):
            return
        if not self.has("wav.scp"):
            self.recos = Keys(RECO, self.path("segments"))
            if self.opts.wav:
                self.problems.add(self.path("segments"), None, "there are segments but no wav.scp")
        self.lengths = array("d", [0]) * len(self.utts.lines)
        used = set()

        def each(path, number, utt, rest):
            try:
                segment, channel = parse_segment(utt, rest)
            except DataError as error:
                self.problems.add(path, number, str(error))
                used.update(rest.split()[:1])
                return
            if channel is not None:
                self.problems.add(path, number, f"{utt} has a fifth field, which Kaldi's validation refuses")
            if segment.reco not in used:
                used.add(segment.reco)
                if not self.has("wav.scp"):
                    self.recos.add(segment.reco, number)
            if segment.reco not in self.recos.numbers:
                self.problems.add(path, number, f"{segment.reco!r} is no recording of {self.recos.file}")
            if segment.end == TO_THE_END:
                self.problems.add(path, number, f"{utt} ends at -1; give the end of the recording in seconds")
                return
            if utt in self.utts.numbers:
                self.lengths[self.utts.numbers[utt]] = segment.end - segment.start
            self.durations.check(path, number, utt, segment.reco, segment.start, segment.end)

        self.check_list(LISTS["segments"], self.utts, each)
        for reco, index in self.recos.numbers.items():
            if reco not in used:
                self.problems.add(
                    self.recos.file, self.recos.lines[index], f"{reco!r} has no segment in {self.path('segments')}")

    def lists(self):
        """All other lists."""
        self.require("text", self.opts.text, " (or --no-text)")
        self.require("feats.scp", self.opts.feats, " (or --no-feats)")
        special = {"text": self.check_text, "utt2dur": self.check_duration,
                   "reco2num_spk": self.take_number, "reco2file_and_channel": self.take_file}
        self.numbers, self.files = {}, {}
        for name, file in LISTS.items():
            if name in ("utt2spk", "spk2utt", "wav.scp", "segments") or not self.has(name):
                continue
            keys = {UTT: self.utts, RECO: self.recos, SPK: self.spks}[file.key]
            self.check_list(file, keys, special.get(name, self.check_place if file.scp else None))
        if self.has("frame_shift"):
            self.check_shift()

    def check_text(self, path, number, utt, rest):
        if not rest:
            self.problems.add(path, number, f"{utt} has no words", True)
        match = ("<" in rest or "#" in rest) and _ILLEGAL.search(rest)
        if match:
            self.problems.add(path, number, f"{utt} has the illegal symbol {match[1]}")
        if rest.isascii() or rest.isprintable():
            return
        for character in rest:
            if character.isspace() and character not in " \t":
                self.problems.add(path, number, f"{utt} has the white space U+{ord(character):04X}")
                return
            if not self.opts.non_print and unicodedata.category(character) in ("Cc", "Cn", "Cs"):
                self.problems.add(path, number, f"{utt} has U+{ord(character):04X}, which cannot be printed")
                return

    def check_duration(self, path, number, utt, rest):
        index = self.utts.numbers.get(utt)
        if self.lengths and index is not None and self.lengths[index]:
            length, stated = self.lengths[index], float(rest)
            if abs(length - stated) > self.opts.max_overshoot:
                self.problems.add(path, number, f"{utt} lasts {length:g} s by its segment, not {rest} s", True)

    def take_number(self, path, number, reco, rest):
        self.numbers[reco] = int(rest), number

    def take_file(self, path, number, reco, rest):
        file, channel = rest.split()
        self.files.setdefault(file, []).append(reco)
        if channel == "1":
            self.problems.add(path, number, f"{reco}: the channel should be A or B, not 1", True)

    def check_shift(self):
        words = [rest for _, *rest in self.records("frame_shift")]
        value = parse_number(words[0][0]) if len(words) == 1 and not words[0][1] else None
        if not value or value < 0:
            self.problems.add(self.path("frame_shift"), None, "one number of seconds expected, above 0")

    def times(self):
        """rttm and uem, which name recordings or their files, and reco2num_spk against the former."""
        if self.has("rttm"):
            speakers = check_rttm(self.path("rttm"), self.recos, self.files, self.durations)
            for reco, (told, number) in self.numbers.items():
                found = len(speakers.get(reco, ()))
                if found and found != told:
                    self.problems.add(
                        self.path("reco2num_spk"), number, f"{reco} has {told} speakers, {found} in the rttm", True)
        if self.has("uem"):
            check_uem(self.path("uem"), self.recos, self.files, self.durations)
