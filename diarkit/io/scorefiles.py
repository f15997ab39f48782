"""Scores as compute-der --json writes them."""

import json
import os
import stat
from typing import NamedTuple

from diarkit.errors import DataError
from diarkit.io.streams import open_input

SECONDS = ("scored", "miss", "fa", "conf")
LARGEST = 1 << 26  # bytes of one file; 100,000 recordings have a third of it


class Scores(NamedTuple):
    """`protocol` as it stands in the file; `files` is {recording: {"scored", "miss", "fa", "conf": seconds,
    "ref_speakers", "hyp_speakers": int}}; `der` is the overall one, in percent."""

    protocol: dict
    files: dict
    der: float


def read_scores(path):
    """Read the JSON of compute-der. Raises DataError naming the file, and line or recording, if it is none."""
    name = "standard input" if path == "-" else path
    with open_input(path) as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise DataError("too large for scores of compute-der --json", where=name)
    try:
        content = json.loads(data.decode("utf-8-sig"), parse_constant=refuse, object_pairs_hook=without_twins)
    except json.JSONDecodeError as error:
        why = error.msg if error.pos else "nothing of the kind (two systems as RTTM need a reference before them)"
        raise DataError(f"not JSON as compute-der --json writes it: {why}", f"{name}:{error.lineno}") from None
    except (UnicodeDecodeError, RecursionError):
        raise DataError("not JSON as compute-der --json writes it", where=name) from None
    except ValueError as error:
        raise DataError(f"not JSON as compute-der --json writes it: {error}", where=name) from None
    if not (isinstance(content, dict) and all(isinstance(content.get(key), dict) for key in ("protocol", "files"))):
        raise DataError('not what compute-der --json writes: no "protocol" or "files" in it', where=name)
    overall = content.get("overall")
    if not isinstance(overall, dict) or not is_time(overall.get("der")):
        raise DataError('no DER in "overall"', where=name)
    return Scores(content["protocol"], {reco: seconds_of(values, f"{name}: {reco}")
                                        for reco, values in content["files"].items()}, overall["der"])


def refuse(constant):
    raise ValueError(f"{constant} in it")


def without_twins(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is there twice")
    return found


def seconds_of(values, where):
    if not isinstance(values, dict):
        raise DataError("no scores", where)
    found = {}
    for key in SECONDS:
        if not is_time(values.get(key)):
            raise DataError(f'"{key}" is no time in seconds', where)
        found[key] = float(values[key])
    for key in ("ref_speakers", "hyp_speakers"):
        if not is_time(values.get(key, 0)):
            raise DataError(f'"{key}" is no number of speakers', where)
        found[key] = values.get(key, 0)
    return found


def is_time(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12


def looks_like_scores(path):
    """Whether it is JSON: by the end of its name, or its first character; not of a pipe, which is read only once."""
    if path.lower().endswith(".json"):
        return True
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return False
        with open(path, "rb") as stream:
            return stream.read(256).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"
    except (OSError, ValueError):
        return False
