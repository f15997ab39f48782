"""Subtitles: SRT and WebVTT, a cue a turn.

The speaker of a cue of WebVTT is its voice, <v Anna>. In SRT, and in cues without a voice, it is what stands before
the words, as `Anna: hello` or `[Anna] hello`, or the whole text where that is one word or stands in brackets; other
cues are refused, for what is said there is known, but not who says it. Both hold milliseconds, and neither the name
of the recording, channels, nor turns of no length; runs of white space in names and words are one blank, and in SRT a
name in brackets has no ']' in it.
"""

import html
import re
from decimal import Decimal

from diarkit.errors import DataError
from diarkit.io.rttm import BadLine
from diarkit.io.streams import open_text_input
from diarkit.io.turnfiles.records import NA, turn_record
from diarkit.io.turnfiles.tiers import shown_text, words_in

_TIME = r"(?:([0-9]{1,6}):)?([0-9]{1,2}):([0-9]{2})[,.]([0-9]{1,3})"
_TIMING = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")
# Neither tag has a "<" in it, so that many without an end take no time.
_VOICE = re.compile(r"<v(?:\.[^\s<>]*+)?[ \t]++([^<>]*+)>")
_TAG = re.compile(r"<[^<>]*+>")
_PLAIN = re.compile(r"[^\s\[]\S*")  # a name that needs no brackets
_BRACKETS = re.compile(r"\[([^\]]+)\]:?")
_BEFORE = (re.compile(r"\[([^\]]+)\]:?\s+(.+)"), re.compile(r"(\S+?):\s+(.+)"), re.compile(r"([^:]{1,40}):\s+(.+)"))
_SPACE = re.compile("[ \t\n\f]+")


def read_srt(path, reco):
    return read(path, reco, srt_turns, ())


def read_vtt(path, reco):
    return read(path, reco, vtt_turns, ("WEBVTT", "NOTE", "STYLE", "REGION"))


def read(path, reco, turns_of, others):
    """Records of all cues; turns_of gives the (speaker, words) of the lines of one; blocks of `others` are none."""
    with open_text_input(path) as text:
        for number, block in blocks(text):
            line = next((n for n, line in enumerate(block[:2]) if "-->" in line), None)
            if line is None and block[0].split(None, 1)[0] in others:
                continue
            try:
                if line is None:
                    raise BadLine("<start> --> <end> expected in this cue or the line before")
                start, end = times(block[line])
                for speaker, words in turns_of(block[line + 1:]):
                    yield turn_record(reco, start, end, speaker, orthography=words)
            except BadLine as error:
                raise DataError(str(error), f"{text.name}:{number + (line or 0)}") from None


def blocks(lines):
    """(number of the first line, lines) of what empty lines part."""
    block, first = [], 1
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\n")
        if line.strip():
            block.append(line)
            continue
        if block:
            yield first, block
        block, first = [], number + 1
    if block:
        yield first, block


def times(line):
    match = _TIMING.fullmatch(line)
    if not match:
        raise BadLine(f"not <hours>:<minutes>:<seconds> --> the same: {line[:60]!r}")
    fields = match.groups()
    return time(*fields[:4]), time(*fields[4:])


def time(hours, minutes, seconds, decimals):
    if int(minutes) > 59 or int(seconds) > 59:
        raise BadLine(f"no time: {minutes}:{seconds}")
    return 3600 * int(hours or 0) + 60 * int(minutes) + Decimal(f"{seconds}.{decimals}")


def srt_turns(lines):
    text = one_line("\n".join(lines))
    if whole := _BRACKETS.fullmatch(text):
        return [(whole[1], NA)]
    for pattern in _BEFORE:
        if found := pattern.fullmatch(text):
            return [(found[1], words_in(found[2], found[1]))]
    if " " in text:
        raise BadLine(f"no speaker before the words: {text[:60]!r}")
    return [(text, NA)]


def vtt_turns(lines):
    parts = _VOICE.split("\n".join(lines))
    if len(parts) == 1:
        return srt_turns(unescaped(_TAG.sub("", parts[0])).split("\n"))
    turns = []
    for voice, said in zip(parts[1::2], parts[2::2], strict=True):
        speaker = one_line(unescaped(voice))
        turns.append((speaker, words_in(one_line(unescaped(_TAG.sub("", said))), speaker)))
    return turns


def write_srt(out, records):
    for number, record in enumerate(in_order(records), 1):
        name = record.speaker if _PLAIN.fullmatch(record.speaker) else f"[{record.speaker}]"
        words = "" if record.orthography == NA else f" {record.orthography}"
        name += ":" if words and not name.startswith("[") else ""
        out.write(f"{number}\n{clock(record.start)} --> {clock(record.end)}\n{name}{words}\n\n")


def write_vtt(out, records):
    out.write("WEBVTT\n")
    for record in in_order(records):
        out.write(f"\n{clock(record.start, '.')} --> {clock(record.end, '.')}\n"
                  f"<v {escaped(record.speaker)}>{escaped(shown_text(record))}</v>\n")


def in_order(records):
    return sorted(records, key=lambda record: (record.start, record.end))


def clock(time, point=","):
    minutes, ms = divmod(int(round(time * 1000)), 60000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{ms // 1000:02d}{point}{ms % 1000:03d}"


def unescaped(text):
    try:
        return html.unescape(text)
    except ValueError:  # Python refuses numbers of thousands of digits
        raise BadLine("a character whose number is too long") from None


def escaped(text):
    return html.escape(text, quote=False)


def bracketed(name):
    """A name as SRT can hold it, in brackets or without."""
    name = one_line(name)
    return name if _PLAIN.fullmatch(name) else name.replace("]", ")")


def one_line(text):
    """With one blank for white space, and none at the ends."""
    return _SPACE.sub(" ", text).strip(" ")
