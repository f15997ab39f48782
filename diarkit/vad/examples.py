"""Examples to train the network of `vad --method=dnn` with: pieces of recordings, with noise mixed in."""

from typing import NamedTuple

import numpy as np

from diarkit import signals
from diarkit.augment.effects import TELEPHONE, band_limited, coloured, power
from diarkit.augment.mixing import scaled
from diarkit.augment.rooms import in_a_room
from diarkit.errors import DataError

FRAMES_PER_SECOND = 100
SILENCE, SPEECH = "silence", "speech"  # of every network; others come with the labels


class Labelled(NamedTuple):
    """A recording: samples (N,) int16, and the number of the class of every frame of 10 ms, (T,) int8."""

    name: str
    samples: np.ndarray
    classes: np.ndarray

    def has(self, number):
        return bool((self.classes == number).any())


def class_names(stretches):
    """Names of the classes in stretches (start, end, class): silence, speech, then the others sorted."""
    return [SILENCE, SPEECH, *sorted({name for *_, name in stretches} - {SILENCE, SPEECH})]


def frame_classes(stretches, names, num_frames):
    """The class of every frame, by its middle; (num_frames,) int8.

    stretches : (start, end, class), s; speech wins where several overlap, else the one that comes last
    """
    classes = np.zeros(num_frames, np.int8)
    for start, end, name in sorted(stretches, key=lambda stretch: stretch[2] == SPEECH):
        first, last = (int(np.ceil(min(s * FRAMES_PER_SECOND, num_frames) - 0.5 - 1e-6)) for s in (start, end))
        classes[max(first, 0) : max(last, 0)] = names.index(name)
    return classes


class Examples:
    """Draws examples at random: a piece of a recording with speech in it, other sounds over it, loud or soft.

    Parameters
    ----------
    recordings : list of Labelled
    rate : Hz
    opts : VadTrainingOptions
    """

    def __init__(self, recordings, rate, opts):
        self.rate = rate
        self.opts = opts
        self.shift = rate // FRAMES_PER_SECOND
        self.frames = round(opts.chunk * FRAMES_PER_SECOND)
        self.snrs = numbers(opts.noise_snrs, "--noise-snrs")
        self.speech = [r for r in recordings if r.has(1)]
        self.sounds = [r for r in recordings if not r.has(1) and r.classes.any()]
        if not self.speech:
            raise DataError("no recording with speech in it")
        self.shares = shares(self.speech)
        kinds = [int(np.bincount(r.classes[r.classes > 0]).argmax()) for r in self.sounds]
        self.others = [[r for r, own in zip(self.sounds, kinds, strict=True) if own == kind]
                       for kind in sorted(set(kinds))]
        self.other_shares = [shares(own) for own in self.others]

    def __len__(self):
        """How many pieces the recordings with speech are long."""
        return max(1, sum(len(r.classes) for r in self.speech) // self.frames)

    def draw(self, rng):
        """(samples (N,) float32 on the int16 scale, classes of frames (T,) int64), N = T * shift."""
        opts = self.opts
        if self.sounds and rng.random() < opts.other_only:
            samples, classes = self.other(rng)
        else:
            samples, classes = self.piece(self.speech[rng.choice(len(self.speech), p=self.shares)], rng)
            if self.sounds and rng.random() < opts.mixed:
                samples, classes = mixed(samples, classes, *self.other(rng), rng.choice(self.snrs))
        if rng.random() < opts.reverberant:
            samples = in_a_room(samples, self.rate, rng)
        if opts.equaliser:
            samples = coloured(samples, self.rate, rng, opts.equaliser)
        if rng.random() < opts.telephone:
            samples = band_limited(samples, self.rate, *TELEPHONE)
        samples = samples * np.float32(10 ** (rng.uniform(-opts.gain, opts.gain) / 20))
        return np.clip(samples, -32768, 32767), classes.astype(np.int64)

    def other(self, rng):
        """A piece of a recording without speech, of any class as often as of any other, faster or slower."""
        kind = rng.integers(len(self.others))
        recording = self.others[kind][rng.choice(len(self.others[kind]), p=self.other_shares[kind])]
        return self.piece(recording, rng, self.opts.speed ** rng.uniform(-1, 1))

    def piece(self, recording, rng, speed=1.0):
        """A piece at random, of what is too short the whole again and again; (N,) float32, (T,) int8."""
        frames = int(np.ceil(self.frames * speed)) + (speed != 1.0)  # the last sample may need its neighbour
        whole = min(len(recording.classes), len(recording.samples) // self.shift)
        first = rng.integers(0, max(whole - frames, 0) + 1)
        places = (first + np.arange(frames)) % whole
        samples = recording.samples[: whole * self.shift].reshape(whole, self.shift)[places].reshape(-1)
        classes = recording.classes[places]
        if speed == 1.0:
            return samples.astype(np.float32), classes
        times = speed * np.arange(self.frames * self.shift)
        fast = np.interp(times, np.arange(len(samples)), samples).astype(np.float32)
        return fast, classes[(speed * (np.arange(self.frames) + 0.5)).astype(int)]


def shares(recordings):
    """How often to draw each of them, by its length."""
    lengths = np.array([len(r.samples) for r in recordings], float)
    return lengths / lengths.sum()


def mixed(samples, classes, other, other_classes, snr):
    """Speech and another sound `snr` dB below it; where both are, it is speech."""
    level = power(samples[np.repeat(classes == 1, len(samples) // len(classes))])
    if level == 0 or power(other) == 0:
        return samples, classes
    classes = np.where(classes == 1, classes, np.where(other_classes > 0, other_classes, classes))
    return samples + scaled(other, level, snr), classes


def numbers(text, option):
    """The numbers of a list such as Kaldi's 15:10:5:0."""
    try:
        return [float(word) for word in text.split(":")]
    except ValueError:
        raise DataError(f"{option}: numbers with colons between them expected, not '{text}'") from None


def labelled(name, audio, sample_frequency, channel, stretches, names):
    """A Labelled of an audio source and the stretches (start, end, class) of its labels, s."""
    signal = signals.of_any(audio, sample_frequency, channel)
    samples = np.clip(np.rint(signal.read(0, signal.num_samples)), -32768, 32767).astype(np.int16)
    shift = sample_frequency // FRAMES_PER_SECOND
    if len(samples) < shift:
        raise DataError(f"{len(samples)} samples are less than one frame of {shift}")
    return Labelled(name, samples, frame_classes(stretches, names, (len(samples) + shift // 2) // shift))
