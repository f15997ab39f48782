"""Tables of one kind of value, against Kaldi's forms and kaldi_native_io's readers and writers."""

import math
import os
import struct

import numpy as np
import pytest

from diarkit.errors import DataError, ItemError
from diarkit.io.tables import (
    ArrayWriter,
    RandomNumbers,
    RandomValues,
    ValueWriter,
    read_one,
    read_values,
    write_value,
)

INT = struct.Struct("<i")
# kind, value, its bytes in a binary archive, its text: as real Kaldi and kaldi_native_io write them
FORMS = [
    ("int32", 5, b"\0B\4\5\0\0\0", "5 \n"),
    ("int32", -(2**31), b"\0B\4\0\0\0\x80", "-2147483648 \n"),
    ("float", 1.5, b"\0B\4\0\0\xc0\x3f", "1.5 \n"),
    ("float", -0.03125, b"\0B\4\0\0\0\xbd", "-0.03125 \n"),
    ("double", 0.1, b"\0B\x08\x9a\x99\x99\x99\x99\x99\xb9\x3f", "0.1 \n"),
    ("bool", True, b"\0BT", "T \n"),
    ("bool", False, b"\0BF", "F \n"),
    ("token", "abc", b"abc\n", "abc\n"),
    ("tokens", ["a", "b"], b"a b\n", "a b\n"),
    ("tokens", [], b"\n", "\n"),
    ("int32-vector", [1, 2], b"\0B\4\2\0\0\0\4\1\0\0\0\4\2\0\0\0", "1 2 \n"),
    ("int32-vector", [], b"\0B\4\0\0\0\0", "\n"),
    ("vector", [0.5, 2.0], b"\0BDV \4\2\0\0\0" + struct.pack("<dd", 0.5, 2), " [ 0.5 2 ]\n"),
    ("matrix", [[0.5], [2.0]], b"\0BDM \4\2\0\0\0\4\1\0\0\0" + struct.pack("<dd", 0.5, 2), " [\n  0.5 \n  2 ]\n"),
]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def equal(a, b):
    return np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b and type(a) is type(b)


def write(wspecifier, kind, table, **kwargs):
    with ValueWriter(wspecifier, kind, **kwargs) as out:
        for key, value in table.items():
            out.write(key, value)


@pytest.mark.parametrize("kind, value, binary, text", FORMS)
def test_forms(kind, value, binary, text):
    if kind in ("int32-vector", "vector", "matrix"):
        value = np.array(value, np.int32 if kind == "int32-vector" else float)
    write("ark,scp:b,b.scp", kind, {"k": value})
    write("ark,t:t", kind, {"k": value})
    assert open("b", "rb").read() == b"k " + binary
    assert open("t").read() == "k " + text
    for rspecifier in ("ark:b", "ark:t", "scp:b.scp", "ark:cat b |"):
        [(key, back)] = read_values(rspecifier, kind)
        assert key == "k" and equal(back, value)
        assert equal(RandomValues(rspecifier, kind)["k"], value)
    for as_text in (False, True):
        write_value("one", value, kind, text=as_text)
        assert equal(read_one("one", kind), value)
    assert open("one").read() == text


def copied(value):
    """What kaldi_native_io gives shares the memory of its reader."""
    return np.array(value) if isinstance(value, np.ndarray) or hasattr(value, "numpy") else value


def random_values(kind, rng):
    def word():
        return "".join(rng.choice(list("abz09-_."), rng.integers(1, 9)))

    match kind:
        case "int32":
            return int(rng.integers(-(2**31), 2**31))
        case "float":
            return float(np.float32(rng.normal() * 10.0 ** rng.integers(-20, 20)))
        case "double":
            return float(rng.normal() * 10.0 ** rng.integers(-200, 200))
        case "bool":
            return bool(rng.integers(2))
        case "token":
            return word()
        case "tokens":
            return [word() for _ in range(rng.integers(0, 5))]
        case "int32-vector":
            return rng.integers(-(2**31), 2**31, rng.integers(0, 9)).astype(np.int32)
        case "vector":
            return rng.normal(size=rng.integers(0, 9)).astype(np.float32)
    return rng.normal(size=(rng.integers(1, 9), rng.integers(1, 9))).astype(np.float32)


# Those of Gaussians of frames are in test_posteriors.py.
NAMES = {"int32": "Int32", "float": "Float", "double": "Double", "bool": "Bool", "token": "Token",
         "tokens": "TokenVector", "int32-vector": "Int32Vector", "vector": "FloatVector", "matrix": "FloatMatrix"}


