"""What the network of vad --method=dnn is trained with: labels of frames, pieces, mixtures at given ratios."""

import numpy as np
import pytest

from diarkit.augment.effects import power
from diarkit.errors import DataError
from diarkit.options.activity import VadTrainingOptions
from diarkit.vad.examples import Examples, Labelled, class_names, frame_classes, mixed, numbers

NAMES = ["silence", "speech", "music", "noise"]


def test_classes_of_frames():
    stretches = [(0.0, np.inf, "noise"), (0.02, 0.05, "speech"), (0.04, 0.07, "music"), (0.085, 0.0951, "speech")]
    # a frame is what is at its middle: the one from 0.08 on begins to be speech there, the one from 0.09 on is
    assert frame_classes(stretches, NAMES, 12).tolist() == [3, 3, 1, 1, 1, 2, 2, 3, 1, 1, 3, 3]
    assert frame_classes([], NAMES, 3).tolist() == [0, 0, 0]
    assert frame_classes([(5, 6, "speech")], NAMES, 3).tolist() == [0, 0, 0]
    assert class_names(stretches) == ["silence", "speech", "music", "noise"]
    assert class_names([(0, 1, "laughter")]) == ["silence", "speech", "laughter"]


def recording(name, number, seconds, rng, level=1000):
    samples = (level * rng.standard_normal(int(seconds * 1000))).astype(np.int16)
    classes = np.full(int(seconds * 100), number, np.int8)
    return Labelled(name, samples, classes)


def test_examples():
    """At 1000 Hz, a frame is 10 samples: each is told which recording it comes from by its value."""
    rng = np.random.default_rng(0)
    talk = Labelled("talk", np.repeat(np.arange(500, dtype=np.int16) + 1, 10), np.arange(500, dtype=np.int8) % 2)
    tune = recording("tune", 2, 0.35, rng)
    plain = VadTrainingOptions(chunk=1.0, mixed=0, other_only=0, telephone=0, reverberant=0, equaliser=0,
                               gain=0, speed=1)
    examples = Examples([talk, tune], 1000, plain)
    assert len(examples) == 5
    firsts = set()
    for _ in range(300):
        samples, classes = examples.draw(rng)
        assert samples.shape == (1000,) and classes.shape == (100,) and classes.dtype == np.int64
        frames = samples.reshape(100, 10)[:, 0].astype(int) - 1
        assert np.array_equal(frames, np.arange(frames[0], frames[0] + 100))
        assert np.array_equal(classes, talk.classes[frames])
        firsts.add(frames[0])
    assert min(firsts) < 20 and max(firsts) > 380  # of 0 .. 400
    other = Examples([talk, tune], 1000, VadTrainingOptions(chunk=1.0, mixed=0, other_only=1, telephone=0,
                                                            reverberant=0, equaliser=0,
                               gain=0, speed=1))
    samples, classes = other.draw(rng)
    assert (classes == 2).all() and np.array_equal(samples[:340], samples[350:690])  # again and again
    loud = Examples([talk], 1000, VadTrainingOptions(chunk=1.0, telephone=0, reverberant=0, equaliser=0, gain=60))
    levels = [np.abs(loud.draw(rng)[0]).max() for _ in range(100)]
    assert max(levels) == 32767 or max(levels) == 32768
    assert min(levels) < 10
    with pytest.raises(DataError, match="no recording with speech"):
        Examples([tune], 1000, plain)


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.25, 2.0])
def test_faster_and_slower(speed):
    """A ramp climbs as fast as it is played, and classes keep in step with it."""
    rng = np.random.default_rng(4)
    ramp = Labelled("ramp", np.arange(5000, dtype=np.int16), (np.arange(500) // 4).astype(np.int8))
    plain = VadTrainingOptions(chunk=1.0, mixed=0, other_only=0, telephone=0, reverberant=0, equaliser=0, gain=0)
    samples, classes = Examples([ramp], 1000, plain).piece(ramp, rng, speed)
    assert samples.shape == (1000,) and classes.shape == (100,)
    assert np.allclose(np.diff(samples), speed, atol=2e-3)
    middles = samples.reshape(100, 10)[:, 5]
    assert np.array_equal(classes, (middles // 40).astype(int))


def test_short_recordings_are_filled_up():
    rng = np.random.default_rng(1)
    plain = VadTrainingOptions(chunk=1.0, mixed=0, other_only=0, telephone=0, reverberant=0, equaliser=0,
                               gain=0, speed=1)
    for length in (10, 19, 55, 990, 1000, 1004, 1006):
        classes = np.ones((length + 5) // 10, np.int8)
        examples = Examples([Labelled("x", np.full(length, 7, np.int16), classes)], 1000, plain)
        samples, kinds = examples.draw(rng)
        assert samples.shape == (1000,) and kinds.shape == (100,)
        assert (kinds == 1).all() and (samples == 7).all(), length


@pytest.mark.parametrize("snr", [10, 0, -5])
def test_mixtures(snr):
    rng = np.random.default_rng(2)
    samples = np.zeros(1000, np.float32)
    samples[200:500] = 500 * rng.standard_normal(300)
    classes = np.repeat(np.int8([0, 0, 1, 1, 1, 0, 0, 0, 0, 0]), 10)
    other = np.float32(33 * rng.standard_normal(1000))
    kinds = np.repeat(np.int8([2, 2, 2, 2, 2, 2, 2, 0, 0, 0]), 10)
    found, labels = mixed(samples, classes, other, kinds, snr)
    assert 10 * np.log10(power(samples[200:500]) / power(found - samples)) == pytest.approx(snr, abs=0.01)
    assert labels.tolist() == np.repeat([2, 2, 1, 1, 1, 2, 2, 0, 0, 0], 10).tolist()
    same, labels = mixed(samples, classes, 0 * other, kinds, snr)
    assert same is samples and labels is classes
    same, labels = mixed(samples, 0 * classes, other, kinds, snr)  # no speech to measure
    assert same is samples


def test_other_sounds_are_drawn_by_their_class_and_then_by_their_length():
    rng = np.random.default_rng(6)
    plain = VadTrainingOptions(chunk=0.1, mixed=0, other_only=1, telephone=0, reverberant=0, gain=0, equaliser=0)
    sounds = [recording("a", 2, 1, rng), recording("b", 2, 3, rng), recording("c", 3, 1, rng),
              Labelled("d", np.zeros(5000, np.int16), np.full(500, 3, np.int8))]
    examples = Examples([recording("talk", 1, 1, rng), *sounds], 1000, plain)
    drawn = [examples.draw(rng) for _ in range(2000)]
    assert np.mean([classes[0] == 2 for _, classes in drawn]) == pytest.approx(0.5, abs=0.04)
    silent = np.mean([not samples.any() for samples, classes in drawn if classes[0] == 3])
    assert silent == pytest.approx(5 / 6, abs=0.04)


def test_numbers():
    assert numbers("15:10:-5.5", "--noise-snrs") == [15, 10, -5.5]
    for text in ("", "15,10", "15:x"):
        with pytest.raises(DataError, match="--noise-snrs"):
            numbers(text, "--noise-snrs")
