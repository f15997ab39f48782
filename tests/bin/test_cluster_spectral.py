"""cluster-spectral through its command line, on scores of real Kaldi and on vectors."""

import numpy as np
import pytest

from diarkit.backend.cosine import cosine_scores
from diarkit.io.tables import ArrayWriter


@pytest.fixture
def voices(tmp_path):
    """x.ark, scores.ark and spk2utt: a of 3 voices and 30 segments, b of one, c of two, d with a wrong size, e NaN."""
    rng = np.random.default_rng(0)
    vectors = 10 * np.eye(8)[np.arange(30) % 3] + rng.normal(size=(30, 8))
    groups = {"a": vectors, "b": vectors[:1], "c": vectors[:2], "d": vectors[:3], "e": vectors[:3]}
    names = {letter: [f"{letter}{i:02d}" for i in range(len(group))] for letter, group in groups.items()}
    with ArrayWriter(f"ark:{tmp_path}/x.ark") as out:
        for letter in "abc":
            for name, vector in zip(names[letter], groups[letter], strict=True):
                out.write(name, vector.astype(np.float32))
    with ArrayWriter(f"ark:{tmp_path}/scores.ark", finite=False) as out:
        for letter, group in groups.items():
            scores = np.full((3, 3), np.nan) if letter == "e" else cosine_scores(group)
            out.write(letter, scores.astype(np.float32))
    names["d"].append("d03")
    (tmp_path / "spk2utt").write_text("".join(f"{letter} {' '.join(of)}\n" for letter, of in names.items()))
    return tmp_path


def labels(text, letter):
    return [int(line.split()[1]) for line in text.splitlines() if line.startswith(letter)]


def test_scores(run_tool, voices):
    done = run_tool("cluster-spectral", "scores.ark", "spk2utt", "-", cwd=voices, status=1)
    assert "d: 3 rows of scores, 4 segments" in done.stderr and "e: scores.ark: 9 of 9 values are NaN" in done.stderr
    assert "3 recordings done, 2 failed" in done.stderr and "Traceback" not in done.stderr
    assert labels(done.stdout, "a") == [1, 2, 3] * 10 and labels(done.stdout, "b") == [1]


@pytest.mark.parametrize("options, a, c", [
    (["--num-speakers=2"], 2, 2), (["--num-speakers=99", "--pruning=none"], 30, 2),
    (["--max-speakers=3", "--auto", "--counting=eigengap"], 3, None), (["--min_speakers=4", "--threshold=0.5"], 4, 2),
    (["--refinement=wang", "--pruning=none", "--laplacian=symmetric", "--max-clusters=5"], None, None)])
def test_numbers_of_speakers_of_vectors(run_tool, voices, options, a, c):
    done = run_tool("cluster-spectral", "--vectors", "--max-failed=2", *options, "x.ark", "spk2utt", "-", cwd=voices)
    for letter, number in (("a", a), ("c", c), ("b", 1)):
        assert number in (None, max(labels(done.stdout, letter)))


def test_kaldi_s_scores(run_tool, shared, root, tmp_path):
    """Scores of PLDA, with the name of Kaldi's script and of its options."""
    kaldi = shared / "golden/kaldi"
    run_tool(root / "utils/kaldi-names", tmp_path / "names")
    args = ["--min_neighbors", "3", "--max_neighbors=20", "scp:vbx/scores_full_te0.9.scp", "ark,t:vbx/reco2utt"]
    run_tool(tmp_path / "names/spec_clust.py", *args, f"ark,t:{tmp_path}/l", cwd=kaldi)
    lines = (tmp_path / "l").read_text().splitlines()
    expected = [utt for line in (kaldi / "vbx/reco2utt").read_text().splitlines() for utt in line.split()[1:]]
    assert [line.split()[0] for line in lines] == expected
    assert 1 < len({line.split()[1] for line in lines}) <= 10


@pytest.mark.parametrize("options, message", [
    (["--plda=x"], "--plda is for vectors"), (["--min-neighbors=0"], "--min-neighbors must be at least 2"),
    (["--refinement=polish"], "no step polish")])
def test_options_that_cannot_be(run_tool, voices, options, message):
    done = run_tool("cluster-spectral", *options, "scores.ark", "spk2utt", "labels", cwd=voices, status=None)
    assert done.returncode in (1, 2) and message in done.stderr and len(done.stderr.splitlines()) == 1
    assert not list(voices.glob("labels*"))
