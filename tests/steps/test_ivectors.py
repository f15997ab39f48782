"""i-vector extractors by jobs, and i-vectors of windows and utterances: the same bytes as of one process."""

import numpy as np
import pytest

from diarkit.io.gmm import DiagGmm, write_gmm
from diarkit.io.tables import ArrayWriter, read_arrays

C, D = 4, 3
OPTIONS = ["--delta-order", "1", "--cmn-window", "0"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data directory of features that differ by speaker, and a background model for them with their deltas."""
    path = tmp_path_factory.mktemp("ivectors")
    rng = np.random.default_rng(3)
    centres, voices = 4 * rng.normal(size=(C, D)), rng.normal(size=(3, D))
    (path / "data").mkdir()
    lines = {"segments": [], "utt2spk": []}
    with (ArrayWriter(f"ark,scp:{path}/feats.ark,{path}/data/feats.scp") as feats,
          ArrayWriter(f"ark,scp:{path}/vad.ark,{path}/data/vad.scp") as vad):
        for i in range(11):
            frames = centres[rng.integers(C, size=200)] + voices[i % 3] + rng.normal(size=(200, D))
            feats.write(f"r{i:02}", frames.astype(np.float32))
            vad.write(f"r{i:02}", (np.arange(200) > 20).astype(np.float32))
            lines["segments"].append(f"r{i:02}-a r{i:02} 0 2")
            lines["utt2spk"].append(f"r{i:02} s{i % 3}")
    for name, content in lines.items():
        (path / "data" / name).write_text("\n".join(content) + "\n")
    write_gmm(f"{path}/ubm", DiagGmm(np.full(C, 1 / C), np.pad(centres, [(0, 0), (0, D)]), np.full((C, 2 * D), 2.0)))
    return path


def test_jobs_give_the_same_bytes_as_one_process(folder, run_tool):
    common = [*OPTIONS, "--ivector-dim", "3", "--num-iters", "1", "--block", "3", "ubm", "data"]
    run_tool("train_ivector_extractor.sh", "--nj", "2", *common, "ie", cwd=folder)
    assert len(list((folder / "ie/split").glob("sums.*"))) == 2
    feats = ("ark:add-deltas --delta-window=3 --delta-order=1 scp:data/feats.scp ark:- | "
             "select-voiced-frames ark:- scp:data/vad.scp ark:- |")
    run_tool("train-ivector-extractor", "--ivector-dim=3", "--num-iters=1", "--block-size=3", "ubm", feats, "one",
             cwd=folder)
    assert (folder / "one").read_bytes() == (folder / "ie/final.ie").read_bytes()
    assert (folder / "ie/final.ubm").read_bytes() == (folder / "ubm").read_bytes()

    # and i-vectors with it, as one tool has them
    (folder / "conf").write_text("--window=1\n--period=0.5\n")
    run_tool("extract_ivectors.sh", "--nj", "2", *OPTIONS, "--subsegments-config", "conf", "ie", "data", "windows",
             cwd=folder)
    deltas = "ark:add-deltas --delta-window=3 --delta-order=1 scp:data/feats.scp ark:- |"
    run_tool("extract-ivectors", "ie", deltas, "windows/segments", "ark:expected", cwd=folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        found, expected = (dict(read_arrays(name)) for name in ("scp:windows/ivector.scp", "ark:expected"))
        assert list(found) == list(expected) and len(found) == 11 * 3
        assert all(np.array_equal(found[name], expected[name]) for name in found)
        assert (folder / "windows/spk2utt").read_text().splitlines()[1].split()[0] == "r01"
        run_tool("extract_ivectors.sh", *OPTIONS, "--whole", "true", "ie", "data", "whole", cwd=folder)
        run_tool("extract-ivectors", "ie", feats, "-", "ark:expected", cwd=folder)
        found, expected = (dict(read_arrays(name)) for name in ("scp:whole/ivector.scp", "ark:expected"))
        assert list(found) == list(expected) and all(np.array_equal(found[name], expected[name]) for name in found)
    assert (folder / "whole/spk2utt").read_text().splitlines()[0] == "s0 r00 r03 r06 r09"
    assert not (folder / "whole/segments").exists()


def test_what_is_missing_is_told(folder, run_tool):
    done = run_tool("train_ivector_extractor.sh", "nothing", "data", "x", cwd=folder, status=1)
    assert done.stderr == "train_ivector_extractor.sh: no such file: nothing\n"
    done = run_tool("extract_ivectors.sh", "nothing", "data", "x", cwd=folder, status=1)
    assert done.stderr == "extract_ivectors.sh: no such file: nothing/final.ie\n"
    run_tool("train_ivector_extractor.sh", "ubm", cwd=folder, status=2)
