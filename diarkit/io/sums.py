"""Sums for normalisation: Kaldi keeps them in a table, by utterance or speaker, or all in one file of their own."""

from diarkit.errors import ItemError, UsageError
from diarkit.io.specifiers import is_specifier
from diarkit.io.tables import RandomArrays, read_array, read_lists


class Sums:
    """The sums for an utterance: `sums[utt]` is a matrix.

    specifier : an rspecifier, or the rxfilename of a single matrix, which is for all
    utt2spk : list by which the table goes; without it, it goes by utterance

    Raises DataError if there is something that cannot be read, ItemError for an utterance that is not there.
    """

    def __init__(self, specifier, utt2spk=""):
        self._utt2spk = utt2spk
        self._speakers = read_lists(utt2spk, count=1) if utt2spk else None
        self._table = self._matrix = None
        if is_specifier(specifier):
            self._table = RandomArrays(specifier)
        elif utt2spk:
            raise UsageError(f"--utt2spk goes with a table of sums, ark: or scp:, and {specifier} is a single file")
        else:
            self._matrix = read_array(specifier)

    def __getitem__(self, utt):
        if self._matrix is not None:
            return self._matrix
        if self._speakers is None:
            return self._table[utt]
        if utt not in self._speakers:
            raise ItemError(utt, f"not in {self._utt2spk}")
        return self._table[self._speakers[utt][0]]
