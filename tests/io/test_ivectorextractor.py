"""Kaldi's files of i-vector extractors and of their sums: Kaldi's bytes again, and damage is told."""

import gzip

import numpy as np
import pytest

from diarkit.errors import DataError
from diarkit.io.ivectorextractor import (
    read_ivector_extractor,
    read_ivector_sums,
    write_ivector_extractor,
    write_ivector_sums,
)


@pytest.fixture(scope="module")
def kaldi(shared):
    return shared / "golden/kaldi/ivec"


@pytest.mark.parametrize("name", ["0.ie", "1.ie", "final.ie"])
def test_extractors_are_written_as_kaldi_writes_them(kaldi, tmp_path, name):
    model = read_ivector_extractor(str(kaldi / name))
    write_ivector_extractor(str(tmp_path / "binary"), model)
    assert (tmp_path / "binary").read_bytes() == (kaldi / name).read_bytes()
    text = gzip.decompress((kaldi / f"{name}.txt.gz").read_bytes())
    (tmp_path / "text").write_bytes(text)
    write_ivector_extractor(str(tmp_path / "again"), read_ivector_extractor(str(tmp_path / "text")), text=True)
    assert (tmp_path / "again").read_bytes() == text
    write_ivector_extractor(str(tmp_path / "again"), model, text=True)  # with all digits
    for found, expected in zip(read_ivector_extractor(str(tmp_path / "again")), model, strict=True):
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("text", [False, True])
def test_sums_are_read_again(kaldi, tmp_path, text):
    (sums,) = read_ivector_sums(str(kaldi / "0.acc"))
    assert sums.num_ivectors == 234 and sums.counts.sum() == pytest.approx(34572, abs=0.01)
    assert sums.squares.shape == (15, 60, 60) and sums.scatters.shape == (15, 78)
    for part in (sums, sums._replace(squares=np.zeros((0, 0, 0)))):
        rests = part._replace(counts=-sums.counts)
        write_ivector_sums(str(tmp_path / "acc"), part, rests, text=text)
        for again, written in zip(read_ivector_sums(str(tmp_path / "acc")), (part, rests), strict=True):
            for found, expected in zip(again, written, strict=True):
                assert np.array_equal(found, expected)


SUMS = ("<IvectorExtractorStats> <TotAuxf> -1 <gamma>  [ 3 ]\n<Y> 1  [\n  1 0 ]\n<R>  [\n  1 2 3 ]\n<Q>  [ ]\n"
        "<G>  [ ]\n<S> 1 [\n2 ]\n<NumIvectors> 1 <IvectorSum>  [ 1 2 ]\n"
        "<IvectorScatter> [\n1 \n2 3 ]\n</IvectorExtractorStats> ")


@pytest.mark.parametrize(("old", "new", "message"), [
    ("<Y>", "<R>", "<Y> expected"),
    ("<Y> 1", "<Y> 0", "0 Gaussians"),
    ("[ 3 ]", "[ 3 4 ]", "do not fit"),
    ("[ 3 ]", "[ nan ]", "NaN"),
    ("1 2 3 ]", "1 2 ]", "do not fit"),
    ("<Q>  [ ]", "<Q>  [\n  1 ]", "use-weights=false"),
    ("[ 1 2 ]", "[ 1 2 3 ]", "do not fit"),
    ("\n2 3 ]", "\n2 ]", "lower triangle"),
])
def test_damage_is_told(tmp_path, old, new, message):
    (tmp_path / "acc").write_text(SUMS)
    assert read_ivector_sums(str(tmp_path / "acc"))[0].ivector_scatter.tolist() == [[1, 2], [2, 3]]
    assert old in SUMS
    (tmp_path / "acc").write_text(SUMS.replace(old, new, 1))
    with pytest.raises(DataError, match=message) as caught:
        read_ivector_sums(str(tmp_path / "acc"))
    assert str(caught.value).startswith(f"{tmp_path}/acc: ")


def test_files_that_end_early(kaldi, tmp_path):
    data = (kaldi / "0.acc").read_bytes()
    for end in (0, 2, 30, 200, len(data) // 2, len(data) - 5):
        (tmp_path / "cut").write_bytes(data[:end])
        with pytest.raises(DataError):
            read_ivector_sums(str(tmp_path / "cut"))
