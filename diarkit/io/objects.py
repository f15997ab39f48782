"""Files that hold one value and no key, such as mean.vec and transform.mat."""

from diarkit.errors import DataError
from diarkit.io.entries import open_source


def read_object(rxfilename, reader, check=None):
    """What `reader` takes from a file, or from a pipe; `check` may refuse it. Raises DataError naming the file."""
    opened, source = open_source(rxfilename)
    try:
        value = reader(source)
        if check is not None:
            check(value)
    except DataError as error:
        opened.close(error)
        raise DataError(str(error), rxfilename) from error
    opened.close()
    return value
