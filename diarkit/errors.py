"""What can go wrong with data and with usage, told apart from bugs.

A tool turns every error of this module into one line on stderr and an exit status; any other
exception is a bug and keeps its traceback.
"""


class DataError(ValueError):
    """Input that cannot be used: the message names file and line, or key, and the reason.

    `where` may be given apart, as "file:line" or a key; it goes in front of the message.
    Raised by io/ and by the mathematics (shapes, NaN) alike; exit status 1.
    """

    def __init__(self, message, where=None):
        super().__init__(f"{where}: {message}" if where else message)


class CommandFailed(DataError):
    """A command of a pipe (`cmd |` or `| cmd`) ended with a status that is not 0."""


class UsageError(Exception):
    """The command line asks for something that does not exist or does not fit; exit status 2."""


class ItemsFailed(Exception):
    """More items failed than --max-failed allows; each was reported when it failed. Exit status 1."""


class ItemError(DataError):
    """One item of a table cannot be read; the items after it can.

    A reader raises it from `next()` and goes on with the next item when asked again.
    """

    def __init__(self, key, message):
        super().__init__(message, where=key)
        self.key = key
        self.reason = message
