"""Every tunable of the toolkit, once: its name, default, unit, meaning and source.

Each dataclass is one subject. From it come the command line (cli.options), the configuration files
(`--name=value`), the JSON beside a model (dataclasses.asdict) and the tests.
"""

from dataclasses import dataclass, field, fields


def tunable(default, help, unit="", source="", choices=(), names=()):
    """A field: `names` are other spellings that the command line takes, such as Kaldi's."""
    return field(default=default, metadata=dict(help=help, unit=unit, source=source, choices=choices, names=names))


def from_mapping(cls, mapping):
    """An instance of `cls` from a mapping such as a parsed JSON object; unknown names raise KeyError."""
    unknown = set(mapping) - {f.name for f in fields(cls)}
    if unknown:
        raise KeyError(f"{cls.__name__} has no {', '.join(sorted(unknown))}")
    return cls(**mapping)


@dataclass(frozen=True)
class AhcOptions:
    threshold: float | None = tunable(
        None, "Merge clusters while their similarity is at least this.", "unit of the scores")
