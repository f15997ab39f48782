"""Tables, read one entry after the other or by key, and written; the only way to open a table.

A table is an archive, keys and values one after the other, or an scp, keys and the places of their values.
See diarkit.io.specifiers for how it is named. What the values are is not said in it, and so is asked for:

read_arrays, RandomArrays, ArrayWriter      matrices, vectors, integers and numbers, as they come
read_blocks, ArrayWriter.write_blocks       matrices in blocks of rows
read_values, RandomValues, ValueWriter      values of one of the kinds in diarkit.io.kinds
read_numbers, RandomNumbers                 single numbers of any kind, as floats
"""

from diarkit.errors import UsageError
from diarkit.io import kinds
from diarkit.io.blocks import BLOCK, BlockReader
from diarkit.io.kinds import find_kind
from diarkit.io.lists import read_lists, read_scp
from diarkit.io.objects import read_object
from diarkit.io.randomaccess import RandomTable
from diarkit.io.readers import TableReader
from diarkit.io.specifiers import is_specifier
from diarkit.io.streams import open_text_input, open_text_output, read_lines
from diarkit.io.values import check_finite, read_number, read_value
from diarkit.io.writers import ArrayWriter, ValueWriter, write_array, write_value

__all__ = [
    "ArrayWriter",
    "RandomArrays",
    "RandomNumbers",
    "RandomValues",
    "ValueWriter",
    "are_tables",
    "is_specifier",
    "open_text_input",
    "open_text_output",
    "read_array",
    "read_arrays",
    "read_blocks",
    "read_lines",
    "read_lists",
    "read_numbers",
    "read_one",
    "read_scp",
    "read_values",
    "write_array",
    "write_value",
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


def read_values(rspecifier, kind, finite=True):
    """Iterate over a table of values of one kind: (key, value). Errors as in read_arrays.

    kind : 'int32' gives int, 'float' and 'double' float, 'bool' bool, 'token' str, 'tokens' list of str,
        'int32-vector' (N,) int32 arrays, 'vector' (N,) and 'matrix' (N, D) arrays, float32 or float64 as stored,
        'gselect' and 'posteriors' posteriors.Selection and .Posteriors, Gaussians of every frame

    A value of another kind raises ItemError, if it can be told from what is expected.
    """
    return TableReader(rspecifier, find_kind(kind).read, kinds.check_finite if finite else None)


def read_numbers(rspecifier):
    """Iterate over a table of single numbers, text or binary: (key, float). Errors as in read_arrays."""
    return TableReader(rspecifier, read_number, check=None)


class RandomArrays(RandomTable):
    """A table of arrays by key; see RandomTable."""

    def __init__(self, rspecifier, finite=True):
        super().__init__(rspecifier, check=check_finite if finite else None)


class RandomValues(RandomTable):
    """A table of values of one kind by key; see RandomTable and, for the kinds, read_values."""

    def __init__(self, rspecifier, kind, finite=True):
        super().__init__(rspecifier, find_kind(kind).read, kinds.check_finite if finite else None)


class RandomNumbers(RandomTable):
    """A table of single numbers by key, as floats; see RandomTable."""

    def __init__(self, rspecifier):
        super().__init__(rspecifier, read_number, check=None)


def are_tables(*names):
    """Whether all of these names are tables, with ark: or scp: before them; UsageError if only some are."""
    tables = [is_specifier(name) for name in names]
    if any(tables) and not all(tables):
        raise UsageError(f"{names[tables.index(False)]} is a single file, {names[tables.index(True)]} a table")
    return all(tables)


def read_array(rxfilename, finite=True, reader=read_value):
    """Read a file that holds one matrix or vector and no key, binary or text: mean.vec, transform.mat.

    Raises DataError naming the file.
    """
    return read_object(rxfilename, reader, check_finite if finite else None)


def read_one(rxfilename, kind, finite=True):
    """Read a file that holds one value of a kind, see read_values, and no key. Raises DataError naming the file."""
    return read_object(rxfilename, find_kind(kind).read, kinds.check_finite if finite else None)
