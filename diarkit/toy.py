"""Made-up conversations with an exact reference, for tests and for the recipe that needs no corpus.

A voice is a source and a filter (Fant, Acoustic Theory of Speech Production, 1960): glottal pulses whose
rate is the pitch, or noise, through resonators at the formants of a vowel, which a vocal tract of another
length moves all together. It sounds like a toy and behaves like speech where it matters here: it has
syllables, consonants, pauses and turns, and speakers differ in what real ones differ in.
"""

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter, sosfilt

# Formants in Hz of vowels of a tract of length factor 1, about the means of men's in Peterson and
# Barney (1952); the fourth and fifth are the same for all.
VOWELS = np.array([
    (270, 2290, 3010), (390, 1990, 2550), (530, 1840, 2480), (660, 1720, 2410), (730, 1090, 2440),
    (570, 840, 2410), (440, 1020, 2240), (300, 870, 2240), (640, 1190, 2390), (490, 1350, 1690),
])
HIGH_FORMANTS = (3500, 4500)
BANDWIDTHS = np.array([60, 90, 130, 200, 250])  # Hz
LOUDNESS = 2000.0  # RMS of a vowel, on the int16 scale
NOISE = 12.0  # RMS of the background


@dataclass(frozen=True)
class Voice:
    pitch: float  # mean, Hz
    melody: float  # how far the pitch moves, part of the mean
    jitter: float  # how irregular the pulses are, part of the period
    tract: float  # factor on all formants: above 1 for a short vocal tract
    damping: float  # factor on all bandwidths
    tilt: float  # pole of the low-pass that shapes the pulses, 0 (bright) to 1 (dull)
    breath: float  # noise in the source, part of its RMS
    tempo: float  # syllables a second
    loudness: float  # dB above the mean
    cavities: tuple  # of nose and throat: (frequency of a pole, of a zero), Hz, on top of the formants


def make_voices(rng, number):
    """`number` voices, as different from each other as their number allows."""
    def spread(low, high):
        """One value from each of as many equal parts of the range, in random order."""
        parts = (np.arange(number) + rng.uniform(0.25, 0.75, number)) / number
        return rng.permutation(low + (high - low) * parts)

    columns = zip(
        np.exp2(spread(np.log2(90), np.log2(250))), spread(0.05, 0.2), spread(0.005, 0.03),
        spread(0.8, 1.25), spread(0.6, 1.8), spread(0.8, 0.97), spread(0.02, 0.3), spread(3.5, 6.5),
        spread(-2, 2), strict=True)
    return [Voice(*map(float, row), cavities=make_cavities(rng)) for row in columns]


def make_cavities(rng):
    """Three pairs of a pole and a zero, wherever: side cavities are as personal as faces (Dang and Honda, 1997)."""
    return tuple((float(pole), float(zero)) for pole, zero in np.exp2(rng.uniform(np.log2(300), np.log2(6000), (3, 2))))


def say(voice, num_samples, rate, rng):
    """A phrase without a pause in it: (num_samples,) floats on the int16 scale; `rate` in Hz."""
    source = glottal_source(voice, num_samples, rate, rng)
    phrase = np.zeros(num_samples)
    fade = int(0.015 * rate)
    start = 0
    while start < num_samples:
        length = int(rate / voice.tempo * rng.uniform(0.7, 1.4))
        if num_samples - start - length < 0.08 * rate:
            length = num_samples - start
        # Neighbouring syllables overlap by the fade, in which one goes as the other comes.
        end = min(start + length + fade, num_samples)
        phrase[start:end] += syllable(voice, source[start:end], rate, rng) * faded(end - start, fade)
        start += length
    return phrase * LOUDNESS * 10 ** (voice.loudness / 20)


