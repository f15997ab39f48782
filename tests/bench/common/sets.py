"""The sets of real speech with references, and how a pipeline does on them."""

from pathlib import Path
from typing import NamedTuple

from common import SHARED
from diarkit.io.audio import open_audio
from diarkit.io.rttm import Turn, read_rttm, read_uem
from diarkit.pipeline import Channels, Stages
from diarkit.scoring.der import Errors, score

# Name: recordings, ending of the reference, recordings left out (half a second of speech each).
SETS = {
    "ami": ("ami/*.wav", ".only_words.rttm", ("EN2001b_0-30", "EN2001d_0-30")),
    "wide": ("conversations/wide/*.flac", ".rttm", ()),
    "phone": ("conversations/phone/*.flac", ".rttm", ()),
}


class Recording(NamedTuple):
    name: str
    path: Path
    reference: list  # Turns
    uem: list


def recordings(name):
    pattern, ending, without = SETS[name]
    return [Recording(path.stem, path, read_rttm(str(path.with_suffix("")) + ending, all_types=True),
                      read_uem(str(path.with_suffix(".uem"))))
            for path in sorted((SHARED / "data").glob(pattern)) if path.stem not in without]


def number_of_speakers(recording):
    return len({turn.speaker for turn in recording.reference})


def result(pipeline, recording):
    """Errors of one recording: collar 0, overlap scored, with the UEM, md-eval's rules."""
    with open_audio(str(recording.path)) as audio:
        found = Channels("mix").diarize(pipeline, audio, Stages())
    turns = [Turn(recording.name, str(channel), start, end - start, str(speaker))
             for start, end, speaker, channel in found.turns]
    return score(recording.reference, turns, recording.uem).files[recording.name]


def total(results):
    return sum(results, Errors())


def require_sets():
    """End the process with a word on it, and no failure, where the sets are not there."""
    if not any(recordings(name) for name in SETS):
        print("not run: no sets of real speech (set DIARKIT_SHARED)")
        raise SystemExit(0)
