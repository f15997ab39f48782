"""ELAN's annotation files (EAF 3.0, XML); a tier a speaker, or several where one overlaps with itself.

Written are milliseconds; the speaker is the participant of a tier or, without one, the name of the tier. Read are
the tiers that depend on no other. Neither the name of the recording is held nor turns of no length.
"""

import mimetypes
from pathlib import Path
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from diarkit.errors import DataError
from diarkit.io.filesets import shown
from diarkit.io.rttm import BadLine
from diarkit.io.turnfiles.records import exact, turn_record
from diarkit.io.turnfiles.texts import read_bytes
from diarkit.io.turnfiles.tiers import shown_text, tiers, words_in

SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
DATE = "1970-01-01T00:00:00+00:00"  # one has to be there, and the same input is to give the same bytes


def read(path, reco):
    document = Document()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = document.start, document.end
    parser.CharacterDataHandler = document.characters
    parser.StartDoctypeDeclHandler = refuse_doctype
    try:
        document.line = lambda: parser.CurrentLineNumber
        parser.Parse(read_bytes(path), True)
        records = list(document.records(reco))
    except expat.ExpatError as error:
        raise DataError(f"not XML: {expat.ErrorString(error.code)}", f"{shown(path)}:{error.lineno}") from None
    except (LookupError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"not XML: {str(error)[:100]}", f"{shown(path)}:1") from None  # of the encoding that it names
    except BadLine as error:
        raise DataError(str(error), f"{shown(path)}:{document.at}") from None
    yield from sorted(records, key=lambda record: (record.start, record.end))


def refuse_doctype(*_):
    """Entities are declared there, which can grow without end or name other files; no EAF has one."""
    raise BadLine("a DOCTYPE, which is not read")


class Document:
    """What is of use in the elements, collected as they go by."""

    def __init__(self):
        self.at = 1
        self.root = self.speaker = self.annotation = self.text = self.said = None
        self.slots = {}
        self.annotations = []
        self.unit = 1  # ms

    def start(self, name, attributes):
        self.at = self.line()
        if self.root is None:
            self.root = name
            if name != "ANNOTATION_DOCUMENT":
                raise BadLine(f"not an ELAN file: the first element is {name[:40]}")
        elif name == "HEADER" and attributes.get("TIME_UNITS", "milliseconds") != "milliseconds":
            raise BadLine(f"times are in {attributes['TIME_UNITS'][:40]}, milliseconds expected")
        elif name == "TIME_SLOT":
            slot = attributes.get("TIME_SLOT_ID")
            if slot in self.slots:
                raise BadLine(f"time slot {str(slot)[:40]} is there twice")
            self.slots[slot] = attributes.get("TIME_VALUE")
        elif name == "TIER":
            own = attributes.get("PARTICIPANT") or attributes.get("TIER_ID") or ""
            self.speaker = None if attributes.get("PARENT_REF") else own
        elif name == "ALIGNABLE_ANNOTATION":
            self.annotation = self.at, attributes.get("TIME_SLOT_REF1"), attributes.get("TIME_SLOT_REF2")
            self.said = ""
        elif name == "ANNOTATION_VALUE":
            self.text = []

    def characters(self, text):
        if self.text is not None:
            self.text.append(text)

    def end(self, name):
        if name == "ANNOTATION_VALUE":
            self.said, self.text = "".join(self.text or ()), None
        elif name == "ALIGNABLE_ANNOTATION":
            if self.annotation and self.speaker is not None:
                self.annotations.append((*self.annotation, self.speaker, self.said))
            self.annotation = None

    def records(self, reco):
        for line, start, end, speaker, text in self.annotations:
            self.at = line
            yield turn_record(reco, self.time(start), self.time(end), speaker, orthography=words_in(text, speaker))

    def time(self, slot):
        text = self.slots.get(slot)
        if text is None:
            raise BadLine("no reference to a time slot" if slot is None else
                          f"time slot {slot[:40]} {'has no time' if slot in self.slots else 'is not there'}")
        return exact(text) / 1000


def write(out, records, media=""):
    """Write records of one recording; `media` is a sound that the file is to open."""
    found = tiers(records)
    everything = [record for _, tier in found for record in tier]
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n'
              f'<ANNOTATION_DOCUMENT AUTHOR="" DATE="{DATE}" FORMAT="3.0" VERSION="3.0" '
              'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
              f'xsi:noNamespaceSchemaLocation="{SCHEMA}">\n'
              '    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">\n')
    if media:
        kind = (mimetypes.guess_type(media)[0] or "unknown").replace("audio/wav", "audio/x-wav")
        relative = f" RELATIVE_MEDIA_URL={attribute('./' + Path(media).name)}" if "://" not in media else ""
        url = Path(media).absolute().as_uri() if relative else media
        out.write(f"        <MEDIA_DESCRIPTOR MEDIA_URL={attribute(url)} MIME_TYPE={attribute(kind)}{relative}/>\n")
    out.write(f'        <PROPERTY NAME="lastUsedAnnotationId">{len(everything)}</PROPERTY>\n'
              "    </HEADER>\n    <TIME_ORDER>\n")
    # Each turn has time slots of its own: what shares one would move together when it is edited.
    sides = sorted((ms(time), number, side) for number, record in enumerate(everything)
                   for side, time in enumerate((record.start, record.end)))
    slots = {}
    for place, (time, number, side) in enumerate(sides, 1):
        slots[number, side] = f"ts{place}"
        out.write(f'        <TIME_SLOT TIME_SLOT_ID="ts{place}" TIME_VALUE="{time}"/>\n')
    out.write("    </TIME_ORDER>\n")
    number = 0
    for name, speaker, tier in named_tiers(found):
        out.write(f'    <TIER LINGUISTIC_TYPE_REF="default-lt" PARTICIPANT={attribute(speaker)} '
                  f"TIER_ID={attribute(name)}>\n")
        for record in tier:
            out.write("        <ANNOTATION>\n"
                      f'            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a{number + 1}" '
                      f'TIME_SLOT_REF1="{slots[number, 0]}" TIME_SLOT_REF2="{slots[number, 1]}">\n'
                      f"                <ANNOTATION_VALUE>{escape(shown_text(record))}</ANNOTATION_VALUE>\n"
                      "            </ALIGNABLE_ANNOTATION>\n        </ANNOTATION>\n")
            number += 1
        out.write("    </TIER>\n")
    out.write('    <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="default-lt" '
              'TIME_ALIGNABLE="true"/>\n</ANNOTATION_DOCUMENT>\n')


def named_tiers(found):
    """(name, speaker, records) of each tier; the name is the speaker or, if a tier has that, another one."""
    used, numbers = set(), {}
    for speaker, tier in found:
        name, number = speaker, numbers.get(speaker, 1)
        while name in used:
            number += 1
            name = f"{speaker} ({number})"
        used.add(name)
        numbers[speaker] = number
        yield name, speaker, tier


def attribute(text):
    return quoteattr(text, {"\n": "&#10;", "\t": "&#9;"})


def ms(time):
    return int(round(time * 1000))
