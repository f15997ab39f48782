"""train-transform, apply-transform, mean-vectors, subtract-mean, normalize-length: against Kaldi and VBx."""

import json
import os
import shutil
import sys

import numpy as np
import pytest

from diarkit.io.tables import ArrayWriter, read_array, read_arrays, write_array

OURS = {"ivector-mean", "ivector-subtract-global-mean", "ivector-normalize-length", "est-pca", "ivector-compute-lda",
        "ivector-transform", "transform-vec", "copy-vector"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Six vectors of three speakers, as table and as scp."""
    monkeypatch.chdir(tmp_path)
    vectors = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    with ArrayWriter("ark,scp:v.ark,v.scp") as out:
        for name, vector in zip("abcdef", vectors, strict=True):
            out.write(name, vector)
    (tmp_path / "spk2utt").write_text("x a d\ny c b e\nz f\n")
    (tmp_path / "utt2spk").write_text("a x\nb y\nc y\nd x\ne y\nf z\n")
    return dict(zip("abcdef", vectors.astype(float), strict=True))


def table(name):
    return dict(read_arrays(f"ark:{name}"))


def test_kaldi_s_command_lines_give_kaldi_s_results(shared, root, tmp_path, run_tool):
    """The lines of plda2.txt whose programs are all of this file, under Kaldi's names, up to where PLDA begins."""
    golden = shared / "golden/kaldi"
    run_tool(root / "utils/kaldi-names", tmp_path / "names")
    (tmp_path / "plda").mkdir()
    for name in ("train.txt", "test.txt", "spk2utt", "utt2spk"):
        shutil.copy(golden / "plda" / name, tmp_path / "plda")
    lines = []
    for line in (golden / "commands/plda2.txt").read_text().splitlines():
        programs = {word.strip("'").removeprefix("ark:") for word in line.split()} & set(os.listdir(tmp_path / "names"))
        if line.split()[0] in OURS and programs <= OURS and "vbx" not in line:
            lines.append(line)
    assert len(lines) == 11
    done = run_tool("bash", "-euo", "pipefail", "-c", "\n".join(lines), cwd=tmp_path,
                    env={**os.environ, "PATH": f"{tmp_path}/names:{os.environ['PATH']}"})
    assert "failed" not in done.stderr.replace(" 0 failed", "")
    compared = 0
    for path in sorted((tmp_path / "plda").iterdir()):
        theirs = golden / "plda" / path.name
        if path.name in ("train.ark", "test.ark", "num_utts.txt"):
            assert path.read_bytes() == theirs.read_bytes()
        elif path.suffix in (".mat", ".vec") and theirs.exists():
            ours, theirs = read_array(str(path)), read_array(str(theirs))
            np.testing.assert_allclose(ours, theirs, atol=1e-6 * np.abs(theirs).max())
            compared += 1
        elif path.name.startswith(("spk_means", "train_lda")) and theirs.exists():
            ours, theirs = table(path), table(theirs)
            assert list(ours) == list(theirs)
            for key in ours:
                np.testing.assert_allclose(ours[key], theirs[key], atol=1e-5 * np.abs(theirs[key]).max())
            compared += 1
    assert compared >= 6
    affine = read_array(f"{tmp_path}/plda/lda10_tcf0.1_nomeansub.mat")
    assert affine.shape == (10, 21)
    train = np.stack(list(table(tmp_path / "plda/train.txt").values())).astype(float)
    np.testing.assert_allclose((affine[:, :-1] @ train.T).mean(axis=1) + affine[:, -1], 0, atol=1e-4)


def test_vbx_s_transform_of_a_whole_meeting(shared, tmp_path, run_tool):
    meeting, out = shared / "data/es2005a", tmp_path / "x.ark"
    run_tool("apply-transform", meeting / "transform.npz", f"ark:{meeting}/ES2005a.ark", f"ark:{out}")
    theirs = table(shared / "golden/kaldi/vbx/xvec128.ark")
    ours = table(out)
    assert list(ours) == list(theirs) and len(ours) == 1025
    np.testing.assert_allclose(np.stack(list(ours.values())), np.stack(list(theirs.values())), atol=1e-6)
    message = run_tool("apply-transform", meeting / "transform.h5", "ark:x", "ark:-", status=1).stderr
    assert "transform.h5: HDF5 is not read" in message and "transform.npz" in message


def test_a_chain_goes_into_a_folder_and_is_applied(folder, run_tool):
    done = run_tool("train-transform", "--chain=mean,lda:2,length", "scp:v.scp", "utt2spk", "model")
    assert "6 vectors done, 0 failed" in done.stderr
    about = json.load(open("model/model.json"))
    assert about["stages"] == ["mean", "matrix", "length"] and about["training"]["chain"] == "mean,lda:2,length"
    assert (about["vectors"], about["number_of_vectors"], about["number_of_speakers"]) == ("scp:v.scp", 6, 3)
    run_tool("apply-transform", "model", "scp:v.scp", "ark:y.ark")
    run_tool("train-transform", "--chain=lda:2", "scp:v.scp", "utt2spk", "lda.mat")
    matrix = read_array("lda.mat")
    for key, vector in table("y.ark").items():
        plain = matrix @ [*folder[key], 1]
        np.testing.assert_allclose(vector, plain / np.linalg.norm(plain) * np.sqrt(2), rtol=1e-5)
        assert vector.dtype == np.float32
    # matrices are transformed row by row
    with ArrayWriter("ark:m.ark") as out:
        out.write("all", np.stack(list(folder.values())))
    run_tool("apply-transform", "model", "ark:m.ark", "ark:z.ark")
    np.testing.assert_allclose(table("z.ark")["all"], list(table("y.ark").values()), rtol=1e-6)


def test_forms_of_what_is_trained(folder, run_tool):
    run_tool("train-transform", "--chain=mean", "--form=kaldi", "scp:v.scp", "m")
    np.testing.assert_allclose(read_array("m"), np.mean(list(folder.values()), axis=0), rtol=1e-6)
    text = run_tool("train-transform", "--chain=pca:1", "--no-binary", "scp:v.scp", "-").stdout
    assert text.startswith(" [\n") and len(text.split()) == 6
    with ArrayWriter("ark:m.ark") as out:
        out.write("all", np.stack(list(folder.values())))
    whole = "train-transform --chain=pca:2 --no-read-vectors --write-full-matrix=full.mat ark:m.ark pca.mat".split()
    run_tool(*whole)
    np.testing.assert_array_equal(read_array("full.mat")[:2], read_array("pca.mat"))
    assert read_array("full.mat").shape == (3, 4) and open("full.mat", "rb").read(2) == b"\0B"
    done = run_tool("train-transform", "ark:m.ark", "none", status=1)
    assert "all: m.ark: a matrix where a vector is expected" in done.stderr and not os.path.exists("none")
    for arguments, words in ((["--chain=mean,unit", "scp:v.scp", "x.mat"], "holds no 'unit'"),
                             (["--chain=lda", "scp:v.scp", "x"], "VECTORS UTT2SPK TRANSFORM"),
                             (["--chain=zca", "scp:v.scp", "x"], "no stage is called 'zca'"),
                             (["scp:v.scp"], "not 1 arguments")):
        assert words in run_tool("train-transform", *arguments, status=2).stderr
    run_tool("train-transform", "--chain=unit", "scp:v.scp", "unit")
    run_tool("apply-transform", "unit", "scp:v.scp", "ark:u.ark")
    assert all(np.linalg.norm(vector) == pytest.approx(1, abs=1e-6) for vector in table("u.ark").values())


def test_vectors_that_cannot_be_used_in_training(folder, run_tool):
    open("utt2spk", "w").write("a x\nb y\nc y\nd x\ne y\n")
    done = run_tool("train-transform", "--chain=lda", "scp:v.scp", "utt2spk", "lda.mat", status=1)
    assert "f: not in utt2spk" in done.stderr and "5 vectors done, 1 failed" in done.stderr
    assert not os.path.exists("lda.mat")
    run_tool("train-transform", "--chain=lda", "--max-failed=1", "scp:v.scp", "utt2spk", "lda.mat")
    assert read_array("lda.mat").shape == (1, 4)
    done = run_tool("train-transform", "scp:/dev/null", "model", status=1)
    assert "error: scp:/dev/null: there is no vector to train on" in done.stderr
    done = run_tool("train-transform", "--chain=whiten", "ark:head -c 60 v.ark |", "white.mat", status=1)
    assert done.stderr.count("error") == 1 and not os.path.exists("white.mat")


def test_vectors_that_do_not_fit_the_transform(folder, run_tool):
    run_tool("train-transform", "--chain=whiten:2,unit", "scp:v.scp", "model")
    with ArrayWriter("ark:w.ark") as out:
        for name, array in (("four", np.ones(4)), ("three", np.ones(3)), ("int", [1, 2, 3]), ("z", np.zeros(3))):
            out.write(name, np.array(array))
    done = run_tool("apply-transform", "--max-failed=2", "model", "ark:w.ark", "ark:y.ark")
    assert list(table("y.ark")) == ["three", "z"] and "2 vectors done, 2 failed" in done.stderr
    assert "four: 4 numbers, but model is for 3" in done.stderr and "int: is not a vector" in done.stderr
    write_array("plain.mat", np.ones((2, 3)))
    done = run_tool("apply-transform", "--max-failed=1", "plain.mat", "ark:w.ark", "ark:none.ark", status=1)
    assert "four: vectors of 4 numbers, but a matrix of 2 x 3" in done.stderr and not os.path.exists("none.ark")


def test_means(folder, run_tool):
    run_tool("mean-vectors", "scp:v.scp", "mean.vec")
    assert open("mean.vec").read().startswith(" [ ")
    np.testing.assert_allclose(read_array("mean.vec"), np.mean(list(folder.values()), axis=0), rtol=1e-6)
    open("weights", "w").write("".join(f"{key} {i / 2} \n" for i, key in enumerate("abcdef")))
    run_tool("mean-vectors", "--weights=ark:weights", "--binary", "scp:v.scp", "mean.vec")
    weighted = np.average(list(folder.values()), axis=0, weights=range(6))
    assert open("mean.vec", "rb").read(5) == b"\0BDV "
    np.testing.assert_allclose(read_array("mean.vec"), weighted, rtol=1e-6)
    run_tool("mean-vectors", "--weights=ark:weights", "spk2utt", "scp:v.scp", "ark:spk", "ark,t:num")
    assert open("num").read() == "x 2 \ny 3 \nz 1 \n" and list(table("spk")) == ["x", "y", "z"]
    np.testing.assert_allclose(table("spk")["y"], (folder["b"] + 2 * folder["c"] + 4 * folder["e"]) / 7, rtol=1e-5)
    done = run_tool("mean-vectors", "scp:/dev/null", "none.vec", status=1)
    assert "no vector" in done.stderr and not os.path.exists("none.vec")
    assert "not 1 arguments" in run_tool("mean-vectors", "x", status=2).stderr


def test_speakers_of_whom_vectors_are_missing(folder, run_tool):
    open("spk2utt", "w").write("x a d g h\ny c\nz i\nnobody\n")
    done = run_tool("mean-vectors", "spk2utt", "scp:v.scp", "ark:spk", "ark,t:num", status=1)
    assert "x: no vector for g and 1 more" in done.stderr and "nobody: there is no vector" in done.stderr
    assert "1 speakers done, 3 failed" in done.stderr
    done = run_tool("mean-vectors", "--skip-missing", "--max-failed=2", "spk2utt", "scp:v.scp", "ark:spk", "ark,t:num")
    assert open("num").read() == "x 2 \ny 1 \n" and "z: no vector for i" in done.stderr
    np.testing.assert_allclose(table("spk")["x"], (folder["a"] + folder["d"]) / 2, rtol=1e-6)


def test_subtracting_means(folder, run_tool):
    mean = np.mean(list(folder.values()), axis=0)
    run_tool("subtract-mean", "scp:v.scp", "ark:own")
    write_array("mean.vec", mean)
    run_tool("subtract-mean", "mean.vec", "scp:v.scp", "ark:given")
    for name in ("own", "given"):
        assert list(table(name)) == list("abcdef")
        for key, vector in table(name).items():
            np.testing.assert_allclose(vector, folder[key] - mean, atol=1e-6)
    run_tool("subtract-mean", "--spk2utt=spk2utt", "scp:v.scp", "ark:each")
    each = table("each")
    assert list(each) == list("adcbef")
    np.testing.assert_allclose(each["b"], folder["b"] - (folder["b"] + folder["c"] + folder["e"]) / 3, atol=1e-6)
    assert each["f"].tolist() == [0, 0, 0]
    run_tool("subtract-mean", "--subtract-mean=false", "mean.vec", "scp:v.scp", "ark:copy")
    assert open("copy", "rb").read() == open("v.ark", "rb").read()
    done = run_tool("subtract-mean", "--spk2utt=spk2utt", "mean.vec", "scp:v.scp", "ark:x", status=2)
    assert "mean.vec is another mean" in done.stderr
    open("spk2utt", "a").write("w a nothing\nnobody\n")
    done = run_tool("subtract-mean", "--spk2utt=spk2utt", "scp:v.scp", "ark:x", status=1)
    assert "w: no vector for nothing" in done.stderr and "nobody: has no segments" in done.stderr
    assert "3 recordings done, 2 failed" in done.stderr


def test_a_vector_of_another_length_is_left_out_of_the_mean(folder, run_tool):
    with ArrayWriter("ark:v.ark") as out:
        out.write("a", np.array([1.0, 3]))
        out.write("b", np.ones(5))
        out.write("c", np.array([3.0, 5]))
    done = run_tool("subtract-mean", "--max-failed=1", "ark:v.ark", "ark,t:-")
    assert done.stdout == "a  [ -1 -1 ]\nc  [ 1 1 ]\n" and "b: 5 numbers, where others have 2" in done.stderr
    assert run_tool("subtract-mean", "scp:/dev/null", "ark:x").returncode == 0


def test_lengths(folder, run_tool):
    with ArrayWriter("ark:v.ark") as out:
        out.write("a", np.array([3.0, 0, 4, 0]))
        out.write("zero", np.zeros(4, np.float32))
    done = run_tool("normalize-length", "--verbose", "ark:v.ark", "ark,t:-")
    assert done.stdout == "a  [ 1.2 0 1.6 0 ]\nzero  [ 0 0 0 0 ]\n"
    assert "warning: 1 vectors are all zeros" in done.stderr and "zero is all zeros" in done.stderr
    assert run_tool("normalize-length", "--scaleup=false", "ark:v.ark", "ark,t:-").stdout.startswith("a  [ 0.6 0 0.8 0")
    assert run_tool("normalize-length", "--normalize=false", "ark:v.ark", "ark,t:-").stdout.startswith("a  [ 3 0 4 0 ]")


TEMPLATES = ["normalize-length ark:{in} ark:{out}", "subtract-mean ark:{in} ark:{out}",
             "mean-vectors ark:{in} {out}", "train-transform --chain=whiten:1 ark:{in} {out}.mat",
             "apply-transform {in} ark:good/vecs.ark ark:{out}"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_bad_inputs(shared, run_tool, template):
    checker = shared / "badinputs/check_bad.py"
    if not checker.exists():
        pytest.skip(f"no {checker}")
    family = "--model" if template.startswith("apply") else "--vectors"
    done = run_tool(sys.executable, checker, "--strict-names", family, template, status=None)
    assert json.loads(done.stdout.splitlines()[-1])["failed"] == 0, done.stdout
