"""The speakers or turns of a recording that get names: what they are in RTTM, and the report of who they may be."""

from contextlib import nullcontext

from diarkit.io.streams import open_text_output
from diarkit.io.turnfiles.records import time_text

HEADER = "recording\tspeaker\tstart\tend\tbest\tscore\tsecond\tscore\tdecision\n"


class Units:
    """What is named in a recording: each speaker, or each turn where `level` is "segment".

    records : its lines of RTTM, Record; those that are no speech keep their names, but for the speaker's own
    """

    def __init__(self, records, level):
        self.records, self.by_turn = records, level == "segment"
        self.noun = "turns" if self.by_turn else "speakers"
        self.own = {}  # unit: its records
        for record in records:
            if record.is_speech:
                self.own.setdefault(self.unit_of(record), []).append(record)

    def unit_of(self, record):
        return record if self.by_turn else record.speaker

    def turns(self, unit):
        """[(start, end)], s"""
        return [(float(record.start), float(record.end)) for record in self.own[unit]]

    def label(self, unit):
        return self.own[unit][0].speaker

    def unknown(self, taken):
        """{unit: label}, with '_' behind those that are among the names `taken`, no two labels becoming one."""
        labels = dict.fromkeys(record[0].speaker for record in self.own.values())
        used, names = {*taken, *labels}, {}
        for label in labels:
            name = label
            while name in used and (name != label or label in taken):
                name += "_"
            used.add(name)
            names[label] = name
        return {unit: names[self.label(unit)] for unit in self.own}

    def renamed(self, names):
        """The records with the names {unit: name}."""
        return [record._replace(speaker=names.get(self.unit_of(record), record.speaker)) for record in self.records]

    def row(self, unit, ranking, decision):
        """A line of the report, see Report."""
        times = (time_text(unit.start), time_text(unit.end)) if self.by_turn else ("-", "-")
        found = [word for name, score in ranking[:2] for word in (name, f"{score:.4f}")] + ["-"] * 4
        return "\t".join((self.records[0].reco, self.label(unit), *times, *found[:4], decision)) + "\n"


class Report:
    """A file of who each unit is most alike, columns between tabs under a header; without a path, nothing.

    A context manager.
    """

    def __init__(self, path):
        self.output = open_text_output(path) if path else nullcontext()

    def __enter__(self):
        self.stream = self.output.__enter__()
        if self.stream:
            self.stream.write(HEADER)
        return self

    def __exit__(self, *exc_info):
        return self.output.__exit__(*exc_info)

    def write(self, units, unit, ranking, decision):
        """ranking : [(name, score)] of those who are most alike, of which two are shown"""
        if self.stream:
            self.stream.write(units.row(unit, ranking, decision))
