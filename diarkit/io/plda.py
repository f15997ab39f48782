"""Kaldi's file of a PLDA model, <Plda>, text and binary: mean, transform and variances between speakers.

Format: Kaldi's ivector/plda.cc.
"""

from typing import NamedTuple

import numpy as np

from diarkit.errors import DataError
from diarkit.io import textvalues, values
from diarkit.io.objects import read_object
from diarkit.io.outputs import Output

BEGIN, END = b"<Plda>", b"</Plda>"


class Plda(NamedTuple):
    """A two-covariance model of D-dimensional vectors x, diagonal for transform (x - mean), all float64.

    mean : (D,)
    transform : (D, D), after which the variance within speakers is one in every dimension
    psi : (D,), the variance between speakers there, not negative
    """

    mean: np.ndarray
    transform: np.ndarray
    psi: np.ndarray


def read_plda(rxfilename):
    """Read a <Plda> file, text or binary. Raises DataError naming the file, also if it cannot be a model."""
    return read_object(rxfilename, _read, check)


def write_plda(wxfilename, plda, text=False):
    """Write a <Plda> file. Raises DataError for one that cannot be a model, and for what cannot be opened."""
    plda = Plda(*(np.asarray(part, np.float64) for part in plda))
    check(plda)
    pieces = [BEGIN + b" ", *map(values.encode_text, plda), END + b" "] if text else [
        b"\0B" + BEGIN + b" ",
        *(piece[2:] if i == 0 else piece for part in plda for i, piece in enumerate(values.encode(part))),
        END + b" ",
    ]
    with Output(wxfilename) as stream:
        stream.writelines(pieces)


def check(plda):
    """Raise DataError if shapes do not fit, or numbers are not those of a model."""
    size = len(plda.mean)
    if [part.shape for part in plda] != [(size,), (size, size), (size,)] or not size:
        raise DataError("the mean, transform and psi of a <Plda> do not fit: "
                        + ", ".join("x".join(map(str, part.shape)) for part in plda))
    for part in plda:
        values.check_finite(part)
    if (plda.psi < 0).any():
        raise DataError(f"a variance between speakers is negative: {plda.psi.min():g}")
    if not np.linalg.slogdet(plda.transform)[0]:
        raise DataError("the transform of the PLDA model is singular")


def _read(source):
    binary = values.is_binary(source)
    if binary:
        source.take(2)
    if not binary:
        source.skip_space()
    _expect(source, BEGIN)
    parts = []
    for _ in range(3):
        if binary:
            parts.append(values.read_binary(source))
        else:
            source.skip_space()
            parts.append(textvalues.read_text(source, np.float64))
    if not binary:
        source.skip_space()
    _expect(source, END)
    if not all(part.dtype.kind == "f" for part in parts):
        raise DataError("vectors of integers in a <Plda>")
    return Plda(*(part.astype(np.float64) for part in parts))


def _expect(source, token):
    if not source.fill(len(token)) or source.buffer[source.pos : source.pos + len(token)] != token:
        raise DataError(f"{token.decode()} expected: not Kaldi's file of a PLDA model, or damaged")
    source.take(len(token))
    if source.fill(1) and source.buffer[source.pos] in b" \n":
        source.take(1)
