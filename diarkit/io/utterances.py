"""The utterances of a data directory, one after the other, and any of them again later, from any thread."""

import threading

from diarkit.errors import ItemError
from diarkit.io.audio import read_audio_table
from diarkit.io.datadir import iterate_segments
from diarkit.io.waves import RecordingsByKey, SegmentReader


class Utterances:
    """Iterates over (utterance, Sound) of a table of recordings, or of the segments of it.

    Errors are those of read_audio_table and SegmentReader: one of an utterance costs that one only.
    """

    def __init__(self, wav_rspecifier, segments=""):
        self.wav_rspecifier, self.segments = wav_rspecifier, segments
        self._local = threading.local()
        self._lines = None  # utterance -> (segment, channel)
        self._lock = threading.Lock()

    def __iter__(self):
        if self.segments:
            return iter(SegmentReader(self.wav_rspecifier, self.segments, one_channel=False))
        return iter(read_audio_table(self.wav_rspecifier))

    def open_again(self, name):
        """The Sound of one utterance; good until the same thread has opened a few others."""
        if not hasattr(self._local, "recordings"):
            self._local.recordings = RecordingsByKey(self.wav_rspecifier)
        if not self.segments:
            return self._local.recordings[name]
        with self._lock:
            if self._lines is None:
                self._lines = {segment.utt: (segment, channel)
                               for _, segment, channel in iterate_segments(self.segments)}
        if name not in self._lines:
            raise ItemError(name, f"not in {self.segments}")
        if not hasattr(self._local, "cutter"):
            self._local.cutter = SegmentReader(self.wav_rspecifier, self.segments, one_channel=False)
        return self._local.cutter.cut(*self._lines[name])