@pytest.mark.parametrize("kind", NAMES)
def test_back_and_forth_with_kaldi_native_io(kind):
    kaldi = pytest.importorskip("kaldi_native_io")
    rng = np.random.default_rng(0)
    table = {f"k{i:03}": random_values(kind, rng) for i in range(50)}
    for mode in ("", "t,"):
        write(f"{mode}ark,scp:ours,ours.scp".replace("t,ark,scp", "ark,scp,t"), kind, table)
        for rspecifier in ("ark:ours", "scp:ours.scp"):
            with getattr(kaldi, f"Sequential{NAMES[kind]}Reader")(rspecifier) as reader:
                back = {key: copied(value) for key, value in reader}
            assert list(back) == list(table)
            for key, value in table.items():
                assert equal(np.asarray(back[key]), value) if isinstance(value, np.ndarray) else back[key] == value
        with getattr(kaldi, f"{NAMES[kind]}Writer")(f"{mode}ark:theirs") as out:
            for key, value in table.items():
                out.write(key, value)
        if mode == "" or kind not in ("float", "double", "vector", "matrix"):  # theirs are rounded to 7 digits
            assert open("theirs", "rb").read() == open("ours", "rb").read()
            assert all(equal(value, table[key]) for key, value in read_values("ark:theirs", kind))
        else:
            for key, value in read_values("ark:theirs", kind):
                np.testing.assert_allclose(value, table[key], rtol=1e-6)


def errors(rspecifier, kind):
    reader, found = read_values(rspecifier, kind), {}
    while True:
        try:
            key, value = next(reader)
        except ItemError as error:
            key, value = error.key, error
        except StopIteration:
            return found
        found[key] = value


