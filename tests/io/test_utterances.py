"""Utterances one after the other, and again from several threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import soundfile

from diarkit.errors import ItemError
from diarkit.io.utterances import Utterances


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for name in "ab":
        soundfile.write(tmp_path / f"{name}.wav", rng.integers(-9999, 9999, (8000, 2), np.int16), 8000)
    (tmp_path / "wav.scp").write_text("".join(f"{name} {tmp_path}/{name}.wav\n" for name in "ab"))
    (tmp_path / "segments").write_text("a1 a 0.1 0.4 0\nb1 b 0.5 1 1\na2 a 0.25 -1 1\nbad c 0 1\n")
    return tmp_path


@pytest.mark.parametrize("segments", [False, True])
def test_first_and_again(folder, segments):
    utterances = Utterances(str(folder / "wav.scp"), str(folder / "segments") if segments else "")
    first, errors = {}, []
    reader = iter(utterances)
    while True:
        try:
            name, sound = next(reader)
        except ItemError as error:
            errors.append(error.key)
            continue
        except StopIteration:
            break
        first[name] = sound.read()
    assert list(first) == (["a1", "b1", "a2"] if segments else ["a", "b"]) and errors == ["bad"] * segments
    if segments:
        assert [len(samples) for samples in first.values()] == [2400, 4000, 6000]
    with ThreadPoolExecutor(4) as pool:
        names = [*first] * 10
        for name, samples in zip(names, pool.map(lambda name: utterances.open_again(name).read(), names), strict=True):
            assert np.array_equal(samples, first[name])
    with pytest.raises(ItemError, match="none"):
        utterances.open_again("none")
