import os
import re
import subprocess
import sys

import numpy as np
import pytest

from diarkit.errors import CommandFailed, DataError, ItemError
from diarkit.io import streams, tablewriter
from diarkit.io.tables import ArrayWriter, read_arrays, read_blocks


@pytest.fixture
def table(tmp_path, monkeypatch):
    """A current folder with x.ark and x.scp, of matrices shorter and longer than blocks; the table itself."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DIARKIT_PIPES", raising=False)
    rng = np.random.default_rng(0)
    sizes = [(20, 3), (1, 1), (7, 2), (8, 4), (0, 0), (3000, 40), (5, 6)]
    arrays = {f"u{i}": rng.normal(size=size).astype("fd"[i % 2]) for i, size in enumerate(sizes)}
    with ArrayWriter("ark,scp:x.ark,x.scp") as out:
        for key, array in arrays.items():
            out.write(key, array)
    yield arrays
    streams.allow_pipes(False)


def whole(matrix, rows=None):
    blocks = list(matrix)
    assert all(block.dtype == matrix.dtype and block.flags.writeable and block.flags.c_contiguous for block in blocks)
    assert rows is None or [len(block) for block in blocks[:-1]] == [rows] * (len(blocks) - 1)
    joined = np.concatenate(blocks) if blocks else np.zeros(matrix.shape, matrix.dtype)
    assert joined.shape == matrix.shape
    return joined


def drain(reader):
    """What read_blocks gives, arrays and ItemErrors, whether from next() or from within a matrix."""
    found = {}
    while True:
        try:
            key, matrix = next(reader)
            found[key] = whole(matrix)
        except ItemError as error:
            found[error.key] = error
        except StopIteration:
            return found


def same(found, table):
    return list(found) == list(table) and all(
        found[key].dtype == table[key].dtype and np.array_equal(found[key], table[key]) for key in table
    )


@pytest.mark.parametrize("rows", [1, 7, 1024])
@pytest.mark.parametrize("rspecifier", ["ark:x.ark", "scp:x.scp", "ark:cat x.ark |", "ark,p:x.ark", "scp,p:x.scp"])
def test_the_blocks_are_those_of_the_matrices(table, rspecifier, rows):
    found = {}
    for key, matrix in read_blocks(rspecifier, rows=rows):
        assert matrix.shape == table[key].shape and matrix.dtype == table[key].dtype
        found[key] = whole(matrix, rows)
    assert same(found, table)


def test_text_and_compressed_matrices_come_in_blocks_too(table):
    del table["u4"]
    for wspecifier, compression in (("ark,t:y.ark", 0), ("ark:y.ark", 1)):
        with ArrayWriter(wspecifier, compression) as out:
            for key, array in table.items():
                out.write(key, array)
        found = {key: whole(matrix, 7) for key, matrix in read_blocks("ark:y.ark", rows=7)}
        assert same(found, dict(read_arrays("ark:y.ark")))
    (open("e.ark", "w")).write("a  [ ]\nb  [\n 1 2 ]\n")
    assert {key: m.shape for key, m in read_blocks("ark:e.ark")} == {"a": (0, 0), "b": (1, 2)}


@pytest.mark.parametrize("rspecifier", ["ark:x.ark", "scp:x.scp", "ark:cat x.ark |"])
def test_what_is_not_read_is_passed_over(table, rspecifier):
    for wanted in range(4):
        shapes = []
        for _, matrix in read_blocks(rspecifier, rows=5):
            shapes.append(matrix.shape)
            for _, block in zip(range(wanted), matrix, strict=False):
                assert len(block) <= 5
        assert shapes == [array.shape for array in table.values()]


def test_rows_come_once_and_before_the_next_entry(table):
    reader = read_blocks("ark:x.ark", rows=5)
    _, matrix = next(reader)
    iterator = iter(matrix)
    next(iterator)
    with pytest.raises(RuntimeError, match="once"):
        next(iter(matrix))
    next(reader)
    with pytest.raises(RuntimeError, match="before the next"):
        next(iterator)
    for (_, one) in list(read_blocks("scp:x.scp")):
        with pytest.raises(RuntimeError):
            list(one)


@pytest.mark.parametrize("text", ["0:19", "3:3", "2:5,1:2", ":,1:1", "1:2,:", ":", "18:22", "4:17,0:0"])
@pytest.mark.parametrize("pipe", [False, True])
def test_ranges(table, monkeypatch, text, pipe):
    monkeypatch.setenv("DIARKIT_PIPES", "1")
    with open("x.scp") as file:
        name, _, offset = file.readline().split()[1].partition(":")
    place = f"tail -c +{int(offset) + 1} {name} |" if pipe else f"{name}:{offset}"
    with open("r.scp", "w") as file:
        file.write(f"r {place}[{text}]\ns {place}\n")
    for rows in (1, 4, 1024):
        found = {key: whole(matrix, rows) for key, matrix in read_blocks("scp:r.scp", rows=rows)}
        assert same(found, dict(read_arrays("scp:r.scp")))


def test_kinds_that_are_no_matrix(table):
    with ArrayWriter("ark,scp:v.ark,v.scp") as out:
        out.write("a", np.zeros(3))
        out.write("b", np.ones((2, 2)))
        out.write("c", np.arange(3))
        out.write("d", np.array(1.5))
    for rspecifier, place in (("ark:v.ark", "v.ark"), ("scp:v.scp", "v.ark:2")):
        found = drain(read_blocks(rspecifier))
        assert str(found["a"]) == f"a: {place}: a vector where a matrix is expected"
        assert found["b"].shape == (2, 2) and isinstance(found["c"], ItemError) and isinstance(found["d"], ItemError)
        reader = read_blocks(rspecifier.replace(":", ",p:"))
        assert list(drain(reader)) == ["b"] and reader.passed_over == 3


def test_nan_costs_its_entry_only(table):
    table["u0"][11, 2] = table["u6"][0, 0] = np.nan
    with ArrayWriter("ark,scp:n.ark,n.scp", finite=False) as out:
        for key, array in table.items():
            out.write(key, array)
    for rspecifier, place in (("ark:n.ark", "n.ark"), ("scp:n.scp", "n.ark:3"), ("ark:cat n.ark |", "cat n.ark |")):
        reader = read_blocks(rspecifier, rows=5)
        key, matrix = next(reader)
        came = []
        with pytest.raises(ItemError, match=rf"^u0: {re.escape(place)}: 1 of 15 .* at \[11, 2\]") as caught:
            came.extend(matrix)
        assert caught.value.key == "u0"
        assert np.array_equal(np.concatenate(came), table["u0"][:10])
        found = drain(reader)
        error = found.pop("u6")
        assert isinstance(error, ItemError)
        assert same(found, {key: table[key] for key in found}) and len(found) == 5
        assert len(drain(read_blocks(rspecifier, finite=False))) == 7
        permissive = read_blocks(rspecifier.replace(":", ",p:", 1))
        assert len(drain(permissive)) == 5 and permissive.passed_over == 2


@pytest.mark.parametrize("cut", [1, 20000, 400000])
@pytest.mark.parametrize("rspecifier", ["ark:x.ark", "ark:cat x.ark |"])
def test_a_truncated_archive_is_told_once(table, rspecifier, cut):
    size = os.path.getsize("x.ark")
    os.truncate("x.ark", size - cut)
    for read_rows in (True, False):
        reader = read_blocks(rspecifier, rows=100)
        keys = []
        with pytest.raises(DataError, match=r"x.ark.*: u\d: .*truncated"):
            for key, matrix in reader:
                keys.append(key)
                if read_rows:
                    whole(matrix)
        assert list(reader) == []
        assert [key for key in keys if key < "u5"] == ["u0", "u1", "u2", "u3", "u4"]


def test_a_header_that_promises_more_than_follows(table):
    head = b"u \0BFM \4" + (65536).to_bytes(4, "little") + b"\4" + (65536).to_bytes(4, "little")
    for data, why in ((head, "promises"), (head[:10], "truncated"), (head[:-1] + b"\x80", "negative"),
                      (head[:-5] + b"\4\0\0\0\0", "no columns")):
        with open("h.ark", "wb") as file:
            file.write(data)
        with pytest.raises(DataError, match=f"^h.ark: u: .*{why}"):
            next(read_blocks("ark:h.ark"))


def test_commands_that_fail(table, monkeypatch):
    for command in ("cat x.ark; exit 3", "head -c 300 x.ark; exit 3", "head -c 20000 x.ark; exit 3"):
        with pytest.raises(CommandFailed, match="status 3"):
            for _, matrix in read_blocks(f"ark:{command} |"):
                whole(matrix)
    monkeypatch.setenv("DIARKIT_PIPES", "1")
    with open("x.scp") as file:
        offsets = [int(line.rpartition(":")[2]) for line in file]
    with open("c.scp", "w") as file:
        file.write(f"a tail -c +{offsets[5] + 1} x.ark; exit 3 |\n")
        file.write(f"b tail -c +{offsets[5] + 1} x.ark | head -c 9999 |\n")
        file.write(f"c tail -c +{offsets[5] + 1} x.ark |\n")
    with open("r.scp", "w") as file:  # the rows that are not wanted are taken from the command, too
        file.write(f"r tail -c +{offsets[5] + 1} x.ark || exit 3 |[0:4]\n")
    assert np.array_equal(drain(read_blocks("scp:r.scp"))["r"], table["u5"][:5])
    found = drain(read_blocks("scp:c.scp"))
    assert "status 3" in str(found["a"]) and "truncated" in str(found["b"])
    assert np.array_equal(found["c"], table["u5"])
    reader = read_blocks("scp:c.scp")  # and if nobody reads the rows
    assert next(reader)[0] == "a"
    with pytest.raises(ItemError, match="^a: .*status 3"):
        next(reader)
    assert next(reader)[0] == "b"
    with pytest.raises(ItemError, match="^b: .*truncated"):
        next(reader)
    assert next(reader)[0] == "c" and list(reader) == []


def in_blocks(array, rows, error=None):
    for first in range(0, len(array), rows):
        yield array[first : first + rows]
    if error:
        raise error


WSPECIFIERS = ["ark:y.ark", "ark,t:y.ark", "ark,scp:y.ark,y.scp", "ark,scp,t,f:y.ark,y.scp", "ark:| cat > y.ark"]


@pytest.mark.parametrize("wspecifier", WSPECIFIERS)
def test_writing_blocks_gives_the_same_bytes(table, wspecifier):
    for options in ({}, {"compression": 2}):
        with ArrayWriter(wspecifier, **options) as out:
            for key, array in table.items():
                out.write(key, array)
        expected = open("y.ark", "rb").read()
        with ArrayWriter(wspecifier, **options) as out:
            for key, array in table.items():
                out.write_blocks(key, array.shape, in_blocks(array, 7), array.dtype)
        assert open("y.ark", "rb").read() == expected
        if "scp" in wspecifier:
            assert list(dict(read_arrays("scp:y.scp"))) == list(table)


@pytest.mark.parametrize("wspecifier", WSPECIFIERS)
def test_an_entry_that_fails_midway_leaves_nothing(table, wspecifier, monkeypatch):
    monkeypatch.setattr(tablewriter, "SPOOLED", 1000)
    good = table["u0"]
    bad = good.copy()
    bad[15, 1] = np.inf
    with ArrayWriter(wspecifier) as out:
        out.write("a", good)
        for error in (ItemError("b", "of data"), ZeroDivisionError(), KeyboardInterrupt()):
            with pytest.raises(type(error)):
                out.write_blocks("b", good.shape, in_blocks(good, 4, error))
        with pytest.raises(ItemError, match=r"^b: .*NaN or infinite, the first at \[15, 1\]"):
            out.write_blocks("b", bad.shape, in_blocks(bad, 4))
        for rows in (19, 21):
            with pytest.raises(ItemError, match=f"^b: {rows} rows were promised"):
                out.write_blocks("b", (rows, 3), in_blocks(good, 4))
        with pytest.raises(ValueError, match="a block of shape"):
            out.write_blocks("b", (20, 4), in_blocks(good, 4))
        with pytest.raises(ItemError, match="^a: .*once"):
            out.write_blocks("a", good.shape, in_blocks(good, 4))
        with pytest.raises(ItemError, match="white space"):
            out.write_blocks("a b", good.shape, in_blocks(good, 4))
        out.write_blocks("b", good.shape, in_blocks(good, 4))
        out.write("c", good)
    assert same(dict(read_arrays("ark:y.ark")), dict.fromkeys("abc", good))
    if "scp" in wspecifier:
        assert same(dict(read_arrays("scp:y.scp")), dict.fromkeys("abc", good))


def test_single_precision_is_checked_after_the_cast(table):
    with ArrayWriter("ark:y.ark") as out, pytest.raises(ItemError, match="infinite"):
        out.write_blocks("a", (1, 1), [np.array([[1e200]])])


def test_places_that_an_scp_lists(table, monkeypatch):
    with open("places.scp", "w") as file:
        file.write("a p\nb | cat > q\n")
    with ArrayWriter("scp:places.scp") as out:
        with pytest.raises(ItemError, match="promised"):
            out.write_blocks("a", (21, 3), in_blocks(table["u0"], 4))
        assert sorted(os.listdir()) == ["places.scp", "x.ark", "x.scp"]
        out.write_blocks("a", (20, 3), in_blocks(table["u0"], 4))
        with pytest.raises(DataError, match="--allow-pipes"):
            out.write_blocks("b", (20, 3), in_blocks(table["u0"], 4))
        monkeypatch.setenv("DIARKIT_PIPES", "1")
        out.write_blocks("b", (20, 3), in_blocks(table["u0"], 4))
        with pytest.raises(ItemError, match="not in places.scp"):
            out.write_blocks("c", (20, 3), in_blocks(table["u0"], 4))
    assert open("p", "rb").read() == open("q", "rb").read() != b""
    assert open("p", "rb").read() == open("x.ark", "rb").read()[3 : 3 + 15 + 20 * 3 * 4]


MEMORY = """
import sys, resource
import numpy as np
from diarkit.io.tables import ArrayWriter, read_blocks
with ArrayWriter(sys.argv[2]) as out:
    for key, matrix in read_blocks(sys.argv[1]):
        out.write_blocks(key, matrix.shape, matrix)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
