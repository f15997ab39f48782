"""The collection of bad inputs, through the library: what must fail does so in one line that names it."""

import csv
import os
import re

import pytest

from diarkit.errors import DataError
from diarkit.io.audio import open_audio, read_audio_table
from diarkit.io.datadir import read_segments
from diarkit.io.tables import RandomArrays, read_arrays


def read_matrices(name, ndim=2):
    prefix = "scp:" if name.endswith(".scp") else "ark:"
    for key, array in read_arrays(prefix + name):
        if array.ndim != ndim:
            raise DataError("wrong number of dimensions", key)


def read_vectors(name):
    read_matrices(name, ndim=1)


def read_wav(name):
    with open_audio(name) as audio:
        if audio.num_channels != 1 or audio.sample_frequency != 16000:
            raise DataError("not what the tool wants", name)
        for _ in audio.blocks():
            pass


def read_wav_table(name):
    for _, audio in read_audio_table(name):
        audio.read()


READERS = {
    "wav": read_wav,
    "wavscp": read_wav_table,
    "feats": read_matrices,
    "vectors": read_vectors,
    "scp": read_matrices,
    "segments": read_segments,
}
# What needs more than the file to be seen as bad: the length of the recording.
ELSEWHERE = {"segments/end_over"}


def cases(shared):
    folder = shared / "badinputs" / "cases"
    with open(folder / "manifest.tsv", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    return folder, [row for row in rows if row["family"] in READERS and row["file"] not in ELSEWHERE]


@pytest.mark.parametrize("family", READERS)
def test_bad_inputs(shared, monkeypatch, family):
    monkeypatch.delenv("DIARKIT_PIPES", raising=False)
    folder, rows = cases(shared)
    monkeypatch.chdir(folder)
    mine = [row for row in rows if row["family"] == family]
    assert mine
    for row in mine:
        name = row["file"]
        try:
            READERS[family](name)
        except DataError as error:
            assert row["expect"] != "success", f"{name}: {error}"
            assert "\n" not in str(error)
            assert os.path.basename(name) in str(error) or re.match(r"(utt|r|s)\d+: ", str(error)), error
        else:
            assert row["expect"] != "error", f"{name} was taken"


def test_random_access_refuses_the_same(shared, monkeypatch):
    folder, rows = cases(shared)
    monkeypatch.chdir(folder)
    for row in rows:
        if row["family"] == "feats" and row["expect"] == "error" and "vec_in" not in row["file"]:
            with pytest.raises(DataError):
                RandomArrays(f"ark:{row['file']}")
