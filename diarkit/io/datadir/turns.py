"""Turns of an RTTM as segments of speakers, and back: the names that this takes.

What Kaldi's steps/segmentation/convert_rttm_to_utt2spk_and_segments.py and its reverse do.
"""

from diarkit.errors import DataError
from diarkit.io.lists import read_lists

LETTERS = {"1": "A", "2": "B", "A": "1", "B": "2"}  # RTTM and reco2file_and_channel have either


class FilesAndChannels:
    """Which recording is which file and channel of an RTTM, by a reco2file_and_channel; without one each is its file.

    Raises DataError for a line of other than three fields, or one that says what another line says.
    """

    def __init__(self, path):
        self.path = path
        self.of_reco, self.reco_of = {}, {}
        for reco, words in read_lists(path, count=2).items() if path else ():
            other = self.reco_of.setdefault(tuple(words), reco)
            if other != reco:
                raise DataError(f"{other} and {reco} are the same file and channel", path)
            self.of_reco[reco] = tuple(words)

    def recording(self, file, channel):
        """The recording that a line of an RTTM is about."""
        if not self.path:
            return file
        for name in (channel, LETTERS.get(channel)):
            if (file, name) in self.reco_of:
                return self.reco_of[file, name]
        raise DataError(f"no recording is channel {channel} of {file} in {self.path}")

    def file(self, reco, channel):
        """The file and channel of a recording; `channel` where none is known."""
        if not self.path:
            return reco, channel
        if reco not in self.of_reco:
            raise DataError(f"{reco} is not in {self.path}")
        return self.of_reco[reco]


def turn_name(reco, speaker, start, end, taken):
    """<recording>-<speaker>-<start>-<end> in hundredths of a second; a number follows if that is in `taken`, a set.

    Where the speaker begins with the name of the recording, that is not written twice.
    """
    who = speaker if speaker == reco or speaker.startswith(f"{reco}-") else f"{reco}-{speaker}"
    plain = name = f"{who}-{round(start * 100):07d}-{round(end * 100):07d}"
    number = 1
    while name in taken:
        number += 1
        name = f"{plain}-{number}"
    taken.add(name)
    return name


def kaldi_turn_name(speaker, start, end):
    """<speaker>-<start>-<end>, six digits, hundredths of a second cut off as Kaldi's script does."""
    return f"{speaker}-{int(start * 100):06d}-{int(end * 100):06d}"
