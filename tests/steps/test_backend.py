"""PLDA and clustering on directories of embeddings: the steps give what the tools give one by one."""

import shutil

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


# ------------------------------------------------------------------------------------ failures


def write_text_table(folder, table, lines):
    """lines {key: text of its vector} as table/xvector.txt and its scp."""
    offset, scp = 0, ""
    for key, line in lines.items():
        scp += f"{key} {table}/xvector.txt:{offset + len(key) + 1}\n"
        offset += len(f"{key} {line}\n")
    (folder / table / "xvector.txt").write_text("".join(f"{key} {line}\n" for key, line in lines.items()))
    (folder / table / "xvector.scp").write_text(scp)


@pytest.fixture
def broken(folder, tmp_path):
    """A copy in which the speaker s03 has a vector of NaN, and the recording r1 two."""
    for table in ("train", "dev"):
        shutil.copytree(folder / table, tmp_path / table)
        lines = {}
        for key, array in read_arrays(f"ark:{folder}/{table}/xvector.ark"):
            if key in ("s03-02", "r1-07", "r1-08"):
                array = array * np.nan
            lines[key] = f"[ {' '.join(map(str, array))} ]"
        write_text_table(tmp_path, table, lines)
    return tmp_path


def test_vectors_that_may_fail_in_training(broken, run_tool):
    done = run_tool("train_plda.sh", "train", "none", cwd=broken, status=1)
    assert "mean-vectors: s03-02: " in done.stderr
    for allowed in ("1", "1%"):
        run_tool("train_plda.sh", "--max-failed", allowed, "train", f"plda{allowed}", cwd=broken)
        assert (broken / f"plda{allowed}/plda").exists()
    # The stages after the mean, too, refuse what may not fail.
    assert "199 vectors done, 1 failed" in (broken / "plda1/log/transform.log").read_text()
    assert (broken / "plda1/log/plda.log").read_text().count("199 vectors done, 1 failed") >= 1


def test_recordings_that_may_fail_in_scoring(broken, run_tool):
    run_tool("train_plda.sh", "--max-failed", "1", "train", "plda", cwd=broken)
    for step in (["score_plda.sh", "plda"], ["score_cosine.sh"]):
        name, *model = step
        run_tool(name, "--nj", "2", *model, "dev", "none", cwd=broken, status=1)
        run_tool(name, "--nj", "2", "--max-failed", "1", *model, "dev", f"s-{name}", cwd=broken)
        kept = [line.split()[0] for line in (broken / f"s-{name}/scores.scp").read_text().splitlines()]
        assert kept == ["r0", "r2"]
        # What failed there has no scores, and it is still one recording that may fail.
        run_tool("cluster.sh", "--nj", "2", f"s-{name}", "c", cwd=broken, status=1)
        done = run_tool("cluster.sh", "--nj", "2", "--max-failed", "1", f"s-{name}", "c", cwd=broken)
        assert done.stderr.splitlines() == ["make-rttm: r1: no label for any of its 30 segments",
                                            "make-rttm: 2 recordings done, 1 failed"]


def recordings_of(rttm):
    return {line.split()[1] for line in rttm.read_text().splitlines()}


@pytest.mark.parametrize("allowed, nj", [("1", "1"), ("100%", "3"), ("1", "9")])
def test_recordings_that_may_fail_in_clustering(broken, run_tool, allowed, nj):
    for name in ("--max-failed=0", f"--max-failed={allowed}"):
        done = run_tool("cluster_vectors.sh", "--nj", nj, "--method", "ahc", name, "dev", "out", cwd=broken,
                        status=None)
        assert done.returncode == (name == "--max-failed=0"), done.stderr
    assert recordings_of(broken / "out/rttm") == {"r0", "r2"}
    assert done.stderr.splitlines() == ["make-rttm: r1: no label for any of its 30 segments",
                                        "make-rttm: 2 recordings done, 1 failed"]


def test_segments_without_a_label_are_an_error_whatever_may_fail(folder, run_tool, tmp_path):
    shutil.copytree(folder / "dev", tmp_path / "dev")
    lists = tmp_path / "dev/spk2utt"
    lists.write_text(lists.read_text().replace(" r1-07", ""))
    done = run_tool("cluster_vectors.sh", "--method=ahc", "--max-failed=100%", tmp_path / "dev", tmp_path / "out",
                    cwd=folder, status=1)
    assert "r1: no label for 1 of its 30 segments, the first is r1-07" in done.stderr
    assert not (tmp_path / "out/rttm").exists()


# ------------------------------------------------------------------------------------ names and numbers of jobs

NAMES = ["it's", 'q"u it\'s $x', "a$b `touch x`", "$(touch x);touch x;*", "a=b"]


@pytest.mark.parametrize("name", NAMES)
def test_folders_of_any_name(folder, run_tool, tmp_path, name):
    inner = tmp_path / name
    inner.mkdir()
    for table in ("train", "dev"):
        shutil.copytree(folder / table, inner / table)
        scp = inner / table / "xvector.scp"
        scp.write_text(scp.read_text().replace(f"{folder}/{table}/", f"{name}/{table}/"))
    (inner / "conf").touch()
    run_tool("train_plda.sh", "--config", f"{name}/conf", "--whiten-dir", f"{name}/dev", f"{name}/train",
             f"{name}/plda", cwd=tmp_path)
    run_tool("score_plda.sh", "--nj", "2", f"{name}/plda", f"{name}/dev", f"{name}/scores", cwd=tmp_path)
    run_tool("cluster.sh", "--nj", "2", "--config", f"{name}/conf", f"{name}/scores", f"{name}/out", cwd=tmp_path)
    assert recordings_of(inner / "out/rttm") == {"r0", "r1", "r2"}
    run_tool("cluster_vectors.sh", "--nj", "2", "--plda", f"{name}/plda/plda", f"{name}/dev", f"{name}/out2",
             cwd=tmp_path)
    assert recordings_of(inner / "out2/rttm") == {"r0", "r1", "r2"}
    assert [path.name for path in tmp_path.iterdir()] == [name]  # nothing was executed


