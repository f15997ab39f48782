"""What cluster-vbx reads and writes beside vectors and labels."""

from contextlib import ExitStack

import numpy as np

from diarkit.errors import DataError
from diarkit.io.lists import read_lists
from diarkit.io.streams import open_text_output
from diarkit.io.writers import ArrayWriter


class VbxFiles:
    """The files that VbxFilesOptions name, each only where it is named; a context manager."""

    def __init__(self, opts):
        self.labels = read_lists(opts.init, count=1) if opts.init else None
        self.opts = opts
        self.stack = ExitStack()

    def __enter__(self):
        def opened(name, opener):
            return self.stack.enter_context(opener(name)) if name else None

        with self.stack:
            self.elbo = opened(self.opts.elbo, open_text_output)
            self.second = opened(self.opts.second_labels, open_text_output)
            self.posteriors = opened(self.opts.posteriors, ArrayWriter)
            self.stack = self.stack.pop_all()
        return self

    def __exit__(self, *error):
        return self.stack.__exit__(*error)

    def first_labels(self, group):
        """Labels of the segments of a Group to begin with, (N,) ints from 0, or None. DataError if one is missing."""
        if self.labels is None:
            return None
        missing = next((name for name in group.names if name not in self.labels), None)
        if missing is not None:
            raise DataError(f"{missing} has no label in {self.opts.init}")
        return np.unique([self.labels[name][0] for name in group.names], return_inverse=True)[1]

    def write(self, group, labels, posteriors, elbos):
        """Write what is known of a Group: labels (N,) from 0, posteriors (N, S), and the bounds of the iterations."""
        if self.elbo:
            self.elbo.writelines(f"{group.reco} {i} {elbo:.6f}\n" for i, elbo in enumerate(elbos, 1))
        if self.posteriors:
            self.posteriors.write(group.reco, posteriors.astype(np.float32))
        if self.second and posteriors.shape[1] > 1:
            others = posteriors.copy()
            others[np.arange(len(labels)), labels] = -1
            self.second.writelines(f"{name} {speaker + 1}\n"
                                   for name, speaker in zip(group.names, others.argmax(axis=1), strict=True))
