"""Settings that a file says, such as those in the JSON of a model."""

from dataclasses import dataclass

import pytest

from diarkit.errors import DataError, UsageError
from diarkit.options.tunables import from_mapping, tunable


@dataclass(frozen=True)
class Settings:
    rate: float = tunable(1.0, "")
    count: int = tunable(3, "")
    maybe: float | None = tunable(None, "")
    on: bool = tunable(True, "")
    kind: str = tunable("a", "", choices=("a", "b"))

    def __post_init__(self):
        if self.count < 0:
            raise UsageError(f"--count={self.count} is negative")


def test_values_that_fit():
    mapping = {"rate": 2, "count": 5, "maybe": 0.5, "on": False, "kind": "b"}
    assert vars(from_mapping(Settings, mapping)) == mapping
    assert from_mapping(Settings, {"maybe": None}) == from_mapping(Settings, {}) == Settings()


@pytest.mark.parametrize("mapping, message", [
    ([], "a JSON object, not"), (None, "a JSON object"), ({"rate": "2"}, "rate cannot be '2'"),
    ({"rate": float("nan")}, "rate cannot be nan"), ({"rate": float("inf")}, "rate cannot be inf"),
    ({"rate": True}, "rate cannot be True"), ({"rate": None}, "rate cannot"), ({"rate": 10**400}, "rate cannot"),
    ({"count": 1.0}, "count cannot be 1.0"), ({"count": 10**19}, "count cannot"), ({"count": True}, "count cannot"),
    ({"maybe": "x"}, "maybe cannot"), ({"on": 1}, "on cannot"), ({"kind": "c"}, "kind is a, b, not 'c'"),
    ({"kind": ["a"]}, "kind cannot"), ({"count": -1}, "--count=-1 is negative")])
def test_values_that_do_not(mapping, message):
    with pytest.raises(DataError, match=message):
        from_mapping(Settings, mapping)


def test_names_that_there_are_not():
    with pytest.raises(KeyError, match="has no other"):
        from_mapping(Settings, {"other": 1})
