"""Kaldi's files of mixtures and i-vector extractors: text and binary say the same, and damage is told."""

import gzip

import numpy as np
import pytest

from diarkit.errors import DataError
from diarkit.io.gmm import DiagGmm, FullGmm, as_written, read_diag_gmm, read_full_gmm, read_gmm, write_gmm
from diarkit.io.ivectorextractor import read_ivector_extractor


@pytest.fixture(scope="module")
def kaldi(shared):
    return shared / "golden/kaldi"


def test_diagonal_mixtures(kaldi):
    for name in ("0.dubm", "1.dubm", "final.dubm"):
        if not (kaldi / "gmm" / name).exists() or not (kaldi / f"gmm/{name}.txt").exists():
            continue
        binary, text = (read_diag_gmm(str(kaldi / "gmm" / part)) for part in (name, name + ".txt"))
        assert binary.weights.shape == (16,) and binary.means.shape == binary.variances.shape == (16, 60)
        assert binary.weights.sum() == pytest.approx(1, abs=1e-5)
        for one, other in zip(binary, text, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_full_mixtures_have_the_means_and_covariances_of_the_extractor(kaldi):
    binary, text = (read_full_gmm(str(kaldi / name)) for name in ("gmm/final.ubm", "gmm/final.ubm.txt"))
    assert binary.weights.shape == (15,) and binary.precisions.shape == (15, 60, 60)
    np.testing.assert_allclose(binary.precisions, text.precisions, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(binary.means, text.means, rtol=1e-2, atol=1e-2)
    # ivector-extractor-init takes weights, covariances and, times the offset, means from it
    first = read_ivector_extractor(str(kaldi / "ivec/0.ie"))
    np.testing.assert_allclose(first.weights, binary.weights, rtol=1e-6)
    np.testing.assert_allclose(first.precisions, binary.precisions, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(first.projections[:, :, 0] * first.offset, binary.means, rtol=1e-3, atol=1e-3)


def test_extractors(kaldi, tmp_path):
    (tmp_path / "ie.txt").write_bytes(gzip.decompress((kaldi / "ivec/final.ie.txt.gz").read_bytes()))
    binary, text = (read_ivector_extractor(str(name)) for name in (kaldi / "ivec/final.ie", tmp_path / "ie.txt"))
    assert binary.projections.shape == (15, 60, 12) and binary.weight_projections.shape == (0, 0)
    assert binary.offset == pytest.approx(36.27836, abs=1e-5)
    for one, other in zip(binary, text, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert (binary.precisions == binary.precisions.transpose(0, 2, 1)).all()
    assert (np.linalg.eigvalsh(binary.precisions) > 0).all()


TEXT = ("<DiagGMM> \n<WEIGHTS>  [ 0.5 0.5 ]\n<MEANS_INVVARS>  [\n  2 4\n  6 8 ]\n<INV_VARS>  [\n  2 2\n  2 4 ]\n"
        "</DiagGMM>\n")
FULL = "<FullGMM> <WEIGHTS>  [ 1 ]\n<MEANS_INVCOVARS>  [\n  4 6 ]\n<INV_COVARS> [\n2 \n0 3 ]\n</FullGMM> "
EXTRACTOR = ("<IvectorExtractor> <w>  [ ]\n<w_vec>  [ 1 ]\n<M> 1  [\n  1 0\n  0 1 ]\n<SigmaInv> [\n2 \n0 3 ]\n"
             "<IvectorOffset> 4.5 </IvectorExtractor> \n")


def test_text_of_few_numbers(tmp_path):
    for text, reader in ((TEXT, read_diag_gmm), (FULL, read_full_gmm), (EXTRACTOR, read_ivector_extractor)):
        (tmp_path / "model").write_text(text)
        found = reader(str(tmp_path / "model"))
        if reader is read_diag_gmm:
            assert found.means.tolist() == [[1, 2], [3, 2]] and found.variances.tolist() == [[0.5, 0.5], [0.5, 0.25]]
        elif reader is read_full_gmm:
            assert found.means.tolist() == [[2, 2]] and found.precisions.tolist() == [[[2, 0], [0, 3]]]
        else:
            assert found.offset == 4.5 and found.projections.tolist() == [[[1, 0], [0, 1]]]


@pytest.mark.parametrize(("reader", "text", "old", "new", "message"), [
    (read_diag_gmm, TEXT, "<DiagGMM>", "<FullGMM>", "<DiagGMM> expected"),
    (read_diag_gmm, TEXT, "</DiagGMM>", "", "</DiagGMM> expected"),
    (read_diag_gmm, TEXT, "0.5 0.5", "0.5", "do not fit"),
    (read_diag_gmm, TEXT, "0.5 0.5", "-0.5 0.5", "not those of a mixture"),
    (read_diag_gmm, TEXT, "  2 4 ]", "  2 0 ]", "not above 0"),
    (read_diag_gmm, TEXT, "  2 4 ]", "  2 nan ]", "NaN"),
    (read_diag_gmm, TEXT, "  2 4 ]", "  2 ]", "row 2 has 1 numbers"),
    (read_full_gmm, FULL, "0 3 ]", "0 x ]", "not a number: 'x'"),
    (read_full_gmm, FULL, "0 3 ]", "0 ]", "2 numbers are not the lower triangle"),
    (read_full_gmm, FULL, "2 \n0 3 ]", "2 ]", "a symmetric matrix of 2 rows expected"),
    (read_full_gmm, FULL, "0 3 ]", "0 0 ]", "not positive definite"),
    (read_full_gmm, FULL, "0 3 ]", "0 -3 ]", "not positive definite"),
    (read_full_gmm, FULL, "0 3 ]", "0 inf ]", "NaN or infinite"),
    (read_full_gmm, FULL, "[ 1 ]", "[ 1 1 ]", "expected"),
    (read_ivector_extractor, EXTRACTOR, "<M> 1 ", "<M> 0 ", "0 Gaussians"),
    (read_ivector_extractor, EXTRACTOR, "<M> 1 ", "<M> many ", "not a whole number: 'many'"),
    (read_ivector_extractor, EXTRACTOR, "4.5", "nan", "not a number"),
    (read_ivector_extractor, EXTRACTOR, "0 3 ]", "0 -3 ]", "not positive definite"),
    (read_ivector_extractor, EXTRACTOR, "<w_vec>", "<w_vex>", "<w_vec> expected"),
])
def test_damage_is_told(tmp_path, reader, text, old, new, message):
    assert old in text
    (tmp_path / "model").write_text(text.replace(old, new, 1))
    with pytest.raises(DataError, match=message) as caught:
        reader(str(tmp_path / "model"))
    assert str(caught.value).startswith(f"{tmp_path}/model: ")


def test_binary_files_that_end_early_or_promise_much(kaldi, tmp_path):
    for name, reader in (("gmm/final.dubm", read_diag_gmm), ("gmm/final.ubm", read_full_gmm),
                         ("ivec/final.ie", read_ivector_extractor)):
        data = (kaldi / name).read_bytes()
        for end in (0, 2, 12, 40, 300, len(data) // 2, len(data) - 5):
            (tmp_path / "cut").write_bytes(data[:end])
            with pytest.raises(DataError):
                reader(str(tmp_path / "cut"))
    at = data.index(b"<M> ") + 5
    (tmp_path / "huge").write_bytes(data[:at] + b"\xff\xff\xff\x7f" + data[at + 4 :])
    with pytest.raises(DataError):
        read_ivector_extractor(str(tmp_path / "huge"))


def pieces_of(data, count):
    """Where the constants of a binary model of `count` Gaussians lie: before, these, after."""
    at = data.index(b"<GCONSTS> FV ") + 18
    return data[:at], np.frombuffer(data[at : at + 4 * count], "<f4"), data[at + 4 * count :]


@pytest.mark.parametrize("name", ["0.dubm", "1.dubm", "final.dubm", "0.ubm", "1.ubm", "final.ubm"])
def test_written_as_kaldi_writes(kaldi, tmp_path, name):
    """Byte for byte, but for the last digit of constants, which Kaldi sums in an order of its own."""
    path = kaldi / "gmm" / name
    if not path.exists():
        pytest.skip(f"no {path}")
    model = read_gmm(str(path))
    write_gmm(str(tmp_path / "binary"), model)
    binary = (tmp_path / "binary").read_bytes()
    before, own, after = pieces_of(binary, len(model.weights))
    first, theirs, last = pieces_of(path.read_bytes(), len(model.weights))
    assert (before, after) == (first, last)
    np.testing.assert_allclose(own, theirs, rtol=1.3e-7)
    write_gmm(str(tmp_path / "text"), model, text=True)
    write_gmm(str(tmp_path / "again"), read_gmm(str(tmp_path / "text")))
    assert (tmp_path / "again").read_bytes() == binary
    text = (tmp_path / "text").read_text().split("\n")
    if path.with_name(name + ".txt").exists():
        other = path.with_name(name + ".txt").read_text().split("\n")
        assert [len(line.split()) for line in text] == [len(line.split()) for line in other]
        assert [line[:1] + line[-1:] for line in text] == [line[:1] + line[-1:] for line in other]


def test_a_model_is_what_it_is_when_it_is_read_again(tmp_path):
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(3, 4, 4))
    for model in (DiagGmm(rng.dirichlet(np.ones(3)), rng.normal(size=(3, 4)) * 100, rng.random((3, 4)) + 0.01),
                  FullGmm(rng.dirichlet(np.ones(3)), rng.normal(size=(3, 4)),
                          factors @ factors.transpose(0, 2, 1) + np.eye(4))):
        write_gmm(str(tmp_path / "model"), model)
        found, stored = read_gmm(str(tmp_path / "model")), as_written(model)
        assert type(found) is type(stored) is type(model)
        assert all((a == b).all() for a, b in zip(found, stored, strict=True))
        assert all((a == b).all() for a, b in zip(as_written(stored), stored, strict=True))
        for a, b in zip(stored, model, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5)


def test_what_is_no_model_is_not_written(tmp_path):
    good = DiagGmm(np.ones(1), np.zeros((1, 2)), np.ones((1, 2)))
    for bad, message in ((good._replace(means=np.full((1, 2), np.nan)), "NaN"),
                         (good._replace(variances=np.zeros((1, 2))), "infinite"),
                         (FullGmm(np.ones(1), np.zeros((1, 2)), -np.eye(2)[None] * [[1], [-1]]), "positive definite"),
                         (FullGmm(np.ones(1), np.zeros((1, 2)), -np.eye(2)[None]), "positive definite")):
        with pytest.raises(DataError, match=f"model: .*{message}"):
            write_gmm(str(tmp_path / "model"), bad)
        assert not (tmp_path / "model").exists()


def test_either_kind_is_known_by_its_token(tmp_path):
    for text, kind in ((TEXT, DiagGmm), (FULL, FullGmm)):
        (tmp_path / "model").write_text(text)
        assert isinstance(read_gmm(str(tmp_path / "model")), kind)
    for text in ("", "<Plda> ", "[ 1 2 ]\n"):
        (tmp_path / "model").write_text(text)
        with pytest.raises(DataError, match="model: <DiagGMM> expected"):
            read_gmm(str(tmp_path / "model"))
