"""The bytes of values, against the trivial reading of the format, Kaldi's own files, and kaldi_native_io."""

import io
import pickle
import struct

import numpy as np
import pytest

from diarkit.errors import DataError
from diarkit.io import source as source_module
from diarkit.io.source import ByteSource
from diarkit.io.tables import ArrayWriter, read_array, read_arrays, read_numbers, write_array
from diarkit.io.values import check_finite, encode_text, read_number, read_value
from diarkit.io.values import encode as encode_parts


def value(data, size=None):
    source = ByteSource(io.BytesIO(data), size)
    array = read_value(source)
    assert source.tell() == len(data), "not all read"
    return array


def encode(array, compression=0):
    return b"".join(encode_parts(array, compression))


def random_array(rng):
    """An array of any kind that a table holds."""
    kind = rng.integers(5)
    if kind == 0:
        return rng.integers(-(2**31), 2**31, rng.integers(0, 9), dtype=np.int64).astype(np.int32)
    dtype = [np.float32, np.float64][rng.integers(2)]
    if kind == 1:
        return (rng.normal(size=rng.integers(0, 300)) * 10.0 ** rng.integers(-20, 20)).astype(dtype)
    return rng.normal(size=(rng.integers(1, 30), rng.integers(1, 9))).astype(dtype)


@pytest.mark.parametrize("known_size", [True, False])
def test_binary_values_come_back_as_they_were(known_size):
    rng = np.random.default_rng(0)
    for _ in range(200):
        array = random_array(rng)
        data = encode(array)
        back = value(data, len(data) if known_size else None)
        assert back.dtype == array.dtype and back.shape == array.shape and np.array_equal(back, array)
        back += 1  # it can be changed


def test_text_values_come_back_as_they_were():
    rng = np.random.default_rng(0)
    for _ in range(200):
        array = random_array(rng)
        back = value(encode_text(array))
        assert np.array_equal(back, array.astype(np.float32) if array.dtype == np.float64 else array)
        assert back.shape == array.shape


def test_large_values(monkeypatch):
    """Those that are read past the look-ahead buffer, from files and from pipes."""
    monkeypatch.setattr(source_module, "LARGE", 100_000)
    array = np.random.default_rng(0).normal(size=(1000, 100))
    data = encode(array) + b"next"
    for size in (len(data), None):
        source = ByteSource(io.BytesIO(data), size)
        assert np.array_equal(read_value(source), array)
        assert source.tell() == len(data) - 4 and source.take(4) == b"next"


@pytest.mark.parametrize("known_size", [True, False])
def test_every_truncation_is_an_error(known_size):
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(3, 2)).astype("f4"), rng.normal(size=5), np.arange(4), np.array(1.5)]
    datas = [encode(array) for array in arrays] + [encode(arrays[0], method) for method in (2, 3, 5)]
    for data in datas:
        for cut in range(2, len(data)):
            with pytest.raises(DataError):
                value(data[:cut], cut if known_size else None)


@pytest.mark.parametrize(
    "data",
    [
        b"\0BFM \4" + struct.pack("<ibi", 65536, 4, 65536) + b"\0" * 1000,
        b"\0BFM \4" + struct.pack("<ibi", 2**31 - 1, 4, 2**31 - 1) + b"\0" * 1000,
        b"\0BFV \4" + struct.pack("<i", 2**31 - 1) + b"\0" * 1000,
        b"\0BFV \4" + struct.pack("<i", -1) + b"\0" * 1000,
        b"\0BFM \4" + struct.pack("<ibi", -2, 4, -2) + b"\0" * 16,
        b"\0BFM \10" + struct.pack("<ibi", 1, 4, 1) + b"\0" * 16,
        b"\0BCM3 " + struct.pack("<ffii", -1, 2, 2 * 10**9, 2 * 10**9) + b"\0" * 100,
        b"\0BCM " + struct.pack("<ffii", -1, 2, -1, -1) + b"\0" * 100,
        b"\0BCM2 " + struct.pack("<ffii", float("nan"), 2, 1, 1) + b"\0" * 100,
        b"\0BDP \4" + struct.pack("<i", 2**30) + b"\0" * 100,
        b"\0B\4" + struct.pack("<i", 2**31 - 1) + b"\0" * 1000,
        b"\0B<Plda> ",
        b"\0BFFFFFFFF" + b"F" * 1000,
    ],
)
def test_impossible_headers_are_refused_before_memory_is_taken(data, monkeypatch):
    monkeypatch.setattr(np, "empty", lambda *args, **kwargs: pytest.fail("memory taken"))
    for size in (len(data), None):
        with pytest.raises(DataError):
            read_value(ByteSource(io.BytesIO(data), size))


