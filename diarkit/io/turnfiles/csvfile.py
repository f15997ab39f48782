"""CSV and TSV with a first line of names; columns in any order, those of diarkit.io.turnfiles.named.

What stands between quotes may have commas, quotes and ends of lines in it. Columns that RTTM has besides are written
where some line has something there, so that nothing is lost.
"""

import csv

from diarkit.errors import DataError
from diarkit.io.rttm import BadLine
from diarkit.io.streams import open_text_input
from diarkit.io.turnfiles.named import NAMES, from_named, to_named
from diarkit.io.turnfiles.records import time_text

ALWAYS = ("recording", "channel", "start", "end", "speaker")
csv.field_size_limit(1 << 20)


def read(path, reco):
    with open_text_input(path) as text:
        lines = iter(text)
        head = next(lines, "")
        delimiter = max("\t;,", key=head.count)  # some spreadsheets have semicolons
        where = text.name
        try:
            names = [name.strip().lower() for name in next(csv.reader([head], delimiter=delimiter, strict=True), ())]
        except csv.Error as error:
            raise DataError(str(error), f"{where}:1") from None
        twice = next((name for name in names if name and names.count(name) > 1), None)
        if not any(name in NAMES["start"] for name in names):
            raise DataError(f"no column 'start' among {', '.join(names)[:80] or 'none'}; the first line has the names",
                            f"{where}:1")
        if twice:
            raise DataError(f"two columns are called {twice[:40]}", f"{where}:1")
        table = csv.reader(lines, delimiter=delimiter, strict=True)
        line = 2
        try:
            for row in table:
                if row and len(row) != len(names):
                    raise BadLine(f"{len(row)} fields, but {len(names)} names in the first line")
                if row:
                    yield from_named(dict(zip(names, row, strict=True)), reco)
                line = 2 + table.line_num
        except (BadLine, csv.Error) as error:
            raise DataError(str(error), f"{where}:{line}") from None


def write(out, records, delimiter=","):
    rows = [to_named(record) for record in records]
    some = {name for row in rows for name in row}
    names = [*ALWAYS, *(name for name in NAMES if name in some and name not in ALWAYS)]
    table = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    table.writerow(names)
    for row in rows:
        for name in ("start", "end", "duration"):
            if name in row:
                row[name] = time_text(row[name])
        table.writerow([row.get(name, "") for name in names])


def write_tabs(out, records):
    write(out, records, "\t")
