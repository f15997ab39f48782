"""feat-to-len, feat-to-dim, subset-feats."""

import numpy as np
import pytest

from diarkit.io.tables import ArrayWriter, read_arrays


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with ArrayWriter("ark,scp:x.ark,x.scp") as out:
        for i in range(12):
            out.write(f"k{i:02}", np.full((3000 * (i == 1) + i + 1, 4 + i), i, np.float32))


def test_feat_to_len(run_tool, shared):
    done = run_tool("feat-to-len", "scp:x.scp", "ark,t:-")
    assert done.stdout == "".join(f"k{i:02} {3000 * (i == 1) + i + 1} \n" for i in range(12))
    assert run_tool("feat-to-len", "ark:x.ark").stdout == f"{3000 + 78}\n"
    golden = shared / "golden/kaldi"
    done = run_tool("feat-to-len", "scp:feats/mfcc_callhome8k.scp", "ark,t:-", cwd=golden)
    assert done.stdout == (golden / "feats/len_mfcc_callhome8k.txt").read_text()
    with ArrayWriter("ark:v.ark") as out:
        out.write("v", np.zeros(3))
    assert "v: v.ark: a vector where a matrix" in run_tool("feat-to-len", "ark:v.ark", "ark:n", status=1).stderr


def test_feat_to_dim(run_tool):
    assert run_tool("feat-to-dim", "ark:cat x.ark |", "-").stdout == "4\n"
    run_tool("feat-to-dim", "scp:x.scp", "ark,t:d")
    assert open("d").read() == "".join(f"k{i:02} {4 + i} \n" for i in range(12))
    open("empty", "w").close()
    assert "no matrix" in run_tool("feat-to-dim", "ark:empty", "-", status=1).stderr


def test_subset_feats(run_tool):
    run_tool("subset-feats", "ark:x.ark", "ark:y")
    assert [key for key, _ in read_arrays("ark:y")] == [f"k{i:02}" for i in range(10)]
    run_tool("subset-feats", "--n=2", "ark:cat x.ark |", "ark:y")
    back = dict(read_arrays("ark:y"))
    assert list(back) == ["k00", "k01"] and back["k01"].shape == (3002, 5)
    with open("list", "w") as file:
        file.write("k11 and more\nk03\nnone\nk03\n")
    run_tool("subset-feats", "--include=list", "ark:x.ark", "ark:y")
    assert [key for key, _ in read_arrays("ark:y")] == ["k03", "k11"]
    run_tool("subset-feats", "--exclude=list", "scp:x.scp", "ark:y")
    assert [key for key, _ in read_arrays("ark:y")] == [f"k{i:02}" for i in range(11) if i != 3]
    run_tool("subset-feats", "--include=list", "--exclude=list", "scp:x.scp", "ark:y", status=2)
    run_tool("subset-feats", "--n=0", "scp:x.scp", "ark:y", status=2)
