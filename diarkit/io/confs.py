"""Kaldi's conf files of features, conf/mfcc.conf and conf/fbank.conf: one --name=value a line."""

from dataclasses import fields

from diarkit.errors import DataError
from diarkit.io.streams import parse_number, read_lines
from diarkit.options.features import FbankOptions, MfccOptions

KINDS = {"mfcc": MfccOptions, "fbank": FbankOptions}
# What says nothing of the numbers that a signal becomes; a model's front end has no dither.
PASSED_OVER = {"dither", "seed", "allow_downsample", "allow_upsample", "channel", "min_duration", "output_format",
               "verbose", "print_args", "max_feature_vectors", "debug_mel", "subtract_mean"}


def read_conf(path, kind):
    """The options in a conf file that are not at their defaults: {field of MfccOptions or FbankOptions: value}.

    kind : "mfcc" or "fbank". Raises DataError naming file and line.
    """
    known = {}
    for field in fields(KINDS[kind]):
        for name in (field.name, *field.metadata["names"]):
            known[name.replace("-", "_")] = field
    found = {}
    for number, line in read_lines(path):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        where = f"{path}:{number}"
        if not line.startswith("--"):
            raise DataError(f"--name=value expected, not {line[:40]!r}", where)
        name, _, value = (part.strip() for part in line[2:].partition("="))
        name = name.lower().replace("-", "_")
        if name in PASSED_OVER:
            continue
        if name not in known:
            raise DataError(f"{kind} has no option --{name.replace('_', '-')}", where)
        try:
            found[known[name].name] = converted(known[name], value)
        except ValueError:
            raise DataError(f"{value!r} is no value of --{name.replace('_', '-')}", where) from None
    return {name: value for name, value in found.items() if value != getattr(KINDS[kind](), name)}


def converted(field, value):
    """A value in the type of its field; raises ValueError."""
    if field.type is bool:
        if value.lower() not in ("", "true", "false", "t", "f", "1", "0"):
            raise ValueError
        return value.lower() in ("", "true", "t", "1")
    if field.type is str:
        if value not in field.metadata["choices"]:
            raise ValueError
        return value
    number = parse_number(value)
    if number is None or field.type is int and number != int(number):
        raise ValueError
    return field.type(number)
