"""Writing recordings, and what codecs make of them."""

import io

import numpy as np

from diarkit.errors import DataError
from diarkit.io.sound import BLOCK, FULL_SCALE, Sound
from diarkit.io.streams import open_output

# name -> format and subtype of libsndfile, which keeps samples in step: there is no delay to be cut off
CODECS = {"mulaw": ("WAV", "ULAW"), "alaw": ("WAV", "ALAW"), "gsm": ("WAV", "GSM610"), "opus": ("OGG", "OPUS"),
          "vorbis": ("OGG", "VORBIS"), "mp3": ("MP3", "MPEG_LAYER_III")}


class Samples(Sound):
    """A recording of one channel in memory: samples (N,) float32 on the int16 scale."""

    num_channels = 1

    def __init__(self, name, samples, sample_frequency):
        self.name, self.sample_frequency, self.num_samples = name, int(sample_frequency), len(samples)
        self._samples = samples

    def read_at(self, start, count):
        return self._samples[start : start + count, None]


def write_audio(path, samples, sample_frequency):
    """Write samples (N,) on the int16 scale to a file of 16 bits, FLAC or WAV by its ending: how many were too loud.

    Those are cut off at the range of 16 bits. Raises DataError for no samples.
    """
    import soundfile  # not at the top: tools that write no sound do without libsndfile

    if not len(samples):
        raise DataError("no samples")
    data, cut_off = io.BytesIO(), 0
    with soundfile.SoundFile(data, "w", int(sample_frequency), 1, "PCM_16", format=path.rpartition(".")[2]) as file:
        for start in range(0, len(samples), BLOCK):
            rounded = np.rint(samples[start : start + BLOCK])
            within = np.clip(rounded, -FULL_SCALE, FULL_SCALE - 1)
            cut_off += int(np.count_nonzero(within != rounded))
            file.write(within.astype(np.int16))
    with open_output(path) as out:
        out.write(data.getbuffer())
    return cut_off


def through_codec(samples, sample_frequency, name, level=0.0):
    """Samples encoded and decoded: (N,) float32 on the int16 scale in, as many out, at the same times.

    Parameters
    ----------
    sample_frequency : Hz, one that the codec knows
    name : one of CODECS
    level : of compression, 0 to 1, where the codec has one: opus, vorbis, mp3

    Raises DataError if libsndfile was built without the codec.
    """
    import soundfile

    kind, subtype = CODECS[name]
    if not soundfile.check_format(kind, subtype):
        raise DataError(f"this libsndfile ({soundfile.__libsndfile_version__}) has no codec {name}")
    data = io.BytesIO()
    with soundfile.SoundFile(data, "w", int(sample_frequency), 1, subtype, format=kind,
                             compression_level=level if kind != "WAV" else None) as file:
        file.write(np.clip(samples / FULL_SCALE, -1, 1 - 1 / FULL_SCALE).astype(np.float32))
    data.seek(0)
    decoded, _ = soundfile.read(data, len(samples), dtype="float32", fill_value=0)
    return decoded * np.float32(FULL_SCALE)
