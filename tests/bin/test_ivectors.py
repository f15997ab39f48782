"""The tools of i-vectors: one after the other, and what they are given that cannot be."""

import numpy as np
import pytest

from diarkit.io.gmm import DiagGmm, write_gmm
from diarkit.io.ivectorextractor import read_ivector_extractor, read_ivector_sums
from diarkit.io.tables import ArrayWriter, ValueWriter, read_arrays, read_values

C, D = 4, 3


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Features, and a background model in a folder."""
    path = tmp_path_factory.mktemp("tools")
    rng = np.random.default_rng(5)
    centres = 4 * rng.normal(size=(C, D))
    (path / "ie").mkdir()
    with ArrayWriter(f"ark:{path}/feats.ark") as feats:
        for name in "abcde":
            frames = centres[rng.integers(C, size=300)] + rng.normal(size=D) + rng.normal(size=(300, D))
            feats.write(name, frames.astype(np.float32))
    write_gmm(f"{path}/ie/final.dubm", DiagGmm(np.full(C, 1 / C), centres, np.full((C, D), 1.5)))
    return path


@pytest.fixture
def folder(made, run_tool):
    """The same with an extractor trained on them beside the background model."""
    if not (made / "ie/final.ie").exists():
        done = run_tool("train-ivector-extractor", "--ivector-dim=4", "--num-iters=2", "--num-gselect=2",
                        "ie/final.dubm", "ark:feats.ark", "ie/final.ie", cwd=made)
        assert "before iteration 2: -" in done.stderr and "5 utterances done, 0 failed" in done.stderr
    return made


def vectors(folder, name):
    return dict(read_arrays(f"ark:{folder}/{name}"))


def test_windows_utterances_and_speakers(folder, run_tool):
    (folder / "windows").write_text("w2 b 0.5 2\nw1 b 0 1\nw3 a 0 -1\nlate b 4 5\nw4 z 0 1\n")
    done = run_tool("extract-ivectors", "ie", "ark:feats.ark", "windows", "ark:w.ark", cwd=folder, status=1)
    assert done.stderr.splitlines() == [
        "extract-ivectors: late: is frames 400 to 500, the features have 300",
        "extract-ivectors: z: 1 windows in windows, but no features", "extract-ivectors: 3 windows done, 2 failed"]
    windows = vectors(folder, "w.ark.partial")
    assert list(windows) == ["w3", "w2", "w1"] and all(vector.shape == (4,) for vector in windows.values())
    run_tool("extract-ivectors", "--ubm=ie/final.dubm", "ie/final.ie", "ark:feats.ark", "-", "ark:u.ark", cwd=folder)
    whole = vectors(folder, "u.ark")
    assert list(whole) == list("abcde")
    np.testing.assert_allclose(windows["w3"], whole["a"], atol=1e-5)
    (folder / "spk2utt").write_text("s a\nt a b\nnobody x\n")
    done = run_tool("extract-ivectors", "--spk2utt=spk2utt", "ie", "ark:feats.ark", "-", "ark:s.ark", cwd=folder,
                    status=1)
    assert "extract-ivectors: nobody: there is nothing of this speaker\n" in done.stderr
    speakers = vectors(folder, "s.ark.partial")
    np.testing.assert_allclose(speakers["s"], whole["a"], atol=1e-5)
    assert list(speakers) == ["s", "t"] and not np.allclose(speakers["t"], whole["a"], atol=0.01)


def test_posteriors_of_some_and_of_others(folder, run_tool):
    run_tool("compute-posteriors", "ie/final.dubm", "ark:feats.ark", "ark:post.ark", cwd=folder)
    found = dict(read_values(f"ark:{folder}/post.ark", "posteriors"))
    with ValueWriter(f"ark:{folder}/some.ark", "posteriors") as out:
        out.write("a", found["a"])
        out.write("b", found["b"][:100])
    for line in (["extract-ivectors", "ie", "ark:feats.ark", "ark:some.ark", "ark:x.ark"],
                 ["accumulate-ivector-extractor", "ie/final.ie", "ark:feats.ark", "ark:some.ark", "x.acc"]):
        done = run_tool(*line, "--max-failed=4", cwd=folder)
        assert f"{line[0]}: b: posteriors of 100 frames, features of 300\n" in done.stderr
        assert "c: not in" in done.stderr and "1 utterances done, 4 failed" in done.stderr
    assert list(vectors(folder, "x.ark")) == ["a"]
    assert read_ivector_sums(str(folder / "x.acc"))[0].num_ivectors == 1


@pytest.mark.parametrize(("line", "message"), [
    ("train-ivector-extractor ie/final.ie ark:feats.ark x", "ie/final.ie: <DiagGMM> expected"),
    ("train-ivector-extractor ie/final.dubm ark:missing no/x", "no/x: cannot be written: its folder does not exist"),
    ("train-ivector-extractor ie/final.dubm ark:empty x", "ark:empty: there is no utterance to train on"),
    ("estimate-ivector-extractor ie/final.ie ie/final.dubm x", "ie/final.dubm: <IvectorExtractorStats> expected"),
    ("estimate-ivector-extractor ie/final.ie other.acc x", "other.acc: sums of another model"),
    ("extract-ivectors --ubm=two.dubm ie ark:feats.ark - ark:x", "error: ie: a background model of 2 Gaussians of"),
    ("extract-ivectors alone.ie ark:feats.ark - ark:x", "alone.ie: no final.ubm or final.dubm is beside the extractor"),
    ("extract-ivectors --ubm=ie/final.dubm empty ark:feats.ark - ark:x", "empty: <IvectorExtractor> expected"),
    ("extract-ivectors --ubm=ie/final.dubm weights.ie ark:feats.ark - ark:x", "weights.ie: the weights of its"),
    ("extract-ivectors ie ark:feats.ark nothing ark:x", "nothing: no such file"),
    ("extract-ivectors ie ark:narrow.ark - ark:x", "a: features of 2 dimensions"),
    ("extract-ivectors ie ark:nan.ark - ark:x", "a: nan.ark: 1 of 6 values are NaN or infinite"),
])
def test_what_cannot_be_is_told_in_a_line(folder, run_tool, line, message):
    (folder / "empty").touch()
    (folder / "narrow.ark").write_text("a [ 1 2\n3 4 ]\n")
    (folder / "nan.ark").write_text("a [ 1 2 3\n3 nan 5 ]\n")
    (folder / "alone.ie").write_bytes((folder / "ie/final.ie").read_bytes())
    write_gmm(f"{folder}/two.dubm", DiagGmm(np.full(2, 0.5), np.eye(2, D), np.ones((2, D))))
    (folder / "weights.ie").write_text(
        "<IvectorExtractor> <w>  [\n  1 2 ]\n<w_vec>  [ ]\n<M> 1  [\n  1 0\n  0 1 ]\n<SigmaInv> [\n2 \n0 3 ]\n"
        "<IvectorOffset> 4.5 </IvectorExtractor> \n")
    (folder / "other.acc").write_text(
        "<IvectorExtractorStats> <TotAuxf> -1 <gamma>  [ 3 ]\n<Y> 1  [\n  1 0 ]\n<R>  [\n  1 2 3 ]\n<Q>  [ ]\n"
        "<G>  [ ]\n<S> 0 <NumIvectors> 1 <IvectorSum>  [ 1 2 ]\n<IvectorScatter> [\n1 \n2 3 ]\n"
        "</IvectorExtractorStats> ")
    done = run_tool(*line.split(), cwd=folder, status=1)
    assert message in done.stderr and "Traceback" not in done.stderr
    assert not (folder / "x").exists()


def test_wrong_usage(run_tool, tmp_path):
    for line in ("init-ivector-extractor --ivector-dim=0 a b", "init-ivector-extractor --use-weights a b",
                 "estimate-ivector-extractor --variance-floor-factor=2 a b c",
                 "extract-ivectors --max-count=-1 a b c d", "train-ivector-extractor --num-iters=-1 a b c"):
        assert run_tool(*line.split(), cwd=tmp_path, status=2).stderr.count("\n") == 1


def test_no_iterations_give_the_first_model(folder, run_tool):
    run_tool("init-ivector-extractor", "--ivector-dim=4", "--seed=1", "ie/final.dubm", "first", cwd=folder)
    run_tool("train-ivector-extractor", "--ivector-dim=4", "--seed=1", "--num-iters=0", "ie/final.dubm",
             "ark:feats.ark", "again", cwd=folder)
    assert (folder / "first").read_bytes() == (folder / "again").read_bytes()
    model = read_ivector_extractor(str(folder / "first"))
    np.testing.assert_allclose(model.precisions, np.tile(np.eye(D) / 1.5, (C, 1, 1)), rtol=1e-6)
    assert model.offset == 100
