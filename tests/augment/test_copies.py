"""Which copies --kinds asks for, and what they are called."""

import numpy as np
import pytest

from diarkit.augment.augmenter import Effects
from diarkit.augment.effects import band_limited
from diarkit.augment.sounds import Corpora
from diarkit.augment.speeds import speed_perturb
from diarkit.errors import UsageError
from diarkit.options.augment import Copy, CopyOptions, EffectOptions, parse_copies


def test_kinds():
    assert parse_copies("noise,reverb+music,speed=0.9,codec=gsm+speed=1.1") == [
        Copy(("noise",), ""), Copy(("reverb", "music"), ""), Copy((), "0.9"), Copy(("gsm",), "1.1")]
    noise, both, slow, fast = parse_copies("noise,reverb+music,speed=0.9,codec=gsm+speed=1.10")
    assert [copy.name("a") for copy in (noise, both, slow, fast)] == [
        "a-noise", "a-reverb-music", "sp0.9-a", "sp1.10-a-gsm"]
    assert [copy.speaker("x") for copy in (noise, slow)] == ["x", "sp0.9-x"]
    assert [copy.factor for copy in (noise, slow, fast)] == [1, 0.9, 1.1]


@pytest.mark.parametrize(("kinds", "message"), [
    ("", "there is no ''"), ("noise,", "there is no ''"), ("Noise", "there is no 'Noise'"),
    ("noise=3", "there is no 'noise=3'"), ("speed", "speed is a factor"), ("speed=0", "speed is a factor"),
    ("speed=-1", "speed is a factor"), ("speed=nan", "speed is a factor"), ("speed=1e1", "speed is a factor"),
    ("speed=11", "speed is a factor"), ("speed=0.9+speed=0.9", "there is no 'speed=0.9'"),
    ("codec", "codec is one of mulaw"), ("codec=g729", "codec is one of mulaw"), ("echo,clip,echo", "a copy twice"),
])
def test_wrong_kinds(kinds, message):
    with pytest.raises(UsageError) as error:
        CopyOptions(kinds=kinds)
    assert str(error.value).startswith("--kinds") and message in str(error.value)


def test_a_copy_is_decided_by_its_key_and_the_seed():
    samples = (1000 * np.random.default_rng(0).standard_normal(3000)).astype(np.float32)
    effects = Effects(EffectOptions(), Corpora({}, None, 8000), 8000)
    [echo] = parse_copies("echo")
    found = effects.copy(samples, echo, "a-echo", 0)
    assert np.array_equal(found, effects.copy(samples, echo, "a-echo", 0))
    assert not np.allclose(found, effects.copy(samples, echo, "b-echo", 0))
    assert not np.allclose(found, effects.copy(samples, echo, "a-echo", 1))
    [telephone] = parse_copies("telephone+speed=1.1")
    assert np.array_equal(effects.copy(samples, telephone, "a", 0),
                          band_limited(speed_perturb(samples, 1.1), 8000, 300, 3400))
