"""The times of a data directory: how long recordings are, and what lies within them."""

from diarkit.errors import DataError
from diarkit.io.rttm import BadLine, parse_region, parse_turn
from diarkit.io.streams import parse_number, read_lines

ROUNDING = 0.011  # s; times are written in hundredths
STATED = 0.1  # s by which a duration made from frames may differ from that of the sound


class Durations:
    """The durations of recordings in s, and the problems of times that do not fit them.

    What the sound itself says goes before what reco2dur or utt2dur say.
    """

    def __init__(self, problems, max_overshoot):
        self.problems = problems
        self.max_overshoot = max_overshoot
        self.of = {}

    def read(self, path):
        """Take what a list says; what is wrong in it is told when its turn comes."""
        for _, line in read_lines(path):
            words = line.split()
            value = parse_number(words[1]) if len(words) == 2 else None
            if value is not None and value > 0:
                self.of[words[0]] = value

    def measure(self, path, number, reco, entry):
        """Open the recording that a line of wav.scp names."""
        from diarkit.io.audio import open_audio

        try:
            with open_audio(entry, from_table=True) as audio:
                duration = audio.num_samples / audio.sample_frequency
                channels = audio.num_channels
        except DataError as error:
            self.problems.add(path, number, f"{reco}: {error}")
            return
        if channels > 1:
            self.problems.add(path, number, f"{reco} has {channels} channels; tools want to be told which", True)
        if duration == 0:
            self.problems.add(path, number, f"{reco} has no sound in it")
        stated = self.of.get(reco)
        if stated is not None and abs(stated - duration) > STATED:
            self.problems.add(path, number, f"{reco} lasts {duration:.3f} s, but {stated:g} s are stated", True)
        self.of[reco] = duration

    def check(self, path, number, what, reco, start, end):
        """Tell if a stretch of a recording, in s, goes past its end."""
        duration = self.of.get(reco)
        if duration is None:
            return
        if start >= duration:
            self.problems.add(path, number, f"{what} starts at {start:g} s, but {reco} ends at {duration:.3f} s")
        elif end > duration + ROUNDING:
            allowed = end <= duration + self.max_overshoot
            self.problems.add(
                path, number, f"{what} ends at {end:g} s, {end - duration:.3f} s past the end of {reco}", allowed)


def check_rttm(path, recos, files, durations):
    """Check an rttm: a dict recording -> its speakers.

    recos : the recordings that may be named, a Keys
    files : as well as these, file -> recordings, from reco2file_and_channel
    """
    problems = durations.problems
    speakers, seen = {}, set()
    for number, turn in time_lines(path, parse_turn, problems):
        if turn is None or turn.kind != "SPEAKER":
            continue
        if turn in seen:
            problems.add(path, number, f"the turn of {turn.speaker} at {turn.start:g} s is there twice", True)
        seen.add(turn)
        named = names(turn.reco, recos, files)
        if not named:
            problems.add(path, number, f"{turn.reco!r} is no recording of {recos.file}")
            continue
        for reco in named:
            speakers.setdefault(reco, set()).add(turn.speaker)
        if turn.duration == 0:
            problems.add(path, number, f"the turn of {turn.speaker} has no duration", True)
        durations.check(path, number, f"the turn of {turn.speaker}", named[0], turn.start, turn.end)
    if speakers:
        for reco, index in recos.numbers.items():
            if reco not in speakers:
                problems.add(path, None, f"no turn of {reco!r}, a recording of {recos.place(index)}", True)
    return speakers


def check_uem(path, recos, files, durations):
    """Check a uem, as check_rttm does an rttm."""
    problems = durations.problems
    regions = []
    for number, region in time_lines(path, parse_region, problems):
        regions.append((region, number))
        named = names(region.reco, recos, files)
        if named:
            durations.check(path, number, "the region", named[0], region.start, region.end)
        else:
            problems.add(path, number, f"{region.reco!r} is no recording of {recos.file}")
    regions.sort()
    for (before, _), (after, number) in zip(regions, regions[1:], strict=False):
        if before[:2] == after[:2] and after.start < before.end:
            problems.add(path, number, f"overlaps the region {before.start:g}-{before.end:g} of {before.reco}")


def names(name, recos, files):
    """The recordings that a name in an rttm or uem stands for."""
    return [name] if name in recos.numbers else files.get(name)


def time_lines(path, parse, problems):
    """What stands in the lines that are no comments: (line number, turn or region)."""
    empty = True
    try:
        for number, line in read_lines(path):
            fields = line.split()
            if not fields or fields[0][0] in ";#":
                continue
            empty = False
            try:
                yield number, parse(fields)
            except BadLine as error:
                problems.add(path, number, str(error))
    except DataError as error:  # not text: its message names the line, and the rest cannot be read
        where, _, message = str(error).partition(": ")
        number = where.removeprefix(f"{path}:")
        problems.add(path, int(number) if number.isdigit() else None, message)
        return
    if empty:
        problems.add(path, None, "has no lines", True)
