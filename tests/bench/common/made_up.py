"""Made-up music and noise at 16 kHz: many kinds in little space, to train on where real ones are few."""

import numpy as np
from scipy.signal import lfilter

RATE = 16000  # Hz
SCALES = [(0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9), (0, 3, 5, 6, 7, 10)]
BARS = (1, 2.76, 5.40, 8.93, 13.34)  # the partials of a bar that is free at both ends: glockenspiels, celestas
BELL = (0.5, 1, 1.19, 1.56, 2, 2.51, 2.66, 3.01, 4.1)  # of a church bell
KINDS = ("plucked", "struck", "held", "strings")


class Instrument:
    """A random timbre of one of the KINDS, the same for all its notes."""

    def __init__(self, rng):
        self.kind = rng.choice(KINDS)
        count = rng.integers(2, 20)
        self.ratios = np.arange(1, count + 1.0)
        if self.kind == "struck" and rng.random() < 0.7:
            self.ratios = np.array([BARS, BELL][rng.integers(2)])
        elif rng.random() < 0.5:  # a little stiff, as the strings of a piano
            self.ratios *= np.sqrt(1 + rng.uniform(0, 1e-3) * self.ratios**2)
        self.strengths = rng.uniform(0.05, 1, len(self.ratios)) * self.ratios ** -rng.uniform(0.2, 2)
        if rng.random() < 0.3:
            self.strengths[1::2] *= 0.1  # a clarinet
        self.resonances = [(rng.uniform(250, 4000), rng.uniform(80, 500)) for _ in range(rng.integers(0, 4))]
        self.held = self.kind in ("held", "strings")
        self.attack = rng.uniform(0.02, 0.2) if self.held else rng.uniform(0.001, 0.008)
        self.decay = rng.choice([0.0, 0.3]) if self.held else np.exp(rng.uniform(-0.7, 2.5))
        self.damping = rng.uniform(0.2, 1.0)  # how much sooner high partials die away
        self.vibrato = rng.choice([0, 0.003, 0.012]) * rng.uniform(0.5, 1.5) if self.held else 0.0
        self.rate = rng.uniform(4, 7.5)
        self.breath = rng.choice([0, 0.02, 0.1]) if self.kind == "held" else 0.0
        self.slide = rng.choice([0, 0, 0.08]) if self.held else 0.0  # s, from the note before
        self.players = rng.integers(2, 6) if self.kind == "strings" else 1
        self.before = None

    def note(self, frequency, seconds, rng):
        t = np.arange(max(int(seconds * RATE), 400)) / RATE
        course = np.full(len(t), float(frequency))
        if self.slide and self.before:
            course *= (self.before / frequency) ** np.exp(-t / self.slide)
        self.before = frequency
        total = np.zeros(len(t))
        for _ in range(self.players):
            tuned = course * (1 + (self.players > 1) * rng.normal(0, 0.003))
            tuned *= 1 + self.vibrato * np.minimum(t / 0.3, 1) * np.sin(2 * np.pi * self.rate * t + rng.uniform(0, 6))
            phase = 2 * np.pi * np.cumsum(tuned) / RATE
            for ratio, strength in zip(self.ratios, self.strengths, strict=True):
                if ratio * frequency < 0.45 * RATE:
                    gain = 1 + sum(4 / (1 + ((ratio * frequency - f) / w) ** 2) for f, w in self.resonances)
                    partial = np.sin(ratio * phase + rng.uniform(0, 6))
                    total += strength * gain * partial * np.exp(-self.decay * ratio**self.damping * t)
        if self.breath:
            total += self.breath * lfilter([1], [1, -0.7], rng.standard_normal(len(t)))
        return total * np.minimum(t / self.attack, 1) * np.minimum((t[-1] - t) / rng.choice([0.01, 0.05]), 1)


def drum(rng):
    """A kick, a snare, a hat, a tom or a bass note."""
    t = np.arange(int(0.3 * RATE)) / RATE
    noise = rng.standard_normal(len(t))
    kind = rng.integers(4)
    if kind == 0:
        return 2 * np.sin(2 * np.pi * (50 * t + 6 * (1 - np.exp(-30 * t)))) * np.exp(-14 * t)
    if kind == 1:
        return (noise + np.sin(2 * np.pi * 190 * t)) * np.exp(-rng.uniform(12, 30) * t)
    if kind == 2:
        return np.sin(2 * np.pi * rng.uniform(70, 250) * (t + 0.1 * np.exp(-20 * t))) * np.exp(-rng.uniform(8, 20) * t)
    return lfilter([1, -1], [1], noise) * np.exp(-rng.uniform(20, 90) * t) * 0.7


def add(total, sound, start):
    first = int(start * RATE)
    sound = sound[: max(len(total) - first, 0)]
    total[first : first + len(sound)] += sound


