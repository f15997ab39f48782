"""extract-xvectors, score-cosine and import-pretrained through their command lines."""

import os

import numpy as np
import pytest
import soundfile

from diarkit import signals, toy
from diarkit.backend.cosine import cosine_scores
from diarkit.embeddings.models import make_embedder
from diarkit.io.models import read_model
from diarkit.io.tables import ArrayWriter, read_arrays


def read(path):
    return dict(read_arrays(f"ark:{path}"))


@pytest.fixture
def recordings(tmp_path):
    samples, _ = toy.make_conversation(np.random.default_rng(0), 8, 2, 16000)
    soundfile.write(tmp_path / "a.wav", samples, 16000)
    soundfile.write(tmp_path / "b.wav", samples[::2], 8000)
    (tmp_path / "wav.scp").write_text("a a.wav\nb b.wav\nunused a.wav\n")
    (tmp_path / "sub").write_text("b-1 b 0 1.5\na-1 a 2 3.5\na-2 a 0.75 2.25\nb-2 b 3 3.4\n")
    return tmp_path


def test_extract_xvectors(run_tool, toy_models, recordings):
    env = {**os.environ, "DIARKIT_MODELS": str(toy_models)}
    run_tool("extract-xvectors", "wav.scp", "sub", "ark:x.ark", cwd=recordings, env=env)
    found = read(recordings / "x.ark")
    assert list(found) == ["a-1", "a-2", "b-1", "b-2"]
    embedder = make_embedder(read_model(toy_models / "campplus"))
    for reco, rate, windows in (("a", 16000, [(2, 3.5), (0.75, 2.25)]), ("b", 8000, [(0, 1.5), (3, 3.4)])):
        samples, _ = soundfile.read(recordings / f"{reco}.wav", dtype="int16")
        signal = signals.resampled(signals.of_array(samples, rate), 16000)
        for i, vector in enumerate(embedder.embed(signal, windows), 1):
            assert np.array_equal(found[f"{reco}-{i}"], vector)


def test_recordings_and_windows_that_are_not_there(run_tool, toy_models, recordings):
    with open(recordings / "sub", "a") as file:
        file.write("c-1 c 0 1\nc-2 c 1 2\n")
    (recordings / "wav.scp").write_text("a a.wav\nb none.wav\n")
    done = run_tool("extract-xvectors", f"--model={toy_models}/campplus", "wav.scp", "sub", "ark:x.ark",
                    cwd=recordings, status=1)
    assert "c: 2 windows in sub, but no recording" in done.stderr and "none.wav" in done.stderr
    assert list(read(recordings / "x.ark.partial")) == ["a-1", "a-2"] and not (recordings / "x.ark").exists()


def test_statistics_of_features(run_tool, tmp_path):
    features = np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32)
    with ArrayWriter(f"ark:{tmp_path}/f.ark") as out:
        out.write("a", features)
    (tmp_path / "sub").write_text("a-1 a 0 1\na-2 a 1 2\n")
    run_tool("extract-xvectors", "--model=stats", "ark:f.ark", "sub", "ark:x.ark", cwd=tmp_path)
    found = read(tmp_path / "x.ark")
    assert np.allclose(found["a-2"], [*features[100:].mean(axis=0), *features[100:].std(axis=0)], atol=1e-6)


def test_score_cosine(run_tool, tmp_path):
    rng = np.random.default_rng(0)
    vectors = {f"w{i}": rng.normal(size=6).astype(np.float32) for i in range(5)}
    with ArrayWriter(f"ark,scp:{tmp_path}/v.ark,{tmp_path}/v.scp") as out:
        for key, vector in vectors.items():
            out.write(key, vector)
        out.write("short", np.ones(5, np.float32))
        out.write("matrix", np.ones((2, 3), np.float32))
    (tmp_path / "spk2utt").write_text("b w3 w1 w4\na w0 w2\n")
    for table in ("ark:v.ark", "scp:v.scp"):
        run_tool("score-cosine", "spk2utt", table, "ark:s.ark", cwd=tmp_path)
        found = read(tmp_path / "s.ark")
        assert list(found) == ["b", "a"]
        assert np.array_equal(found["b"], cosine_scores(np.stack([vectors[key] for key in ("w3", "w1", "w4")])))
    run_tool("score-cosine", "--subtract-mean", "spk2utt", "scp:v.scp", "ark:s.ark", cwd=tmp_path)
    assert np.array_equal(read(tmp_path / "s.ark")["a"], cosine_scores([vectors["w0"], vectors["w2"]], True))
    (tmp_path / "spk2utt").write_text("b w3 nope w1 no\nc w1 short\nd w1 matrix\na w0 w2\n")
    done = run_tool("score-cosine", "spk2utt", "scp:v.scp", "ark:t.ark", cwd=tmp_path, status=1)
    for message in ("b: no vector for nope and 1 more", "c: short is not a vector of 6 numbers",
                    "d: matrix is not a vector of 6", "1 recordings done, 3 failed"):
        assert message in done.stderr
    assert list(read(tmp_path / "t.ark.partial")) == ["a"]


def test_import_pretrained(run_tool, models, tmp_path):
    done = run_tool("import-pretrained", "silero-vad", models / "silero-vad")
    assert "is complete" in done.stderr and done.stdout == ""
    (tmp_path / "x.whl").write_bytes(b"no wheel")
    done = run_tool("import-pretrained", "ge2e", tmp_path / "new", f"--wheel={tmp_path}/x.whl", status=1)
    assert done.stderr.count("\n") == 1 and "x.whl: not a wheel" in done.stderr
    assert not (tmp_path / "new/model.json").exists()
    assert run_tool("import-pretrained", "other", status=2).stderr.count("\n") == 1
