import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from diarkit.errors import CommandFailed, DataError, ItemError
from diarkit.io import streams
from diarkit.io.tables import ArrayWriter, RandomArrays, read_arrays, write_array
from diarkit.io.values import encode


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A current folder with a table of five matrices, x.ark and x.scp; the table is its `.table`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DIARKIT_PIPES", raising=False)
    rng = np.random.default_rng(0)
    table = {f"u{i}": rng.normal(size=(20, i + 1)).astype(np.float32) for i in range(5)}
    with ArrayWriter("ark,scp:x.ark,x.scp") as out:
        for key, array in table.items():
            out.write(key, array)
    yield table
    streams.allow_pipes(False)


def drain(rspecifier, **kwargs):
    """All that a table gives, arrays and ItemErrors in their order, and how many it passed over."""
    reader = read_arrays(rspecifier, **kwargs)
    found = {}
    while True:
        try:
            key, array = next(reader)
            found[key] = array
        except ItemError as error:
            found[error.key] = error
        except StopIteration:
            return found, reader.passed_over


def same(found, table):
    return list(found) == list(table) and all(np.array_equal(found[key], table[key]) for key in table)


def edit_scp(old, new):
    with open("x.scp") as file:
        text = file.read()
    assert old in text
    with open("x.scp", "w") as file:
        file.write(text.replace(old, new))


@pytest.mark.parametrize(
    "rspecifier",
    [
        "ark:x.ark",
        "x.ark",
        "scp:x.scp",
        "x.scp",
        "ark:cat x.ark |",
        "scp:cat x.scp |",
        "ark:gzip -c x.ark | gunzip -c |",
        "ark,s,cs,o,bg:x.ark",
        "scp,p:x.scp",
        "ark,t:x.ark",
    ],
)
def test_reading(folder, rspecifier):
    assert same(drain(rspecifier)[0], folder)
    assert same(dict(read_arrays(rspecifier)), folder)


def test_reading_from_standard_input(folder):
    code = "from diarkit.io.tables import *\nfor k, a in read_arrays(%r): print(k, *a.shape)"
    expected = "".join(f"{key} 20 {i + 1}\n" for i, key in enumerate(folder))
    for rspecifier, name in (("ark:-", "x.ark"), ("scp:-", "x.scp"), ("-", "x.ark")):
        with open(name, "rb") as file:
            done = subprocess.run(
                [sys.executable, "-c", code % rspecifier], stdin=file, capture_output=True, text=True
            )
        assert done.stdout == expected, done.stderr
        with subprocess.Popen(["cat", name], stdout=subprocess.PIPE) as cat:
            done = subprocess.run(
                [sys.executable, "-c", code % rspecifier], stdin=cat.stdout, capture_output=True, text=True
            )
        assert done.stdout == expected, done.stderr


def test_offsets_point_behind_the_key(folder):
    with open("x.scp") as file, open("x.ark", "rb") as ark:
        data = ark.read()
        for line in file:
            key, place = line.split()
            offset = int(place.removeprefix("x.ark:"))
            assert data[offset : offset + 2] == b"\0B" and data[:offset].endswith(f"{key} ".encode())


@pytest.mark.parametrize(
    "entry",
    [
        "missing.ark:5",
        ".",
        "/dev/zero",
        "fifo",
        "x.ark:99999999",
        "x.ark:" + 5000 * "9",
        "x.ark:3[0:" + 5000 * "9" + "]",
        "x.ark:abc",
        "x.ark",
        "x.ark:6",
        "-",
        "cat x.ark |",
        "x.ark:3[0:9",
        "x.ark:3[5:3]",
        "x.ark:3[0:30]",
        "x.ark:3[a:b]",
    ],
)
def test_a_bad_entry_of_an_scp_costs_only_itself(folder, entry):
    os.mkfifo("fifo")
    place = [line.split()[1] for line in open("x.scp") if line.startswith("u2 ")][0]
    edit_scp(place, entry)
    found, passed_over = drain("scp:x.scp")
    error = found.pop("u2")
    assert isinstance(error, ItemError) and str(error).startswith("u2: ") and "\n" not in str(error)
    del folder["u2"]
    assert same(found, folder) and passed_over == 0
    found, passed_over = drain("scp,p:x.scp")
    assert same(found, folder) and passed_over == 1


