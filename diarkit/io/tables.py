"""Tables of arrays, read one after the other or by key, and written; the only way to open a table.

A table is an archive, keys and values one after the other, or an scp, keys and the places of their values.
See diarkit.io.specifiers for how it is named, diarkit.io.values for what values there are.
"""

from diarkit.errors import DataError
from diarkit.io.blocks import BLOCK, BlockReader
from diarkit.io.entries import open_source
from diarkit.io.lists import read_lists, read_scp
from diarkit.io.randomaccess import RandomArrays
from diarkit.io.readers import TableReader
from diarkit.io.streams import open_text_input, open_text_output, read_lines
from diarkit.io.values import check_finite, read_number, read_value
from diarkit.io.writers import ArrayWriter, write_array

__all__ = [
    "ArrayWriter",
    "RandomArrays",
    "open_text_input",
    "open_text_output",
    "read_array",
    "read_arrays",
    "read_blocks",
    "read_lines",
    "read_lists",
    "read_numbers",
    "read_scp",
    "write_array",
]

def read_arrays(rspecifier, finite=True):
    """Iterate over a table of arrays: (key, array), float32 or float64 as stored, int32 for integers.

    An entry that cannot be read although the following ones can (a bad line of an scp, NaN or infinity
    unless `finite` is False) raises ItemError from next(), and the next next() goes on. A table that is
    damaged raises DataError, naming file and key, and is at its end. With the option `p` such entries, and
    what follows in a damaged archive, are passed over and counted in `passed_over`.
    """
    return TableReader(rspecifier, check=check_finite if finite else None)


def read_blocks(rspecifier, finite=True, rows=BLOCK):
    """Iterate over a table of matrices in blocks of rows: (key, matrix), memory not growing with their length.

    `matrix` has the `shape` (N, D), the `dtype`, and gives, once, (n, D) arrays of its own memory, of `rows`
    rows and what is left; see blocks.MatrixBlocks. What has not been read of it is passed over when the next
    is asked for. Text, compressed matrices and, under the option p, all are read whole first.

    Errors are those of read_arrays. Also ItemError where the value is no matrix; and out of the iteration of a
    matrix ItemError for NaN or infinity (the table goes on with the next entry), DataError if the table is
    damaged within it (which is its end).
    """
    return BlockReader(rspecifier, finite, rows)


def read_numbers(rspecifier):
    """Iterate over a table of single numbers, text or binary: (key, float). Errors as in read_arrays."""
    return TableReader(rspecifier, value_reader=read_number, check=None)


def read_array(rxfilename, finite=True):
    """Read a file that holds one matrix or vector and no key, binary or text: mean.vec, transform.mat.

    Raises DataError naming the file.
    """
    opened, source = open_source(rxfilename)
    try:
        value = read_value(source)
        if finite:
            check_finite(value)
    except DataError as error:
        opened.close(error)
        raise DataError(str(error), rxfilename) from error
    opened.close()
    return value
