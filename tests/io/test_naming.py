"""Labels of those who are not known, beside the names of those who are."""

from decimal import Decimal

from diarkit.io.naming import Units
from diarkit.io.turnfiles.records import Record


def unknown(labels, taken, level="speaker"):
    records = [Record("SPEAKER", "call", "1", Decimal(n), Decimal(1), speaker=label) for n, label in enumerate(labels)]
    units = Units(records, level)
    return [units.unknown(taken)[units.unit_of(record)] for record in records]


def test_labels_that_are_names_of_others_stay_apart():
    assert unknown(["1", "2", "1"], {"anna"}) == ["1", "2", "1"]
    assert unknown(["1", "1_", "2"], {"1"}) == ["1__", "1_", "2"]
    assert unknown(["1", "1_", "1"], {"1", "1_"}) == ["1__", "1___", "1__"]
    assert unknown(["1", "2", "1"], {"1", "1_"}, "segment") == ["1__", "2", "1__"]
