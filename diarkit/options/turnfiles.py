"""Tools that look at RTTM files, change them, and turn them into other formats."""

from dataclasses import dataclass

from diarkit.options.tunables import tunable

FORMATS = ("rttm", "json", "csv", "tsv", "audacity", "lab", "textgrid", "textgrid-short", "eaf", "srt", "vtt")


@dataclass(frozen=True)
class ConvertOptions:
    source: str | None = tunable(None, "Format of IN, if its ending does not tell.", choices=FORMATS)
    to: str | None = tunable(None, "Format of OUT, if its ending does not tell.", choices=FORMATS)
    recording: str = tunable("", "Name of the recording, where the format has none; else the name of the file.")
    media: str = tunable("", "Link this in ELAN files: a sound, or a wav.scp of the sounds of many.", "FILE")


@dataclass(frozen=True)
class ValidateRttmOptions:
    durations: str = tunable("", "Lengths of the recordings, which no turn may pass: a reco2dur, or a wav.scp.", "FILE")
    uem: str = tunable("", "Regions that turns should be in.", "UEM file")
    short: float = tunable(0.05, "Warn of turns shorter than this.", "s")
    strict: bool = tunable(False, "Warnings are errors.")
    max_problems: int = tunable(10, "Of each kind and file tell this many, then how many more; 0 is all.")


@dataclass(frozen=True)
class RttmToUemOptions:
    durations: str = tunable("", "Regions from 0 to the end of each recording of this reco2dur or wav.scp.", "FILE")
    speech: bool = tunable(False, "Regions are where somebody speaks, not from the first to the last turn.")
    overlap: bool = tunable(False, "Regions are where two speakers or more speak at a time.")
    channel: str = tunable("", "Write this channel, and look at none; else a region for each.")


@dataclass(frozen=True)
class FilterRttmOptions:
    recordings: str = tunable("", "Those of the recordings in this list (the first word of each line).", "FILE")
    speakers: str = tunable("", "Those of speakers whose whole name this regular expression matches.", "REGEX")
    channel: str = tunable("", "Those of this channel.")
    type: str = tunable("", "Those of this type, such as SPEAKER.")
    min_duration: float = tunable(0.0, "Those that are not turns, or turns no shorter than this.", "s")
    max_duration: float = tunable(0.0, "Those that are not turns, or turns no longer than this; 0 is any.", "s")
    exclude: bool = tunable(False, "Keep the other lines instead.")


@dataclass(frozen=True)
class CropRttmOptions:
    uem: str = tunable("", "Keep what lies in these regions; recordings that are not in it are left out.", "UEM file")
    start: float = tunable(0.0, "Keep what lies after this.", "s")
    end: float = tunable(0.0, "Keep what lies before this; 0 is no limit.", "s")


@dataclass(frozen=True)
class ShiftRttmOptions:
    by: float = tunable(0.0, "Add this to all times.", "s")
    offsets: str = tunable("", "Add what this list says for each recording, <recording> <seconds>.", "FILE")
    segments: str = tunable(
        "", "Recordings are pieces of others: put them back, <piece> <recording> <start> <end>.", "FILE")
    scale: float = tunable(1.0, "Multiply all times by this first, as for a clock that ran fast.")


@dataclass(frozen=True)
class MergeRttmOptions:
    max_gap: float = tunable(0.0, "Turns of a speaker become one if no more than this is between them.", "s")
    join: bool = tunable(True, "Turns of a speaker that overlap or touch become one; --no-join: only repeated lines.")


@dataclass(frozen=True)
class FlattenRttmOptions:
    rule: str = tunable(
        "first", "Who keeps the time in which several speak: who began first or last, whose turn is longest, nobody.",
        choices=("first", "last", "longest", "nobody"))


@dataclass(frozen=True)
class RenameRttmOptions:
    map: str = tunable("", "New names of speakers: <old> <new>, or <recording> <old> <new>.", "FILE")
    reference: str = tunable("", "Take the names of this RTTM, mapped as for the diarization error rate.", "FILE")
    number: str | None = tunable(None, "Number the speakers of each recording by who is first, or speaks longest.",
                                 choices=("first", "longest"))
    prefix: str = tunable("spk", "What stands before the number.")
    across: bool = tunable(False, "A name has one number in all recordings.")
    recordings: str = tunable("", "New names of recordings: <old> <new>.", "FILE")
    channel: str = tunable("", "Write this channel.")