def test_commands_in_an_scp(folder, monkeypatch):
    with open("x.scp") as file:
        lines = [line.split() for line in file]
    with open("x.scp", "w") as file:
        for key, place in lines:
            name, offset = place.split(":")
            file.write(f"{key} touch ran; tail -c +{int(offset) + 1} {name} |[0:4]\n")
    found, _ = drain("scp:x.scp")
    assert all("--allow-pipes or DIARKIT_PIPES=1" in str(error) for error in found.values())
    assert not os.path.exists("ran")
    monkeypatch.setenv("DIARKIT_PIPES", "1")
    assert same(drain("scp:x.scp")[0], {key: array[:5] for key, array in folder.items()})
    edit_scp("touch ran;", "exit 3;")
    found, _ = drain("scp:x.scp")
    assert all("status 3" in str(error) for error in found.values())


def test_a_command_that_fails_ends_the_table_with_an_error(folder):
    for command in (
        "false",
        "cat x.ark; exit 3",
        "head -c 200 x.ark; exit 3",
        "no-such-command-here 2>/dev/null",
    ):
        for options in ("ark", "ark,p"):
            with pytest.raises(CommandFailed):
                drain(f"{options}:{command} |")


def test_damaged_archives(folder):
    data = open("x.ark", "rb").read()
    ends = [data.index(f"{key} ".encode()) for key in folder] + [len(data)]
    for cut in sorted(
        {*range(1, len(data), 97), *(end - 1 for end in ends[1:]), *(end + 1 for end in ends[:-1])}
    ):
        with open("cut.ark", "wb") as file:
            file.write(data[:cut])
        whole = sum(end <= cut for end in ends[1:])
        for rspecifier in ("ark:cut.ark", "ark:cat cut.ark |"):
            reader = read_arrays(rspecifier)
            keys = []
            if cut not in ends:
                with pytest.raises(DataError, match="cut.ark"):
                    for key, _ in reader:
                        keys.append(key)
            else:
                keys = [key for key, _ in reader]
            assert keys == list(folder)[:whole]
            assert list(reader) == [], "and that is the end"
        found, passed_over = drain("ark,p:cut.ark")
        assert list(found) == list(folder)[:whole] and passed_over == (cut not in ends)


def test_the_error_of_a_damaged_archive_names_the_key(folder):
    with open("x.ark", "r+b") as file:
        file.truncate(os.path.getsize("x.ark") - 10)
    with pytest.raises(DataError, match="^x.ark: u4: .*truncated"):
        drain("x.ark")


@pytest.mark.parametrize(
    "data", [b"\x1f\x8b\x08\0\xff\xfe", b"RIFF$}\0\0WAVEfmt ", b"\xff" * 1000, b"a" * 100000, b"k"]
)
def test_what_is_no_archive(folder, data):
    with open("bad", "wb") as file:
        file.write(data)
    with pytest.raises(DataError, match="^bad"):
        drain("ark:bad")


def test_a_value_without_a_key_is_told_as_such(folder):
    for text in (True, False):
        write_array("mean", np.ones(3), text=text)
        with pytest.raises(DataError, match="^mean: .*without a key"):
            drain("ark:mean")


def test_duplicates_and_order(folder):
    with open("x.ark", "ab") as file:
        file.write(b"u1 " + b"".join(encode(folder["u1"])))
    for options in ("ark", "ark,p"):
        with pytest.raises(DataError, match="^x.ark: the key 'u1' is there twice"):
            drain(f"{options}:x.ark")
    with open("x.scp", "a") as file:
        file.write("u1 x.ark:3\n")
    with pytest.raises(DataError, match="x.scp:6: 'u1' is there twice"):
        drain("scp,p:x.scp")
    with ArrayWriter("ark:z.ark") as out:
        for key in ("b", "B", "a"):
            out.write(key, np.zeros(1))
    assert list(drain("ark:z.ark")[0]) == ["b", "B", "a"]
    with open("z.scp", "w") as file:
        file.write("b z.ark:2\nB z.ark:2\na z.ark:2\n")
    assert list(drain("scp:z.scp")[0]) == ["b", "B", "a"]
    for rspecifier in ("ark,s:z.ark", "scp,s:z.scp"):
        with pytest.raises(DataError, match="'B' after 'b'"):
            drain(rspecifier)


def test_values_that_are_not_finite(folder):
    with ArrayWriter("ark:n.ark", finite=False) as out:
        out.write("a", np.array([1.0, np.nan]))
        out.write("b", np.array([1.0]))
        out.write("c", np.array([[np.inf]]))
    found, _ = drain("ark:n.ark")
    assert str(found["a"]) == "a: n.ark: 1 of 2 values are NaN or infinite, the first at [1]"
    assert found["b"] == 1 and isinstance(found["c"], ItemError)
    Path("n.scp").write_text("a n.ark:2\nb n.ark:30\n")
    found, _ = drain("scp:n.scp")
    assert str(found["a"]).startswith("a: n.ark:2: 1 of 2 ") and found["b"] == 1
    with pytest.raises(ItemError, match="^a: n.ark:2: 1 of 2 "):
        RandomArrays("scp:n.scp")["a"]
    assert np.isnan(drain("ark:n.ark", finite=False)[0]["a"][1])
    assert drain("ark,p:n.ark")[1] == 2


