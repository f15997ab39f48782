"""Where files of turns go, and the sounds that belong to them."""

from decimal import Decimal

from diarkit.errors import DataError
from diarkit.io.lists import read_lists, read_scp
from diarkit.io.rttm import read_uem
from diarkit.io.streams import open_text_output, parse_number, read_lines
from diarkit.io.turnfiles import eaf
from diarkit.io.turnfiles.formats import FORMATS


def media_of(path):
    """A function that gives the sound of a recording: one for all, or what a wav.scp says; '' without one."""
    if not path.endswith(".scp"):
        return lambda reco: path
    sounds = read_scp(path)
    return lambda reco: sounds.get(reco, "")


def read_names(path):
    """{(recording, old name): new name} of a list of `old new` or `recording old new`; recording '' for all.

    Raises DataError naming file and line, also for a name that is there twice.
    """
    names = {}
    for number, line in read_lines(path):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) not in (2, 3):
            raise DataError("<old> <new> or <recording> <old> <new> expected", f"{path}:{number}")
        *reco, old, new = words
        if names.setdefault(("".join(reco), old), new) != new:
            raise DataError(f"{old!r} has two new names", f"{path}:{number}")
    return names


def read_regions(path):
    """A function that gives the regions, [(start, end)] in Decimal s, in order, of a recording and channel, or None.

    A region of channel NA is for all channels, and so are those of a recording that has no other in the UEM.
    """
    regions = {}
    for region in read_uem(path):
        channel = "" if region.channel.lower() in ("na", "<na>") else region.channel
        own = regions.setdefault(region.reco, {}).setdefault(channel, [])
        own.append((decimal(region.start), decimal(region.end)))
    for channels in regions.values():
        for own in channels.values():
            own.sort()

    def find(reco, channel):
        of = regions.get(reco, {})
        return of.get(channel) or of.get("") or (next(iter(of.values())) if len(of) == 1 else None)

    return find


def decimal(number):
    """The Decimal of the fewest digits that a float stands for, which is what was typed."""
    return Decimal(repr(number))


def write_turnfile(path, name, records, media):
    """Write records, as formats.fitted gives them, in the format of this name."""
    with open_text_output(path) as out:
        if name == "eaf":
            sound = media(records[0].reco) if records else ""
            if sound.endswith("|"):
                raise DataError(f"the sound is the output of a command, which ELAN cannot open: {sound[:60]}")
            eaf.write(out, records, sound)
        else:
            FORMATS[name].write(out, records)


def read_durations(path):
    """{recording: s} of a reco2dur, or of a wav.scp, whose sounds are opened.

    Raises DataError naming the line or the recording.
    """
    lists = read_lists(path)
    if all(len(words) == 1 and parse_number(words[0]) is not None for words in lists.values()):
        return {reco: parse_number(word) for reco, [word] in lists.items()}
    from diarkit.io.datadir.durations import sound_duration

    durations = {}
    for reco, entry in read_scp(path).items():
        try:
            durations[reco] = sound_duration(entry)
        except DataError as error:
            raise DataError(str(error), reco) from None
    return durations
