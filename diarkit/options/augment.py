"""Augmentation: recordings made noisier, more reverberant, faster, or as through a telephone."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from diarkit.errors import UsageError
from diarkit.options.tunables import tunable

MUSAN = "Kaldi egs/callhome_diarization/v2/run.sh"
SPECAUGMENT = "Park et al. 2019"
CODECS = ("mulaw", "alaw", "gsm", "opus", "mp3", "vorbis")
ADDED = ("noise", "music", "babble")  # of these an example gets one at most,
ROOMS = ("reverb", "shoebox", "echo")  # and of these
NEEDS = {"noise": "noise", "music": "music", "babble": "speech", "reverb": "rirs"}  # the sounds that a kind needs


def require(condition, message):
    if not condition:
        raise UsageError(message)


def number_list(text, option, whole=False):
    """The numbers of a list such as Kaldi's 15:10:5:0."""
    pattern = r"\d+" if whole else r"[-+]?(\d+\.?\d*|\.\d+)"
    words = text.split(":")
    require(all(re.fullmatch(pattern, word, re.A) for word in words),
            f"{option} is a list such as {'3:4:5' if whole else '15:10:5:0'}, not '{text}'")
    return [int(word) if whole else float(word) for word in words]


@dataclass(frozen=True)
class SoundOptions:
    """Where the sounds are that are mixed in: each a folder, a data directory, a list or several, commas between."""

    noise: str = tunable("", "Noises: folders of recordings, data directories or lists.", "DIR|scp,...")
    music: str = tunable("", "Music, in the same way.", "DIR|scp,...")
    speech: str = tunable("", "Speech of one person each, from which babble is made.", "DIR|scp,...")
    rirs: str = tunable("", "Impulse responses of rooms.", "DIR|scp,...")
    sounds_memory: float = tunable(
        500.0, "Keep this much of them in memory, in every process; the rest is read again.", "MB")

    def __post_init__(self):
        for name in dict.fromkeys(NEEDS.values()):
            text = getattr(self, name)
            require(not text or text.strip(","), f"--{name} names nothing: '{text}'")
        require(self.sounds_memory >= 0, f"--sounds-memory must not be negative, {self.sounds_memory:g} is")


@dataclass(frozen=True)
class EffectOptions:
    """What each kind of augmentation does."""

    noise_snrs: str = tunable("15:10:5:0", "Noises are this much below the speech, one of these.", "dB", MUSAN)
    noise_interval: float = tunable(1.0, "From the end of a noise to the start of the next.", "s", MUSAN)
    music_snrs: str = tunable("15:10:8:5", "Music is this much below the speech.", "dB", MUSAN)
    babble_snrs: str = tunable("20:17:15:13", "Each voice of a babble is this much below the speech.", "dB", MUSAN)
    babble_voices: str = tunable("3:4:5:6:7", "Voices of a babble, one of these.", "", MUSAN)
    rir_length: float = tunable(1.0, "Of an impulse response, use this much after its peak; 0 is all.", "s")
    shoeboxes: int = tunable(200, "How many simulated rooms there are to draw from.")
    band: str = tunable("300:3400", "What is left by a telephone.", "Hz")
    codecs: str = tunable("mulaw:alaw", f"A codec is one of these of {', '.join(CODECS)}.")
    clip_level: float = tunable(12.0, "Clipping cuts off up to this much below the peak.", "dB")

    def __post_init__(self):
        for name in ("noise_snrs", "music_snrs", "babble_snrs"):
            option, text = "--" + name.replace("_", "-"), getattr(self, name)
            require(all(abs(snr) <= 100 for snr in number_list(text, option)),
                    f"{option} must be from -100 to 100 dB, not '{text}'")
        voices = number_list(self.babble_voices, "--babble-voices", whole=True)
        require(all(0 < number <= 100 for number in voices), "--babble-voices must be from 1 to 100")
        require(self.noise_interval >= 0, f"--noise-interval must not be negative, {self.noise_interval:g} is")
        require(self.rir_length >= 0, f"--rir-length must not be negative, {self.rir_length:g} is")
        require(self.shoeboxes > 0, f"--shoeboxes must be at least 1, {self.shoeboxes} is not")
        band = number_list(self.band, "--band")
        require(len(band) == 2 and 0 <= band[0] < band[1],
                f"--band is two frequencies such as 300:3400, not {self.band}")
        unknown = [name for name in self.codecs.split(":") if name not in CODECS]
        require(not unknown, f"--codecs: no such codec: {', '.join(unknown)}; there are {', '.join(CODECS)}")
        require(self.clip_level >= 0, f"--clip-level must not be negative, {self.clip_level:g} is")


