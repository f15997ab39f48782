"""augment_data.sh: the copies are the same in any number of jobs."""

import numpy as np
import pytest
import soundfile


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    (tmp_path / "data").mkdir()
    (tmp_path / "hiss").mkdir()
    soundfile.write("hiss/a.wav", rng.uniform(-0.1, 0.1, 8000), 8000)
    lists = {"wav.scp": [], "utt2spk": [], "spk2utt": [], "segments": []}
    for reco in ("r1", "r2", "r3"):
        soundfile.write(f"{reco}.wav", rng.uniform(-0.5, 0.5, 4000), 8000)
        lists["wav.scp"].append(f"{reco} {reco}.wav")
        lists["spk2utt"].append(f"{reco} {reco}-a {reco}-b")
        for utt, start in (("a", 0), ("b", 0.25)):
            lists["utt2spk"].append(f"{reco}-{utt} {reco}")
            lists["segments"].append(f"{reco}-{utt} {reco} {start} {start + 0.25}")
    for name, lines in lists.items():
        (tmp_path / "data" / name).write_text("".join(f"{line}\n" for line in lines))
    (tmp_path / "conf").write_text("--noise=hiss\n--kinds=noise,echo\n")
    return tmp_path


def copies(folder, out):
    """The bytes of every copy, and the lists without the folders of the files."""
    entries = dict(line.split() for line in (folder / out / "wav.scp").read_text().splitlines())
    lists = {name: (folder / out / name).read_text() for name in ("utt2spk", "spk2utt", "utt2uniq", "segments")}
    return {key: (folder / path).read_bytes() for key, path in entries.items()}, lists


def test_any_number_of_jobs(run_tool, folder):
    run_tool("augment_data.sh", "--nj", 8, "--config", "conf", "data", "many")  # three recordings
    run_tool("augment-audio", "--config=conf", "data", "none")
    assert copies(folder, "many") == copies(folder, "none")
    assert len(list((folder / "many/pieces").iterdir())) == 3
    run_tool("validate-data-dir", "--no-feats", "--no-text", "many")
    run_tool("augment_data.sh", "--nj", 2, "--config", "conf", "--kinds", "clip", "data", "many")
    assert list(copies(folder, "many")[0]) == ["r1-clip", "r2-clip", "r3-clip"]


def test_failures(run_tool, folder):
    (folder / "r2.wav").write_bytes(b"RIFF")
    done = run_tool("augment_data.sh", "--nj", 2, "--config", "conf", "data", "out", status=None)
    assert done.returncode != 0 and not (folder / "out/wav.scp").exists()
    run_tool("augment_data.sh", "--nj", 2, "--max-failed", 1, "--config", "conf", "data", "out")
    assert set(copies(folder, "out")[0]) == {"r1-noise", "r1-echo", "r3-noise", "r3-echo"}
    done = run_tool("augment_data.sh", "--config", "none", "data", "out", status=1)
    assert "no such file: none" in done.stderr