class Canary:
    def __reduce__(self):
        return pytest.fail, ("unpickled",)


def test_nothing_is_unpickled():
    pickled = pickle.dumps(Canary())
    array = io.BytesIO()
    np.save(array, np.array([Canary()], dtype=object), allow_pickle=True)
    for data in (b"PKL" + pickled, b"\0BPKL " + pickled, b"NPY" + array.getvalue(), b"AUDIO\0\0", pickled):
        with pytest.raises(DataError, match="is not read" if data != pickled else None):
            read_value(ByteSource(io.BytesIO(data)))


@pytest.mark.parametrize(
    "text, expected",
    [
        ("[ 1 2.5 -3e-2 ]\n", [1, 2.5, -0.03]),
        ("[ 0 0.5 ]\n", [0, 0.5]),
        ("[ 1e-05 nan Inf -inf ]\n", [1e-5, np.nan, np.inf, -np.inf]),
        ("[1 2]\r\n", [1, 2]),
        ("[ ]\n", []),
        ("[]\n", []),
        ("[\n]\n", []),
        ("[\n 1 2\n 3 4 ]\n", [[1, 2], [3, 4]]),
        ("[\r\n 1 2\r\n 3 4\r\n]\r\n", [[1, 2], [3, 4]]),
        ("[ 1 2 ; 3 4 ]\n", [[1, 2], [3, 4]]),
        ("[\n 1 2 ]\n", [[1, 2]]),
        ("[ 1 2 ]", [1, 2]),
    ],
)
def test_text_forms(text, expected):
    array = value(text.encode())
    assert array.dtype == np.float32
    assert np.array_equal(array, np.array(expected, np.float32), equal_nan=True)


def test_text_integers_and_numbers():
    assert value(b"1 -2 3 \n").dtype == np.int32 and value(b"1 -2 3 \n").tolist() == [1, -2, 3]
    assert value(b"\n").shape == (0,)
    assert value(b"1.5\n").shape == () and value(b"1.5\n") == 1.5
    assert np.isnan(value(b"nan\n"))


@pytest.mark.parametrize(
    "text",
    [
        "[ 1 2",
        "[\n 1 2\n",
        "[\n 1 2\n 3 ]\n",
        "[ 1 a ]\n",
        "[ 1_0 ]\n",
        "[ 0x1 ]\n",
        "[ 1,5 ]\n",
        "[ 1 ] 2\n",
        "[ 1 [ 2 ] ]\n",
        "a b\n",
        "1.5 2\n",
        "99999999999\n",
        "9" * 5000 + "\n",
        "[ 1 - 2 ]\n",
        "[\n 1 ] x\n",
        "[ \u0661 ]\n",
    ],
)
def test_bad_text(text):
    with pytest.raises(DataError):
        value(text.encode())


def test_text_is_the_text_of_kaldi():
    assert encode_text(np.array([1, 2.5, -0.1, 1e-5], "f4")) == b" [ 1 2.5 -0.1 1e-05 ]\n"
    assert encode_text(np.array([[1, 2], [3, 4]], "f4")) == b" [\n  1 2 \n  3 4 ]\n"
    assert encode_text(np.array([1, 2])) == b"1 2 \n"
    assert encode_text(np.array(2.5)) == b"2.5 \n"


