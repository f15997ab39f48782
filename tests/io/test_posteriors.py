"""Tables of selected Gaussians and of posteriors, against Kaldi's files and forms."""

import re
import struct

import numpy as np
import pytest

from diarkit.errors import DataError, ItemError
from diarkit.io.posteriors import Posteriors, Selection
from diarkit.io.tables import RandomValues, ValueWriter, read_values

NUMBER = struct.Struct("<bi")
FRAMES = [[3, 1], [1], [], [0, 2, 5]]  # the Gaussians of frames


def selection(frames=FRAMES):
    starts = np.cumsum([0, *map(len, frames)])
    return Selection(starts, np.array([one for frame in frames for one in frame], np.int32))


def posteriors(frames=FRAMES):
    chosen = selection(frames)
    count = len(chosen.gaussians)
    return Posteriors(chosen.starts, chosen.gaussians, np.linspace(0.125, 1, count).astype(np.float32))


def equal(one, other):
    pairs = zip(vars(one).values(), vars(other).values(), strict=True)
    return type(one) is type(other) and all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in pairs)


def write(wspecifier, kind, table):
    with ValueWriter(wspecifier, kind) as out:
        for key, value in table.items():
            out.write(key, value)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("kind", "make"), [("gselect", selection), ("posteriors", posteriors)])
def test_what_is_written_is_read_again(kind, make):
    table = {"b": make(), "a": make([]), "c": make([[]]), "d": make([[7]])}
    for form in ("ark", "ark,t"):
        write(f"{form}:x.ark", kind, table)
        found = dict(read_values("ark:x.ark", kind))
        assert list(found) == list(table)
        assert all(equal(found[key], table[key]) for key in table)
    write("ark,scp:x.ark,x.scp", kind, table)
    assert equal(RandomValues("scp:x.scp", kind)["d"], table["d"])


def test_binary_forms():
    write("ark:x", "gselect", {"k": selection([[3, 1], []])})
    assert open("x", "rb").read() == b"k \0B" + b"".join(NUMBER.pack(4, n) for n in (2, 2, 3, 1, 0))
    write("ark:y", "posteriors", {"k": Posteriors(np.array([0, 1]), np.array([3]), np.array([0.25], np.float32))})
    assert open("y", "rb").read() == (b"k \0B" + NUMBER.pack(4, 1) + NUMBER.pack(4, 1) + NUMBER.pack(4, 3)
                                      + struct.pack("<bf", 4, 0.25))


def test_text_forms():
    write("ark,t:x", "gselect", {"k": selection([[3, 1], [1], []])})
    assert open("x").read() == "k 3 1 ; 1 ; ; \n"
    write("ark,t:y", "posteriors", {"k": Posteriors(np.array([0, 2, 2]), np.array([3, 1]), np.array([0.75, 1]))})
    assert open("y").read() == "k [ 3 0.75 1 1 ] [ ] \n"


@pytest.mark.parametrize(("kind", "name"), [("gselect", "dgselect"), ("gselect", "fgselect"),
                                            ("posteriors", "dubm_post_sub2")])
def test_kaldis_archives(shared, kind, name):
    path = shared / f"golden/kaldi/gmm/{name}.ark"
    if not path.exists():
        pytest.skip(f"no {path}")
    table = dict(read_values(f"ark:{path}", kind))
    assert len(table) == 6
    for value in table.values():
        counts = np.diff(value.starts)
        assert value.gaussians.max() < 16 and counts.min() >= 1 and counts.max() <= 5
        if kind == "posteriors":
            np.testing.assert_allclose(np.add.reduceat(value.weights, value.starts[:-1]), 1, atol=1e-6)
        else:
            assert (counts == 5).all()
    write("ark:again", kind, table)
    assert open("again", "rb").read() == path.read_bytes()
    write("ark,t:text", kind, table)
    assert all(equal(value, table[key]) for key, value in read_values("ark:text", kind))


