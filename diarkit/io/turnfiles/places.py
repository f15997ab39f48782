"""Where files of turns go, and the sounds that belong to them."""

from diarkit.errors import DataError
from diarkit.io.lists import read_lists, read_scp
from diarkit.io.streams import open_text_output, parse_number
from diarkit.io.turnfiles import eaf
from diarkit.io.turnfiles.formats import FORMATS


def media_of(path):
    """A function that gives the sound of a recording: one for all, or what a wav.scp says; '' without one."""
    if not path.endswith(".scp"):
        return lambda reco: path
    sounds = read_scp(path)
    return lambda reco: sounds.get(reco, "")


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
