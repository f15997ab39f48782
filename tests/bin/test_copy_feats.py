import json
import sys

import numpy as np
import pytest

from diarkit.io.compressed import decode, encode
from diarkit.io.htk import HtkWriter, parameter_kind
from diarkit.io.tables import ArrayWriter, read_array, read_arrays, read_values, write_array


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    arrays = {"a": rng.normal(size=(2000, 5)), "b": rng.normal(size=(7, 3)).astype(np.float32)}
    with ArrayWriter("ark,scp:x.ark,x.scp") as out:
        for key, array in arrays.items():
            out.write(key, array)
    return arrays


def same(rspecifier, table):
    back = dict(read_arrays(rspecifier))
    return list(back) == list(table) and all(
        back[key].dtype == np.float32 and np.array_equal(back[key], np.float32(table[key])) for key in table)


def test_copies_in_single_precision_with_lengths(run_tool, table):
    done = run_tool("copy-feats", "--write-num-frames=ark,t:n", "scp:x.scp", "ark,scp:y.ark,y.scp")
    assert same("ark:y.ark", table) and same("scp:y.scp", table)
    assert open("n").read() == "a 2000 \nb 7 \n"
    assert "2 matrices done, 0 failed" in done.stderr and done.stdout == ""
    with open("x.ark", "rb") as file:
        text = run_tool("copy-feats", "ark:-", "ark,t:-", stdin=file).stdout
    with open("t", "w") as file:
        file.write(text)
    assert same("ark:t", table)


def test_compression(run_tool, table):
    for method, kind, options in ((1, b"CM ", []), (7, b"CM3", ["--compression-method=7"])):
        run_tool("copy-feats", "--compress=true", *options, "ark:x.ark", "ark,scp:c.ark,c.scp")
        expected = {key: decode(encode(array, method)) for key, array in table.items()}
        assert same("scp:c.scp", expected) and open("c.ark", "rb").read(7) == b"a \0B" + kind
        run_tool("copy-feats", "ark:c.ark", "ark:d.ark")
        assert same("ark:d.ark", expected)
    run_tool("copy-feats", "--compress", "ark:x.ark", "ark,t:t")
    assert same("ark:t", {key: decode(encode(array, 1)) for key, array in table.items()})
    run_tool("copy-feats", "--compress", "--compression-method=8", "ark:x.ark", "ark:c", status=2)


def test_single_files(run_tool, table):
    write_array("m", table["a"])
    run_tool("copy-feats", "--binary=false", "m", "t")
    assert open("t").read(4) == " [\n " and np.array_equal(read_array("t"), np.float32(table["a"]))
    run_tool("copy-feats", "--compress", "--compression-method=3", "t", "c")
    assert open("c", "rb").read(6) == b"\0BCM2 "
    head = b"\0BFM \4\xd0\7\0\0\4\5\0\0\0"
    assert run_tool("copy-feats", "m", "-", text=False).stdout == head + np.float32(table["a"]).tobytes()
    assert "single file" in run_tool("copy-feats", "ark:x.ark", "y", status=2).stderr
    write_array("v", np.zeros(3))
    assert "a vector where a matrix is expected" in run_tool("copy-feats", "v", "y", status=1).stderr


def test_htk(run_tool, table):
    with HtkWriter("ark:h", parameter_kind("fbank", True)) as out:
        for key, array in table.items():
            out.write(key, array)
    run_tool("copy-feats", "--htk-in", "ark:h", "ark:y.ark")
    assert same("ark:y.ark", table)


def test_a_bad_matrix_leaves_nothing_behind_and_the_rest_is_copied(run_tool, table):
    table["a"][1500, 2] = np.nan
    with ArrayWriter("ark:n.ark", finite=False) as out:
        for key, array in (*table.items(), ("v", np.zeros(3)), ("z", table["b"])):
            out.write(key, array)
    done = run_tool("copy-feats", "--max-failed=2", "--write-num-frames=ark:n", "ark:n.ark", "ark,scp:y.ark,y.scp")
    good = {"b": table["b"], "z": table["b"]}
    assert same("ark:y.ark", good) and same("scp:y.scp", good)
    assert dict(read_values("ark:n", "int32")) == {"b": 7, "z": 7}
    assert "a: n.ark: 1 of 4880 values are NaN or infinite, the first at [1500, 2]" in done.stderr
    assert "v: n.ark: a vector where a matrix is expected" in done.stderr and "2 matrices done, 2 failed" in done.stderr


def test_golden_files(run_tool, shared, tmp_path):
    golden = shared / "golden/kaldi"
    run_tool("copy-feats", "scp:feats/ranges.scp", f"ark:{tmp_path}/r", cwd=golden)
    assert (tmp_path / "r").read_bytes() == (golden / "feats/ranges.ark").read_bytes()
    for method in (1, 3, 5, 7):
        run_tool("copy-feats", "--no-compress", f"ark:feats/compressed_m{method}.ark", f"ark:{tmp_path}/d", cwd=golden)
        assert (tmp_path / "d").read_bytes() == (golden / f"feats/compressed_m{method}_decoded.ark").read_bytes()


def test_bad_input(run_tool, shared):
    checker = shared / "badinputs/check_bad.py"
    if not checker.exists():
        pytest.skip(f"no {checker}")
    done = run_tool(
        sys.executable, checker, "--strict-names", "--only", "overflow|vec_in|npy|trunc_mid|nan|matrix|offset|tabs",
        "--feats", "copy-feats ark:{in} ark:{out}", "--scp", "copy-feats scp:{in} ark:{out}",
        "--vectors", "copy-vector ark:{in} ark:{out}", status=None)
    counts = json.loads(done.stdout.splitlines()[-1])
    assert counts["failed"] == 0 and counts["total"] >= 8, done.stdout
