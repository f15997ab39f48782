"""select-voiced-frames, subsample-feats and extract-feature-segments."""

import re

import numpy as np
import pytest

from diarkit.io.tables import ArrayWriter, read_arrays


def table(rspecifier):
    return dict(read_arrays(str(rspecifier)))


def write(path, arrays):
    with ArrayWriter(f"ark,scp:{path}.ark,{path}.scp") as out:
        for key, array in arrays.items():
            out.write(key, np.asarray(array, np.float32))


@pytest.fixture
def feats(tmp_path):
    arrays = {key: 100.0 * i + np.arange(3 * total).reshape(total, 3) for i, (key, total) in
              enumerate((("a", 200), ("b", 3000), ("c", 4)))}
    write(tmp_path / "feats", arrays)
    return arrays


def test_kaldi_s_voiced_frames(shared, run_tool, tmp_path):
    kaldi = shared / "golden/kaldi"
    run_tool("select-voiced-frames", "scp:feats/cmn300_vox16k.scp", "scp:vad/mfcc_vox16k.scp", f"ark:{tmp_path}/x.ark",
             cwd=kaldi)
    assert (tmp_path / "x.ark").read_bytes() == (kaldi / "feats/cmn300_voiced_vox16k.ark").read_bytes()


def test_voiced_frames(run_tool, tmp_path, feats):
    decisions = {"a": np.arange(200) % 3 == 0, "b": np.arange(3000) > 1500, "c": [0, 1, 1, 0]}
    write(tmp_path / "vad", decisions)
    for vad in ("scp:vad.scp", "ark,s,cs:vad.ark"):
        run_tool("select-voiced-frames", "scp:feats.scp", vad, "ark:x.ark", cwd=tmp_path)
        found = table(tmp_path / "x.ark")
        assert list(found) == ["a", "b", "c"]
        assert all(np.array_equal(found[key], feats[key][np.array(decisions[key], bool)]) for key in found)


def test_decisions_that_are_missing_or_do_not_fit(run_tool, tmp_path, feats):
    write(tmp_path / "vad", {"a": np.zeros(200), "b": np.ones(2999)})
    done = run_tool("select-voiced-frames", "scp:feats.scp", "ark:vad.ark", "ark:x.ark", cwd=tmp_path, status=1)
    for line in ("a: no frame is voiced", "b: 2999 decisions, 3000 frames", "c: not in vad.ark"):
        assert line in done.stderr
    assert not (tmp_path / "x.ark").exists()


def test_subsampling(run_tool, tmp_path, feats):
    done = run_tool("subsample-feats", "--n=7", "--offset=5", "--max-failed=1", "ark:feats.ark", "ark:x.ark",
                    cwd=tmp_path)
    assert "c: no frame is left" in done.stderr
    found = table(tmp_path / "x.ark")
    assert list(found) == ["a", "b"] and all(np.array_equal(found[key], feats[key][5::7]) for key in found)
    run_tool("subsample-feats", "--n=-2", "ark:feats.ark", "ark:x.ark", cwd=tmp_path)
    assert all(np.array_equal(array, feats[key].repeat(2, axis=0)) for key, array in table(tmp_path / "x.ark").items())
    assert "--offset" in run_tool("subsample-feats", "--n=-2", "--offset=1", "ark:feats.ark", "ark:y.ark", cwd=tmp_path,
                                  status=2).stderr


SEGMENTS = """a1 a 0.1 0.5
b1 b 1.00 2.00
a2 a 1.505 -1
a3 a 1.9 2.03
a4 a 0.5 0.62
a5 a 3 4
d1 d 0 1
b2 b 29.5 30.02
"""


def test_segments(run_tool, tmp_path, feats):
    (tmp_path / "segments").write_text(SEGMENTS)
    for source in ("scp:feats.scp", "ark:feats.ark"):
        done = run_tool("extract-feature-segments", source, "segments", "ark,scp:x.ark,x.scp", "--max-failed=4",
                        cwd=tmp_path)
        told = [line.split(": ")[1] for line in done.stderr.splitlines()[:-1]]
        assert told == ["a3", "a4", "a5", "d1"]
        found = table(tmp_path / "x.ark")
        assert list(found) == ["a1", "b1", "a2", "b2"]
        a, b = feats["a"], feats["b"]
        for key, expected in (("a1", a[10:48]), ("b1", b[100:198]), ("a2", a[151:]), ("b2", b[2950:])):
            assert np.array_equal(found[key], expected), key


def test_options_of_segments(run_tool, tmp_path, feats):
    (tmp_path / "segments").write_text(SEGMENTS)
    run_tool("extract-feature-segments", "--snip-edges=false", "--min-segment-length=0.05", "--max-overshoot=0.04",
             "--frame-length=40", "--max-failed=2", "scp:feats.scp", "segments", "ark:x.ark", cwd=tmp_path)
    found = table(tmp_path / "x.ark")
    assert {key: len(array) for key, array in found.items()} == {
        "a1": 40, "b1": 100, "a2": 49, "a3": 10, "a4": 12, "b2": 50}
    run_tool("extract-feature-segments", "--frame-length=40", "--frame-shift=20", "--max-failed=6", "scp:feats.scp",
             "segments", "ark:x.ark", cwd=tmp_path)
    assert np.array_equal(table(tmp_path / "x.ark")["b1"], feats["b"][50:99])


def test_a_bad_line_of_segments(run_tool, tmp_path, feats):
    """It costs itself, as Kaldi has it; a channel, which features do not have, is not looked at."""
    (tmp_path / "segments").write_text("a1 a 0 1\na2 a 2 1\nb1 b 0 x\nb2 b 1\nb3 b 1 2 1\n")
    done = run_tool("extract-feature-segments", "scp:feats.scp", "segments", "ark:x.ark", cwd=tmp_path, status=1)
    assert [re.findall("segments:([0-9])", line) for line in done.stderr.splitlines()] == [["2"], ["3"], ["4"], []]
    assert not (tmp_path / "x.ark").exists()
    run_tool("extract-feature-segments", "--max-failed=3", "scp:feats.scp", "segments", "ark:x.ark", cwd=tmp_path)
    assert list(table(tmp_path / "x.ark")) == ["a1", "b3"]


def test_segments_of_what_is_no_matrix(run_tool, tmp_path):
    (tmp_path / "feats").write_text("number 1.5\nvector [ 1 2 3 4 5 ]\n")
    (tmp_path / "segments").write_text("n number 0 0.05\nv vector 0 0.05\n")
    done = run_tool("extract-feature-segments", "--min-segment-length=0.01", "ark:feats", "segments", "ark:x.ark",
                    cwd=tmp_path, status=1)
    assert [line.split(": ", 1)[1] for line in done.stderr.splitlines()] == [
        "n: number: feats: a number where a matrix is expected",
        "v: vector: feats: a vector where a matrix is expected", "0 segments done, 2 failed"]
