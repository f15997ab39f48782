"""Archives of 16-bit WAV files, which Kaldi calls waves, and the segments of recordings that are put into them."""

from collections import OrderedDict

import numpy as np

from diarkit.errors import DataError, ItemError
from diarkit.io.audio import WavePlaces, open_audio, parse_audio_rspecifier
from diarkit.io.datadir import TO_THE_END, parse_segment
from diarkit.io.headers import LARGEST, wav_header
from diarkit.io.lists import read_records, read_scp
from diarkit.io.sound import Audio, Stretch
from diarkit.io.tablewriter import TableWriter

OPEN = 4  # recordings that stay open


class WaveWriter:
    """Writes a table of waves, `ark:`, `scp:` or `ark,scp:`: a context manager, see TableWriter.

    `clipped` counts the samples that were too large for 16 bits.
    """

    def __init__(self, wspecifier):
        self._table = TableWriter(wspecifier)
        self.clipped = 0
        if self._table.specifier.text:
            error = DataError("waves cannot be written as text", repr(wspecifier))
            self._table.abandon(error)
            raise error

    def write(self, key, audio):
        """Write a recording or a Stretch of one, whole or not at all; what is behind the point is cut off.

        Raises ItemError for a bad key, no samples, and more bytes than a WAV file can have.
        """
        if audio.num_samples == 0:
            raise ItemError(key, "no samples, which a WAV file must have")
        num_bytes = 2 * audio.num_samples * audio.num_channels
        if num_bytes + 36 >= LARGEST:
            raise ItemError(key, f"{num_bytes} bytes of sound are more than a WAV file can have")
        header = wav_header(audio.sample_frequency, audio.num_channels, num_bytes)
        self._table.put_pieces(key, self._pieces(header, audio))

    def _pieces(self, header, audio):
        yield header
        for block in audio.blocks():
            within = np.clip(block, -32768, 32767)
            self.clipped += np.count_nonzero(within != block)
            yield within.astype("<i2").tobytes()

    def __enter__(self):
        self._table.__enter__()
        return self

    def __exit__(self, *exc_info):
        return self._table.__exit__(*exc_info)


class RecordingsByKey:
    """A table of recordings, `scp:`, a plain path or `ark:`, by key: `table[key]` is an Audio.

    An Audio is open until a few others were asked for; a context manager closes them all. Raises ItemError for a
    key that is not there and a recording that cannot be opened, DataError for a damaged list or archive.
    """

    def __init__(self, rspecifier):
        self.specifier = parse_audio_rspecifier(rspecifier)
        self._open = OrderedDict()  # key -> Audio
        self._archive = None
        if self.specifier.kind == "scp":
            self._entries = read_scp(self.specifier.rxfilename)
        else:
            self._entries = {}
            self._archive = WavePlaces(rspecifier, keep=True)

    def __getitem__(self, key):
        if key in self._open:
            self._open.move_to_end(key)
            return self._open[key]
        while self._archive is not None and key not in self._entries and (entry := next(self._archive, None)):
            self._entries[entry[0]] = entry[1]
        if key not in self._entries:
            raise ItemError(key, f"not in {self.specifier.rxfilename}")
        try:
            entry = self._entries[key]
            self._open[key] = open_audio(entry, from_table=True) if self._archive is None else Audio(*entry)
        except DataError as error:
            raise ItemError(key, str(error)) from error
        while len(self._open) > OPEN:
            self._open.popitem(last=False)[1].close()
        return self._open[key]

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        for audio in self._open.values():
            audio.close()
        if self._archive is not None:
            self._archive.release()


class SegmentReader:
    """Iterates over the segments of a table of recordings: (utterance, Stretch), in the order of their file.

    How they are rounded, cut off and refused is that of Kaldi's extract-segments: samples are start and end times
    the rate plus 1/2; one that ends no more than `max_overshoot` after its recording is cut off there. What is refused
    raises ItemError from next(), and the next next() goes on: a bad line, another recording than there is, several
    channels where none is named (unless `one_channel` is False, which keeps all of them), a segment of less than
    `min_length`. Times are in seconds.
    """

    def __init__(self, wav_rspecifier, segments, min_length=0.1, max_overshoot=0.5, one_channel=True):
        self._segments = segments
        self._records = read_records(segments, missing_is_error=False)
        self._recordings = RecordingsByKey(wav_rspecifier)
        self._one_channel = one_channel
        self._min_length, self._max_overshoot = np.float32(min_length), np.float32(max_overshoot)

    def __iter__(self):
        return self

    def __next__(self):
        for number, utt, rest in self._records:
            try:
                segment, channel = parse_segment(utt, rest)
            except DataError as error:
                raise ItemError(utt, f"{self._segments}:{number}: {error}") from None
            try:
                return utt, self.cut(segment, channel)
            except DataError as error:
                raise ItemError(utt, str(error)) from error
        self._recordings.__exit__(None, None, None)
        raise StopIteration

    def cut(self, segment, channel):
        """The Stretch of one segment; raises DataError for one that is refused."""
        audio = self._recordings[segment.reco]
        rate, total = audio.sample_frequency, audio.num_samples
        # Seconds, in single precision where Kaldi has it: it decides what is just too late, or too short.
        duration = np.float32(total) / np.float32(rate)
        start, end = segment.start, segment.end
        if start > float(duration):
            raise DataError(f"starts at {start:g} s, {segment.reco} ends at {audio.duration:g} s")
        if end > float(duration + self._max_overshoot):
            raise DataError(f"ends at {end:g} s, {segment.reco} at {audio.duration:g} s")
        first, last = int(start * rate + 0.5), int(end * rate + 0.5)
        if end == TO_THE_END or end > float(duration):
            end, last = float(duration), total
        last = min(last, total)
        if end - start < float(self._min_length) or first >= last:
            raise DataError(f"{(last - first) / rate:g} s of sound, less than {self._min_length:g} s")
        if channel is None and audio.num_channels > 1 and self._one_channel:
            raise DataError(f"{segment.reco} has {audio.num_channels} channels, and the segment names none of them")
        if channel is not None and channel >= audio.num_channels:
            raise DataError(f"there is no channel {channel}: {segment.reco} has {audio.num_channels}, counted from 0")
        return Stretch(audio, first, last, channel)