"""


def test_memory_does_not_grow_with_a_matrix(table):
    with ArrayWriter("ark:big.ark") as out:  # 100 MB
        out.write_blocks("a", (840000, 30), (np.zeros((1000, 30), np.float32) for _ in range(840)))

    def peak(*args):
        done = subprocess.run([sys.executable, "-c", MEMORY, *args], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, check=True)
        return int(done.stderr)

    small = peak("ark:x.ark", "ark:y.ark")
    assert peak("ark:big.ark", "ark:y.ark") - small < 10
    assert peak("ark:cat big.ark |", "ark:/dev/null") - small < 50  # the spool, of 16 MB in memory


def test_a_header_takes_no_memory(table):
    """What is promised by a pipe is believed only as it comes, also where a matrix is collected to be compressed."""
    head = b"u \0BFM \4" + (1 << 20).to_bytes(4, "little") + b"\4" + (1 << 20).to_bytes(4, "little")
    with open("h.ark", "wb") as file:
        file.write(head + bytes(1000))
    for options in ({}, {"compression": 2}):
        with ArrayWriter("ark:y.ark", **options) as out, pytest.raises(DataError, match="truncated"):
            for key, matrix in read_blocks("ark:cat h.ark |"):
                out.write_blocks(key, matrix.shape, matrix)
        assert os.path.getsize("y.ark") == 0
