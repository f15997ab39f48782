"""copy-matrix, copy-vector, copy-int-vector."""

import numpy as np
import pytest

from diarkit.io.tables import ArrayWriter, read_array, read_arrays, write_array


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with ArrayWriter("ark,scp:x.ark,x.scp") as out:
        out.write("m", np.array([[1.0, -2], [0.5, 0]]))
        out.write("v", np.array([0.25, 3], np.float32))
        out.write("i", np.array([3, -1]))


def test_copy_matrix(run_tool, shared):
    done = run_tool("copy-matrix", "--scale=2", "--apply-power=2", "--max-failed=2", "scp:x.scp", "ark:y")
    assert {key: array.tolist() for key, array in read_arrays("ark:y")} == {"m": [[4, 16], [1, 0]]}
    assert "1 matrices done, 2 failed" in done.stderr
    assert "v: x.ark:51: a vector where a matrix is expected" in done.stderr
    assert "i: x.ark:71: a vector of integers where a matrix is expected" in done.stderr
    write_array("m", np.eye(2), text=True)
    run_tool("copy-matrix", "--apply-exp", "m", "e")
    np.testing.assert_allclose(read_array("e"), np.exp(np.eye(2)), rtol=1e-6)
    assert run_tool("copy-matrix", "--no-binary", "m", "-").stdout == " [\n  1 0 \n  0 1 ]\n"
    run_tool("copy-matrix", "--apply-exp", "--apply-log", "m", "e", status=2)
    assert "NaN or infinite" in run_tool("copy-matrix", "--apply-exp", "--scale=1e4", "m", "f", status=1).stderr
    golden = shared / "golden/kaldi/feats"
    text = run_tool("copy-matrix", f"ark:{golden}/cmvn_stats_default16k.ark", "ark,t:-").stdout
    with open("t", "w") as file:
        file.write(text)
    for (key, ours), (name, theirs) in zip(read_arrays("ark:t"), read_arrays(f"ark:{golden}/cmvn_stats_default16k.txt"),
                                           strict=True):
        assert key == name and np.allclose(ours, theirs, rtol=1e-6)


def test_copy_vector(run_tool, shared):
    done = run_tool("copy-vector", "--change-dim=3", "--scale=2", "--max-failed=2", "ark:x.ark", "ark,t:-")
    assert done.stdout == "v  [ 0.5 6 0 ]\n"
    assert "m: x.ark: a matrix where a vector is expected" in done.stderr and "1 vectors done, 2 failed" in done.stderr
    write_array("v", np.array([1.0, 2]))
    assert run_tool("copy-vector", "--binary=false", "v", "-").stdout == " [ 1 2 ]\n"
    run_tool("copy-vector", "v", "w")
    assert open("w", "rb").read(5) == b"\0BFV "
    golden = shared / "golden/kaldi"
    done = run_tool("copy-vector", "scp:vad/mfcc_callhome8k.scp", "ark,t:-", cwd=golden)
    assert done.stdout == (golden / "vad/mfcc_callhome8k.txt").read_text()


def test_copy_int_vector(run_tool):
    with open("t", "w") as file:
        file.write("a 1 2 3 \nb \nc 7\n")
    run_tool("copy-int-vector", "ark:t", "ark:b")
    assert open("b", "rb").read(16) == b"a \0B\4\3\0\0\0\4\1\0\0\0\4\2"
    assert run_tool("copy-int-vector", "ark:b", "ark,t:-").stdout == "a 1 2 3 \nb \nc 7 \n"
    done = run_tool("copy-int-vector", "ark:x.ark", "ark,t:-", status=1)
    assert "m: x.ark: a matrix where a vector of integers is expected" in done.stderr and done.stdout == "i 3 -1 \n"
    with open("one", "w") as file:
        file.write("5 6\n")
    run_tool("copy-int-vector", "one", "two")
    assert run_tool("copy-int-vector", "--binary=false", "two", "-").stdout == "5 6 \n"
