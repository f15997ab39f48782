"""The pieces of Kaldi's model files, to be written: tokens, numbers, arrays and symmetric matrices, text or binary.

Formats: Kaldi's base/io-funcs.cc, matrix/packed-matrix.cc.
"""

import struct

import numpy as np

from diarkit.io import textvalues, values
from diarkit.io.outputs import Output


class Pieces:
    """Collects the pieces of one file; `write` writes them, whole or not at all."""

    def __init__(self, text=False):
        self.text = text
        self.found = [] if text else [b"\0B"]

    def token(self, word):
        self.found.append(word.encode() + b" ")

    def end_line(self):
        """The end of a line, in text."""
        if self.text:
            self.found.append(b"\n")

    def integer(self, number):
        self.found.append(b"%d " % number if self.text else struct.pack("<bi", 4, number))

    def number(self, number):
        """A number of double precision."""
        if self.text:
            self.found.append(textvalues.digits(np.array([number], np.float64)).encode() + b" ")
        else:
            self.found.append(struct.pack("<bd", 8, number))

    def array(self, array):
        """A vector (N,) or a matrix (N, D), in its precision."""
        if self.text:
            self.found.append(values.encode_text(array))
        else:
            head, body = values.encode(array)
            self.found += [head[2:], body]

    def symmetric(self, matrix):
        """A symmetric matrix (N, N), of which the lower triangle is written, in its precision."""
        size = len(matrix)
        lower = matrix[np.tril_indices(size)]
        if not self.text:
            kind = b"DP " if matrix.dtype == np.float64 else b"FP "
            self.found += [kind + struct.pack("<bi", 4, size), lower.astype(lower.dtype.newbyteorder("<")).tobytes()]
            return
        ends = np.cumsum(np.arange(size + 1))
        rows = (textvalues.digits(lower[first:last]) for first, last in zip(ends[:-1], ends[1:], strict=True))
        self.found.append(b"[\n" + " \n".join(rows).encode() + b" ]\n" if size else b"[ ]\n")

    def write(self, wxfilename):
        with Output(wxfilename) as stream:
            stream.writelines(self.found)
