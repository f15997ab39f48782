"""Matrices that are read in blocks of rows, so that memory does not grow with their length."""

from diarkit.errors import DataError, ItemError
from diarkit.io.entries import range_slices
from diarkit.io.readers import TableReader
from diarkit.io.values import WrongKind, check_finite, read_matrix, read_matrix_head

BLOCK = 1024  # rows of a block: of features some 100 kB, which stay in the cache from one stage to the next


class MatrixBlocks:
    """A matrix in blocks: its `shape` (N, D), its `dtype`, and one iteration over (n, D) arrays, N rows in all.

    Each block is an array of its own and may be changed. The rows come once, and before the table is asked
    for its next entry.
    """

    def __init__(self, shape, dtype, blocks):
        self.shape = shape
        self.dtype = dtype
        self._blocks = blocks
        self._started = self._left = False

    def __iter__(self):
        again, self._started = self._started, True
        while True:
            if again or self._left:
                raise RuntimeError("the rows of a matrix in blocks come once, before the next entry of the table")
            block = next(self._blocks, None)
            if block is None:
                return
            yield block

    def leave(self):
        """Let nobody read on."""
        self._left = True
        self._blocks.close()

    @property
    def finished(self):
        """Whether nothing more will be read for it."""
        return self._blocks.gi_frame is None


class StoredMatrix:
    """A matrix in a ByteSource, behind its header: rows are read or passed over, in their order."""

    def __init__(self, source, shape, dtype):
        self.shape = shape
        self.dtype = dtype
        self._source = source
        self._left = shape[0]

    def read(self, count):
        """The next rows, an array (count, D)."""
        self._left -= count
        return self._source.take_array(count * self.shape[1], self.dtype).reshape(count, self.shape[1])

    def skip(self, count=None):
        """Pass over rows, over all that are left if not told how many."""
        count = self._left if count is None else count
        self._left -= count
        self._source.skip(count * self.shape[1] * self.dtype.itemsize)


def open_matrix(source):
    """Take the header of a matrix: a StoredMatrix; what is no plain matrix is read, an array."""
    head = read_matrix_head(source)
    if head is None:
        return read_matrix(source)
    return StoredMatrix(source, *head)


def pieces(matrix, rows):
    """Iterate over a matrix in blocks that may be changed."""
    for first in range(0, len(matrix), rows):
        yield matrix[first : first + rows]


class BlockReader(TableReader):
    """The iterator that read_blocks gives; see there."""

    def __init__(self, rspecifier, finite=True, rows=BLOCK):
        self._finite = finite
        self._rows = rows
        self._given = self._stored = None  # the matrix that was given last, what is left of it
        super().__init__(rspecifier)
        # Under p what is bad in the middle of a matrix must be known before the matrix is given.
        self._read_value = read_matrix if self.specifier.permissive else open_matrix
        self._check = self._check_value

    def _check_value(self, value):
        if self._finite and not isinstance(value, StoredMatrix):
            check_finite(value)

    def __next__(self):
        self._leave()
        key, value = super().__next__()
        if isinstance(value, StoredMatrix):
            self._stored = value
            value = MatrixBlocks(value.shape, value.dtype, self._archive_blocks(key, value))
        elif not isinstance(value, MatrixBlocks):
            value = MatrixBlocks(value.shape, value.dtype, pieces(value, self._rows))
        self._given = value
        return key, value

    def _archive_blocks(self, key, matrix):
        try:
            yield from self._stored_blocks(key, self._name, matrix)
        except ItemError:
            raise
        except DataError as error:
            raise self._damaged(key, error) from error

    def _stored_blocks(self, key, name, matrix, rows=slice(None), cols=slice(None)):
        first, stop, _ = rows.indices(matrix.shape[0])
        if first:
            matrix.skip(first)
        at = first
        while at < stop:
            block = matrix.read(min(stop - at, self._rows))
            if cols != slice(None):
                block = block[:, cols].copy()
            if self._finite:
                try:
                    check_finite(block, at - first)
                except DataError as error:
                    raise ItemError(key, f"{name}: {error}") from None
            at += len(block)
            yield block
        matrix.skip()

    def _next_in_scp(self):
        if self.specifier.permissive:
            return super()._next_in_scp()
        for _, key, entry in self._records:
            self._check_order(key)
            blocks = self._entry_blocks(key, entry)
            return key, MatrixBlocks(*next(blocks), blocks)
        self._end()
        raise StopIteration

    def _entry_blocks(self, key, entry):
        """Yields shape and dtype, then the blocks of an entry of an scp, which is open for as long."""
        try:
            with self._entries.opened(entry) as (source, wanted):
                try:
                    value = self._read_value(source)
                    self._check(value)
                except WrongKind as error:
                    raise ItemError(key, f"{entry}: {error}") from None
                slices = range_slices(wanted, value.shape, entry)
                if isinstance(value, StoredMatrix):
                    self._stored = value
                    size = [len(range(*part.indices(n))) for part, n in zip(slices, value.shape, strict=True)]
                    yield tuple(size), value.dtype
                    yield from self._stored_blocks(key, entry, value, *slices)
                else:
                    value = value[slices].copy()
                    yield value.shape, value.dtype
                    yield from pieces(value, self._rows)
        except ItemError:
            raise
        except DataError as error:
            raise ItemError(key, str(error)) from error

    def _leave(self):
        """Pass over what nobody has read of the matrix that was given last."""
        given, stored = self._given, self._stored
        self._given = self._stored = None
        if given is None or self._next is None:
            return
        archive = self.specifier.kind == "ark"
        try:
            if stored is not None and (archive or not given.finished):
                stored.skip()
            given.leave()
        except ItemError:
            raise
        except DataError as error:
            raise (self._damaged(self._last, error) if archive else ItemError(self._last, str(error))) from error

    def _end(self, error=None):
        given, self._given = self._given, None
        if given is not None and self.specifier.kind == "scp":
            given.leave()
        super()._end(error)
