"""What a node of an nnet3 network takes as its input: Append(Offset(tdnn1, -2), tdnn1), Round(stats, 1) and so on.

Source: Kaldi's nnet3/nnet-descriptor.h, where the grammar is.
"""

import re
from collections import deque
from typing import NamedTuple

from diarkit.errors import DataError

# What the arguments are: d descriptor, + any number of them, i whole number, f number, x the letter t or x.
FUNCTIONS = {"Append": "+", "Sum": "+", "Failover": "dd", "IfDefined": "d", "Offset": "di", "Scale": "fd",
             "Round": "di", "ReplaceIndex": "dxi", "Switch": "+", "Const": "fi"}
NAME = r"[A-Za-z_][\w.\-]*"
_WORD = re.compile(rf"({NAME}|[(),]|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*")
DEEPEST = 64  # calls within calls
END = "the end"


class Call(NamedTuple):
    """A function of descriptors, which are names of nodes or calls again, and of numbers as they are written."""

    function: str
    arguments: tuple


def parse(text):
    """The descriptor that `text` writes: a name or a Call. Raises DataError if it is none."""
    text = text.strip()
    words, at = deque(), 0
    while at < len(text):
        match = _WORD.match(text, at)
        if not match:
            raise DataError(f"what is {text[at : at + 40]!r} in a descriptor?")
        words.append(match[1])
        at = match.end()
    words.extend([END, END])  # of what is missing, an argument may be taken and the bracket after it
    found = _take(words, 0)
    if words[0] != END:
        raise DataError(f"descriptor {text[:80]!r}: nothing should be before {words[0]!r}")
    return found


def _take(words, depth):
    """A descriptor from the front of a deque of words."""
    name = words.popleft()
    if not re.fullmatch(NAME, name):
        raise DataError(f"a descriptor cannot begin with {name!r}")
    if words[0] != "(":
        return name
    if name not in FUNCTIONS:
        raise DataError(f"a descriptor has no function {name}")
    if depth > DEEPEST:
        raise DataError("a descriptor within too many others")
    words.popleft()
    kinds, arguments = FUNCTIONS[name], []
    while True:
        kind = "d" if kinds == "+" else kinds[len(arguments) : len(arguments) + 1]
        if not kind and not (name == "Offset" and len(arguments) == 2):
            raise DataError(f"too many arguments of {name}")
        arguments.append(_take(words, depth + 1) if kind == "d" else words.popleft())
        ending = words.popleft()
        if ending == ")":
            break
        if ending != ",":
            raise DataError(f"{ending!r} where a comma or bracket should follow in {name}(...)")
    _check(name, kinds, arguments)
    return Call(name, tuple(arguments))


def _check(name, kinds, arguments):
    """Raise DataError unless the numbers and letters among the arguments are such."""
    patterns = {"i": r"[+-]?\d{1,9}", "f": r"[+-]?[\d.]+([eE][+-]?\d+)?", "x": "[tx]", "d": ".*"}
    if kinds != "+" and len(arguments) < len(kinds):
        raise DataError(f"{name} has {len(arguments)} arguments, not {len(kinds)}")
    kinds = kinds.replace("+", "") + "i" * (name == "Offset")  # which may have another index besides that of time
    for kind, argument in zip(kinds, arguments, strict=False):
        if kind != "d" and not re.fullmatch(patterns[kind], argument):
            raise DataError(f"{argument!r} is no argument of {name}")


def text_of(descriptor):
    """The descriptor as Kaldi writes it."""
    if isinstance(descriptor, str):
        return descriptor
    arguments = (argument if isinstance(argument, str) else text_of(argument) for argument in descriptor.arguments)
    return f"{descriptor.function}({', '.join(arguments)})"


def inputs_of(descriptor):
    """Names of the nodes in a descriptor, in their order."""
    if isinstance(descriptor, str):
        return [descriptor]
    kinds = FUNCTIONS[descriptor.function]
    return [name for i, argument in enumerate(descriptor.arguments) if kinds == "+" or kinds[i : i + 1] == "d"
            for name in inputs_of(argument)]