def test_ranges_of_kaldi(shared, monkeypatch):
    monkeypatch.chdir(shared / "golden" / "kaldi")
    assert same(dict(read_arrays("scp:feats/ranges.scp")), dict(read_arrays("ark:feats/ranges.ark")))


def test_ranges(folder, caplog):
    matrix = folder["u4"]
    place = [line.split()[1] for line in open("x.scp") if line.startswith("u4 ")][0]
    for text, expected in (
        ("0:19", matrix),
        ("3:3", matrix[3:4]),
        ("2:5,1:3", matrix[2:6, 1:4]),
        (":,1:1", matrix[:, 1:2]),
        ("1:2,:", matrix[1:3]),
        (":", matrix),
        ("18:22", matrix[18:]),
    ):
        with open("r.scp", "w") as file:
            file.write(f"r {place}[{text}]\n")
        assert same(dict(read_arrays("scp:r.scp")), {"r": expected})
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert caplog.messages == [f"{place}[18:22]: the range ends 3 rows past the end of the array"]
    for text in ("18:23", "20:21", "5:3", "0:1,0:5", "", "1", "0:9:2", "-3:4", "0:1,0:1,0:1", ",1:2"):
        with open("r.scp", "w") as file:
            file.write(f"r {place}[{text}]\n")
        assert isinstance(drain("scp:r.scp")[0]["r"], ItemError), text


def test_names_with_colons_brackets_and_spaces(folder):
    os.mkdir("a b:1")
    os.rename("x.ark", "a b:1/[1] x.ark")
    edit_scp("x.ark", "a b:1/[1] x.ark")
    assert same(dict(read_arrays("scp:x.scp")), folder)


@pytest.mark.parametrize("line", ["u9", "u9 ", "caf\xe9 x.ark:3", "u9\0 x.ark:3"])
def test_bad_lines_of_an_scp_are_the_end(folder, line):
    with open("x.scp", "ab") as file:
        file.write(line.encode("latin-1") + b"\n")
    for options in ("scp", "scp,p"):
        with pytest.raises(DataError, match="^x.scp:6: "):
            drain(f"{options}:x.scp")


def test_random_access(folder):
    for rspecifier in ("ark:x.ark", "scp:x.scp", "ark:cat x.ark |"):
        table = RandomArrays(rspecifier)
        assert "u3" in table and "u9" not in table and list(table) == list(folder) and len(table) == 5
        for key in ("u3", "u0", "u4", "u3"):
            assert np.array_equal(table[key], folder[key])
        with pytest.raises(ItemError, match="u9: not in"):
            table["u9"]
        assert table.get("u9") is None
    edit_scp("u2 x.ark", "u2 y.ark")
    table = RandomArrays("scp:x.scp")
    assert "u2" in table and np.array_equal(table["u3"], folder["u3"])
    with pytest.raises(ItemError, match="u2: y.ark.*no such file"):
        table["u2"]
    with ArrayWriter("ark:n.ark", finite=False) as out:
        out.write("a", np.array([np.nan]))
    with pytest.raises(ItemError, match="^a: .*NaN"):
        RandomArrays("ark:n.ark")["a"]


@pytest.mark.parametrize(
    "data", [b"a \0BFV \4\1\0\0\0\0\0\x80\x3f", b"a  [ 1 ]\n", b"a  [\n 1\n ]\n", b"a 1 \n", b"a \n"]
)
def test_an_entry_is_given_as_soon_as_it_is_there(data):
    """A reader waits for no more than the entry: the writer at the other end of a pipe may be slow."""
    out, into = os.pipe()
    late = threading.Timer(20, os.close, [into])
    late.start()
    os.write(into, data)
    reader = read_arrays(f"ark:/dev/fd/{out}")
    key, array = next(reader)
    assert key == "a" and array.size <= 1
    assert late.is_alive(), "it came with the end only"
    late.cancel()
    os.close(into)
    assert list(reader) == []
    os.close(out)


