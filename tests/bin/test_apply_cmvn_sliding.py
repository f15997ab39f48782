"""apply-cmvn-sliding: Kaldi's command lines, and what holds for all tools that make features from features."""

import json
import sys

import numpy as np
import pytest

from diarkit.cmvn import sliding_cmvn
from diarkit.io.tables import ArrayWriter, read_arrays
from diarkit.options.transforms import SlidingCmvnOptions

TRANSFORMS = {
    "apply-cmvn-sliding": "apply-cmvn-sliding {} {}",
    "add-deltas": "add-deltas {} {}",
    "splice-feats": "splice-feats {} {}",
    "subsample-feats": "subsample-feats --n=2 {} {}",
    "compute-cmvn-stats": "compute-cmvn-stats {} {}",
}


def table(rspecifier):
    return dict(read_arrays(str(rspecifier)))


@pytest.fixture
def feats(tmp_path):
    """Features of two recordings, one longer than what is worked on at once."""
    rng = np.random.default_rng(0)
    arrays = {key: rng.normal(5, 3, (total, 4)).astype(np.float32) for key, total in (("a", 5000), ("b", 7))}
    with ArrayWriter(f"ark,scp:{tmp_path}/feats.ark,{tmp_path}/feats.scp") as out:
        for key, array in arrays.items():
            out.write(key, array)
    return arrays


@pytest.mark.parametrize("options, source, golden", [
    ("--norm-vars=false --center=true --cmn-window=300", "mfcc_callhome8k", "cmn300_callhome8k"),
    ("--norm-vars=false --center=true --cmn-window=300", "mfcc_vox16k", "cmn300_vox16k"),
    ("--norm-vars=true --center=false --cmn-window=200 --min-cmn-window=50", "mfcc_default16k",
     "cmvn200_normvars_default16k"),
    ("", "mfcc_default16k", "cmn_defaultopts_default16k"),
    ("--norm-vars=true --center=true --cmn-window=301", "mfcc_default16k", "cmvn301_center_normvars_default16k"),
])
def test_kaldi_s_command_lines(shared, run_tool, tmp_path, options, source, golden):
    kaldi = shared / "golden/kaldi"
    if not (kaldi / f"feats/{golden}.ark").exists():
        pytest.skip(f"no {golden}.ark")
    run_tool("apply-cmvn-sliding", *options.split(), f"scp:feats/{source}.scp", f"ark:{tmp_path}/x.ark", cwd=kaldi)
    found, expected = table(f"{tmp_path}/x.ark"), table(f"{kaldi}/feats/{golden}.ark")
    assert list(found) == list(expected)
    for key in found:
        assert found[key].dtype == np.float32
        np.testing.assert_allclose(found[key], expected[key], rtol=0, atol=2e-6)


def test_options_are_taken_as_kaldi_has_them(run_tool, tmp_path, feats):
    (tmp_path / "conf").write_text("--cmn-window=30\n--center=true # around\n")
    done = run_tool("apply-cmvn-sliding", "--config", "conf", "--norm-vars", "--min-cmn-window=3", "feats.scp",
                    "ark,t:-", cwd=tmp_path)
    (tmp_path / "text").write_text(done.stdout)
    opts = SlidingCmvnOptions(cmn_window=30, center=True, norm_vars=True, min_cmn_window=3)
    for key, found in table(tmp_path / "text").items():
        expected = np.concatenate(list(sliding_cmvn([feats[key]], feats[key].shape, opts)[0]))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    done = run_tool("apply-cmvn-sliding", "--cmn-window=0", "feats.scp", "ark:x.ark", cwd=tmp_path, status=2)
    assert done.stderr == "apply-cmvn-sliding: --cmn-window must be at least 1, 0 is not\n"
    assert not (tmp_path / "x.ark").exists()


def test_constant_windows_are_told_of(run_tool, tmp_path):
    with ArrayWriter(f"ark:{tmp_path}/x.ark") as out:
        for key in "abc":
            out.write(key, np.ones((50, 2), np.float32))
    for limit, expected in ((2, "ab"), (0, ""), (-1, "abc")):
        done = run_tool("apply-cmvn-sliding", "--norm-vars", f"--max-warnings={limit}", "ark:x.ark", "ark:y.ark",
                        cwd=tmp_path)
        told = [line.split(": ")[1] for line in done.stderr.splitlines() if "variance floored" in line]
        assert told == list(expected)
    assert not any(array.any() for array in table(tmp_path / "y.ark").values())


@pytest.mark.parametrize("tool", TRANSFORMS)
def test_an_entry_that_fails_midway_leaves_nothing_of_itself(run_tool, tmp_path, feats, tool):
    """NaN near the end of a long recording, and an empty one, between two that are good; then a truncated archive."""
    late = feats["a"].copy()
    late[4990, 2] = np.nan
    with ArrayWriter(f"ark:{tmp_path}/x.ark", finite=False) as out:
        for key, array in (("a", feats["a"]), ("b", late), ("c", np.zeros((0, 4), np.float32)), ("d", feats["b"])):
            out.write(key, array)
    command = TRANSFORMS[tool].format("ark:x.ark", f"ark,scp:{tmp_path}/y.ark,{tmp_path}/y.scp").split()
    done = run_tool(*command, "--max-failed=2", cwd=tmp_path)
    assert [line.split(": ")[1] for line in done.stderr.splitlines()[:-1]] == ["b", "c"]
    assert "2 failed" in done.stderr.splitlines()[-1]
    found, by_scp = table(tmp_path / "y.ark"), table(tmp_path / "y.scp")
    assert list(found) == list(by_scp) == ["a", "d"]
    assert all(np.array_equal(found[key], by_scp[key]) for key in found)

    (tmp_path / "cut.ark").write_bytes((tmp_path / "feats.ark").read_bytes()[:-5])
    done = run_tool(*TRANSFORMS[tool].format("ark:cut.ark", "ark:z.ark").split(), cwd=tmp_path, status=1)
    assert "cut.ark" in done.stderr and "b" in done.stderr and "truncated" in done.stderr
    assert not (tmp_path / "z.ark").exists()
    [(key, array)] = table(tmp_path / "z.ark.partial").items()
    assert key == "a" and np.array_equal(array, found["a"])


def test_from_a_pipe_into_a_pipe_gives_the_same_bytes(run_tool, tmp_path, feats):
    line = ("apply-cmvn-sliding ark:feats.ark ark:x.ark; add-deltas ark:x.ark ark:y.ark;"
            "cat feats.ark | apply-cmvn-sliding ark:- ark:- | add-deltas ark:- ark:- > z.ark; cmp y.ark z.ark")
    run_tool("bash", "-euo", "pipefail", "-c", line, cwd=tmp_path)


def test_a_sample_of_the_bad_inputs(shared, run_tool):
    done = run_tool(sys.executable, shared / "badinputs/check_bad.py", "--strict-names", "--only",
                    "dims_zero|vec_in|cm3_huge|one_frame|ok_text|offset_eof",
                    "--feats", "apply-cmvn-sliding ark:{in} ark:{out}", "--scp",
                    "apply-cmvn-sliding --norm-vars scp:{in} ark:{out}", status=None)
    counts = json.loads(done.stdout.splitlines()[-1])
    assert counts["failed"] == 0 and counts["total"] >= 4, done.stdout
