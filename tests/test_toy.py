"""Made-up conversations: exact references, and the same bytes for the same seed."""

import numpy as np
import pytest
import soundfile

from diarkit.io.rttm import read_rttm
from diarkit.toy import make_conversation, make_turns, make_voices, resonators


@pytest.mark.parametrize("num_speakers", [1, 2, 4, 7])
def test_turns_are_a_conversation(num_speakers):
    for seed in range(20):
        turns = make_turns(np.random.default_rng(seed), 60, num_speakers)
        assert {speaker for _, _, speaker in turns} == set(range(num_speakers))
        assert all(0 <= start < end < 60_000 for start, end, _ in turns)
        for speaker in range(num_speakers):
            own = sorted((start, end) for start, end, who in turns if who == speaker)
            assert all(a[1] < b[0] for a, b in zip(own, own[1:], strict=False))  # not over themselves


def test_overlap_is_there_and_little():
    spoken = both = 0
    for seed in range(20):
        covered = np.zeros(60_000, dtype=int)
        for start, end, _ in make_turns(np.random.default_rng(seed), 60, 3):
            covered[start:end] += 1
        spoken += np.count_nonzero(covered)
        both += np.count_nonzero(covered > 1)
    assert 0.005 < both / spoken < 0.1


@pytest.mark.parametrize("rate", [8000, 16000])
def test_sound_is_where_the_reference_says(rate):
    samples, turns = make_conversation(np.random.default_rng(3), 20, 3, rate)
    assert samples.dtype == np.int16
    assert len(samples) == 20 * rate
    spoken = np.zeros(20_000, dtype=bool)
    for start, end, _ in turns:
        spoken[start:end] = True
    level = np.sqrt(np.square(samples.reshape(-1, rate // 1000).astype(float)).mean(axis=1))  # of each ms
    assert level[~spoken].max() < 60
    assert np.median(level[spoken]) > 500
    for start, end, _ in turns:  # from the first 50 ms to the last
        assert level[start:start + 50].max() > 60
        assert level[end - 50:end].max() > 60


def test_voices_differ():
    for seed in range(20):
        voices = make_voices(np.random.default_rng(seed), 4)
        tracts = sorted(voice.tract for voice in voices)
        assert np.diff(tracts).min() > 0.04


def test_a_resonator_resonates_at_its_frequency():
    [section] = resonators(np.array([700]), np.array([60]), 8000)
    frequencies = np.arange(50, 4000, 10)
    z = np.exp(-2j * np.pi * frequencies / 8000)
    gain = abs(section[0] / (1 + section[4] * z + section[5] * z * z))
    assert abs(frequencies[gain.argmax()] - 700) <= 10
    assert len(resonators(np.array([700, 3900]), np.array([60, 60]), 8000)) == 1


def test_the_tool_writes_a_data_directory_and_the_same_again(run_tool, root, tmp_path):
    def files_of_data():
        return {path.name: path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()}

    command = ["python3", root / "local/make-toy-corpus", "--num-recordings=3", "--duration=25", "--seed=5"]
    run_tool(*command, "--sample-frequency", "8000", "data", cwd=tmp_path)
    files = files_of_data()
    assert set(files) == {
        "wav.scp", "utt2spk", "spk2utt", "rttm", "uem", "reco2num_spk", "toy01.wav", "toy02.wav", "toy03.wav"}
    for line in (tmp_path / "data/wav.scp").read_text().splitlines():
        _, path = line.split()
        samples, rate = soundfile.read(tmp_path / path, dtype="int16")
        assert (len(samples), rate) == (25 * 8000, 8000)
    counts = dict(line.split() for line in (tmp_path / "data/reco2num_spk").read_text().splitlines())
    turns = read_rttm(str(tmp_path / "data/rttm"))
    for reco, number in counts.items():
        assert len({turn.speaker for turn in turns if turn.reco == reco}) == int(number)
    assert list(counts.values()) == ["2", "3", "4"]

    run_tool(*command, "--sample-frequency", "8000", "data", cwd=tmp_path)
    assert files_of_data() == files
    run_tool(*command, "--seed=6", "--sample-frequency", "8000", "data", cwd=tmp_path)
    assert files_of_data()["toy01.wav"] != files["toy01.wav"]
