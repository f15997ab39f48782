"""segment-changes through its command line."""

import re

import numpy as np
import pytest

from diarkit.io.datadir import read_segments
from diarkit.io.tables import ArrayWriter

SETTINGS = ["--penalty=1.5", "--window=2", "--min-duration=0.5", "--floor=0.001"]


def speaker(rng, frames, dim=6):
    return rng.normal(size=(frames, dim)) @ (np.eye(dim) + 0.3 * rng.normal(size=(dim, dim))) + 3 * rng.normal(size=dim)


@pytest.fixture
def folder(tmp_path):
    """Recordings a, with changes at 4.05 s and 9 s, and b, with none."""
    rng = np.random.default_rng(0)
    with ArrayWriter(f"ark:{tmp_path}/feats.ark") as out:
        out.write("a", np.concatenate([speaker(rng, frames) for frames in (405, 495, 300)]).astype(np.float32))
        out.write("b", speaker(rng, 500).astype(np.float32))
    return tmp_path


@pytest.mark.parametrize("form", [[], ["--search=growing"], ["--method=glr", "--search=two-pass"],
                                  ["--method=KL2", "--search=two-pass", "--covariance=diagonal"]], ids=" ".join)
def test_segments_are_cut(run_tool, folder, form):
    (folder / "segments").write_text("s2 a 6.505 12.00\ns1 a 1.00 6.505\nwhole b 0 -1\nshort b 0.2 0.7\n")
    done = run_tool("segment-changes", *SETTINGS, *form, "--verbose", "ark:feats.ark", "segments", "out", cwd=folder)
    assert done.stderr.splitlines() == [f"segment-changes: {line}" for line in (
        "s2: 2 pieces", "s1: 2 pieces", "whole: 1 pieces", "short: 1 pieces", "4 segments done, 0 failed")]
    found = read_segments(str(folder / "out"))
    assert [segment.reco for segment in found] == list("aaaabb")
    ends = [(segment.start, segment.end) for segment in found]
    second, first = ends[0][1], ends[2][1]
    assert first == pytest.approx(4.05, abs=0.05) and second == pytest.approx(9, abs=0.05)
    assert ends == [(6.505, second), (second, 12), (1, first), (first, 6.505), (0, 5), (0.2, 0.7)]
    names = ["s2", "s2", "s1", "s1", "whole", "short"]
    starts = [6.505, 6.505, 1, 1, 0, 0.2]
    assert [segment.utt for segment in found] == [
        f"{name}-{round(100 * (a - start)):08d}-{round(100 * (b - start)):08d}"
        for name, start, (a, b) in zip(names, starts, ends, strict=True)]


def test_whole_recordings(run_tool, folder):
    done = run_tool("segment-changes", *SETTINGS, "ark:feats.ark", "-", cwd=folder)
    lines = done.stdout.splitlines()
    assert [line.split()[1] for line in lines] == ["a", "a", "a", "b"]
    assert lines[0].startswith("a-00000000-0000040") and lines[-1] == "b-00000000-00000500 b 0.00 5.00"
    assert "2 segments done, 0 failed" in done.stderr
    # frames of 20 ms: everything lasts twice as long
    done = run_tool("segment-changes", "--penalty=1.5", "--floor=0.001", "--frame-shift=0.02", "--resolution=0.2",
                    "--window=4", "--min-duration=1", "ark:feats.ark", "-", cwd=folder)
    assert re.search(r"^b-00000000-00001000 b 0.00 10.00$", done.stdout, re.M)


def test_what_cannot_be_cut(run_tool, folder):
    (folder / "segments").write_text("over b 1 5.6\nc1 c 0 1\ngood a 0 3\nc2 c 1 2\nafter b 5 5.2\n")
    done = run_tool("segment-changes", *SETTINGS, "ark:feats.ark", "segments", "out", cwd=folder, status=1)
    for message in ("over: from 1 to 5.6 s, but there are features for 5 s only", "after: from 5 to 5.2 s",
                    "c1: no features of c", "c2: no features of c", "1 segments done, 4 failed"):
        assert message in done.stderr
    assert not (folder / "out").exists()
    with ArrayWriter(f"ark:{folder}/vectors.ark") as out:
        out.write("a", np.zeros(100, np.float32))
    (folder / "numbers").write_text("a 1.5\n")
    for name, kind in (("vectors.ark", "vector"), ("numbers", "number")):
        done = run_tool("segment-changes", f"ark:{name}", "out", cwd=folder, status=1)
        assert f"a: {name}: a {kind} where a matrix is expected" in done.stderr and not (folder / "out").exists()


def test_settings_that_do_not_go_together(run_tool, folder):
    done = run_tool("segment-changes", "--method=kl2", "--search=growing", "ark:feats.ark", "out", cwd=folder, status=2)
    assert done.stderr.count("\n") == 1 and "--search=two-pass" in done.stderr and not (folder / "out").exists()
