"""How a tunable is written down."""

import math
from dataclasses import field, fields
from types import UnionType

from diarkit.errors import DataError, UsageError

LARGEST = 1e18  # of a number; as on the command line


def tunable(default, help, unit="", source="", choices=(), names=()):
    """A field: `names` are other spellings that the command line takes, such as Kaldi's."""
    return field(default=default, metadata=dict(help=help, unit=unit, source=source, choices=choices, names=names))


def from_mapping(cls, mapping):
    """An instance of `cls` from a mapping such as a parsed JSON object.

    Unknown names raise KeyError; DataError is raised for what is no mapping, and for values that cannot be.
    """
    if not isinstance(mapping, dict):
        raise DataError(f"settings are a JSON object, not {shown(mapping)}")
    known = {f.name: f for f in fields(cls)}
    unknown = set(mapping) - set(known)
    if unknown:
        raise KeyError(f"{cls.__name__} has no {', '.join(sorted(unknown))}")
    for name, value in mapping.items():
        if not fits(value, known[name].type):
            raise DataError(f"{name} cannot be {shown(value)}")
        choices = known[name].metadata.get("choices")
        if choices and value not in choices:
            raise DataError(f"{name} is {', '.join(choices)}, not {shown(value)}")
    try:
        return cls(**mapping)
    except UsageError as error:
        raise DataError(str(error)) from None


def fits(value, kind):
    """Whether a value of JSON is of the type of a field; numbers are finite, and whole ones do for any."""
    if isinstance(kind, UnionType):
        return any(fits(value, one) for one in kind.__args__)
    if kind is float:
        return type(value) in (int, float) and abs(value) <= LARGEST and not math.isnan(value)
    return type(value) is kind and (kind is not int or abs(value) <= LARGEST)


def shown(value):
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."
