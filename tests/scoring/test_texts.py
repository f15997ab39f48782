"""Tables, CSV and JSON of scores."""

import csv
import json
from math import nan

from diarkit.scoring import texts
from diarkit.scoring.texts import aligned, csv_text, json_text, number, recordings


def test_columns_are_as_wide_as_their_widest_cell():
    assert aligned([("name", "DER"), ("a", "1.00"), ("longer", "100.00")]) == [
        "name       DER", "a         1.00", "longer  100.00"]
    assert aligned([("a", "b", "c"), ("xx", "yy", "1")], left=2) == ["a   b   c", "xx  yy  1"]


def test_csv_has_all_columns_and_nothing_where_there_is_no_value():
    rows = [{"name": 'a "quoted", name', "der": 1.5}, {"name": "b\nc", "der": nan, "jer": 2}]
    text = csv_text(rows)
    assert list(csv.DictReader(text.splitlines(keepends=True))) == [
        {"name": 'a "quoted", name', "der": "1.5", "jer": ""}, {"name": "b\nc", "der": "", "jer": "2"}]
    assert csv_text([], ("x", "y")) == "x,y\n"
    assert csv_text([{"y": 1, "z": 2}], ("x", "y")) == "x,y,z\n,1,2\n"


def test_json_has_null_for_nan_wherever_it_is():
    text = json_text({"a": nan, "b": [1, nan, {"c": (nan, 2)}]})
    assert json.loads(text) == {"a": None, "b": [1, None, {"c": [None, 2]}]}
    assert "ü" in json_text({"name": "ü"})


def test_numbers():
    assert [number(value) for value in (1.005, 12, None, nan)] == ["1.00", "12.00", "-", "-"]
    assert number(0.5, "+.1f") == "+0.5"
    assert [recordings(count) for count in (0, 1, 2)] == ["0 recordings", "1 recording", "2 recordings"]


def test_rows_of_json_are_made_one_by_one():
    """So that millions of them need no memory at once."""
    made = []

    def row(number):
        made.append(number)
        return {"n": number, "nan": float("nan")}

    pieces = texts.json_pieces({"rows": texts.Lazily(row, range(3)), "none": texts.Lazily(row, [])})
    text = ""
    while '"n": 0' not in text:
        text += next(pieces)
    assert made == [0]
    expected = {"rows": [{"n": n, "nan": None} for n in range(3)], "none": []}
    assert text + "".join(pieces) == json.dumps(expected, indent=1) + "\n"
