"""compute-cmvn-stats and apply-cmvn: tables of sums and single files, speakers, weights."""

import numpy as np
import pytest

from diarkit.io.tables import ArrayWriter, read_array, read_arrays


def table(rspecifier):
    return dict(read_arrays(str(rspecifier)))


def sums(*arrays):
    whole = np.concatenate(arrays).astype(float)
    return np.array([[*whole.sum(axis=0), len(whole)], [*(whole**2).sum(axis=0), 0]])


@pytest.fixture
def feats(tmp_path):
    """Three utterances of the speakers x and y."""
    rng = np.random.default_rng(0)
    lengths = {"a": 100, "b": 1, "c": 50}
    arrays = {key: rng.normal([5, -40], 3, (total, 2)).astype(np.float32) for key, total in lengths.items()}
    with ArrayWriter(f"ark:{tmp_path}/feats.ark") as out:
        for key, array in arrays.items():
            out.write(key, array)
    (tmp_path / "spk2utt").write_text("x a c\ny b\n")
    (tmp_path / "utt2spk").write_text("a x\nb y\nc x\n")
    return arrays


def test_kaldi_s_command_lines(shared, run_tool, tmp_path):
    kaldi = shared / "golden/kaldi"
    run_tool("compute-cmvn-stats", "scp:feats/mfcc_default16k.scp", f"ark,scp:{tmp_path}/s.ark,{tmp_path}/s.scp",
             cwd=kaldi)
    found, expected = table(tmp_path / "s.ark"), table(f"{kaldi}/feats/cmvn_stats_default16k.ark")
    assert list(found) == list(expected)
    for key in found:
        assert found[key].dtype == expected[key].dtype == np.float64
        np.testing.assert_allclose(found[key], expected[key], rtol=1e-12, atol=1e-9)
    run_tool("apply-cmvn", "--norm-vars=true", f"scp:{tmp_path}/s.scp", "scp:feats/mfcc_default16k.scp",
             f"ark:{tmp_path}/x.ark", cwd=kaldi)
    expected = table(f"{kaldi}/feats/cmvn_global_default16k.ark")
    for key, found in table(tmp_path / "x.ark").items():
        np.testing.assert_allclose(found, expected[key], rtol=0, atol=2e-6)


def test_by_speaker(run_tool, tmp_path, feats):
    run_tool("compute-cmvn-stats", "--spk2utt=ark,t:spk2utt", "ark:feats.ark", "ark:s.ark", cwd=tmp_path)
    found = table(tmp_path / "s.ark")
    assert list(found) == ["x", "y"]
    np.testing.assert_allclose(found["x"], sums(feats["a"], feats["c"]), rtol=1e-6)
    run_tool("apply-cmvn", "--utt2spk=ark:utt2spk", "ark:s.ark", "ark:feats.ark", "ark:x.ark", cwd=tmp_path)
    normalised = table(tmp_path / "x.ark")
    mean = np.concatenate([feats["a"], feats["c"]]).mean(axis=0, dtype=float)
    np.testing.assert_allclose(normalised["c"], feats["c"] - mean, atol=1e-5)
    np.testing.assert_allclose(normalised["b"], [[0, 0]], atol=1e-5)


def test_a_speaker_of_whom_something_is_missing(run_tool, tmp_path, feats):
    (tmp_path / "spk2utt").write_text("x a no\ny gone\nz\n")
    done = run_tool("compute-cmvn-stats", "--spk2utt=spk2utt", "--max-failed=3", "ark:feats.ark", "ark:s.ark",
                    cwd=tmp_path)
    assert [line.split(": ")[1] for line in done.stderr.splitlines()[:3]] == ["no", "gone", "z"]
    found = table(tmp_path / "s.ark")
    assert list(found) == ["x"]
    np.testing.assert_allclose(found["x"], sums(feats["a"]), rtol=1e-6)


