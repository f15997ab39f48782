"""PLDA and clustering on directories of embeddings: the steps give what the tools give one by one."""

import numpy as np
import pytest

from diarkit.io.tables import ArrayWriter, read_arrays

DIM = 6


def write_xvectors(folder, groups, rng, centres):
    """A directory of embeddings, `groups` {recording or speaker: [voice of each vector]}."""
    folder.mkdir()
    with ArrayWriter(f"ark,scp:{folder}/xvector.ark,{folder}/xvector.scp") as out:
        lines = {"segments": [], "utt2spk": [], "spk2utt": []}
        for group, voices in groups.items():
            names = [f"{group}-{i:02}" for i in range(len(voices))]
            for i, (name, voice) in enumerate(zip(names, voices, strict=True)):
                out.write(name, (5 + centres[voice] + 0.5 * rng.normal(size=DIM)).astype(np.float32))
                lines["segments"].append(f"{name} {group} {0.75 * i:.2f} {0.75 * i + 1.5:.2f}")
                lines["utt2spk"].append(f"{name} {group}")
            lines["spk2utt"].append(f"{group} {' '.join(names)}")
    for name, content in lines.items():
        (folder / name).write_text("\n".join(content) + "\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("backend")
    rng = np.random.default_rng(0)
    centres = 2 * rng.normal(size=(30, DIM))
    write_xvectors(path / "train", {f"s{v:02}": [v] * 8 for v in range(25)}, rng, centres)
    write_xvectors(path / "dev", {f"r{r}": [25 + i // 5 % (2 + r) for i in range(30)] for r in range(3)}, rng, centres)
    return path


@pytest.fixture
def scored(folder, run_tool):
    if not (folder / "scores").exists():
        run_tool("train_plda.sh", "train", "plda", cwd=folder)
        run_tool("score_plda.sh", "--nj", "2", "--target-energy", "0.9", "plda", "dev", "scores", cwd=folder)
    return folder


def voices_of(path):
    """{recording: labels in order}"""
    found = {}
    for line in path.read_text().splitlines():
        name, label = line.split()
        found.setdefault(name.split("-")[0], []).append(int(label))
    return found


EXPECTED = {f"r{r}": [1 + i // 5 % (2 + r) for i in range(30)] for r in range(3)}


def test_scores_are_those_of_the_tools(scored, run_tool):
    run_tool("mean-vectors", "scp:train/xvector.scp", "mean.vec", cwd=scored)
    assert (scored / "mean.vec").read_bytes() == (scored / "plda/mean.vec").read_bytes()
    for table in ("train", "dev"):
        run_tool("subtract-mean", "mean.vec", f"scp:{table}/xvector.scp", f"ark:{table}.1", cwd=scored)
    run_tool("train-transform", "--chain=whiten", "ark:train.1", "transform.mat", cwd=scored)
    run_tool("subtract-mean", "scp:train/xvector.scp", "ark:train.1", cwd=scored)  # their own, with all digits
    for table in ("train", "dev"):
        run_tool("apply-transform", "transform.mat", f"ark:{table}.1", f"ark:{table}.2", cwd=scored)
        run_tool("normalize-length", f"ark:{table}.2", f"ark:{table}.3", cwd=scored)
    run_tool("train-plda", "train/spk2utt", "ark:train.3", "model", cwd=scored)
    assert (scored / "model").read_bytes() == (scored / "plda/plda").read_bytes()
    run_tool("score-plda", "--target-energy=0.9", "model", "dev/spk2utt", "ark:dev.3", "ark:expected", cwd=scored)
    expected = dict(read_arrays(f"ark:{scored}/expected"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(scored)
        found = dict(read_arrays("scp:scores/scores.scp"))
    assert list(found) == list(expected) == ["r0", "r1", "r2"]
    assert all(np.array_equal(found[reco], expected[reco]) for reco in expected)


@pytest.mark.parametrize("method", ["ahc", "spectral", "dbscan"])
def test_cluster(scored, run_tool, method):
    out = f"scores-{method}"
    run_tool("cluster.sh", "--nj", "3", "--method", method, "--threshold", "0", "scores", out, cwd=scored)
    found = voices_of(scored / out / "labels")
    assert set(found) == set(EXPECTED)
    if method == "ahc":
        assert found == EXPECTED
    assert (scored / out / "rttm").read_text().count("SPEAKER") >= 3


@pytest.mark.parametrize("method", ["ahc", "spectral", "kmeans", "dbscan", "vbx"])
def test_cluster_vectors(scored, run_tool, method):
    (scored / "conf").write_text("--max-speakers=4\n")
    out = f"vectors-{method}"
    run_tool("cluster_vectors.sh", "--nj", "2", "--method", method, "--config", "conf", "dev", out, cwd=scored)
    run_tool(f"cluster-{method}", "--vectors", "--max-speakers=4", "scp:dev/xvector.scp", "dev/spk2utt", "expected",
             cwd=scored)
    assert (scored / out / "labels").read_text() == (scored / "expected").read_text()
    assert (scored / out / "rttm").read_text().startswith("SPEAKER r0 1 ")


def test_a_file_that_is_missing(folder, run_tool):
    done = run_tool("score_plda.sh", "nowhere", "dev", "out", cwd=folder, status=1)
    assert "nowhere/mean.vec" in done.stderr
