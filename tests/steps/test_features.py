"""make_mfcc.sh and make_fbank.sh: what they leave in a data directory, of recordings and of segments."""

import numpy as np
import pytest
import soundfile

from diarkit.io.tables import read_arrays

SEGMENTS = [("a-1", "a", 0, 0.5), ("a-2", "a", 0.4, 1.1), ("b-1", "b", 0.25, 1), ("c-1", "c", 0, 1.25)]


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / "data"
    folder.mkdir()
    for name, seconds in (("a", 1.2), ("b", 1.0), ("c", 1.25)):
        soundfile.write(folder / f"{name}.wav", 0.1 * rng.normal(size=int(8000 * seconds)), 8000)
    (folder / "wav.scp").write_text("".join(f"{name} {folder}/{name}.wav\n" for name in "abc"))
    (tmp_path / "conf").write_text("--sample-frequency=8000\n--frame_shift=20\n--high-freq=3700\n")
    return folder


def columns(path):
    return {key: float(value) for key, value in (line.split() for line in path.read_text().splitlines())}


@pytest.mark.parametrize("step, dim", [("make_mfcc.sh", 13), ("make_fbank.sh", 23)])
def test_recordings(data, run_tool, step, dim):
    run_tool(step, "--nj", 2, "--config", "conf", data, data.parent / "exp", cwd=data.parent)
    frames = {"a": 59, "b": 49, "c": 62}
    shapes = {key: array.shape for key, array in read_arrays(f"scp:{data}/feats.scp")}
    assert shapes == {key: (count, dim) for key, count in frames.items()}
    assert columns(data / "utt2num_frames") == frames
    assert columns(data / "utt2dur") == {"a": 1.2, "b": 1.0, "c": 1.25}
    assert (data / "frame_shift").read_text() == "0.02\n"


def test_segments_are_those_of_extract_segments(data, run_tool):
    (data / "segments").write_text("".join(" ".join(map(str, segment)) + "\n" for segment in SEGMENTS))
    run_tool("make_mfcc.sh", "--nj", 3, "--config", "conf", data, data.parent / "exp", cwd=data.parent)
    run_tool("bash", "-euo", "pipefail", "-c", "extract-segments scp:data/wav.scp data/segments ark:- |"
             " compute-mfcc --config conf ark:- ark:cut.ark", cwd=data.parent)
    found, expected = dict(read_arrays(f"scp:{data}/feats.scp")), dict(read_arrays(f"ark:{data.parent}/cut.ark"))
    assert list(found) == list(expected) == [segment[0] for segment in SEGMENTS]
    assert all(np.array_equal(found[key], expected[key]) for key in found)
    assert columns(data / "utt2dur") == {"a-1": 0.5, "a-2": 0.7, "b-1": 0.75, "c-1": 1.25}
    assert (data / "utt2num_frames").read_text().split()[1::2] == [str(len(found[key])) for key in found]


@pytest.mark.parametrize("name", ["$(touch x);it's", "a=b `touch x`"])
def test_folders_of_any_name_and_what_may_fail(data, run_tool, name):
    """From features to embeddings; every stage is told how many may fail."""
    folder = data.parent / name
    folder.mkdir()
    data.rename(folder / "data")
    (folder / "data/wav.scp").write_text("".join(f"{key} {name}/data/{key}.wav\n" for key in "abc") + "d none.wav")
    (data.parent / "conf").rename(folder / "conf")
    here = {"cwd": data.parent}
    common = ["--nj", "9", "--max-failed", "1"]
    for step in ("make_fbank.sh", "make_mfcc.sh"):
        run_tool(step, "--config", f"{name}/conf", f"{name}/data", f"{name}/exp", status=1, **here)
        run_tool(step, *common, "--config", f"{name}/conf", f"{name}/data", f"{name}/exp", **here)
        assert list(columns(folder / "data/utt2num_frames")) == ["a", "b", "c"]
    assert (folder / "data/frame_shift").read_text() == "0.02\n"
    run_tool("compute_vad.sh", *common, "--method", "energy", f"{name}/data", f"{name}/vad", **here)
    assert "vad-to-segments " in (folder / "vad/log/compute_vad.1.log").read_text()
    assert (folder / "vad/log/compute_vad.1.log").read_text().splitlines()[0].count("--max-failed 1") == 2
    (folder / "vad/segments").write_text("a-1 a 0 1.0\na-2 a 1.1 -1\nb-1 b 0 0.9\n")
    extract = ["--input", "feats.scp", "stats", f"{name}/vad", f"{name}/xvectors"]
    done = run_tool("extract_xvectors.sh", *extract, status=1, **here)
    assert done.stderr.splitlines()[0].startswith("make-subsegments: a-2: ")
    run_tool("extract_xvectors.sh", *common, *extract, **here)
    assert (folder / "xvectors/spk2utt").read_text().split()[::2] == ["a", "b"]
    assert [path.name for path in data.parent.iterdir()] == [name]
