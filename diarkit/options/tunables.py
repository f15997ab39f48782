"""How a tunable is written down."""

from dataclasses import field, fields


def tunable(default, help, unit="", source="", choices=(), names=()):
    """A field: `names` are other spellings that the command line takes, such as Kaldi's."""
    return field(default=default, metadata=dict(help=help, unit=unit, source=source, choices=choices, names=names))


def from_mapping(cls, mapping):
    """An instance of `cls` from a mapping such as a parsed JSON object; unknown names raise KeyError."""
    unknown = set(mapping) - {f.name for f in fields(cls)}
    if unknown:
        raise KeyError(f"{cls.__name__} has no {', '.join(sorted(unknown))}")
    return cls(**mapping)
