"""extract_xvectors.sh: vectors of whole utterances and of their speakers."""

import numpy as np

from diarkit.io.tables import ArrayWriter, read_arrays, read_numbers


def test_whole_utterances_and_speakers(run_tool, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    lengths = {"a": 50, "b": 7, "c": 120}
    features = {key: rng.normal(size=(length, 3)).astype(np.float32) for key, length in lengths.items()}
    (tmp_path / "data").mkdir()
    with ArrayWriter("ark,scp:data/feats.ark,data/feats.scp") as out:
        for key, matrix in features.items():
            out.write(key, matrix)
    (tmp_path / "data/utt2spk").write_text("a x\nb y\nc x\n")
    run_tool("extract_xvectors.sh", "--nj", 2, "--whole", "true", "--input", "feats.scp", "stats", "data", "exp")
    found = dict(read_arrays("scp:exp/xvector.scp"))
    assert list(found) == ["a", "b", "c"]
    for key, vector in found.items():
        assert np.allclose(vector, [*features[key].mean(axis=0), *features[key].std(axis=0)], atol=1e-6)
    speakers = dict(read_arrays("scp:exp/spk_xvector.scp"))
    assert list(speakers) == ["x", "y"] and np.allclose(speakers["x"], (found["a"] + found["c"]) / 2, atol=1e-6)
    assert dict(read_numbers("exp/num_utts")) == {"x": 2, "y": 1}
    assert (tmp_path / "exp/spk2utt").read_text() == "x a c\ny b\n" and not (tmp_path / "exp/segments").exists()
    # the segments of a data directory are of its recordings, not of its features
    (tmp_path / "data/segments").write_text("a r 0 1\nb r 1 2\nc r 2 3\n")
    run_tool("extract_xvectors.sh", "--whole", "true", "--input", "feats.scp", "stats", "data", "again")
    assert (tmp_path / "again/utt2spk").read_text() == "a x\nb y\nc x\n"
    monkeypatch.undo()
