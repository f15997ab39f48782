"""What Kaldi's specifiers mean: where a table is read from (rspecifier) or written to (wspecifier).

Only the text is looked at here, nothing is opened. The grammar is that of Kaldi's util/kaldi-table.cc and
util/kaldi-io.cc, with one addition: a plain path, without `ark:` or `scp:`, is a table as well.
"""

import re
from dataclasses import dataclass

from diarkit.errors import DataError

READ_OPTIONS = {"o", "no", "s", "ns", "cs", "ncs", "p", "np", "bg", "b", "t"}
WRITE_OPTIONS = {"t", "b", "f", "nf", "p"}


@dataclass(frozen=True)
class RSpecifier:
    """Where a table is read from: an archive ("ark") or a list of places ("scp") in `rxfilename`."""

    kind: str
    rxfilename: str
    once: bool = False  # o: each key is asked for once
    sorted: bool = False  # s: the keys are in C order
    called_sorted: bool = False  # cs: they are asked for in C order
    permissive: bool = False  # p: what cannot be read is passed over
    background: bool = False  # bg: read ahead (accepted, has no effect)


@dataclass(frozen=True)
class WSpecifier:
    """Where a table is written to: an archive, an archive and its scp, or the places that an scp lists."""

    ark: str | None
    scp: str | None = None
    text: bool = False  # t
    flush: bool = False  # f: after every entry
    permissive: bool = False  # p: keys that an scp to write to does not list are passed over


def parse_rspecifier(text):
    """Parse an rspecifier such as 'ark:-', 'scp,p:feats.scp', 'ark,s,cs:gunzip -c x.gz |'.

    A plain path that ends in .scp means scp:, any other plain path means ark:. Raises DataError.
    """
    options, name = _split(text, READ_OPTIONS)
    if options is None:
        kinds, options = ["scp" if name.endswith(".scp") else "ark"], []
    else:
        kinds = [option for option in options if option in ("ark", "scp")]
    if len(kinds) != 1:
        raise DataError("an rspecifier is either ark: or scp:", repr(text))
    check_rxfilename(name)
    return RSpecifier(
        kinds[0],
        name,
        once=_last(options, "o", "no"),
        sorted=_last(options, "s", "ns"),
        called_sorted=_last(options, "cs", "ncs"),
        permissive=_last(options, "p", "np"),
        background="bg" in options,
    )


def parse_wspecifier(text):
    """Parse a wspecifier such as 'ark,t:-', 'ark,scp:x.ark,x.scp', 'scp:places.scp', 'ark:| gzip > x.gz'.

    A plain path means ark:, except that one ending in .scp is refused, for it could mean two things.
    Raises DataError.
    """
    options, name = _split(text, WRITE_OPTIONS)
    if options is None:
        if name.endswith(".scp"):
            raise DataError("to write an archive and its scp say ark,scp:NAME.ark,NAME.scp", repr(text))
        options = ["ark"]
    kinds = [option for option in options if option in ("ark", "scp")]
    flags = dict(text=_last(options, "t", "b"), flush=_last(options, "f", "nf"), permissive="p" in options)
    if kinds == ["ark"]:
        check_wxfilename(name)
        return WSpecifier(name, **flags)
    if kinds == ["scp"]:
        check_rxfilename(name)
        return WSpecifier(None, name, **flags)
    if kinds != ["ark", "scp"]:
        raise DataError("a wspecifier is ark:, scp: or ark,scp:", repr(text))
    ark, comma, scp = name.partition(",")
    if not comma:
        raise DataError("ark,scp: needs two names with a comma between them", repr(text))
    check_wxfilename(ark)
    check_wxfilename(scp)
    if ark == scp:
        raise DataError("archive and scp are the same file", repr(text))
    if ark in ("", "-") or ark.startswith("|"):
        raise DataError("the archive that an scp points into must be a file", repr(text))
    if re.search("[\0-\x1f\x7f\ud800-\udfff]", ark):
        raise DataError("a name that cannot stand in an scp: control characters, or not UTF-8", repr(text))
    return WSpecifier(ark, scp, **flags)


def is_specifier(text):
    """Whether a text names a table with ark: or scp:, not a plain path or pipe."""
    return _split(text, READ_OPTIONS | WRITE_OPTIONS)[0] is not None


def plain_name(text):
    """The rx- or wxfilename of a text list, whose name may carry `ark:` or `ark,t:` as Kaldi has it."""
    options, name = _split(text, READ_OPTIONS | WRITE_OPTIONS)
    if options is not None and [o for o in options if o in ("ark", "scp")] != ["ark"]:
        raise DataError("a text list is a file or ark:, not scp:", repr(text))
    return name


def check_rxfilename(name):
    """Raise DataError if a name cannot be read from, in the way it is written."""
    check_name(name)
    if name.startswith("|"):
        raise DataError("a pipe to read from has its | at the end", repr(name))
    if "|" in name and not name.endswith("|"):
        raise DataError("a pipe to read from ends in |", repr(name))


def check_wxfilename(name):
    """Raise DataError if a name cannot be written to, in the way it is written."""
    check_name(name)
    if name.startswith("|"):
        return
    if "|" in name:
        raise DataError("a pipe to write to begins with |", repr(name))
    if re.search(r":\d+$", name):
        raise DataError("an offset into a file cannot be written to", repr(name))


def split_offset(rxfilename):
    """'file:123' -> ('file', 123); without an offset -> (file, None)."""
    path, _, offset = rxfilename.rpartition(":")
    return (path, int(offset)) if path and is_whole(offset) else (rxfilename, None)


def is_whole(text):
    """Whether a text is a whole number from 0 on, in decimal; of more than 18 digits there is none in our files."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def _split(text, known):
    """The options before the first colon and the name after it; (None, text) for a plain path."""
    if not isinstance(text, str):
        raise TypeError(f"a specifier is a str, not {type(text).__name__}")
    prefix, colon, name = text.partition(":")
    options = re.split("[, ]+", prefix)
    named = {"ark", "scp"} & set(options)
    if not colon or not (named or set(options) <= known - {""}):
        return None, text
    if text[-1].isspace() or text[0].isspace():
        raise DataError("white space at the begin or end of a specifier", repr(text))
    if not named:
        raise DataError("a specifier names ark or scp", repr(text))
    for option in options:
        if option not in known and option not in ("ark", "scp"):
            raise DataError(f"unknown option {option!r}", repr(text))
    return options, name


def _last(options, on, off):
    """Whether the later of two opposite options is `on`."""
    return next((option == on for option in reversed(options) if option in (on, off)), False)


def check_name(name):
    """Raise DataError for what cannot be meant as the name of a file."""
    if name and (name[0].isspace() or name[-1].isspace()):
        raise DataError("white space at the begin or end of a file name", repr(name))
    if re.match(r"[a-z, ]*\b(ark|scp)[a-z, ]*:", name):
        raise DataError("ark: or scp: within a file name", repr(name))
    if "\0" in name:
        raise DataError("a file name with a NUL in it", repr(name))
