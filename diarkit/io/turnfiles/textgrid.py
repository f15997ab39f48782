"""Praat's TextGrid, long and short; a tier a speaker, or several where one overlaps with itself.

An interval with a text is a turn: the words if they are known, else the name of the speaker. Tiers of points are
passed over. It holds neither the name of the recording nor turns of no length. Both kinds are read in the same way,
as Praat reads them: numbers and texts that stand alone count, all else is there for people.
"""

import re

from diarkit.errors import DataError
from diarkit.io.filesets import shown
from diarkit.io.rttm import BadLine
from diarkit.io.turnfiles.records import exact, time_text, turn_record
from diarkit.io.turnfiles.texts import read_text
from diarkit.io.turnfiles.tiers import shown_text, tiers, words_in

_TOKEN = re.compile(r'"([^"]*(?:""[^"]*)*)"(?=\s|$)|(![^\n]*)|(\S+)')
_NUMBER = re.compile(r"[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?")
_FLAG = re.compile("<[a-z]+>")


def read(path, reco):
    tokens = Tokens(read_text(path), shown(path))
    try:
        records = list(grid_records(tokens, reco))
    except BadLine as error:
        raise DataError(str(error), tokens.place()) from None
    yield from sorted(records, key=lambda record: (record.start, record.end))


def grid_records(tokens, reco):
    if tokens.text() != "ooTextFile" or tokens.text() != "TextGrid":
        raise BadLine("not a TextGrid file")
    tokens.number(), tokens.number()
    if tokens.flag() != "<exists>":
        return
    for _ in range(tokens.count()):
        kind, speaker = tokens.text(), tokens.text()
        tokens.number(), tokens.number()
        if kind == "TextTier":
            for _ in range(tokens.count()):
                tokens.number(), tokens.text()
        elif kind == "IntervalTier":
            for _ in range(tokens.count()):
                start, end, text = tokens.number(), tokens.number(), tokens.text()
                if text.strip():
                    yield turn_record(reco, time(start), time(end), speaker, orthography=words_in(text, speaker))
        else:
            raise BadLine(f"unknown kind of tier: {kind[:40]!r}")
    tokens.end()


def time(text):
    return exact(text, "time")


class Tokens:
    """What counts in a text file of Praat, one after the other."""

    def __init__(self, text, name):
        self.name = name
        self.content = text.replace("\r\n", "\n")
        self.found = _TOKEN.finditer(self.content)
        self.at = 0

    def place(self):
        return f"{self.name}:{1 + self.content.count(chr(10), 0, self.at)}"

    def next(self, what):
        for match in self.found:
            self.at = match.start()
            text, _, word = match.groups()
            if text is not None:
                kind, value = "text", text.replace('""', '"')
            elif word and _NUMBER.fullmatch(word):
                kind, value = "number", word
            elif word and _FLAG.fullmatch(word):
                kind, value = "flag", word
            elif word and word.startswith('"'):
                raise BadLine("a text without a closing quote")
            else:
                continue
            if kind != what:
                raise BadLine(f"a {what} expected, not {value[:40]!r}")
            return value
        self.at = len(self.content)
        raise BadLine(f"the file ends where a {what} is expected")

    def end(self):
        """Raises BadLine if more follows, of which the counts before it do not know."""
        for match in self.found:
            self.at = match.start()
            if match[1] is not None or match[3] and _NUMBER.fullmatch(match[3]):
                raise BadLine("more follows than the numbers of tiers and intervals before it say")

    def text(self):
        return self.next("text")

    def number(self):
        return self.next("number")

    def flag(self):
        return self.next("flag")

    def count(self):
        word = self.number()
        if not word.isdigit() or len(word) > 9:
            raise BadLine(f"a whole number expected, not {word[:40]}")
        return int(word)


def write(out, records, short=False):
    found = tiers(records)
    last = max((tier[-1].end for _, tier in found), default=1)
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', ""]
    lines += span(0, last, "", short)
    lines += ["<exists>" if short else "tiers? <exists> ", str(len(found)) if short else f"size = {len(found)} "]
    if not short:
        lines.append("item []: ")
    for number, (speaker, tier) in enumerate(found, 1):
        filled = list(intervals(tier, last))
        if short:
            lines += ['"IntervalTier"', quoted(speaker), *span(0, last, "", short), str(len(filled))]
        else:
            lines += [f"    item [{number}]:", '        class = "IntervalTier" ', f"        name = {quoted(speaker)} ",
                      *span(0, last, "        ", short), f"        intervals: size = {len(filled)} "]
        for place, (start, end, text) in enumerate(filled, 1):
            if not short:
                lines.append(f"        intervals [{place}]:")
            lines += span(start, end, " " * 12, short)
            lines.append(quoted(text) if short else f"            text = {quoted(text)} ")
    out.writelines(line + "\n" for line in lines)


def write_short(out, records):
    write(out, records, short=True)


def span(start, end, indent, short):
    texts = time_text(start, 0), time_text(end, 0)
    return texts if short else [f"{indent}{name} = {text} " for name, text in zip(("xmin", "xmax"), texts, strict=True)]


def intervals(tier, last):
    """(start, end, text) of all intervals of a tier, also the empty ones between the turns."""
    at = 0
    for record in tier:
        if at < record.start:
            yield at, record.start, ""
        yield record.start, record.end, shown_text(record)
        at = record.end
    if at < last:
        yield at, last, ""


def quoted(text):
    return '"' + text.replace('"', '""') + '"'
