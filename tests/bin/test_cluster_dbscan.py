"""cluster-dbscan through its command line."""

import numpy as np
import pytest

from diarkit.backend.cosine import cosine_scores
from diarkit.io.tables import ArrayWriter


@pytest.fixture
def voices(tmp_path):
    """x.ark, scores.ark and spk2utt: a of 3 voices and 30 segments, b of one segment, c of another size."""
    rng = np.random.default_rng(0)
    vectors = (10 * np.eye(8)[np.arange(30) % 3] + rng.normal(size=(30, 8))).astype(np.float32)
    names = [f"a{i:02d}" for i in range(30)]
    with ArrayWriter(f"ark:{tmp_path}/x.ark") as out:
        for name, vector in zip([*names, "b0"], [*vectors, vectors[0]], strict=True):
            out.write(name, vector)
    with ArrayWriter(f"ark:{tmp_path}/scores.ark") as out:
        out.write("a", cosine_scores(vectors))
        out.write("b", np.ones((1, 1), np.float32))
        out.write("c", np.ones((2, 2), np.float32))
    (tmp_path / "spk2utt").write_text(f"a {' '.join(names)}\nb b0\nc c0 c1 c2\n")
    return tmp_path


def labels(text, letter):
    return [int(line.split()[1]) for line in text.splitlines() if line.startswith(letter)]


@pytest.mark.parametrize("options", [["scores.ark"], ["--method=hdbscan", "scores.ark"], ["--vectors", "x.ark"]])
def test_voices_are_told_apart(run_tool, voices, options):
    done = run_tool("cluster-dbscan", *options, "spk2utt", "-", cwd=voices, status=1)
    assert labels(done.stdout, "a") == [1, 2, 3] * 10 and labels(done.stdout, "b") == [1]
    assert "2 recordings done, 1 failed" in done.stderr and len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize("options, number", [(["--num-speakers=5"], 5), (["--threshold=-1", "--min-speakers=2"], 2),
                                             (["--max-speakers=2", "--method=hdbscan", "--least-cluster=3"], 2)])
def test_numbers_of_speakers(run_tool, voices, options, number):
    done = run_tool("cluster-dbscan", *options, "--max-failed=1", "scores.ark", "spk2utt", "-", cwd=voices)
    assert max(labels(done.stdout, "a")) == number


@pytest.mark.parametrize("options, status, message", [
    (["--plda=x"], 2, "--plda is for vectors"), (["--min-samples=0"], 2, "--min-samples must be at least 1"),
    (["--auto", "--threshold=1"], 2, "--auto chooses")])
def test_options_that_cannot_be(run_tool, voices, options, status, message):
    done = run_tool("cluster-dbscan", *options, "scores.ark", "spk2utt", "labels", cwd=voices, status=status)
    assert message in done.stderr and len(done.stderr.splitlines()) == 1 and not list(voices.glob("labels*"))
