"""Writing tables of arrays, of single numbers and of words."""

import numpy as np

from diarkit.errors import DataError, ItemError
from diarkit.io import compressed
from diarkit.io.kinds import check_finite as check_value
from diarkit.io.kinds import find_kind
from diarkit.io.outputs import Output
from diarkit.io.pieces import binary_pieces, checked, collect, text_pieces
from diarkit.io.tablewriter import TableWriter, check_key
from diarkit.io.values import check_finite, encode, encode_text, prepare


class ArrayWriter(TableWriter):
    """Writes a table of arrays: a context manager with `write(key, array)`; see TableWriter."""

    def __init__(self, wspecifier, compression=0, finite=True):
        """
        wspecifier : such as 'ark:-', 'ark,t:x.txt', 'ark,scp:x.ark,x.scp', or a plain path
        compression : 0 for none, or Kaldi's methods 1 to 7, for matrices; text has the values that are left
        finite : refuse to write NaN and infinity
        """
        super().__init__(wspecifier)
        self._compression = compression
        self._finite = finite

    def write(self, key, array):
        """Write one entry, whole or not at all.

        key : no white space in it, not written before
        array : (N, D) or (N,) floats, single or double as they are; (N,) integers; or one number

        Raises ItemError for a bad key, NaN, infinity or too large integers; ValueError for arrays of
        other kinds.
        """
        check_key(key)
        array = prepare_item(key, array, self._finite)
        if not self.specifier.text:
            self.put(key, *self._encode(array))
            return
        if self._compression and array.ndim == 2:
            array = compressed.decode(compressed.encode(array, self._compression))
        self.put(key, encode_text(array))

    def write_blocks(self, key, shape, blocks, dtype=np.float32):
        """Write a matrix that comes in blocks of rows, whole or not at all; memory does not grow with its length.

        shape : (N, D) of the matrix
        blocks : iterable of (n, D) arrays, N rows in all
        dtype : float32 or float64, as which it is written

        What `blocks` raises comes out of here, and then nothing of the entry is in the table. Raises ItemError
        also for a bad key, NaN or infinity, and another number of rows than N. A compressed matrix is collected.
        """
        dtype = np.dtype(dtype)
        blocks = checked(key, shape, blocks, dtype, self._finite)
        if self._compression:
            self.write(key, collect(blocks, shape, dtype))
        elif self.specifier.text:
            self.put_pieces(key, text_pieces(blocks))
        else:
            self.put_pieces(key, self._pieces(blocks, shape, dtype))

    def _encode(self, array):
        return encode(array, self._compression)

    def _pieces(self, blocks, shape, dtype):
        return binary_pieces(blocks, shape, dtype)


class ValueWriter(TableWriter):
    """Writes a table of values of one of kinds.KINDS: a context manager with `write(key, value)`; see TableWriter."""

    def __init__(self, wspecifier, kind, finite=True):
        """
        kind : 'int32', 'float', 'double', 'bool', 'token', 'tokens', 'int32-vector', 'vector', 'matrix', 'gselect' or
            'posteriors'
        finite : refuse to write NaN and infinity
        """
        super().__init__(wspecifier)
        self._kind = find_kind(kind)
        self._finite = finite

    def write(self, key, value):
        """Write one entry. Raises ItemError for a bad key and for a value that cannot be written."""
        try:
            if self._finite:
                check_value(value)
            data = self._kind.format(value).encode() if self.specifier.text else self._kind.encode(value)
        except DataError as error:
            raise ItemError(key, str(error)) from None
        self.put(key, data)


def prepare_item(key, array, finite=True):
    """The array as a table can hold it; ItemError naming the key if its values cannot be written."""
    try:
        array = prepare(array)
        if finite:
            check_finite(array)
        return array
    except DataError as error:
        raise ItemError(key, str(error)) from None


def write_array(wxfilename, array, text=False, compression=0):
    """Write one matrix or vector to a file of its own, without a key, as Kaldi has mean.vec.

    Raises DataError for NaN, infinity and what cannot be opened.
    """
    array = prepare_item(wxfilename, np.asarray(array))
    if text and compression:
        array = compressed.decode(compressed.encode(array, compression))
    with Output(wxfilename) as stream:
        stream.writelines([encode_text(array)] if text else encode(array, compression))


def write_value(wxfilename, value, kind, text=False):
    """Write one value of a kind, see ValueWriter, to a file of its own, without a key.

    Raises DataError for what cannot be written or opened.
    """
    kind = find_kind(kind)
    check_value(value)
    data = kind.format(value).encode() if text else kind.encode(value)
    with Output(wxfilename) as stream:
        stream.write(data)
