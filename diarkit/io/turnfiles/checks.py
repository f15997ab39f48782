"""What is wrong or suspicious in RTTM files, line by line; nothing stops at the first fault."""

import os
from bisect import bisect_left
from collections import Counter
from decimal import Decimal
from typing import NamedTuple

from diarkit.io.datadir.times import ROUNDING
from diarkit.io.filesets import in_folder, shown
from diarkit.io.rttm import BadLine, parse_turn
from diarkit.io.streams import open_input
from diarkit.io.turnfiles.records import check_text, from_fields

LINE = 1 << 20  # bytes; what is longer is no line of RTTM
MARK = b"\xef\xbb\xbf"
# Names that pandas, and so pyannote, takes for none.
NO_NAMES = frozenset("<NA> <na> NA N/A n/a nan NaN -nan -NaN null NULL None #N/A #NA 1.#IND 1.#QNAN -1.#IND".split())
KINDS = (("unknown type", "type"), (" fields, expected", "fields"), ("the subtype of", "subtype"),
         (" is negative", "negative"), ("a name or text with", "encoding"))  # of what is said of a line; else "number"


class Problem(NamedTuple):
    """`line` is None where it is the whole file, or it counts from 1; `check` is a key of scorers.EFFECTS, mostly."""

    file: str
    line: int | None
    check: str
    message: str


def check_files(paths, durations=None, regions_of=None, short=0):
    """Yield the Problems of files, or of all files of folders that end in .rttm, each for itself.

    durations : {recording: s}, or None
    regions_of : see places.read_regions, or None
    short : s, turns below this are told

    Raises DataError for a file that cannot be opened.
    """
    for path in paths:
        for file in in_folder(path, ".rttm") if os.path.isdir(path) else [path]:
            yield from Check(shown(file), durations, regions_of, Decimal(repr(short))).problems(file)


