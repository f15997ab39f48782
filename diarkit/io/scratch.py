"""Arrays that wait on disk, in a file of $TMPDIR that has no name and is gone when the process is."""

import tempfile

import numpy as np

from diarkit.errors import DataError


class Scratch:
    """Tuples of arrays: `append` takes one, iteration gives all, in the order in which they came, any number of times.

    Raises DataError where the disk is full.
    """

    def __init__(self):
        self._file = tempfile.TemporaryFile()
        self._shapes = []

    def append(self, arrays):
        try:
            self._file.seek(0, 2)
            for array in arrays:
                self._file.write(np.ascontiguousarray(array).data)
            self._file.flush()
        except OSError as error:
            raise DataError(f"what is to wait on disk cannot be written: {error.strerror}",
                            tempfile.gettempdir()) from None
        self._shapes.append([(array.shape, array.dtype) for array in arrays])

    def __iter__(self):
        self._file.seek(0)
        for shapes in self._shapes:
            yield tuple(self._read(*shape) for shape in shapes)

    def _read(self, shape, dtype):
        array = np.empty(shape, dtype)
        if self._file.readinto(array.reshape(-1).view(np.uint8).data) != array.nbytes:
            raise DataError("what waited on disk is not there any more", tempfile.gettempdir())
        return array
