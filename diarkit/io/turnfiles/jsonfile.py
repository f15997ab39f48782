"""JSON: what `diarize --json` writes, an object a recording, and the lists of turns of other programs.

An object has the turns in `turns`, `diarization` (pyannoteAI, pyannote.audio), `segments` (WhisperX) or `content`
(pyannote.core), perhaps within `output`; its name in `recording` or `uri`. A list has the turns themselves, or such
objects. A turn has start, end or duration, and speaker or label; see diarkit.io.turnfiles.named. Several objects may
follow one another. JSON holds all that RTTM holds, and names with blanks besides.
"""

import json
from decimal import Decimal

from diarkit.errors import DataError
from diarkit.io.filesets import shown
from diarkit.io.rttm import BadLine
from diarkit.io.turnfiles.named import from_named, to_named
from diarkit.io.turnfiles.records import by_recording, time_text
from diarkit.io.turnfiles.texts import read_text

TURNS = ("turns", "diarization", "content", "segments")


def read(path, reco):
    for number, value in values(path):
        try:
            yield from records(value, reco)
        except BadLine as error:
            raise DataError(str(error), f"{shown(path)}:{number}") from None


def values(path):
    """The JSON values of a file, each with the number of the line where it begins."""
    def refuse(word):
        raise BadLine(f"{word} is no number")

    def once(pairs):
        named = dict(pairs)
        if len(named) < len(pairs):
            keys = [key for key, _ in pairs]
            raise BadLine(f"an object has {next(key for key in keys if keys.count(key) > 1)[:40]!r} twice")
        return named

    text = read_text(path)
    decoder = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal, parse_constant=refuse, object_pairs_hook=once)
    at, line = 0, 1
    while at < len(text):
        rest = text[at:at + 1]
        if rest.isspace():
            line += rest == "\n"
            at += 1
            continue
        try:
            value, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise DataError(f"not JSON: {error.msg}", f"{shown(path)}:{error.lineno}") from None
        except RecursionError:
            raise DataError("not JSON of turns: nested too deeply", f"{shown(path)}:{line}") from None
        except ArithmeticError:
            raise DataError("not JSON: a number that is too large", f"{shown(path)}:{line}") from None
        except BadLine as error:
            raise DataError(f"not JSON: {error}", f"{shown(path)}:{line}") from None
        yield line, value
        line += text.count("\n", at, end)
        at = end


def records(value, reco):
    """The records of a JSON value. Raises BadLine."""
    if isinstance(value, dict):
        if isinstance(value.get("output"), dict):
            value = value["output"]
        key = next((key for key in TURNS if isinstance(value.get(key), list)), None)
        if key is None:
            raise BadLine(f"no turns: none of {', '.join(TURNS)} is there")
        own = value.get("recording", value.get("uri"))
        if own is not None and not isinstance(own, str | Decimal):
            raise BadLine("the name of the recording is no text")
        value, reco = value[key], reco if own in (None, "") else str(own)
    if not isinstance(value, list):
        raise BadLine("neither a list of turns nor an object that has one")
    for number, item in enumerate(value, 1):
        if not isinstance(item, dict):
            raise BadLine(f"turn {number}: an object expected")
        if isinstance(item.get("segment"), dict):  # of pyannote.core
            item = item | item["segment"]
        if any(isinstance(item.get(key), list) for key in TURNS):
            yield from records_within(item, reco)
            continue
        try:
            yield from_named(item, reco)
        except BadLine as error:
            raise BadLine(f"turn {number}: {error}") from None


def records_within(item, reco):
    """Of an object in a list; there objects end, so that data cannot make this call itself without end."""
    if any(isinstance(turn, dict) and any(isinstance(turn.get(key), list) for key in TURNS)
           for key in TURNS for turn in item.get(key) or () if isinstance(item.get(key), list)):
        raise BadLine("objects with turns within objects with turns")
    yield from records(item, reco)


def write(out, records):
    for reco, lines in by_recording(records).items():
        spoken = {}
        for record in lines:
            if record.is_speech:
                spoken[record.speaker] = spoken.get(record.speaker, 0) + record.duration
        speakers = (as_object({"speaker": speaker, "seconds": spoken[speaker]}) for speaker in sorted(spoken))
        turns = (as_object(to_named(record), but=("recording",)) for record in lines)
        out.write(f'{{"recording": {quoted(reco)}, "speakers": [{", ".join(speakers)}], '
                  f'"turns": [{", ".join(turns)}]}}\n')


def as_object(named, but=()):
    """A JSON object, numbers with all the digits that they have."""
    pairs = (f'"{name}": {value_text(name, value)}' for name, value in named.items() if name not in but)
    return "{" + ", ".join(pairs) + "}"


def value_text(name, value):
    if isinstance(value, Decimal):
        return time_text(value, 0)
    number = name == "channel" and value.isascii() and value.isdigit() and len(value) < 10 and str(int(value)) == value
    return value if number else quoted(value)


def quoted(text):
    return json.dumps(text, ensure_ascii=False)
