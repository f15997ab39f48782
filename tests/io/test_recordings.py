"""Recordings that a user names, and what diarize writes about them."""

import io
import json
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from diarkit.errors import DataError, ItemError
from diarkit.io.diarized import as_object, open_embeddings, open_results
from diarkit.io.recordings import Recordings
from diarkit.io.tables import read_arrays


@pytest.fixture
def folder(tmp_path):
    for name in ("b.wav", "a.FLAC", "two words.wav"):
        soundfile.write(tmp_path / name, np.zeros(100, np.int16), 16000, format="FLAC" if "FLAC" in name else "WAV")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "wav.scp").write_text(f"key {tmp_path}/b.wav\nother {tmp_path}/none.wav\n")
    return tmp_path


def names(recordings):
    found = []
    while True:
        try:
            reco, audio = next(recordings)
        except StopIteration:
            return found
        except ItemError as error:
            found.append((error.key, error.reason))
        else:
            assert audio.num_samples == 100
            found.append(reco)


def test_files_folders_and_lists(folder):
    recordings = Recordings([str(folder), str(folder / "wav.scp"), f"scp:{folder}/wav.scp"])
    assert len(recordings) == 7
    found = names(recordings)
    assert found[:4] == ["a", "b", "two_words", "key"]
    assert found[4][0] == "other" and "none.wav" in found[4][1]
    assert found[5][0] == "key" and found[5][1].startswith("two recordings have this name")
    assert found[6][0] == "other"


def test_names_of_files(folder):
    soundfile.write(folder / "x.y.wav", np.zeros(100), 16000)
    assert names(Recordings([str(folder / "x.y.wav")])) == ["x.y"]
    with pytest.raises(DataError):
        Recordings([str(folder / "none.scp")])
    (folder / "sub").mkdir()
    with pytest.raises(DataError, match="sub: no recordings in this folder"):
        Recordings([str(folder / "sub")])


def diarization(turns):
    return SimpleNamespace(duration=10.0, turns=turns, embeddings=lambda: [("window-1", np.ones(3, np.float32))])


TURNS = [(0.0, 1.5, 1, 1), (1.5, 2.0, 2, 1), (3.0, 4.25, 1, 1)]


def test_results_on_stdout_come_at_once(monkeypatch):
    class Stream(io.StringIO):
        flushed = 0

        def flush(self):
            self.flushed += 1

    stream = Stream()
    monkeypatch.setattr("diarkit.io.diarized.open_text_output", lambda name: stream)
    monkeypatch.setattr(stream, "close", lambda: None)
    with open_results() as results:
        results.write("r", diarization(TURNS))
        assert stream.flushed >= 1
        assert stream.getvalue().splitlines()[0] == "SPEAKER r 1 0.000 1.500 <NA> <NA> 1 <NA> <NA>"


def test_json():
    found = as_object("r", diarization(TURNS))
    assert found["speakers"] == [{"speaker": "1", "seconds": 2.75}, {"speaker": "2", "seconds": 0.5}]
    assert found["turns"][1] == {"start": 1.5, "end": 2.0, "speaker": "2", "channel": 1}
    assert json.loads(json.dumps(found)) == found


def test_json_has_speakers_in_order_of_their_numbers():
    found = as_object("r", diarization([(float(i), i + 0.5, 11 - i, 1) for i in range(11)]))
    assert [speaker["speaker"] for speaker in found["speakers"]] == [str(i + 1) for i in range(11)]


@pytest.mark.parametrize("name", ["../x", "/x", "a/b", ".x", "..", "a\0b"])
def test_names_that_lead_out_of_the_folder(tmp_path, name):
    with open_results(str(tmp_path / "out")) as results, pytest.raises(DataError, match="cannot be the name of a file"):
        results.write(name, diarization(TURNS))
    assert list(tmp_path.rglob("*.rttm")) == []


def test_files_of_a_folder(tmp_path):
    with open_results(str(tmp_path / "out"), as_json=True) as results:
        results.write("r", diarization(TURNS))
    assert json.loads((tmp_path / "out/r.json").read_text())["recording"] == "r"


def test_embeddings(tmp_path):
    with open_embeddings(f"ark:{tmp_path}/e.ark") as table, open_embeddings() as nothing:
        table.write("r", diarization(TURNS))
        nothing.write("r", diarization(TURNS))
    [(key, vector)] = read_arrays(f"ark:{tmp_path}/e.ark")
    assert key == "r-window-1" and vector.tolist() == [1, 1, 1]
