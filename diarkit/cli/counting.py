"""Counting items done and failed: what a tool says at its end, and its exit status."""

import contextlib
import errno
import os

import click

from diarkit.cli.manners import kaldi
from diarkit.cli.messages import Progress, log
from diarkit.errors import DataError, ItemError, ItemsFailed

# Failures of one input file; a full disk or a closed pipe is not the item's fault and ends the tool.
FILE_ERRORS = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)


class Tally:
    """Counts items done and failed, reports each failure in one line, and decides the exit status.

        with open_text_output(labels) as out, Tally("recordings") as tally:
            for key, scores in tally.over(read_arrays(specifier)):
                with tally.item(key):
                    ...

    A DataError inside item() costs that item only. At the end "12 recordings done, 1 failed" goes to
    stderr, and ItemsFailed is raised if more failed than --max-failed allows; with Kaldi's manners (see
    cli.manners) if none was done, even where there was none, unless it `may_be_empty`.
    """

    def __init__(self, noun, total=None, max_failed=None, may_be_empty=False):
        context = click.get_current_context(silent=True)
        self.noun = noun
        self.total = total
        self.may_be_empty = may_be_empty
        self.max_failed = max_failed or (context.meta.get("max_failed") if context else None) or "0"
        self.done = self.failed = self.passed_over = 0
        self.told = set()  # the keys of those that failed
        self.remark = ""  # of the reader at its end

    def __enter__(self):
        self.progress = Progress(self.noun, self.total)
        return self

    @contextlib.contextmanager
    def item(self, key):
        try:
            yield
        except (DataError, *FILE_ERRORS) as error:
            self.fail(key, error)
        else:
            self.done += 1
        self.progress.show(self.done + self.failed)

    def part(self, share):
        """Show that this share, from 0 to 1, of the current item is done."""
        self.progress.show(self.done + self.failed + share)

    def fail(self, key, error, count=1):
        """Count `key` as failed, or the `count` items that are lost with it, and say why."""
        self.failed += count
        self.told.add(key)
        if isinstance(error, OSError):
            error = f"{error.filename}: {os.strerror(error.errno or errno.EIO)}"
        elif isinstance(error, ItemError) and error.key == key:
            error = error.reason
        text = str(error)
        log(text if text.startswith(f"{key}: ") else f"{key}: {text}")

    def over(self, reader):
        """The items of a table reader; one that cannot be read is counted as failed and passed."""
        items = iter(reader)
        while True:
            try:
                item = next(items)
            except StopIteration:
                break
            except ItemError as error:
                self.fail(error.key, error)
                continue
            yield item
        self.passed_over += getattr(reader, "passed_over", 0)
        self.remark = getattr(reader, "remark", "")

    def too_many_failed(self):
        if kaldi() and self.max_failed == "0":
            return self.done == 0 and not (self.may_be_empty and self.failed == 0)
        if self.max_failed.endswith("%"):
            return self.failed > float(self.max_failed[:-1]) / 100 * (self.done + self.failed)
        return self.failed > int(self.max_failed)

    def __exit__(self, kind, error, traceback):
        if kind is not None and not issubclass(kind, DataError):
            return
        log(f"{self.done} {self.noun} done, {self.failed} failed"
            + (f", {self.passed_over} passed over" if self.passed_over else "")
            + (f", {self.remark}" if self.remark else ""))
        if kind is None and self.too_many_failed():
            raise ItemsFailed(f"{self.failed} {self.noun} failed")