def glottal_source(voice, num_samples, rate, rng):
    """Pulses at the pitch of the voice, with noise; RMS about 1."""
    knots = np.arange(0, num_samples + rate, 0.12 * rate)
    drift = rng.standard_normal(len(knots)).cumsum() * 0.4
    drift -= np.linspace(drift[0], drift[-1] + 1, len(knots))  # falls to the end of the phrase
    melody = 1 + voice.melody * np.clip(np.interp(np.arange(num_samples), knots, drift), -2, 2)
    wobble = 1 + voice.jitter * rng.standard_normal(num_samples // 50 + 1).repeat(50)[:num_samples] * 3
    phase = np.cumsum(np.maximum(voice.pitch * melody * wobble, 50) / rate)
    pulses = lfilter([1, -1], [1, -voice.tilt], np.diff(np.floor(phase), prepend=0))
    pulses = lfilter([1], [1, -voice.tilt], pulses)
    pulses /= rms(pulses)
    return pulses + voice.breath * rng.standard_normal(num_samples)


def syllable(voice, source, rate, rng):
    """A consonant, perhaps, and a vowel out of this stretch of the source; RMS about 1."""
    formants = np.append(VOWELS[rng.integers(len(VOWELS))] * rng.uniform(0.95, 1.05, 3), HIGH_FORMANTS)
    tract = resonators(formants * voice.tract, BANDWIDTHS * voice.damping, rate)
    sound = sosfilt(np.concatenate([tract, side_branches(voice.cavities, rate)]), source)
    sound *= rng.uniform(0.7, 1.2) / max(rms(sound), 1e-9)
    kind = rng.choice(["none", "fricative", "plosive"], p=[0.3, 0.35, 0.35])
    onset = min(int(rng.uniform(0.05, 0.09) * rate), len(sound) // 3)
    noise = rng.standard_normal(onset)
    if kind == "fricative":
        place = min(rng.uniform(2200, 6000) * voice.tract, 0.45 * rate)
        noise = sosfilt(resonators(np.array([place]), np.array([900]), rate), noise)
        sound[:onset] = 0.3 * noise / max(rms(noise), 1e-9) + 0.1 * sound[:onset]
    elif kind == "plosive":  # closed, with some voice heard through, then a burst
        burst = np.exp(-np.arange(onset)[::-1] / (0.004 * rate)) * noise
        sound[:onset] = 0.8 * burst + 0.08 * sound[:onset]
    return sound


def resonators(frequencies, bandwidths, rate):
    """Second-order sections of gain 1 at 0 Hz (Klatt, 1980), one a frequency (Hz) that `rate` carries."""
    heard = frequencies < 0.47 * rate
    frequencies, bandwidths = frequencies[heard], bandwidths[heard]
    radius = np.exp(-np.pi * bandwidths / rate)
    b, c = 2 * radius * np.cos(2 * np.pi * frequencies / rate), -(radius**2)
    zeros, ones = np.zeros_like(b), np.ones_like(b)
    return np.stack([1 - b - c, zeros, zeros, ones, -b, -c], axis=1)


def side_branches(cavities, rate):
    """Second-order sections with a resonance at the first and a dip at the second frequency (Hz) of each pair."""
    poles, zeros = np.minimum(np.reshape(cavities, (-1, 2)), 0.47 * rate).T
    radius = np.exp(-np.pi * 250 / rate)
    sections = np.ones((len(poles), 6))
    for column, frequencies in ((0, zeros), (3, poles)):
        sections[:, column + 1] = -2 * radius * np.cos(2 * np.pi * frequencies / rate)
        sections[:, column + 2] = radius**2
    return sections


def faded(num_samples, fade):
    """1 with a half cosine of `fade` samples at both ends."""
    shape = np.ones(num_samples)
    fade = min(fade, num_samples // 2)
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / max(fade, 1))
    shape[:fade] = ramp
    shape[num_samples - fade:] = ramp[::-1]
    return shape


def rms(samples):
    return float(np.sqrt(np.mean(np.square(samples)))) if len(samples) else 0.0


def make_turns(rng, seconds, num_speakers):
    """Who speaks when: (start, end, speaker) in ms from 0, in order of start, one a phrase.

    A turn is one to three phrases with pauses in between. The next speaker starts 0.2 s later on
    average, sometimes before the end; nobody speaks over themselves.
    """
    turns = []
    now, speaker, queue = int(rng.uniform(200, 800)), -1, []
    while True:
        if not queue:  # everybody gets a turn before anybody gets another
            queue = list(rng.permutation(num_speakers))
            if queue[0] == speaker:
                queue.append(queue.pop(0))
        speaker = int(queue.pop(0))
        own_last = max((end for _, end, who in turns if who == speaker), default=0)
        now = max(now, own_last + 200)
        for phrase in range(rng.integers(1, 4)):
            now += int(rng.uniform(250, 600)) if phrase else 0
            end = now + int(rng.uniform(1000, 3500))
            if end > 1000 * seconds - 300:
                return turns
            turns.append((now, end, speaker))
            now = end
        now += int(np.clip(rng.normal(200, 500), -1000, 1200))
        now = max(now, 200)


def make_conversation(rng, seconds, num_speakers, rate):
    """A recording: (seconds * rate,) int16 samples and its turns as make_turns gives them."""
    voices = make_voices(rng, num_speakers)
    turns = make_turns(rng, seconds, num_speakers)
    samples = NOISE * rng.standard_normal(int(seconds * rate))
    for start, end, speaker in turns:
        first, last = start * rate // 1000, end * rate // 1000
        phrase = say(voices[speaker], last - first, rate, rng)
        samples[first:last] += phrase * faded(last - first, int(0.01 * rate))
    return np.clip(np.round(samples), -32768, 32767).astype(np.int16), turns