class Check:
    """One look at a file."""

    def __init__(self, file, durations, regions_of, short):
        self.file, self.durations, self.regions_of, self.short = file, durations, regions_of, short
        self.turns = {}  # (recording, channel, speaker) -> [(start, end, line)]
        self.lines = {}  # words -> line
        self.channels = {}  # recording -> {channel: line}
        self.strange = set()  # recordings that durations or regions do not have
        self.last, self.unsorted, self.others = None, None, None
        self.count = self.wrong = 0  # lines

    def problems(self, path):
        with open_input(path) as stream:
            for number, line in enumerate(iter(lambda: stream.readline(LINE), b""), 1):
                rest = line
                while len(rest) == LINE and not rest.endswith(b"\n"):
                    rest = stream.readline(LINE)
                found = self.line(number, line) if rest is line else [("fields", f"longer than {LINE >> 20} MB")]
                for check, message in found:
                    yield Problem(self.file, number, check, message)
        for number, check, message in sorted(self.whole(), key=lambda problem: (problem[0] or 0, problem[1])):
            yield Problem(self.file, number, check, message)

    def line(self, number, line):
        """(check, message) of what can be told from a line and those before it."""
        if number == 1 and line.startswith(MARK):
            yield "mark", "begins with a byte order mark"
            line = line.removeprefix(MARK)
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            self.wrong += 1
            yield "encoding", f"byte {error.start + 1} of the line is not UTF-8"
            return
        words = text.split()
        if not words or words[0][0] in ";#":
            yield "comment", "a comment" if words else "an empty line"
            return
        try:
            check_text(text.rstrip("\r\n").translate(dict.fromkeys(b"\v\f\r")))
            parse_turn(words)
            record = from_fields(words)
        except BadLine as error:
            self.wrong += 1
            yield next((check for text, check in KINDS if text in str(error)), "number"), str(error)
            return
        self.count += 1
        before = self.lines.setdefault(" ".join(words), number)
        if before != number:
            yield "repeated", f"the same as line {before}"
        elif record.is_speech:
            yield from self.turn(number, record, words)
        if not record.is_speech:
            self.others = self.others or (number, record.kind)

    def turn(self, number, record, words):
        who = f"the turn of {record.speaker} at {record.start:f} s"
        if record.duration == 0:
            yield "zero-length", f"{who} has no duration"
        elif record.duration < self.short:
            yield "short", f"{who} is {record.duration:f} s long"
        if any(time != round(time, 3) for time in (record.start, record.duration)):
            yield "decimals", f"{who} has times with more than 3 decimals"
        if record.speaker in NO_NAMES:
            yield "no-name", f"the speaker is called {record.speaker}"
        if any(word.startswith('"') for word in words):
            yield "quote", "a field begins with a quote"
        if words[0] != "SPEAKER":
            yield "case", f"the type is written {words[0]}"
        channels = self.channels.setdefault(record.reco, {})
        channels.setdefault(record.channel, number)
        self.turns.setdefault((record.reco, record.channel, record.speaker), []).append(
            (record.start, record.end, number))
        place = record.reco, record.start
        if self.last and place < self.last and self.unsorted is None:
            self.unsorted = number
        self.last = place
        yield from self.within(record, who)

    def within(self, record, who):
        """Against the lengths of recordings and a UEM."""
        if self.durations is not None:
            duration = self.durations.get(record.reco)
            if duration is None:
                yield from self.once(record.reco, "unknown", f"{record.reco} is no recording whose length is given")
            elif float(record.end) > duration + ROUNDING:
                yield "beyond", f"{who} ends at {record.end:f} s, {record.reco} at {duration:.3f} s"
        if self.regions_of:
            regions = self.regions_of(record.reco, record.channel)
            if regions is None:
                yield from self.once(record.reco, "uem", f"{record.reco}, channel {record.channel}, is not in the UEM")
            elif not inside(record, regions):
                yield "outside-uem", f"{who} is in no region of the UEM"

    def once(self, reco, check, message):
        if (reco, check) not in self.strange:
            self.strange.add((reco, check))
            yield check, message

    def whole(self):
        """(line, check, message) of what can be told at the end only."""
        if not self.count:
            yield None, "empty", "no line that can be read" if self.wrong else "no lines but comments"
        if self.unsorted:
            yield self.unsorted, "unsorted", "starts before the turn above, or its recording comes first by name"
        if self.others:
            yield self.others[0], "other-types", f"there are lines of other types, {self.others[1]} here"
        for reco, channels in self.channels.items():
            for channel, number in list(channels.items())[1:]:
                yield number, "channels", f"{reco} has channel {channel} here, and {next(iter(channels))} before"
        for (_, _, speaker), turns in self.turns.items():
            reached, by = Decimal(-1), None
            for start, end, number in sorted(turns):
                if start < min(reached, end):
                    first, second = sorted((by, number))
                    time = min(reached, end) - start
                    yield second, "overlaps-itself", f"{speaker} overlaps itself for {time:f} s, see line {first}"
                if end > reached:
                    reached, by = end, number


def inside(record, regions):
    """Whether a record has time in one of the regions, which are in order and do not overlap."""
    place = bisect_left(regions, (record.end,))  # the first that does not start before the record ends
    return place > 0 and regions[place - 1][1] > record.start


def limited(problems, limit):
    """The problems, of each file and check no more than `limit`, and how many more; 0 is no limit.

    What cannot be decoded is told once in a file: a file that is no text is that in many lines.
    """
    seen = Counter()
    kept, last = [], {}
    for problem in problems:
        key = problem.file, problem.check
        seen[key] += 1
        if seen[key] <= (1 if problem.check in ("encoding", "comment") else limit or seen[key]):
            last[key] = len(kept)
            kept.append((key, problem))
    shown_of = Counter(key for key, _ in kept)
    return [problem if last[key] != place or seen[key] == shown_of[key] else problem._replace(
        message=f"{problem.message} (and {seen[key] - shown_of[key]} more such lines)")
        for place, (key, problem) in enumerate(kept)]