def test_sorted_tables_asked_in_order(folder):
    table = RandomArrays("ark,s,cs:x.ark")
    assert "u0" in table and "u00" not in table and "u2" in table and "u2" in table
    assert np.array_equal(table["u2"], folder["u2"]) and np.array_equal(table["u4"], folder["u4"])
    assert table.get("u5") is None and "u6" not in table
    with pytest.raises(DataError, match="'u4' after 'u6'"):
        table["u4"]
    with pytest.raises(TypeError):
        list(table)
    assert list(RandomArrays("ark,cs:x.ark")) == list(folder)
    with open("x.ark", "ab") as file:
        file.write(b"a 1.5\n")
    with pytest.raises(DataError, match="not sorted as the option s says"):
        RandomArrays("ark,s,cs:x.ark").get("u9")


def test_process_substitution(folder):
    done = subprocess.run(
        [
            "bash",
            "-c",
            f"{sys.executable} -c 'import sys; from diarkit.io.tables import *\n"
            "for k, a in read_arrays(sys.argv[1]): print(k)' <(cat x.ark)",
        ],
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == list(folder), done.stderr


def test_keys_in_other_scripts(folder):
    names = ["\u4e2d\u6587", "a\u00a0b", "\U0001f600", "\u00fc"]
    with ArrayWriter("ark,scp:k.ark,k.scp") as out:
        for name in names:
            out.write(name, np.zeros(1))
    assert list(dict(read_arrays("ark:k.ark"))) == list(dict(read_arrays("scp:k.scp"))) == names


def test_few_files_stay_open(folder):
    with open("many.scp", "w") as file:
        for i in range(40):
            write_array(f"m{i}", np.full(3, i))
            file.write(f"k{i} m{i}\n")
    before = len(os.listdir("/proc/self/fd"))
    reader = read_arrays("scp:many.scp")
    for _ in range(39):
        next(reader)
    assert len(os.listdir("/proc/self/fd")) < before + 10
    assert next(reader)[1].tolist() == [39] * 3 and list(reader) == []
    assert len(os.listdir("/proc/self/fd")) == before


def test_large_entries(folder):
    """Those whose bytes are not copied on the way out, in any order of their memory."""
    matrix = np.random.default_rng(0).normal(size=(300, 100))
    table = {
        "c": matrix,
        "f": np.asfortranarray(matrix),
        "t": matrix.T,
        "s": matrix[::2, ::-1],
        "v": matrix[:, 0],
    }
    with ArrayWriter("ark,scp:l.ark,l.scp") as out:
        for key, array in table.items():
            out.write(key, array)
    assert same(dict(read_arrays("ark:l.ark")), table) and same(dict(read_arrays("scp:l.scp")), table)


def test_memory_does_not_grow_with_a_table(folder):
    code = (
        "import resource, sys\nfrom diarkit.io.tables import *\nimport numpy as np\n"
        "for k, a in read_arrays(sys.argv[1]): pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    with ArrayWriter("ark,scp:big.ark,big.scp") as out:
        for i in range(60):
            out.write(f"{i:03}", np.zeros((1000, 250), np.float32))  # 1 MB
    for rspecifier in ("ark:big.ark", "scp:big.scp", "ark:cat big.ark |"):
        done = [
            subprocess.run([sys.executable, "-c", code, spec], capture_output=True, text=True, check=True)
            for spec in (rspecifier, "ark:x.ark")
        ]
        large, small = (int(one.stdout) for one in done)
        assert large - small < 20


def test_text_as_other_editors_write_it(folder):
    with open("t.ark", "wb") as file:
        file.write("\ufeffa  [\r\n 1 2\r\n 3 4 ]\r\nb [1 2 3]\r\n\r\n".encode())
        file.write(b"c\t[\t1\t2 ]\nd [ 1 2\n 3 4\n]\ne 1 2\r\n")
    found = {key: array.tolist() for key, array in read_arrays("ark:t.ark")}
    assert found == {"a": [[1, 2], [3, 4]], "b": [1, 2, 3], "c": [1, 2], "d": [[1, 2], [3, 4]], "e": [1, 2]}


def test_going_back_in_a_file_that_was_read_in_large_pieces(folder):
    """Each entry is followed by the ones just before it, which a look ahead may still hold, or seem to."""
    rng = np.random.default_rng(0)
    table = {f"k{i:03}": rng.normal(size=rng.choice([1, 40, 3000, 9000])) for i in range(60)}
    with ArrayWriter("ark,scp:l.ark,l.scp") as out:
        for key, array in table.items():
            out.write(key, array)
    values = RandomArrays("scp:l.scp")
    keys = list(table)
    for i in range(len(keys)):
        for key in (keys[i], *keys[max(i - 4, 0) : i : 2], keys[i]):
            assert np.array_equal(values[key], table[key]), (i, key)
