"""Tables as the scoring tools write them: aligned columns, CSV, JSON."""

import csv
import io
import json
import math


def aligned(rows, left=1):
    """Lines of columns of texts between blanks, the first `left` of them to the left; rows: the heads first."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) if n < left else cell.rjust(width)
                      for n, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip() for row in rows]


def csv_text(rows, head=()):
    """CSV of a list of dicts; columns of `head`, then as they first come, empty where a row has no value."""
    out = io.StringIO()
    columns = list(dict.fromkeys([*head, *(key for row in rows for key in row)]))
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: None if is_nan(value) else value for key, value in row.items()} for row in rows)
    return out.getvalue()


def json_text(content):
    """JSON of a dict or list, null for NaN."""
    return "".join(json_pieces(content))


def json_pieces(content):
    """The text of json_text() in pieces, for lists of millions of rows: see Lazily."""
    yield from json.JSONEncoder(indent=1, ensure_ascii=False).iterencode(without_nan(content))
    yield "\n"


class Lazily(list):
    """A list for JSON of make(row) for each row, which are made when they are written, one after the other."""

    def __init__(self, make, rows):
        super().__init__(rows)
        self.make = make

    def __iter__(self):
        return (without_nan(self.make(row)) for row in super().__iter__())


def without_nan(content):
    if isinstance(content, dict):
        return {key: without_nan(value) for key, value in content.items()}
    if isinstance(content, Lazily):
        return content
    if isinstance(content, list | tuple):
        return [without_nan(value) for value in content]
    return None if is_nan(content) else content


def is_nan(value):
    return isinstance(value, float) and math.isnan(value)


def number(value, form=".2f"):
    """Two decimals, '-' for None and NaN."""
    return "-" if value is None or math.isnan(value) else f"{value:{form}}"


def recordings(count):
    return f"{count} recording" + "s" * (count != 1)
