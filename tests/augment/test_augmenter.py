"""Augmentation on the fly: ratios, probabilities, that all comes from the Generator."""

from collections import Counter

import numpy as np
import pytest

from diarkit.augment import mixing, shoebox
from diarkit.augment.augmenter import Augmenter, Effects
from diarkit.augment.effects import power
from diarkit.augment.sounds import Corpora
from diarkit.errors import DataError, UsageError
from diarkit.options.augment import AugmentOptions, EffectOptions

RATE = 8000
OFF = dict(noise_probability=0, music_probability=0, babble_probability=0, reverb_probability=0)


def hiss(seed, count, level=300):
    return (level * np.random.default_rng(seed).standard_normal(count)).astype(np.float32)


@pytest.fixture(scope="module")
def corpora():
    """Short and long sounds of every kind."""
    response = np.random.default_rng(3).standard_normal(4000) * np.exp(-np.arange(4000) / 500)
    response[20] = 20
    return Corpora.of_arrays({"noise": [hiss(0, 900), hiss(1, 40000)], "music": [hiss(2, 5000), hiss(4, 60000)],
                              "speech": [hiss(5 + i, 7000 + 5000 * i) for i in range(8)], "rirs": [response]}, RATE)


def test_all_choices_come_from_the_generator(corpora):
    opts = AugmentOptions(noise_probability=0.4, music_probability=0.2, babble_probability=0.4, reverb_probability=0.5,
                          echo_probability=0.5, telephone_probability=0.3, clip_probability=0.3, equaliser=3, gain=6)
    augment = Augmenter(opts, corpora, RATE)
    assert set(augment.kinds) == {"noise", "music", "babble", "reverb", "echo", "telephone", "clip"}
    samples = hiss(99, 24000, 2000)
    before = samples.copy()
    first = [augment(samples, np.random.default_rng([1, i])) for i in range(20)]
    again = [augment(samples, np.random.default_rng([1, i])) for i in reversed(range(20))][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert len({found.tobytes() for found in first}) == 20
    assert all(found.shape == samples.shape and found.dtype == np.float32 for found in first)
    assert np.array_equal(samples, before)


def test_each_kind_is_as_frequent_as_its_probability(corpora, monkeypatch):
    """And of the sounds that are added there is one at most, as of rooms."""
    opts = AugmentOptions(noise_probability=0.3, music_probability=0.1, babble_probability=0.2, reverb_probability=0.25,
                          echo_probability=0.15, telephone_probability=0.4, clip_probability=0.05)
    augment = Augmenter(opts, corpora, RATE)
    drawn = []
    monkeypatch.setattr(augment, "apply", lambda kind, samples, rng: drawn[-1].append(kind) or samples)
    rng = np.random.default_rng(0)
    for _ in range(4000):
        drawn.append([])
        augment(np.ones(5, np.float32), rng)
    counts = Counter(kind for kinds in drawn for kind in kinds)
    for kind in ("noise", "music", "babble", "reverb", "echo", "telephone", "clip"):
        assert counts[kind] / 4000 == pytest.approx(opts.probability(kind), abs=0.03), kind
    assert all(len({"noise", "music", "babble"} & set(kinds)) <= 1 for kinds in drawn)
    assert all(len({"reverb", "echo"} & set(kinds)) <= 1 for kinds in drawn)
    assert any({"reverb", "noise", "telephone"} <= set(kinds) for kinds in drawn)


def test_kinds_without_sounds_are_left_out(corpora):
    augment = Augmenter(AugmentOptions(noise_probability=0.5), Corpora.of_arrays({"noise": [hiss(0, 50)]}, RATE), RATE)
    assert augment.kinds == ["noise"] and augment.lacking == ["music", "babble", "reverb"]
    samples = hiss(1, 400)
    found = [augment(samples, np.random.default_rng(i)) for i in range(100)]
    assert 30 < sum(np.array_equal(samples, each) for each in found) < 70


@pytest.mark.parametrize("kind", ["noise", "music", "babble", "reverb", "echo", "telephone", "clip"])
def test_every_kind_keeps_silence_shortness_and_level(corpora, kind):
    effects = Effects(EffectOptions(), corpora, RATE)
    rng = np.random.default_rng(0)
    for count in (0, 1, 2, 37, 5000):
        silence = np.zeros(count, np.float32)
        assert np.array_equal(effects.apply(kind, silence, rng), silence)
        samples = hiss(count, count, 3000)
        found = effects.apply(kind, samples, rng)
        assert found.shape == samples.shape and found.dtype == np.float32 and np.isfinite(found).all()
        if kind != "telephone" and count > 1:
            assert power(found) == pytest.approx(power(samples), rel=1e-3)


def level_below(samples, found):
    """How much what was added is below the samples in dB, whatever both were scaled by."""
    scale = found @ samples / (samples @ samples)
    return 10 * np.log10(power(scale * samples) / power(found - scale * samples))


@pytest.mark.parametrize(("kind", "snrs"), [("noise", "15:10:5:0"), ("music", "15:10:8:5")])
def test_sounds_are_mixed_at_one_of_the_ratios(corpora, kind, snrs):
    """A tone, so that it is like no hiss; of noise a long one, which is on all the time."""
    sounds = Corpora.of_arrays({kind: [hiss(1, 40000)]}, RATE)
    effects = Effects(EffectOptions(), sounds, RATE)
    tone = (1000 * np.sin(np.arange(24000) * 0.3)).astype(np.float32)
    found = [level_below(tone, effects.apply(kind, tone, np.random.default_rng(i))) for i in range(40)]
    rounded = {str(round(each)) for each in found}
    assert rounded == set(snrs.split(":"))
    assert max(abs(each - round(each)) for each in found) < 0.2


def test_babble_has_three_to_seven_voices():
    """Each voice a tone of its own, at 20, 17, 15 or 13 dB; a tone that is drawn twice is louder."""
    t = np.arange(16000)
    tones = np.arange(500, 5500, 50)
    voices = [np.sin(2 * np.pi * tone / 16000 * t) for tone in tones]
    effects = Effects(EffectOptions(), Corpora.of_arrays({"speech": voices}, RATE), RATE)
    speech = (1000 * np.sin(2 * np.pi * 6000 / 16000 * t)).astype(np.float32)
    numbers, ratios = Counter(), []
    for i in range(100):
        spectrum = np.abs(np.fft.rfft(effects.apply("babble", speech, np.random.default_rng(i))))
        heard = 20 * np.log10(spectrum[6000] / spectrum[tones])
        heard = heard[heard < 30]
        numbers[len(heard)] += 1
        ratios.extend(heard)
    rounded = Counter(round(ratio) for ratio in ratios if abs(ratio - round(ratio)) < 0.01)
    assert min(rounded[snr] for snr in (20, 17, 15, 13)) > 60
    assert sum(rounded[snr] for snr in (20, 17, 15, 13)) > 0.9 * len(ratios)
    assert all(numbers[voices] > 5 for voices in range(3, 8)) and sum(numbers[n] for n in range(3, 8)) > 90


def test_foreground_has_one_sound_after_the_other():
    click = np.zeros(100, np.float32)
    click[0] = 10
    sounds = Corpora.of_arrays({"noise": [click]}, RATE)
    track = mixing.foreground(1000, 1.0, sounds, "noise", [0], 50, np.random.default_rng(0))
    assert np.flatnonzero(track).tolist() in ([0, 150, 300, 450, 600, 750, 900], [0, 150, 300, 450, 600, 750])
    assert power(track[:100]) == pytest.approx(1.0)


def test_background_is_looped_without_gaps():
    ramp = np.arange(1, 8, dtype=np.float32)
    sounds = Corpora.of_arrays({"music": [ramp]}, RATE)
    starts = set()
    for i in range(50):
        track = mixing.background(30, power(ramp), sounds, "music", [0], 1, np.random.default_rng(i))
        track = np.rint(track * 7 / track.max())
        assert np.all(np.diff(track) % 7 == 1)
        starts.add(int(track[0]))
    assert starts == set(range(1, 8))


def test_the_gain_and_the_range_of_16_bits(corpora):
    augment = Augmenter(AugmentOptions(**OFF, gain=20), corpora, RATE)
    samples = hiss(0, 4000, 3000)
    found = [augment(samples, np.random.default_rng(i)) for i in range(60)]
    assert max(each.max() for each in found) == 32767 and min(each.min() for each in found) == -32768
    gains = [20 * np.log10(each[0] / samples[0]) for each in found]
    assert min(gains) < -15 and max(gains) > 8


def test_codecs_are_those_of_the_options(corpora):
    called = []

    def coder(samples, rate, name, level):
        called.append((len(samples), rate, name))
        return -samples

    augment = Augmenter(AugmentOptions(**OFF, codec_probability=1, codecs="gsm:opus"), corpora, 16000, coder)
    t = np.arange(16001) / 16000
    samples = (1000 * np.sin(2 * np.pi * 300 * t)).astype(np.float32)
    for i in range(20):
        found = augment(samples, np.random.default_rng(i))
        assert found.shape == samples.shape
        assert np.allclose(found[100:-100], -samples[100:-100], atol=20)
    assert set(called) == {(8001, 8000, "gsm"), (16001, 16000, "opus")}


def test_simulated_rooms():
    pytest.importorskip("pyroomacoustics")
    rooms = shoebox.Shoeboxes(3, RATE)
    found = {rooms.draw(np.random.default_rng(i)).tobytes() for i in range(12)}
    again = shoebox.Shoeboxes(3, RATE)
    assert len(found) == 3 and {again.draw(np.random.default_rng(i)).tobytes() for i in range(20, 25)} <= found
    for i in range(30):
        size, rt60, mouth, microphone = shoebox.draw_room(np.random.default_rng(i))
        for place in (mouth, microphone):
            assert np.all(place >= 0.3) and np.all(place <= size - 0.3)
        assert 0.3 <= np.linalg.norm(mouth - microphone) <= 3.0 and 0.15 <= rt60 <= 0.6
    response = shoebox.response(np.array([4.0, 5.0, 3.0]), 0.3, np.array([1.0, 1, 1]), np.array([2.0, 1, 1]), RATE)
    assert response.dtype == np.float32
    energy = np.cumsum(response[::-1].astype(float) ** 2)[::-1]
    decay = 10 * np.log10(energy / energy[0])
    t5, t25 = (np.argmax(decay < -level) / RATE for level in (5, 25))
    assert 0.2 < 3 * (t25 - t5) < 0.45  # 60 dB, from 20
    samples = hiss(0, 4000)
    effects = Effects(EffectOptions(shoeboxes=3), Corpora({}, None, RATE), RATE)
    assert power(effects.apply("shoebox", samples, np.random.default_rng(0))) == pytest.approx(power(samples), rel=1e-3)


def test_simulated_rooms_without_the_package(corpora, monkeypatch):
    monkeypatch.setattr(shoebox, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"pip install 'diarkit\[rooms\]'"):
        Augmenter(AugmentOptions(shoebox_probability=0.5), corpora, RATE)


@pytest.mark.parametrize(("wrong", "message"), [
    (dict(noise_snrs="15,10"), "--noise-snrs is a list such as 15:10:5:0, not '15,10'"),
    (dict(babble_voices="3:0"), "--babble-voices must be from 1 to 100"),
    (dict(babble_voices="-3"), "--babble-voices is a list such as 3:4:5"),
    (dict(noise_interval=-1), "--noise-interval must not be negative"),
    (dict(band="3400:300"), "--band is two frequencies"),
    (dict(codecs="mulaw:g729"), "no such codec: g729"),
    (dict(noise_probability=0.7, music_probability=0.4), "noise, music, babble must not be more than 1"),
    (dict(echo_probability=1.5), "--echo-probability must be from 0 to 1, 1.5 is not"),
    (dict(gain=-1), "--equaliser and --gain must not be negative"),
    (dict(shoeboxes=0), "--shoeboxes must be at least 1"),
    (dict(rir_length=-1), "--rir-length must not be negative"),
    (dict(clip_level=-1), "--clip-level must not be negative"),
])
def test_wrong_options(wrong, message):
    with pytest.raises(UsageError) as error:
        AugmentOptions(**wrong)
    assert message in str(error.value)