def music(rng, seconds=20):
    """One to four instruments on a random scale, at a tempo that is steady or not, half of the time with drums."""
    total = np.zeros(int(seconds * RATE))
    beat = 60 / rng.uniform(50, 170)
    scale, root = SCALES[rng.integers(len(SCALES))], rng.uniform(40, 80)
    freedom, rest = rng.choice([0, 0.02, 0.1]), rng.choice([0.05, 0.2, 0.4])
    drums = rng.random() < 0.5
    for _ in range(rng.integers(0 if drums else 1, 5)):
        instrument = Instrument(rng)
        octave, length = rng.integers(0, 5), rng.choice([0.25, 0.5, 1, 2])
        voices = int(rng.choice([1, 1, 3]))
        degree, time, loudness = 0, 0.0, rng.uniform(0.3, 1)
        while time < seconds:
            degree = int(np.clip(degree + rng.integers(-3, 4), -7, 10))
            held = length * beat * rng.choice([0.5, 1, 1, 2])
            if rng.random() > rest:
                for voice in range(voices):
                    step = degree + 2 * voice
                    pitch = scale[step % len(scale)] + 12 * (step // len(scale) + octave)
                    lasts = held * (rng.uniform(0.6, 1.1) if instrument.held else rng.uniform(0.8, 2.5))
                    sound = instrument.note(root * 2 ** (pitch / 12), lasts, rng)
                    add(total, sound * loudness * rng.uniform(0.4, 1), time)
            time += held * (1 + freedom * rng.standard_normal())
    if drums:
        strength = np.abs(total).max() or 1.0
        for time in np.arange(0, seconds, beat / rng.choice([2, 4])):
            if rng.random() < 0.7:
                add(total, drum(rng) * strength * rng.uniform(0.1, 0.6), time)
    if rng.random() < 0.4:  # louder and softer
        knots = np.arange(0, seconds + 3, 2.0)
        total *= np.interp(np.arange(len(total)) / RATE, knots, rng.uniform(0.1, 1, len(knots)))
    return scaled(total, rng)


def clatter(rng):
    """A thing of metal, glass or wood that is knocked: a few partials anywhere, that die away."""
    t = np.arange(int(RATE * rng.uniform(0.05, 0.5))) / RATE
    decay = np.exp(rng.uniform(2, 5))
    knock = sum(rng.uniform(0.2, 1) * np.sin(2 * np.pi * f * t) * np.exp(-decay * rng.uniform(0.5, 2) * t)
                for f in np.exp(rng.uniform(np.log(200), np.log(7000), rng.integers(2, 9))))
    return knock + rng.uniform(0, 2) * rng.standard_normal(len(t)) * np.exp(-60 * t)


def call(rng):
    """A made-up animal's: a pitch that glides, much higher or lower than a voice's, or for longer."""
    t = np.arange(int(RATE * np.exp(rng.uniform(np.log(0.08), np.log(2.5))))) / RATE
    knots = np.linspace(0, t[-1], rng.integers(2, 6))
    pitch = np.exp(rng.uniform(np.log(60), np.log(4000))) * np.interp(t, knots, 2 ** rng.uniform(-0.7, 0.7, len(knots)))
    pitch *= 1 + rng.choice([0, 0.05]) * np.sin(2 * np.pi * rng.uniform(8, 30) * t)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    fall = rng.uniform(0.5, 2)
    sound = sum(n**-fall * np.sin(n * phase) * (n * pitch < 0.45 * RATE) for n in range(1, rng.integers(2, 12)))
    return 2 * sound * np.sin(np.pi * np.linspace(0, 1, len(t))) ** rng.uniform(0.3, 1)


def noise(rng, seconds=15):
    """Noise of a random colour, swelling or steady, some with hum, clicks, clatter, calls or a machine's rhythm."""
    total = int(seconds * RATE)
    white = rng.standard_normal(total)
    sound = lfilter([1], np.poly(rng.uniform(-0.3, 0.98, 2)), white)
    if rng.random() < 0.5:  # a broad resonance
        radius, angle = rng.uniform(0.7, 0.97), rng.uniform(0.02, 2.5)
        sound = lfilter([1], [1, -2 * radius * np.cos(angle), radius**2], sound)
    sound /= sound.std()
    t = np.arange(total) / RATE
    if rng.random() < 0.4:
        knots = np.arange(0, seconds + 3, rng.choice([0.1, 0.3, 1.0, 3.0]))
        sound *= np.interp(t, knots, rng.uniform(0.05, 1, len(knots)))
    if rng.random() < 0.4:
        base = rng.choice([50, 60, 100, rng.uniform(80, 400)])
        sound += rng.uniform(0.2, 2) * sum(np.sin(2 * np.pi * base * n * t + n) / n for n in range(1, 12))
    if rng.random() < 0.3:
        rate = rng.uniform(2, 20)
        sound *= 0.3 + (np.sin(2 * np.pi * rate * t) > rng.uniform(-0.5, 0.8))
    if rng.random() < 0.4:
        for first in rng.integers(0, total - RATE, rng.integers(5, 60)):
            length = int(RATE * rng.uniform(0.005, 0.3))
            knock = rng.standard_normal(length) * np.exp(-np.linspace(0, 7, length))
            sound[first : first + length] += rng.uniform(2, 12) * lfilter([1], [1, -rng.uniform(0, 0.95)], knock)
    for make, most, part in ((clatter, 80, 0.4), (call, 12, 0.3)):
        if rng.random() < part:
            loudness = rng.uniform(0.5, 15)
            for start in rng.uniform(0, seconds, rng.integers(3, most)):
                add(sound, make(rng) * loudness * rng.uniform(0.2, 1), start)
    return scaled(sound, rng)


def scaled(sound, rng):
    """As loud as recordings are, more or less; float32, full scale 1."""
    level = 10 ** (rng.uniform(-35, -15) / 20)
    return np.clip(sound * level / max(np.sqrt(np.mean(sound**2)), 1e-9), -1, 1).astype(np.float32)