def test_one_file_of_sums_for_all(run_tool, tmp_path, feats):
    run_tool("compute-cmvn-stats", "ark:feats.ark", "all.mat", cwd=tmp_path)
    everything = read_array(f"{tmp_path}/all.mat")
    assert everything.dtype == np.float32
    np.testing.assert_allclose(everything, sums(*feats.values()), rtol=1e-6)
    text = run_tool("compute-cmvn-stats", "--binary=false", "ark:feats.ark", "-", cwd=tmp_path).stdout
    assert text.startswith(" [\n") and "\0" not in text
    (tmp_path / "text.mat").write_text(text)
    np.testing.assert_allclose(read_array(f"{tmp_path}/text.mat"), everything, rtol=1e-6)
    run_tool("apply-cmvn", "--norm-vars", "--skip-dims=1", "all.mat", "ark:feats.ark", "ark:x.ark", cwd=tmp_path)
    first = np.concatenate(list(feats.values()))[:, 0].astype(float)
    for key, found in table(tmp_path / "x.ark").items():
        np.testing.assert_allclose(found[:, 0], (feats[key][:, 0] - first.mean()) / first.std(), atol=1e-5)
        assert np.array_equal(found[:, 1], feats[key][:, 1])
    run_tool("apply-cmvn", "--norm-vars", "--skip-dims=1", "--reverse", "all.mat", "ark:x.ark", "ark:y.ark",
             cwd=tmp_path)
    for key, found in table(tmp_path / "y.ark").items():
        np.testing.assert_allclose(found, feats[key], atol=1e-5)


def test_weights(run_tool, tmp_path, feats):
    with ArrayWriter(f"ark:{tmp_path}/w.ark") as out:
        out.write("a", np.float32(np.arange(100) < 60))
        out.write("b", np.float32([1, 1]))  # one too many; and none for c
    done = run_tool("compute-cmvn-stats", "--weights=ark:w.ark", "--max-failed=2", "ark:feats.ark", "ark:s.ark",
                    cwd=tmp_path)
    assert "b: 2 weights, 1 frames" in done.stderr and "c: not in w.ark" in done.stderr
    found = table(tmp_path / "s.ark")
    assert list(found) == ["a"]
    np.testing.assert_allclose(found["a"], sums(feats["a"][:60]), rtol=1e-6)


def test_without_means_nothing_is_changed_and_no_sums_are_read(run_tool, tmp_path, feats):
    run_tool("apply-cmvn", "--norm-means=false", "ark:no.ark", "ark:feats.ark", "ark:x.ark", cwd=tmp_path)
    assert (tmp_path / "x.ark").read_bytes() == (tmp_path / "feats.ark").read_bytes()


def test_sums_that_are_missing_or_do_not_fit(run_tool, tmp_path, feats):
    with ArrayWriter(f"ark:{tmp_path}/s.ark") as out:
        out.write("x", np.array([[1.0, 2, 3, 4], [1, 2, 3, 0]]))
        out.write("y", np.array([[1.0, 2, 0.5], [1, 2, 0]]))
    (tmp_path / "utt2spk").write_text("a x\nb y\n")
    done = run_tool("apply-cmvn", "--utt2spk=utt2spk", "ark:s.ark", "ark:feats.ark", "ark:x.ark", cwd=tmp_path,
                    status=1)
    for line in ("a: 2 columns, and sums of 3", "b: sums of 0.5 frames are too few", "c: not in utt2spk"):
        assert line in done.stderr
    assert not (tmp_path / "x.ark").exists()


def test_a_constant_column_is_told_of(run_tool, tmp_path):
    with ArrayWriter(f"ark:{tmp_path}/x.ark") as out:
        out.write("a", np.float32([[1, 2], [1, 3]]))
    run_tool("compute-cmvn-stats", "ark:x.ark", "ark:s.ark", cwd=tmp_path)
    done = run_tool("apply-cmvn", "--norm-vars", "ark:s.ark", "ark:x.ark", "ark:y.ark", cwd=tmp_path)
    assert "a: the variance of 1 of 2 columns is floored" in done.stderr
    assert np.array_equal(table(tmp_path / "y.ark")["a"], [[0, -1], [0, 1]])


@pytest.mark.parametrize("command", [
    "compute-cmvn-stats --spk2utt=spk2utt ark:feats.ark all.mat",
    "apply-cmvn --utt2spk=utt2spk all.mat ark:feats.ark ark:x.ark",
    "apply-cmvn --norm-vars --norm-means=false ark:s.ark ark:feats.ark ark:x.ark",
    "apply-cmvn --skip-dims=1,2 ark:s.ark ark:feats.ark ark:x.ark",
])
def test_wrong_usage(run_tool, tmp_path, feats, command):
    (tmp_path / "all.mat").write_text("[ 1 2 3 ]\n")
    done = run_tool(*command.split(), cwd=tmp_path, status=2)
    assert done.stderr.count("\n") == 1 and "--" in done.stderr
    assert not (tmp_path / "x.ark").exists()


def test_nothing_to_sum_over(run_tool, tmp_path):
    (tmp_path / "empty.ark").touch()
    done = run_tool("compute-cmvn-stats", "ark:empty.ark", "all.mat", cwd=tmp_path, status=1)
    assert "ark:empty.ark: there is no utterance to sum over" in done.stderr
    assert not (tmp_path / "all.mat").exists()
