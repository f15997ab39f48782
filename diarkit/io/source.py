"""Bytes of an archive, read with a look ahead: what the readers of values and tables are built on."""

import numpy as np

from diarkit.errors import DataError

CHUNK = 1 << 16
SMALL = 1 << 12  # what is larger goes straight to where it is wanted
SKIPPED = 1 << 20  # bytes taken at once that nobody wants
LARGE = 1 << 24  # bytes taken at once when nothing says how many there are


class ByteSource:
    """A binary stream of which any number of bytes can be looked at before they are taken.

    `buffer[pos:]` are the bytes that are here already; `need(n)` makes sure that there are n of them.
    Every method raises DataError if the stream ends too early.
    """

    def __init__(self, stream, size=None):
        """`size` is the length of a file in bytes, if known: then no header can claim more."""
        self.stream = stream
        self.buffer = b""
        self.pos = 0
        self.size = size
        self.end = stream.tell() if size is not None else 0  # place in the stream of the buffer's end

    def fill(self, n):
        """Have n bytes in the buffer, if there are as many; returns whether."""
        have = len(self.buffer) - self.pos
        if have >= n:
            return True
        parts = [self.buffer[self.pos :]]
        while have < n:
            part = self.stream.read1(max(CHUNK, min(n - have, LARGE)))
            if not part:
                break
            parts.append(part)
            have += len(part)
            self.end += len(part)
        self.buffer = b"".join(parts)
        self.pos = 0
        return have >= n

    def need(self, n):
        """Have n bytes in the buffer, or raise DataError."""
        if len(self.buffer) - self.pos < n and not self.fill(n):
            raise DataError("the data end within a value (truncated)")

    def take(self, n):
        """The next n bytes; for few of them."""
        self.need(n)
        start = self.pos
        self.pos = start + n
        return self.buffer[start : start + n]

    def tell(self):
        """The place in the stream of the next byte."""
        return self.end - len(self.buffer) + self.pos

    def seek(self, offset):
        """Go to a place in the stream, which must be a file."""
        pos = offset - self.end + len(self.buffer)
        if 0 <= pos <= len(self.buffer):
            self.pos = pos
        else:
            self.stream.seek(offset)
            self.buffer, self.pos, self.end = b"", 0, offset

    def take_array(self, count, dtype):
        """The next `count` numbers as an array of its own, `dtype` being a numpy dtype.

        Takes no memory for what is not there.
        """
        nbytes = count * dtype.itemsize
        if nbytes <= max(SMALL, len(self.buffer) - self.pos):
            self.need(nbytes)
            array = np.frombuffer(self.buffer, dtype, count, self.pos).copy()
            self.pos += nbytes
            return array
        if self.size is None:
            return np.frombuffer(self._take_unbounded(nbytes), dtype)
        self.check_promise(nbytes)
        array = np.empty(count, dtype)
        view = memoryview(array).cast("B")
        have = min(len(self.buffer) - self.pos, nbytes)
        view[:have] = self.buffer[self.pos : self.pos + have]
        self.buffer, self.pos = b"", 0  # what is read past it would put it at a wrong place
        while have < nbytes:
            n = self.stream.readinto(view[have:])
            if not n:
                raise DataError("the data end within a value (truncated)")
            have += n
            self.end += n
        return array

    def check_promise(self, nbytes):
        """Raise DataError if a header promises more bytes than follow in a file; of a pipe nobody knows."""
        if self.size is not None and nbytes > self.size - self.tell():
            rest = self.size - self.tell()
            raise DataError(f"its header promises {nbytes} bytes, {rest} follow (truncated)")

    def skip(self, nbytes):
        """Pass over bytes."""
        if nbytes <= len(self.buffer) - self.pos:
            self.pos += nbytes
        elif self.size is not None:
            self.check_promise(nbytes)
            self.seek(self.tell() + nbytes)
        else:
            left = nbytes - len(self.buffer) + self.pos
            self.pos = len(self.buffer)
            while left:
                part = self.stream.read1(min(left, SKIPPED))
                if not part:
                    raise DataError(f"its header promises {nbytes} bytes, {nbytes - left} follow (truncated)")
                left -= len(part)
                self.end += len(part)

    def _take_unbounded(self, nbytes):
        """Bytes from a pipe, taking memory only as they come; a bytearray, so that arrays can be changed."""
        data = bytearray(self.buffer[self.pos : self.pos + nbytes])
        self.pos += len(data)
        while len(data) < nbytes:
            part = self.stream.read(min(nbytes - len(data), LARGE))
            if not part:
                raise DataError(f"its header promises {nbytes} bytes, {len(data)} follow (truncated)")
            data += part
            self.end += len(part)
        return data

    def take_until(self, ending, limit):
        """The bytes up to and with a byte `ending`, or to the end of the stream; DataError past `limit`.

        Waits for no more than these bytes, for a pipe may be slow.
        """
        parts, length = [], 0
        while self.fill(1):
            at = self.buffer.find(ending, self.pos)
            stop = at + 1 if at >= 0 else len(self.buffer)
            parts.append(self.buffer[self.pos : stop])
            length += stop - self.pos
            self.pos = stop
            if at >= 0:
                break
            if length > limit:
                raise DataError(f"no end within {limit} bytes")
        return b"".join(parts)

    def skip_space(self):
        """Pass white space; returns whether anything follows."""
        while self.fill(1):
            if self.buffer[self.pos] > 32:
                return True
            rest = self.buffer[self.pos :] if self.pos else self.buffer
            stripped = rest.lstrip(b" \t\r\n")
            self.pos = len(self.buffer) - len(stripped)
            if stripped:
                return True
        return False
