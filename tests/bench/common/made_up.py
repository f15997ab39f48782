"""Made-up music and noise at 16 kHz: many kinds in little space, to train on where real ones are few."""

import numpy as np
from scipy.signal import lfilter

RATE = 16000  # Hz
SCALES = [(0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9), (0, 3, 5, 6, 7, 10)]


def note(frequency, seconds, rng, attack, decay, harmonics, vibrato):
    """A tone with partials that die away, the higher the sooner."""
    t = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * frequency * t + vibrato * np.sin(2 * np.pi * 5.5 * t)
    sound = sum(strength * np.sin(n * phase + rng.uniform(0, 6)) * np.exp(-decay * n**0.7 * t)
                for n, strength in enumerate(harmonics, 1) if n * frequency < 0.45 * RATE)
    return sound * np.minimum(t / attack, 1) * np.minimum((seconds - t) / 0.02, 1)


def drum(rng):
    """A kick, a snare or a hat."""
    t = np.arange(int(0.3 * RATE)) / RATE
    noise = rng.standard_normal(len(t))
    kind = rng.integers(3)
    if kind == 0:
        return 2 * np.sin(2 * np.pi * (50 * t + 6 * (1 - np.exp(-30 * t)))) * np.exp(-14 * t)
    if kind == 1:
        return (noise + np.sin(2 * np.pi * 190 * t)) * np.exp(-rng.uniform(12, 30) * t)
    return lfilter([1, -1], [1], noise) * np.exp(-rng.uniform(20, 90) * t) * 0.7


def music(rng, seconds=20):
    """Instruments of random timbre play on a random scale, at a steady tempo, half of the time with drums."""
    total = np.zeros(int(seconds * RATE))

    def add(sound, start):
        first = int(start * RATE)
        sound = sound[: max(len(total) - first, 0)]
        total[first : first + len(sound)] += sound

    beat = 60 / rng.uniform(60, 170)
    scale, root = SCALES[rng.integers(len(SCALES))], rng.uniform(40, 90)
    for _ in range(rng.integers(1, 5)):
        harmonics = rng.uniform(0.05, 1, rng.integers(2, 14))
        harmonics *= np.arange(1, len(harmonics) + 1) ** -rng.uniform(0.3, 2)
        attack, decay = rng.choice([0.004, 0.02, 0.12]), rng.choice([0.2, 1.0, 4.0, 9.0])
        vibrato, octave, length = rng.choice([0, 0, 0.6, 1.5]), rng.integers(0, 4), rng.choice([0.25, 0.5, 1, 2])
        voices = int(rng.choice([1, 1, 3]))
        degree, time = 0, 0.0
        while time < seconds:
            degree += int(rng.integers(-2, 3))
            held = length * beat * rng.choice([0.5, 1, 1, 2])
            if rng.random() < 0.85:
                for voice in range(voices):
                    step = degree + 2 * voice
                    pitch = scale[step % len(scale)] + 12 * (step // len(scale))
                    frequency = root * 2 ** octave * 2 ** (np.clip(pitch, -24, 30) / 12)
                    add(note(frequency, held * rng.uniform(0.8, 1.3), rng, attack, decay, harmonics, vibrato), time)
            time += held
    if rng.random() < 0.5:
        for time in np.arange(0, seconds, beat / 2):
            if rng.random() < 0.7:
                add(drum(rng) * rng.uniform(0.3, 1.5), time)
    return scaled(total, rng)


def noise(rng, seconds=15):
    """Noise of a random colour, swelling or steady, some with hum, clicks or a machine's rhythm."""
    total = int(seconds * RATE)
    white = rng.standard_normal(total)
    sound = lfilter([1], np.poly(rng.uniform(-0.3, 0.98, 2)), white)
    if rng.random() < 0.5:  # a broad resonance
        radius, angle = rng.uniform(0.7, 0.97), rng.uniform(0.02, 2.5)
        sound = lfilter([1], [1, -2 * radius * np.cos(angle), radius**2], sound)
    sound /= sound.std()
    t = np.arange(total) / RATE
    if rng.random() < 0.4:
        knots = np.arange(0, seconds + 3, rng.choice([0.3, 1.0, 3.0]))
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
    return scaled(sound, rng)


def scaled(sound, rng):
    """As loud as recordings are, more or less; float32, full scale 1."""
    level = 10 ** (rng.uniform(-35, -15) / 20)
    return np.clip(sound * level / max(np.sqrt(np.mean(sound**2)), 1e-9), -1, 1).astype(np.float32)