def test_what_a_table_does_not_hold():
    for array in (
        np.zeros((2, 2), int),
        np.zeros((2, 2, 2)),
        np.array(["a"]),
        np.array([None]),
        np.zeros(2, complex),
    ):
        with pytest.raises(ValueError, match="a table holds no"):
            encode(array)
    with pytest.raises(DataError, match="32 bits"):
        encode(np.array([2**31]))
    assert value(encode(np.array([1.5], np.float16))).dtype == np.float32
    assert value(encode(np.array([True, False]))).tolist() == [1, 0]


def test_single_numbers():
    for data, expected in (
        (b"\0B\4" + struct.pack("<i", 7), 7),
        (b"\0B\4" + struct.pack("<i", -1), -1),
        (b"\0B\4" + struct.pack("<f", 7.5), 7.5),
        (b"\0B\10" + struct.pack("<d", 7.25), 7.25),
        (b"7\n", 7),
        (b"7.125\n", 7.125),
    ):
        assert read_number(ByteSource(io.BytesIO(data))) == expected
    for data in (b"\0BFV \4\0\0\0\0", b"1 2\n", b"\n", b"x\n", b"\0B\4\1"):
        with pytest.raises(DataError):
            read_number(ByteSource(io.BytesIO(data)))


def test_packed_symmetric_matrices():
    data = b"\0BFP \4" + struct.pack("<i", 3) + np.arange(1, 7, dtype="<f4").tobytes()
    assert value(data).tolist() == [[1, 2, 4], [2, 3, 5], [4, 5, 6]]


def test_check_finite():
    check_finite(np.array([1e38, 1e38], np.float32))
    check_finite(np.array([], np.float32))
    check_finite(np.array([1]))
    for bad in (np.nan, np.inf, -np.inf):
        with pytest.raises(DataError, match=r"1 of 4 .* at \[1, 0\]"):
            check_finite(np.array([[1, 2], [bad, 3]]))


# ------------------------------------------------------------------------------------ against Kaldi


def test_compressed_files_of_kaldi_are_read_to_the_bit(shared):
    feats = shared / "golden" / "kaldi" / "feats"
    seen = 0
    for path in sorted(feats.glob("compressed_m?.ark")):
        decoded = dict(read_arrays(f"ark:{path.with_name(path.stem + '_decoded.ark')}"))
        for key, matrix in read_arrays(f"ark:{path}"):
            assert np.array_equal(matrix, decoded[key])
            seen += 1
    assert seen


def test_compression_is_that_of_kaldi_to_the_bit(tmp_path):
    kaldi = pytest.importorskip("kaldi_native_io")
    method = kaldi.CompressionMethod
    methods = {
        1: method.kAutomaticMethod,
        2: method.kSpeechFeature,
        3: method.kTwoByteAuto,
        4: method.kTwoByteSignedInteger,
        5: method.kOneByteAuto,
        6: method.kOneByteUnsignedInteger,
        7: method.kOneByteZeroOne,
    }
    rng = np.random.default_rng(0)
    for number, name in methods.items():
        for rows in (1, 2, 3, 4, 5, 7, 8, 9, 50):
            scale = {4: 2e4, 6: 200}.get(number, 1)
            matrix = (rng.normal(size=(rows, 3)) * scale).astype(np.float32)
            matrix[:, 2] = matrix[0, 2]
            with kaldi.CompressedMatrixWriter(f"ark:{tmp_path}/theirs") as out:
                out.write("x", matrix, name)
            with ArrayWriter(f"ark:{tmp_path}/ours", compression=number) as out:
                out.write("x", matrix)
            assert (tmp_path / "theirs").read_bytes() == (tmp_path / "ours").read_bytes(), (number, rows)
            with kaldi.SequentialFloatMatrixReader(f"ark:{tmp_path}/ours") as theirs:
                [expected] = [array.copy() for _, array in theirs]
            assert np.array_equal(dict(read_arrays(f"ark:{tmp_path}/ours"))["x"], expected)


