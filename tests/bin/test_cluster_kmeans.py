"""cluster-kmeans through its command line."""

import numpy as np
import pytest

from diarkit.io.plda import Plda, write_plda
from diarkit.io.tables import ArrayWriter


@pytest.fixture
def voices(tmp_path):
    """x.ark and spk2utt: a of 3 voices and 30 segments, b of one segment, c lacks a vector, d has two zero vectors."""
    rng = np.random.default_rng(0)
    who = np.arange(30) % 3
    vectors = {f"a{i:02d}": 10 * np.eye(8)[voice] + rng.normal(size=8) for i, voice in enumerate(who)}
    vectors |= {"b0": np.ones(8), "c0": np.ones(8), "d0": np.zeros(8), "d1": np.zeros(8)}
    with ArrayWriter(f"ark:{tmp_path}/x.ark") as out:
        for key, vector in vectors.items():
            out.write(key, vector.astype(np.float32))
    names = " ".join(f"a{i:02d}" for i in range(30))
    (tmp_path / "spk2utt").write_text(f"a {names}\nb b0\nc c0 c1\nd d0 d1\n")
    return tmp_path


def labels(text, letter):
    return [int(line.split()[1]) for line in text.splitlines() if line.startswith(letter)]


def test_voices_are_told_apart_and_counted(run_tool, voices):
    done = run_tool("cluster-kmeans", "x.ark", "spk2utt", "-", cwd=voices, status=1)
    assert "c: no vector for c1" in done.stderr and "3 recordings done, 1 failed" in done.stderr
    assert labels(done.stdout, "a") == [1, 2, 3] * 10
    assert labels(done.stdout, "b") == [1]


@pytest.mark.parametrize("options, a, b, d", [
    (["--num-speakers=2"], 2, 1, 2), (["--num-speakers=40", "--vectors"], 30, 1, 2), (["--min-speakers=5"], 5, 1, 2),
    (["--threshold=2", "--max-speakers=4", "--min-cluster-size=1"], 4, 1, 2),
    (["--threshold=0.9", "--distance=euclidean", "--max-speakers=3"], 3, 1, None)])
def test_numbers_of_speakers(run_tool, voices, options, a, b, d):
    done = run_tool("cluster-kmeans", *options, "--max-failed=1", "x.ark", "spk2utt", "-", cwd=voices)
    for letter, number in zip("abd", (a, b, d), strict=True):
        assert number is None or max(labels(done.stdout, letter)) == number


def test_a_table_of_numbers_and_a_model(run_tool, voices):
    write_plda(str(voices / "plda"), Plda(np.zeros(8), np.eye(8), np.linspace(4, 1, 8)))
    (voices / "numbers").write_text("a 3\nb 1\nd 2\n")
    done = run_tool("cluster-kmeans", "--plda=plda", "--reco2num-spk=numbers", "--max-failed=1", "x.ark", "spk2utt",
                    "-", cwd=voices)
    assert labels(done.stdout, "a") == [1, 2, 3] * 10


def test_a_seed_that_cannot_be_is_one_line(run_tool, voices):
    done = run_tool("cluster-kmeans", "--seed=-1", "x.ark", "spk2utt", "labels", cwd=voices, status=2)
    assert done.stderr == "cluster-kmeans: --seed must be at least 0\n" and not list(voices.glob("labels*"))