@dataclass(frozen=True)
class AugmentOptions(EffectOptions):
    """Augmentation on the fly: the part of the examples that gets each kind, beside what a kind does.

    Of noise, music and babble an example gets one at most, and so of reverb, shoebox and echo.
    """

    noise_probability: float = tunable(0.2, "The part of the examples that gets noises.")
    music_probability: float = tunable(0.2, "The part that gets music.")
    babble_probability: float = tunable(0.2, "The part that gets babble.")
    reverb_probability: float = tunable(0.2, "The part that gets a room of --rirs.")
    shoebox_probability: float = tunable(0.0, "The part that gets a room that pyroomacoustics simulates.")
    echo_probability: float = tunable(0.0, "The part that gets a made-up echo, noise that dies away.")
    telephone_probability: float = tunable(0.0, "The part that is limited to --band.")
    codec_probability: float = tunable(0.0, "The part that goes through one of --codecs.")
    clip_probability: float = tunable(0.0, "The part that is clipped.")
    equaliser: float = tunable(0.0, "Examples sound lighter or darker by about this at every octave.", "dB")
    gain: float = tunable(0.0, "Examples become louder or softer by up to this.", "dB")

    def __post_init__(self):
        super().__post_init__()
        for kind in (*ADDED, *ROOMS, "telephone", "codec", "clip"):
            require(0 <= self.probability(kind) <= 1, f"--{kind}-probability must be from 0 to 1,"
                                                      f" {self.probability(kind):g} is not")
        for kinds in (ADDED, ROOMS):
            require(sum(map(self.probability, kinds)) < 1 + 1e-9,
                    f"the probabilities of {', '.join(kinds)} must not be more than 1 together")
        require(self.equaliser >= 0 and self.gain >= 0, "--equaliser and --gain must not be negative")

    def probability(self, kind):
        return getattr(self, f"{kind}_probability")


@dataclass(frozen=True)
class SpecAugmentOptions:
    """Stretches of time and of frequency that are masked (LibriSpeech basic of the paper is 1, 27, 1, 100)."""

    time_masks: int = tunable(1, "Stretches of frames that are masked.", "", SPECAUGMENT)
    time_mask: int = tunable(20, "The longest of them.", "frames", SPECAUGMENT + " have 100 for whole utterances")
    time_mask_part: float = tunable(0.2, "And no longer than this part of the example.", "", SPECAUGMENT)
    frequency_masks: int = tunable(1, "Stretches of columns that are masked.", "", SPECAUGMENT)
    frequency_mask: int = tunable(8, "The widest of them.", "columns", SPECAUGMENT + " have 27 of 80")

    def __post_init__(self):
        for name in ("time_masks", "time_mask", "frequency_masks", "frequency_mask"):
            value = getattr(self, name)
            require(value >= 0, f"--{name.replace('_', '-')} must not be negative, {value} is")
        require(0 <= self.time_mask_part <= 1, f"--time-mask-part must be from 0 to 1, {self.time_mask_part:g} is not")


@dataclass(frozen=True)
class CopyOptions:
    """Which copies `augment-audio` makes."""

    kinds: str = tunable(
        "noise,music,babble,reverb", "A copy of each of these, or of several with + between, one after the other: "
        f"{', '.join((*ADDED, *ROOMS))}, telephone, clip, codec=NAME, speed=FACTOR.", "list",
        "Kaldi egs/callhome_diarization/v2/run.sh")
    format: str = tunable("flac", "Of the files, 16 bits a sample.", choices=("flac", "wav"))
    seed: int = tunable(0, "Of all that is random; with the key it decides what a copy gets.")

    def __post_init__(self):
        require(self.seed >= 0, f"--seed must not be negative, {self.seed} is")
        parse_copies(self.kinds)


class Copy(NamedTuple):
    """One way of making copies: the kinds in their order, and the factor of the speed as it was typed, or ""."""

    kinds: tuple
    speed: str

    @property
    def factor(self):
        return float(self.speed or 1)

    def name(self, key):
        """The name of the copy of an utterance or recording, such as sp0.9-a-reverb-noise of a; Kaldi's."""
        return "-".join((self.speaker(key), *self.kinds))

    def speaker(self, name):
        """The speaker of the copy: another one if the voice becomes higher or deeper."""
        return f"sp{self.speed}-{name}" if self.speed else name


def parse_copies(text):
    """The list of Copy that --kinds asks for. Raises UsageError."""
    copies = [parse_copy(words) for words in text.split(",")]
    require(len(set(copies)) == len(copies), f"--kinds has a copy twice: {text}")
    return copies


def parse_copy(text):
    kinds, speed = [], ""
    for word in text.split("+"):
        kind, _, value = word.partition("=")
        if kind == "speed" and not speed:
            require(re.fullmatch(r"\d*\.?\d+", value, re.A) and 0.1 <= float(value) <= 10,
                    f"--kinds: speed is a factor from 0.1 to 10 such as speed=0.9, not '{word}'")
            speed = value
        elif kind == "codec":
            require(value in CODECS, f"--kinds: codec is one of {', '.join(CODECS)} such as codec=gsm, not '{word}'")
            kinds.append(value)
        else:
            require(word in (*ADDED, *ROOMS, "telephone", "clip"), f"--kinds: there is no '{word}'")
            kinds.append(word)
    return Copy(tuple(kinds), speed)
