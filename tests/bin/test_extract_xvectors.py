"""extract-xvectors, score-cosine and import-pretrained through their command lines."""

import os

import numpy as np
import pytest
import soundfile

from diarkit import signals, toy
from diarkit.backend.cosine import cosine_scores
from diarkit.embeddings.models import make_embedder
from diarkit.io.models import read_model, write_model
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


def test_windows_that_are_not_there_cost_no_others(run_tool, recordings):
    """Of each kind of model; each window counts, and those of a recording that is not there all do."""
    write_xvector(recordings / "model", front_end=MFCC)
    run_tool("compute-mfcc", "--allow-upsample", "wav.scp", "ark:f.ark", cwd=recordings)
    (recordings / "more").write_text((recordings / "sub").read_text() + "a-3 a 90 91\nc-1 c 0 1\nc-2 c 1 2\n")
    for words in (["--model=model", "wav.scp"], ["--model=stats", "ark:f.ark"]):
        run_tool("extract-xvectors", *words, "sub", "ark:x.ark", cwd=recordings)
        done = run_tool("extract-xvectors", *words, "more", "ark:y.ark", cwd=recordings, status=1)
        assert "a-3: nothing of the window from 90 to 91 s lies within the recording" in done.stderr
        assert "4 windows done, 3 failed" in done.stderr
        found, expected = read(recordings / "y.ark.partial"), read(recordings / "x.ark")
        assert list(found) == list(expected) and all(np.allclose(found[key], expected[key], atol=1e-5) for key in found)


def test_statistics_of_features(run_tool, tmp_path):
    features = np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32)
    with ArrayWriter(f"ark:{tmp_path}/f.ark") as out:
        out.write("a", features)
    (tmp_path / "sub").write_text("a-1 a 0 1\na-2 a 1 2\n")
    run_tool("extract-xvectors", "--model=stats", "ark:f.ark", "sub", "ark:x.ark", cwd=tmp_path)
    found = read(tmp_path / "x.ark")
    assert np.allclose(found["a-2"], [*features[100:].mean(axis=0), *features[100:].std(axis=0)], atol=1e-6)


MFCC = {"features": "mfcc", "options": {"num_mel_bins": 20, "num_ceps": 12, "snip_edges": False}, "cmn": "sliding"}
TDNN = {"type": "tdnn", "frame_layers": [[[-2, -1, 0, 1, 2], 16], [[-2, 0, 2], 24]], "segment_dims": [10, 10]}


def write_xvector(folder, **description):
    """A model folder with a TDNN of random weights, and the model."""
    import torch

    from diarkit.embeddings.xvector import make_network

    description = {"kind": "xvector", "network": TDNN, **description}
    torch.manual_seed(0)
    state = make_network(description).state_dict()
    write_model(folder, description, {name: value.numpy() for name, value in state.items() if "num_batch" not in name})
    return read_model(folder)


def test_a_model_with_a_front_end(run_tool, recordings):
    """Windows, segments to the end of the recording and whole recordings; as features too, of a pipe."""
    write_xvector(recordings / "model", front_end=MFCC)
    (recordings / "sub").write_text("a-1 a 2 3.5\na-2 a 0.5 0.55\na-3 a 3.2 -1\na-4 a 0 -1\n")
    here = {"cwd": recordings}
    done = run_tool("extract-xvectors", "--model=model", "scp:wav.scp", "sub", "ark:x.ark", **here)
    assert "1 windows were shorter than the model takes" in done.stderr and "4 windows done, 0 failed" in done.stderr
    found = read(recordings / "x.ark")
    assert list(found) == ["a-1", "a-2", "a-3", "a-4"]
    assert {vector.shape for vector in found.values()} == {(10,)}
    done = run_tool("extract-xvectors", "--model=model", "--share-batches", "scp:wav.scp", "ark:w.ark", **here)
    assert "3 recordings done, 0 failed" in done.stderr and "shorter" not in done.stderr
    whole = read(recordings / "w.ark")
    assert list(whole) == ["a", "b", "unused"]
    assert np.allclose(whole["a"], found["a-4"], atol=1e-5) and np.allclose(whole["a"], whole["unused"], atol=1e-5)
    (recordings / "a.scp").write_text("a a.wav\n")
    pipe = ("ark:compute-mfcc --num-mel-bins=20 --num-ceps=12 --snip-edges=false scp:a.scp ark:- | "
            "apply-cmvn-sliding --center=true --cmn-window=300 ark:- ark:- |")
    run_tool("extract-xvectors", "--model=model", "--features", pipe, "sub", "ark:f.ark", **here)
    for key, vector in read(recordings / "f.ark").items():
        assert np.allclose(vector, found[key], atol=1e-5 * np.linalg.norm(vector))


def test_chunks_of_tables_of_features(run_tool, tmp_path):
    model = write_xvector(tmp_path / "model", front_end=None, input_dim=5)
    matrix = np.random.default_rng(0).normal(size=(260, 5)).astype(np.float32)
    with ArrayWriter(f"ark:{tmp_path}/f.ark") as out:
        out.write("long", matrix)
        out.write("short", matrix[:9])
        out.write("other", matrix[:, :4])
        out.write("vector", matrix[0])
    done = run_tool("extract-xvectors", "--model=model", "--min-chunk-size=30", "--chunk-size=100", "ark:cat f.ark |",
                    "ark:x.ark", cwd=tmp_path, status=1)
    assert "other: 4 numbers a frame, where the model takes 5" in done.stderr
    assert "vector: not a matrix of features" in done.stderr and "2 recordings done, 2 failed" in done.stderr
    found, embedder = read(tmp_path / "x.ark.partial"), make_embedder(model)
    parts = embedder.embed(matrix, [(0, 1), (1, 2), (2, None)])
    assert np.allclose(found["long"], (100 * parts[0] + 100 * parts[1] + 60 * parts[2]) / 260, atol=1e-6)
    [padded] = embedder.embed(matrix[np.clip(np.arange(30) - 10, 0, 8)], [(0, None)])
    assert np.allclose(found["short"], padded, atol=1e-6)
    done = run_tool("extract-xvectors", "--model=model", "--min-chunk-size=30", "--no-pad-input", "ark:f.ark",
                    "ark:n.ark", "--max-failed=3", cwd=tmp_path)
    assert "short: 9 frames from 0 s on are fewer than the 30 of the shortest chunk" in done.stderr
    assert list(read(tmp_path / "n.ark")) == ["long"]


def test_a_model_that_cannot_be(run_tool, recordings):
    model = write_xvector(recordings / "model", front_end=MFCC)
    broken = {**MFCC, "options": {**MFCC["options"], "num_ceps": 13}}
    write_model(recordings / "model", {**model.description, "front_end": broken}, model.weights)
    done = run_tool("extract-xvectors", "--model=model", "wav.scp", "sub", "ark:x.ark", cwd=recordings, status=1)
    assert done.stderr.count("\n") == 1 and "model: frames.0.0.weight is (16, 12, 5), not (16, 13, 5)" in done.stderr
    assert not list(recordings.glob("x.ark*"))


def test_wrong_usage(run_tool, recordings):
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    write_xvector(recordings / "model", front_end=MFCC)
    for words, message in ((["--device=cuda", "wav.scp", "sub", "ark:x.ark"], "--device=cuda: there is no such device"),
                           (["wav.scp"], "expected, not 1 arguments")):
        done = run_tool("extract-xvectors", "--model=model", *words, cwd=recordings, status=2)
        assert message in done.stderr and "Traceback" not in done.stderr


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
