"""get-utt2dur: of directories and of tables of recordings."""

import numpy as np
import soundfile


def test_of_a_directory(run_tool, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(12000, np.int16), 8000)
    data = tmp_path / "data"
    data.mkdir()
    (data / "wav.scp").write_text("a a.wav\nb no.wav\nc a.wav\n")
    (data / "utt2spk").write_text("a s\nb s\nc s\n")
    done = run_tool("get-utt2dur", "data", cwd=tmp_path, status=1)
    assert done.stderr == ("get-utt2dur: b: no.wav: no such file\nget-utt2dur: 2 utterances done, 1 failed\n")
    assert (data / "utt2dur.partial").read_text() == "a 1.5\nc 1.5\n" and not (data / "utt2dur").exists()
    run_tool("get-utt2dur", "--max-failed=1", "data", cwd=tmp_path)
    assert (data / "utt2dur").read_text() == "a 1.5\nc 1.5\n"
    (data / "segments").write_text("a a 0.5 1.25\nb a 0 0.3\nc c 1 -1\n")
    run_tool("get-utt2dur", "data/", cwd=tmp_path)
    assert (data / "utt2dur").read_text() == "a 0.75\nb 0.3\nc 0.5\n"
    (data / "segments").write_text("a a 0.5 1\nb a 0 0.3\nc c 1 -1\n")
    done = run_tool("get-utt2dur", "data", cwd=tmp_path)
    assert done.stderr == "get-utt2dur: data/utt2dur is there with a line for each (see --overwrite)\n"
    assert (data / "utt2dur").read_text().startswith("a 0.75\n")
    run_tool("get-utt2dur", "--overwrite", "data", cwd=tmp_path)
    assert (data / "utt2dur").read_text().startswith("a 0.5\n")
    (data / "wav.scp").write_text("a a.wav\nc a.wav\n")
    run_tool("get-utt2dur", "--reco2dur", "data", cwd=tmp_path)
    assert (data / "reco2dur").read_text() == "a 1.5\nc 1.5\n"


def test_of_a_table(run_tool, tmp_path, shared):
    kaldi = shared / "golden/kaldi"
    done = run_tool("get-utt2dur", "scp:wav8k.scp", cwd=kaldi)
    golden = {line.split()[0]: float(line.split()[1]) for line in (kaldi / "feats/utt2dur_8k").read_text().splitlines()}
    found = {line.split()[0]: float(line.split()[1]) for line in done.stdout.splitlines()}
    assert found.keys() == golden.keys() and all(abs(found[key] - golden[key]) < 1e-4 for key in golden)
    (tmp_path / "wav.scp").write_text("a no.wav\n")
    assert "a: no.wav: no such file" in run_tool("get-utt2dur", "wav.scp", "out", cwd=tmp_path, status=1).stderr
    assert not (tmp_path / "out").exists()