@pytest.mark.parametrize(("kind", "name"), [("gselect", "Int32VectorVector"), ("posteriors", "Posterior")])
def test_back_and_forth_with_kaldi_native_io(kind, name):
    kaldi = pytest.importorskip("kaldi_native_io")
    rng = np.random.default_rng(0)
    table = {}
    for i in range(20):
        starts = np.cumsum([0, *rng.integers(0, 4, rng.integers(1, 9))])
        gaussians = rng.integers(0, 2048, starts[-1]).astype(np.int32)
        weights = (rng.integers(0, 128, starts[-1]) / 128).astype(np.float32)  # of 7 digits at most
        parts = (starts, gaussians) if kind == "gselect" else (starts, gaussians, weights)
        table[f"k{i:02}"] = (Selection if kind == "gselect" else Posteriors)(*parts)
    for form in ("ark", "ark,t"):
        write(f"{form}:ours", kind, table)
        with getattr(kaldi, f"Sequential{name}Reader")("ark:ours") as reader:
            back = [(key, list(value)) for key, value in reader]
        with getattr(kaldi, f"{name}Writer")(f"{form}:theirs") as out:
            for key, value in back:
                out.write(key, value)
        assert open("theirs", "rb").read() == open("ours", "rb").read()
        assert all(equal(value, table[key]) for key, value in read_values("ark:theirs", kind))


def test_reading_through_a_pipe_that_gives_few_bytes(monkeypatch):
    monkeypatch.setattr("diarkit.io.source.CHUNK", 7)
    frames = [list(range(n)) for n in (3, 0, 20, 1)] * 5
    write("ark:x", "posteriors", {"a": posteriors(frames), "b": posteriors()})
    found = dict(read_values("ark:cat x |", "posteriors"))
    assert equal(found["a"], posteriors(frames)) and equal(found["b"], posteriors())


def test_parts_of_frames():
    value = posteriors()
    assert equal(value[1:4], Posteriors(np.array([0, 1, 1, 4]), value.gaussians[2:], value.weights[2:]))
    assert len(value[2:2]) == 0 and value.shape == (4,) and equal(value[:], value)
    with pytest.raises(ValueError):
        value[::2]
    write("ark,scp:x.ark,x.scp", "posteriors", {"a": value})
    open("part", "w").write(open("x.scp").read().rstrip() + "[1:3]\n")
    assert equal(RandomValues("scp:part", "posteriors")["a"], value[1:4])


@pytest.mark.parametrize(("kind", "text", "message"), [
    ("gselect", "1 2 ; 3", "; expected after"),
    ("gselect", "1 2 ; - ;", "numbers of Gaussians"),
    ("gselect", "1 99999999999 ;", "numbers of Gaussians"),
    ("gselect", "-1 ;", "-1 is no number of a Gaussian"),
    ("gselect", "1_0 ;", "numbers of Gaussians"),
    ("gselect", " [ 1 2 ]", "numbers of Gaussians"),
    ("posteriors", "[ 1 0.5 2 ]", "pairs"),
    ("posteriors", "[ 1 0.5 ", "in brackets"),
    ("posteriors", "1 0.5 ]", "in brackets"),
    ("posteriors", "[ 1 x ]", "not a weight"),
    ("posteriors", "[ 1 0_5 ]", "in brackets"),
    ("posteriors", "[ 1.5 0.5 ]", "numbers of Gaussians"),
    ("posteriors", "[ 1 nan ]", "NaN"),
    ("posteriors", "[ 1 1e60 ]", "infinite"),
])
def test_bad_text_is_told_and_the_rest_is_read(kind, text, message):
    good = {"gselect": "5 ;", "posteriors": "[ 5 1 ]"}[kind]
    open("x", "w").write(f"a {text}\nb {good}\n")
    table = read_values("ark:x", kind)
    with pytest.raises(ItemError, match=re.escape(message)) as caught:
        next(table)
    assert caught.value.key == "a"
    assert next(table)[1].gaussians.tolist() == [5]


@pytest.mark.parametrize("kind", ["gselect", "posteriors"])
def test_damaged_archives(kind):
    write("ark:x", kind, {"key": {"gselect": selection, "posteriors": posteriors}[kind]()})
    data = open("x", "rb").read()
    changed = [data[:end] for end in range(6, len(data))]
    changed += [data[:6] + b"\10" + data[7:], data[:7] + b"\xff\xff\xff\x7f" + data[11:], data[:7] + b"\xff" * 4,
                data[:11] + b"\5" + data[12:], data[:12] + b"\xff\xff\xff\x7f" + data[16:],
                data[:16] + b"\5" + data[17:]]
    if kind == "posteriors":
        changed.append(data[:-5] + b"\10" + data[-4:])
    for number, part in enumerate(changed):
        open("x", "wb").write(part)
        for name in ("x", "cat x |") if number % 9 == 0 else ("x",):  # processes are slow
            with pytest.raises(DataError, match="^(x|cat x [|]): key: "):
                list(read_values(f"ark:{name}", kind))
