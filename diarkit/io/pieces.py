"""A matrix that comes in blocks of rows, on its way into a table: checked, and turned into bytes piece by piece."""

import numpy as np

from diarkit.errors import DataError, ItemError
from diarkit.io.textvalues import format_rows
from diarkit.io.values import check_finite, matrix_head


def checked(key, shape, blocks, dtype, finite=True):
    """The blocks as arrays of `dtype`, rows one after the other in memory, having checked that they make up `shape`.

    Raises ItemError naming the key for NaN or infinity and for another number of rows, ValueError for blocks
    that are no matrices of as many columns.
    """
    rows = 0
    for block in blocks:
        block = np.asarray(block)
        if block.ndim != 2 or block.shape[1] != shape[1]:
            raise ValueError(f"a block of shape {block.shape} in a matrix of shape {tuple(shape)}")
        with np.errstate(over="ignore"):
            block = np.ascontiguousarray(block, dtype)
        if finite:
            try:
                check_finite(block, rows)
            except DataError as error:
                raise ItemError(key, str(error)) from None
        rows += len(block)
        if rows > shape[0]:
            break
        yield block
    if rows != shape[0]:
        raise ItemError(key, f"{shape[0]} rows were promised, {'more' if rows > shape[0] else rows} came")


def collect(blocks, shape, dtype):
    """All blocks as one array, for which memory is taken only once they are there: a header can promise anything."""
    arrays = list(blocks)
    whole = np.empty(shape, dtype)
    end = shape[0]
    while arrays:  # from the last one on, each of which makes room
        block = arrays.pop()
        whole[end - len(block) : end] = block
        end -= len(block)
    return whole


def binary_pieces(blocks, shape, dtype):
    """The bytes of a matrix of this shape, piece by piece."""
    yield matrix_head(shape, dtype)
    for block in blocks:
        if block.size:
            yield block.reshape(-1).view(np.uint8).data


def text_pieces(blocks):
    """The text of a matrix, in bytes, piece by piece."""
    before = " [\n  "
    for block in blocks:
        if block.size:
            yield (before + format_rows(block)).encode()
            before = " \n  "
    yield b" [ ]\n" if before == " [\n  " else b" ]\n"
