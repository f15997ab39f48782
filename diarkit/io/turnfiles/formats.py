"""The formats that turns are read from and written to, and what each of them holds."""

import os
from decimal import Decimal
from typing import NamedTuple

from diarkit.errors import DataError
from diarkit.io.filesets import in_folder, shown
from diarkit.io.outputs import path_in
from diarkit.io.rttm import BadLine
from diarkit.io.turnfiles import csvfile, eaf, jsonfile, labels, subtitles, textgrid
from diarkit.io.turnfiles.records import NA, check_text, read_records, write_records

ALL = frozenset({"recording", "channel", "types", "words", "others", "zero"})


class Format(NamedTuple):
    """How a format is read and written, and what it holds.

    read(path, reco) yields Records, with `reco` where the format names no recording; write(out, records) takes an
    open text stream. `holds` is a subset of ALL: the name of the recording, the channel, lines of other types than
    SPEAKER, words (orthography), the other fields, turns of no length. `decimals` are those of its times, None for
    any; `fit` makes a name one that it can hold.
    """

    ending: str
    read: object
    write: object
    holds: frozenset
    decimals: int | None = None
    fit: object = str


def read_rttm(path, reco):
    return read_records(path)


def word(name):
    """A name without white space, which divides fields."""
    return "_".join(name.split()) or "_"


FORMATS = {
    "rttm": Format(".rttm", read_rttm, write_records, ALL, None, word),
    "json": Format(".json", jsonfile.read, jsonfile.write, ALL),
    "csv": Format(".csv", csvfile.read, csvfile.write, ALL),
    "tsv": Format(".tsv", csvfile.read, csvfile.write_tabs, ALL),
    "audacity": Format(".txt", labels.read_audacity, labels.write_audacity, frozenset({"zero"}), labels.MICROSECONDS,
                       labels.one_line),
    "lab": Format(".lab", labels.read_lab, labels.write_lab, frozenset({"zero"}), None, word),
    "textgrid": Format(".TextGrid", textgrid.read, textgrid.write, frozenset({"words"})),
    "textgrid-short": Format(".TextGrid", textgrid.read, textgrid.write_short, frozenset({"words"})),
    "eaf": Format(".eaf", eaf.read, eaf.write, frozenset({"words"}), 3),
    "srt": Format(".srt", subtitles.read_srt, subtitles.write_srt, frozenset({"words"}), 3, subtitles.bracketed),
    "vtt": Format(".vtt", subtitles.read_vtt, subtitles.write_vtt, frozenset({"words"}), 3, subtitles.one_line),
}
CHANGED = "blanks and other characters of names"
OTHER_ENDINGS = {".jsonl": "json", "": "rttm"}


def format_of(path):
    """The name of the format that the ending of a path tells, or None; without an ending RTTM, as in data/dev/rttm."""
    ending = os.path.splitext(path)[1].lower()
    found = (name for name, kind in FORMATS.items() if kind.ending.lower() == ending)
    return next(found, OTHER_ENDINGS.get(ending))


def read_turnfile(path, name, reco=""):
    """Iterate over the Records of a file, or of all files of a folder that have the ending of the format.

    name : of the format
    reco : the recording, where the format names none; if '' it is called as its file without the ending

    Raises DataError naming file and line.
    """
    kind = FORMATS[name]
    if os.path.isdir(path) and name != "rttm":
        paths = in_folder(path, kind.ending)
        if reco and len(paths) > 1:
            raise DataError(f"{len(paths)} files cannot all be the recording {reco}", path)
    else:
        paths = [path]
    for file in paths:
        yield from kind.read(file, reco or os.path.splitext(os.path.basename(file))[0])


def fitted(records, name):
    """The records as a format can hold them, and lines that say what is lost.

    Raises DataError where a name is no text, or where two names of one recording would become the same.
    """
    kind = FORMATS[name]
    notes = {}
    result = []
    for record in records:
        speech = fit_record(record, kind, notes)
        if speech is not None:
            result.append(speech)
    for field in ("reco", "speaker") if "recording" in kind.holds else ("speaker",):
        result = fit_names(result, field, kind, notes)
    return result, [f"{name} cannot hold {what} ({count})" for what, count in notes.items()]


def fit_record(record, kind, notes):
    """A record with what the format holds, or None if it does not hold it at all; what is lost is counted in notes."""
    def lost(what):
        notes[what] = notes.get(what, 0) + 1

    if not record.is_speech and "types" not in kind.holds:
        return lost("lines of other types than SPEAKER")
    if kind.decimals is not None:
        start, end = round(record.start, kind.decimals), round(record.end, kind.decimals)
        if (start, end) != (record.start, record.end):
            lost(f"times finer than {kind.decimals} decimals")
        record = record._replace(start=start, duration=end - start)
    if record.duration == Decimal(0) and "zero" not in kind.holds:
        return lost("turns of no length")
    if record.channel != "1" and "channel" not in kind.holds:
        lost("channels")
    if "others" not in kind.holds and {record.subtype, record.confidence, record.lookahead} != {NA}:
        lost("confidence and look-ahead")
    if record.orthography != NA:
        check_words(record)
        words = subtitles.one_line(record.orthography) if kind.ending in (".srt", ".vtt") else record.orthography
        if "words" not in kind.holds or kind.fit is word and word(words) != words:
            lost("words" if "words" not in kind.holds else "more than a word of what is said")
            words = NA
        record = record._replace(orthography=words)
    if kind.fit is word:
        others = {field: word(getattr(record, field)) for field in ("channel", "subtype", "confidence", "lookahead")}
        record = record._replace(**others)
    return record


def check_words(record):
    try:
        check_text(record.orthography)
    except BadLine as error:
        raise DataError(str(error), record.reco) from None


def fit_names(records, field, kind, notes):
    """The records with the names of a field as the format can hold them; how many it cannot is put into notes."""
    fits, taken = {}, {}
    for record in records:
        key = place, name = "" if field == "reco" else record.reco, getattr(record, field)
        if key in fits:
            continue
        try:
            check_text(name)
        except BadLine as error:
            raise DataError(str(error), ascii(place or name)) from None
        fit = fits[key] = kind.fit(name)
        other = taken.setdefault((place, fit), name)
        if other != name:
            raise DataError(f"{other!r} and {name!r} would both be {fit!r}", place or None)
    changed = sum(fit != name for (_, name), fit in fits.items())
    if not changed:
        return records
    notes[CHANGED] = notes.get(CHANGED, 0) + changed
    return [record._replace(**{field: fits["" if field == "reco" else record.reco, getattr(record, field)]})
            for record in records]


def file_of(folder, reco, name):
    """The path of the file of a recording in a folder; DataError for a name that would lead out of it."""
    return path_in(folder, reco, FORMATS[name].ending)


def one_recording(records, path, name):
    """Raises DataError if there are several recordings and the format tells them not apart."""
    recos = sorted({record.reco for record in records})
    if len(recos) > 1 and "recording" not in FORMATS[name].holds:
        raise DataError(f"{len(recos)} recordings, of which {name} holds one; let the output be a folder", shown(path))