def test_text_of_kaldi_is_its_binary(shared):
    kaldi = shared / "golden" / "kaldi"
    for name in ("callhome8k", "vox16k"):
        text = dict(read_arrays(f"ark,t:{kaldi}/vad/mfcc_{name}.txt"))
        binary = dict(read_arrays(f"ark:{kaldi}/vad/mfcc_{name}.ark"))
        assert text.keys() == binary.keys()
        assert all(np.array_equal(text[key], binary[key]) for key in text)
    numbers = dict(read_numbers(f"{kaldi}/feats/len_mfcc_vox16k.txt"))
    assert numbers == {key: len(array) for key, array in read_arrays(f"{kaldi}/feats/mfcc_vox16k.ark")}
    assert read_array(f"{kaldi}/plda/mean.vec").ndim == 1
    assert read_array(f"{kaldi}/plda/whiten.mat").ndim == 2


def test_single_files(tmp_path):
    matrix = np.arange(6.0).reshape(2, 3)
    for text in (True, False):
        write_array(f"{tmp_path}/x", matrix, text=text)
        assert np.array_equal(read_array(f"{tmp_path}/x"), matrix)
    with pytest.raises(DataError, match=f"{tmp_path}/y.*NaN"):
        write_array(f"{tmp_path}/y", np.array([np.nan]))
    (tmp_path / "y").write_bytes(b"\0BFV \4\5\0\0\0")
    with pytest.raises(DataError, match=f"{tmp_path}/y.*truncated"):
        read_array(f"{tmp_path}/y")


@pytest.mark.parametrize("letter, dtype", [("Float", np.float32), ("Double", np.float64)])
def test_tables_both_ways_with_kaldi_native_io(tmp_path, letter, dtype):
    kaldi = pytest.importorskip("kaldi_native_io")
    rng = np.random.default_rng(0)
    for kind, shapes in (("Matrix", [(3, 2), (1, 5), (40, 7)]), ("Vector", [(4,), (1,), (300,)])):
        table = {f"k{i}": rng.normal(size=shape).astype(dtype) for i, shape in enumerate(shapes)}
        for options in ("", ",t"):
            spec = f"ark,scp{options}:{tmp_path}/x.ark,{tmp_path}/x.scp"
            for ours_writes in (True, False):
                with (
                    ArrayWriter(spec) if ours_writes else getattr(kaldi, f"{letter}{kind}Writer")(spec) as out
                ):
                    for key, array in table.items():
                        out.write(key, array)
                for rspecifier in (f"ark:{tmp_path}/x.ark", f"scp:{tmp_path}/x.scp"):
                    if ours_writes:
                        with getattr(kaldi, f"Sequential{letter}{kind}Reader")(rspecifier) as theirs:
                            back = {key: array.copy() for key, array in theirs}
                    else:
                        back = dict(read_arrays(rspecifier))
                    assert list(back) == list(table)
                    for key, array in table.items():
                        tolerance = 1e-6 if options else 0
                        assert np.allclose(back[key], array, rtol=tolerance, atol=tolerance)


def test_integers_both_ways_with_kaldi_native_io(tmp_path):
    kaldi = pytest.importorskip("kaldi_native_io")
    table = {"a": [1, -2, 2**31 - 1], "b": [], "c": [7]}
    for options in ("", ",t"):
        with ArrayWriter(f"ark{options}:{tmp_path}/x") as out:
            for key, integers in table.items():
                out.write(key, np.array(integers, int))
        with kaldi.SequentialInt32VectorReader(f"ark:{tmp_path}/x") as theirs:
            assert {key: list(integers) for key, integers in theirs} == table
        with kaldi.Int32VectorWriter(f"ark{options}:{tmp_path}/x") as out:
            for key, integers in table.items():
                out.write(key, integers)
        back = dict(read_arrays(f"ark:{tmp_path}/x"))
        assert {key: array.tolist() for key, array in back.items()} == table
        assert all(array.dtype == np.int32 for array in back.values())
