import numpy as np
import pytest

from diarkit.errors import DataError, ItemError
from diarkit.io.htk import HEADER, HtkWriter, parameter_kind, read_htk, read_htk_table
from diarkit.io.objects import read_object
from diarkit.io.tables import read_arrays


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_bytes_of_kaldi(shared):
    golden = shared / "golden/kaldi/feats/variant_mfcc_htkformat.ark"
    [(key, matrix)] = read_htk_table(f"ark:{golden}")
    assert key == "test" and matrix.shape == (142, 13) and matrix.dtype == np.float32 and matrix.flags.writeable
    with HtkWriter("ark,scp:x.ark,x.scp", parameter_kind("mfcc", energy=True)) as out:
        out.write(key, matrix)
    assert open("x.ark", "rb").read() == golden.read_bytes()
    with HtkWriter("ark:y.ark", parameter_kind("mfcc", energy=True)) as out:
        out.write_blocks(key, matrix.shape, (matrix[i : i + 50] for i in range(0, 142, 50)))
    assert open("y.ark", "rb").read() == golden.read_bytes()
    assert np.array_equal(next(read_htk_table("scp:x.scp"))[1], matrix)
    # the same features as Kaldi's own table of them, but for one that has C0
    [(_, native)] = read_arrays(f"ark:{shared}/golden/kaldi/feats/variant_mfcc_use_energy_false.ark")
    np.testing.assert_allclose(matrix[:, 1:], native[:, 1:], atol=1e-4)


def test_kinds_of_parameters():
    """As compute-mfcc-feats, compute-fbank-feats and compute-plp-feats write them."""
    kinds = [parameter_kind(name, energy) for name in ("mfcc", "fbank", "plp") for energy in (True, False)]
    assert kinds == [0o106, 0o20006, 0o107, 0o20007, 0o113, 0o20013]


def test_back_and_forth_with_kaldi_native_io():
    kaldi = pytest.importorskip("kaldi_native_io")
    rng = np.random.default_rng(0)
    table = {f"k{i}": rng.normal(size=rng.integers(1, 40, 2)).astype(np.float32) for i in range(20)}
    with HtkWriter("ark:ours", 0o107) as out:
        for key, matrix in table.items():
            out.write(key, matrix)
    with kaldi.SequentialHtkMatrixReader("ark:ours") as reader:
        for key, (matrix, header) in reader:
            assert np.array_equal(np.array(matrix), table[key])
            assert (header.num_samples, header.sample_period, header.sample_size, header.sample_kind) == (
                len(table[key]), 100000, 4 * table[key].shape[1], 0o107)
    back = dict(read_htk_table("ark:ours"))
    assert list(back) == list(table) and all(np.array_equal(back[key], table[key]) for key in table)


def entry(frames, width, kind, body):
    return b"a " + HEADER.pack(frames, 100000, width, kind) + body


def test_checksums_and_what_is_not_read():
    row = np.array([1.5, -2], ">f4").tobytes()
    good = b"b " + HEADER.pack(1, 100000, 8, 6) + row
    for data in (entry(1, 8, 0o10006, row + b"\xff\xff"), entry(1, 8, 0o6, row)):
        with open("x", "wb") as file:
            file.write(data + good)
        assert [m.tolist() for _, m in read_htk_table("ark:x")] == [[[1.5, -2]], [[1.5, -2]]]
    for kind in (0o2006, 0o40006, 0, 5, 10, 0o12000 | 6):
        body = row + b"\0\0" * bool(kind & 0o10000)
        with open("x", "wb") as file:
            file.write(entry(1, 8, kind, body) + good)
        reader = read_htk_table("ark:x")
        with pytest.raises(ItemError, match=r"^a: x: HTK features of kind \d+ \(octal\) are not read"):
            next(reader)
        assert next(reader)[0] == "b"


def test_damage():
    row = np.zeros(2, ">f4").tobytes()
    for data in (entry(2, 8, 6, row), entry(2**31 - 1, 8, 6, row), entry(-1, 8, 6, row), entry(1, 6, 6, row),
                 entry(1, 8, 0o77, row), entry(2, 8, 0o2006, row), entry(1, 0, 6, b""), entry(1, 8, 6, row)[:9]):
        with open("x", "wb") as file:
            file.write(data)
        for rspecifier in ("ark:x", "ark:cat x |"):
            with pytest.raises(DataError, match=": a: "):
                next(read_htk_table(rspecifier))
        with open("one", "wb") as file:
            file.write(data[2:])
        with pytest.raises(DataError, match="^one: "):
            read_object("one", read_htk)
    with open("x", "wb") as file:
        file.write(entry(1, 8, 6, np.array([1, np.nan], ">f4").tobytes()))
    with pytest.raises(ItemError, match="NaN"):
        next(read_htk_table("ark:x"))


def test_what_cannot_be_written():
    with pytest.raises(DataError, match="not text"):
        HtkWriter("ark,t:x", 6)
    with HtkWriter("ark:x", 6) as out:
        with pytest.raises(ItemError, match="NaN"):
            out.write("a", np.array([[np.nan]]))
        with pytest.raises(ItemError, match="^a: 8192 columns"):
            out.write("a", np.zeros((1, 8192)))
        with pytest.raises(ItemError, match="^a: 8192 columns"):
            out.write_blocks("a", (1, 8192), [np.zeros((1, 8192))])
        with pytest.raises(ItemError, match="^a: a vector where a matrix"):
            out.write("a", np.zeros(3))
        out.write("a", np.zeros((1, 2)))
    assert [key for key, _ in read_htk_table("ark:x")] == ["a"]