WRONG = {
    "int32": ["1.5", "T", " [ 1 ]", "1 2", " [\n 1 ]", "1e3", "2147483648000"],
    "float": ["T", " [ 1 ]", "1 2", "one"],
    "bool": ["1", "TF", "true", ""],
    "token": ["", "a b"],
    "int32-vector": [" [ 1 ]", "1.5", " [\n 1 ]"],
    "vector": ["1", "1 2", " [\n 1 ]", "1.5"],
    "matrix": ["1", " [ 1 2 ]", "1.5"],
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_kinds_in_text(kind):
    """They cost their entry only if it is clear where they end."""
    good = next(text for name, _, _, text in FORMS if name == kind)
    for text in WRONG[kind]:
        with open("t", "w") as file:
            file.write(f"a {text}\nb {good}")
        try:
            found = errors("ark:t", kind)
            assert list(found) == ["a", "b"]
            assert isinstance(found["a"], ItemError) and not isinstance(found["b"], ItemError)
        except DataError as error:
            assert text in ("one", "T", "1e3", "2147483648000", "true") and str(error).startswith("t: a: ")


@pytest.mark.parametrize("kind", ["int32", "float", "bool", "token", "tokens", "int32-vector", "vector", "matrix"])
def test_wrong_kinds_in_binary(kind):
    arrays = {"v": np.ones(3, np.float32), "m": np.ones((2, 2)), "i": np.arange(3)}
    right = {"int32-vector": "i", "vector": "v", "matrix": "m"}.get(kind)
    with ArrayWriter("ark,scp:b,b.scp") as out:
        for key, array in arrays.items():
            out.write(key, array)
    if kind in ("int32", "float", "bool"):
        del arrays["i"]  # which begins as a number does
    for rspecifier in ("ark:b", "scp:b.scp"):
        reader = read_values(rspecifier, kind)
        for key in arrays:
            if key == right:
                assert np.array_equal(next(reader)[1], arrays[key])
            elif kind == "bool" and rspecifier == "ark:b":
                with pytest.raises(DataError):  # F of FV looks like false
                    list(reader)
                break
            elif kind != "bool":
                with pytest.raises(ItemError, match=f"^{key}: .*where .* expected"):
                    next(reader)


def test_a_key_that_is_there_twice_ends_the_table_whatever_its_values():
    with open("t", "w") as file:
        file.write("a x y\nb 1\na x y\nc 1\n")
    reader = read_values("ark:t", "token")
    with pytest.raises(ItemError):
        next(reader)
    assert next(reader)[0] == "b"
    with pytest.raises(DataError, match="'a' is there twice"):
        next(reader)
    assert list(reader) == []


def test_doubles_where_single_precision_is_wanted_and_the_reverse():
    write("ark:d", "double", {"a": 0.1})
    write("ark:f", "float", {"a": 0.5})
    assert dict(read_values("ark:d", "float")) == {"a": 0.1} and dict(read_values("ark:f", "double")) == {"a": 0.5}
    with pytest.raises(ItemError, match="8 bytes"):
        next(read_values("ark:d", "int32"))


def test_truncated_values():
    for kind, _, binary, _ in FORMS:
        if kind in ("token", "tokens"):
            continue
        for cut in range(1, len(binary)):
            with open("b", "wb") as file:
                file.write(b"k " + binary[:cut])
            with pytest.raises(DataError, match="k: "):
                list(read_values("ark:b", kind))


def test_what_cannot_be_written():
    with ValueWriter("ark:x", "int32") as out:
        with pytest.raises(ItemError, match="^a: .*32 bits"):
            out.write("a", 2**31)
        with pytest.raises(ValueError, match="whole"):
            out.write("a", 1.5)
        with pytest.raises(ItemError, match="white space"):
            out.write("a b", 1)
        out.write("a", 2**31 - 1)
        with pytest.raises(ItemError, match="once"):
            out.write("a", 1)
    assert dict(read_values("ark:x", "int32")) == {"a": 2**31 - 1}
    for kind, bad in (("float", math.nan), ("float", 1e39), ("double", math.inf), ("vector", np.array([np.nan])),
                      ("token", ""), ("token", "a b"), ("tokens", ["a", "b\n"]), ("tokens", ["\0"])):
        for wspecifier in ("ark:x", "ark,t:x"):
            with ValueWriter(wspecifier, kind) as out, pytest.raises(ItemError, match="^k: "):
                out.write("k", bad)
            assert os.path.getsize("x") == 0
    write("ark,t:x", "float", {"k": math.nan}, finite=False)
    assert math.isnan(dict(read_values("ark:x", "float", finite=False))["k"])
    with pytest.raises(ItemError, match="nan"):
        next(read_values("ark:x", "float"))
    with pytest.raises(ValueError, match="no kind"):
        ValueWriter("ark:y", "complex")


def test_words_of_other_scripts_and_line_ends():
    with open("t", "wb") as file:
        file.write("a \u4e2d\u6587 x\u00a0y\r\nb\tz  w \r\nc\n".encode())
    assert dict(read_values("ark:t", "tokens")) == {"a": ["\u4e2d\u6587", "x\u00a0y"], "b": ["z", "w"], "c": []}
    with open("t", "wb") as file:
        file.write(b"a 5\r\nb\t6\n")
    assert dict(read_values("ark:t", "int32")) == {"a": 5, "b": 6}
    with open("t", "wb") as file:
        file.write(b"a \xff\nb x\n")
    assert isinstance(errors("ark:t", "token")["a"], ItemError)


def test_random_access_to_values(tmp_path):
    write("ark,scp:x,x.scp", "int32", {"b": 1, "a": 2, "c": 3})
    for rspecifier in ("ark:x", "scp:x.scp"):
        table = RandomValues(rspecifier, "int32")
        assert table["a"] == 2 and table["c"] == 3 and "d" not in table and table.get("d", 7) == 7
        assert list(RandomNumbers(rspecifier)) == ["b", "a", "c"] and RandomNumbers(rspecifier)["b"] == 1.0
        with pytest.raises(DataError, match="not sorted"):
            RandomValues(rspecifier.replace(":", ",s:", 1), "int32")
    once = RandomValues("ark,o:x", "int32")
    assert once["a"] == 2 and once["b"] == 1
    with pytest.raises(ItemError, match="asked for twice"):
        once["a"]
    with open("x.scp", "a") as file:
        file.write("d missing:1\n")
    assert "d" in RandomValues("scp:x.scp", "int32")
    table = RandomValues("scp,p:x.scp", "int32")
    assert "d" not in table and table.passed_over == 1 and table["c"] == 3 and len(table) == 3


def test_a_wrong_kind_is_told_when_it_is_asked_for():
    with open("t", "w") as file:
        file.write("a 1\nb x y\nc 3\n")
    table = RandomValues("ark:t", "token")
    assert table["a"] == "1" and "b" in table and table["c"] == "3"
    with pytest.raises(ItemError, match="^b: t: one word expected, not 2"):
        table["b"]
    table = RandomValues("ark,p:t", "token")
    assert "b" not in table and table.passed_over == 1
    table = RandomValues("ark,s,cs:t", "token")
    assert table["a"] == "1" and table["c"] == "3"
