"""add-deltas and splice-feats: Kaldi's results, options, long context."""

import numpy as np
import pytest

from diarkit.io.tables import ArrayWriter, read_arrays


def table(rspecifier):
    return dict(read_arrays(str(rspecifier)))


def compare(found, expected, atol):
    assert list(found) == list(expected)
    for key in found:
        assert found[key].dtype == np.float32
        np.testing.assert_allclose(found[key], expected[key], rtol=0, atol=atol)


def test_kaldi_s_deltas(shared, run_tool, tmp_path):
    """What they were made from is their first third."""
    expected = table(f"{shared}/golden/kaldi/feats/deltas_default_test.ark")
    with ArrayWriter(f"ark:{tmp_path}/x.ark") as out:
        for key, array in expected.items():
            out.write(key, array[:, : array.shape[1] // 3])
    run_tool("add-deltas", "ark:x.ark", "ark:y.ark", cwd=tmp_path)
    compare(table(tmp_path / "y.ark"), expected, 1e-5)


def test_kaldi_s_splicing(shared, run_tool, tmp_path):
    kaldi = shared / "golden/kaldi/feats"
    run_tool("splice-feats", "--left-context=3", "--right-context=2", f"ark:{kaldi}/variant_mfcc_use_energy_false.ark",
             f"ark:{tmp_path}/x.ark")
    compare(table(tmp_path / "x.ark"), table(kaldi / "splice_l3_r2_test.ark"), 0)


def test_the_front_end_of_i_vectors_as_a_pipe(shared, run_tool, tmp_path):
    kaldi = shared / "golden/kaldi"
    line = ("add-deltas --delta-window=3 --delta-order=2 scp:feats/mfcc_callhome8k_v1.scp ark:- | apply-cmvn-sliding"
            " --norm-vars=false --center=true --cmn-window=300 ark:- ark:- | select-voiced-frames ark:-"
            f" scp:vad/mfcc_callhome8k_v1.scp ark:- | subsample-feats --n=5 ark:- ark:{tmp_path}/x.ark")
    run_tool("bash", "-euo", "pipefail", "-c", line, cwd=kaldi)
    compare(table(tmp_path / "x.ark"), table(kaldi / "feats/ivecfront_callhome8k_v1_sub5.ark"), 1e-5)


def test_options(run_tool, tmp_path):
    feats = np.random.default_rng(0).normal(size=(20, 4))  # in double precision
    with ArrayWriter(f"ark:{tmp_path}/x.ark") as out:
        out.write("a", feats)
        out.write("b", feats[:, :1])
    done = run_tool("add-deltas", "--delta-order=1", "--delta_window=1", "--truncate=2", "--max-failed=1", "ark:x.ark",
                    "ark:y.ark", cwd=tmp_path)
    assert "b: 1 columns are fewer than --truncate=2" in done.stderr
    [(_, found)] = table(tmp_path / "y.ark").items()
    padded = feats[[0, *range(20), 19], :2]
    expected = np.hstack([feats[:, :2], (padded[2:] - padded[:-2]) / 2])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    run_tool("splice-feats", "--left-context=0", "--right-context=30", "ark:x.ark", "ark:z.ark", cwd=tmp_path)
    np.testing.assert_array_equal(table(tmp_path / "z.ark")["b"][5], np.float32(feats[[*range(5, 20)] + [19] * 16, 0]))


@pytest.mark.parametrize("command", ["add-deltas --delta-window=0", "add-deltas --delta-order=-1",
                                     "splice-feats --left-context=-1"])
def test_wrong_usage(run_tool, tmp_path, command):
    (tmp_path / "x.ark").touch()
    done = run_tool(*command.split(), "ark:x.ark", "ark:y.ark", cwd=tmp_path, status=2)
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "y.ark").exists()