def test_a_list_without_its_last_newline(folder, run_tool, tmp_path):
    shutil.copytree(folder / "dev", tmp_path / "dev")
    lists = tmp_path / "dev/spk2utt"
    lists.write_text(lists.read_text().rstrip("\n"))
    for nj in ("1", "2", "50"):  # again in the same folder
        run_tool("score_cosine.sh", "--nj", nj, tmp_path / "dev", tmp_path / "scores", cwd=folder)
        assert len((tmp_path / "scores/scores.scp").read_text().splitlines()) == 3
        run_tool("cluster.sh", "--nj", nj, "--threshold=0.5", tmp_path / "scores", tmp_path / "out", cwd=folder)
        assert recordings_of(tmp_path / "out/rttm") == {"r0", "r1", "r2"}


@pytest.mark.parametrize("command, says", [
    ("cluster.sh nowhere out", "cluster.sh: no such file: nowhere/scores.scp"),
    ("cluster.sh --config none dev out", "cluster.sh: no such file: dev/scores.scp"),
    ("cluster_vectors.sh --config none dev out", "cluster_vectors.sh: no such file: none"),
    ("cluster_vectors.sh --plda none dev out", "cluster_vectors.sh: no such file: none"),
    ("cluster_vectors.sh --method none dev out", "cluster_vectors.sh: no such method: none"),
    ("score_cosine.sh nowhere out", "score_cosine.sh: no such file: nowhere/xvector.scp"),
    ("score_cosine.sh dev dev/spk2utt", "mkdir: cannot create directory 'dev/spk2utt': Not a directory"),
    ("train_plda.sh --whiten-dir none train out", "train_plda.sh: no such file: none/xvector.scp"),
    ("train_plda.sh none out", "train_plda.sh: no such file: none/xvector.scp"),
    ("extract_xvectors.sh stats none out", "extract_xvectors.sh: no such file: none/wav.scp"),
    ("compute_vad.sh none out", "compute_vad.sh: no such file: none/wav.scp"),
    ("make_mfcc.sh none out", "make_mfcc.sh: no such file: none/wav.scp"),
])
def test_what_is_missing_is_one_line(folder, run_tool, command, says):
    done = run_tool(*command.split(), cwd=folder, status=1)
    assert done.stderr == says + "\n"
    assert not (folder / "out").exists()


# ------------------------------------------------------------------------------------ score_trials.sh


def test_score_trials(scored, run_tool):
    """The pairs of dev's windows, whose voices are in runs of five, by the cosine and by PLDA."""
    windows = [line.split()[0] for line in (scored / "dev/utt2spk").read_text().splitlines()]
    speaker = {name: f"{name[:2]}-{int(name[3:]) // 5 % (2 + int(name[1]))}" for name in windows}
    (scored / "people").write_text("".join(f"{name} {who}\n" for name, who in speaker.items()))
    (scored / "of-windows").mkdir()
    shutil.copy(scored / "dev/xvector.scp", scored / "of-windows")
    (scored / "of-windows/utt2spk").write_text("".join(f"{name} {name}\n" for name in windows))
    (scored / "some").write_text("--max-nontargets=50\n")
    run_tool("make-trials", "--max-nontargets=50", "people", "trials", cwd=scored)
    run_tool("score-cosine", "trials", "scp:dev/xvector.scp", "scp:dev/xvector.scp", "cosines", cwd=scored)
    done = run_tool("score_trials.sh", "--trials-config", "some", "people", "of-windows", "by cosine", cwd=scored)
    for name, expected in (("utt2spk", "people"), ("trials", "trials"), ("scores", "cosines")):
        assert (scored / "by cosine" / name).read_text() == (scored / expected).read_text()
    assert done.stdout == (scored / "by cosine/eer").read_text() and "nontargets" in done.stdout

    run_tool("score_trials.sh", "--plda", "plda", "--trials-config", "some", "people", "of-windows", "by-plda",
             cwd=scored)
    for tool, model, source, target in (("subtract-mean", "plda/mean.vec", "scp:dev/xvector.scp", "ark:t.1"),
                                        ("apply-transform", "plda/transform.mat", "ark:t.1", "ark:t.2")):
        run_tool(tool, model, source, target, cwd=scored)
    run_tool("normalize-length", "ark:t.2", "ark:t.3", cwd=scored)
    run_tool("score-plda", "plda/plda", "ark:t.3", "ark:t.3", "trials", "ratios", cwd=scored)
    assert (scored / "by-plda/scores").read_text() == (scored / "ratios").read_text()


def test_score_trials_that_cannot_be(folder, run_tool):
    for args, message in ((["nowhere", "dev", "out"], "no such file: nowhere"),
                          (["dev/utt2spk", "nowhere", "out"], "no such file: nowhere/xvector.scp"),
                          (["--plda", "nowhere", "dev/utt2spk", "dev", "out"], "no such file: nowhere/mean.vec"),
                          (["train/utt2spk", "dev", "dev"], "would be written over what is read: dev/utt2spk"),
                          (["train/utt2spk", "dev", "train"], "would be written over what is read: train/utt2spk")):
        done = run_tool("score_trials.sh", *args, cwd=folder, status=1)
        assert message in done.stderr and not (folder / "out/scores").exists()
    assert not (folder / "dev/trials").exists() and not (folder / "train/trials").exists()
