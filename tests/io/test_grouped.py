"""Segments of recordings with their scores or vectors."""

import numpy as np
import pytest

from diarkit.errors import DataError, ItemError
from diarkit.io.grouped import read_groups, read_scores, read_vectors
from diarkit.io.tables import ArrayWriter


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with ArrayWriter("ark,scp:vectors.ark,vectors.scp") as out:
        for i in range(5):
            out.write(f"s{i}", np.array([i, 10.0 + i], np.float32))
        out.write("long", np.zeros(3, np.float32))
    with ArrayWriter("ark:scores.ark") as out:
        out.write("b", np.eye(2, dtype=np.float32))
        out.write("a", np.ones((3, 3), np.float32))
    (tmp_path / "spk2utt").write_text("a s0 s1 s2\nb s4 s3\n")
    (tmp_path / "segments").write_text("".join(f"s{i} r {i} {i + 1.5}\n" for i in range(5)))
    return tmp_path


def everything(reader):
    """(Group or message of the ItemError) of each item."""
    found = []
    while True:
        try:
            found.append(next(reader))
        except ItemError as error:
            found.append(str(error))
        except StopIteration:
            return found


@pytest.mark.parametrize("table", ["ark:vectors.ark", "scp:vectors.scp"])
def test_vectors_in_the_order_of_the_list(folder, table):
    first, second = everything(read_vectors(table, "spk2utt", "segments"))
    assert (first.reco, first.names) == ("a", ["s0", "s1", "s2"])
    assert first.array.tolist() == [[0, 10], [1, 11], [2, 12]] and first.array.dtype == np.float32
    assert second.array.tolist() == [[4, 14], [3, 13]]
    assert second.times.tolist() == [[4, 5.5], [3, 4.5]]


def test_scores_in_the_order_of_the_table(folder):
    first, second = everything(read_scores("ark:scores.ark", "spk2utt"))
    assert (first.reco, first.names, first.times) == ("b", ["s4", "s3"], None)
    assert second.array.shape == (3, 3)
    assert type(read_groups("ark:scores.ark", "spk2utt", False)) is read_scores
    assert type(read_groups("ark:vectors.ark", "spk2utt", True)) is read_vectors


def test_recordings_without_scores_are_counted(folder):
    (folder / "spk2utt").write_text("none\na s0 s1 s2\nx y\nb s4 s3\nz w v\n")
    reader = read_scores("ark:scores.ark", "spk2utt")
    everything(reader)
    assert reader.remark == "2 of spk2utt without scores, x the first"
    (folder / "spk2utt").write_text("none\na s0 s1\nb s4 s3\n")
    reader = read_scores("ark:scores.ark", "spk2utt")
    assert "a: 3 rows" in everything(reader)[1]
    assert reader.remark == ""  # scores that do not fit are scores


def test_what_does_not_fit(folder):
    (folder / "spk2utt").write_text("a s0 s1\nb s4 nobody s3 none\nc s0 long\n")
    found = everything(read_vectors("ark:vectors.ark", "spk2utt"))
    assert found[0].array.shape == (2, 2)
    assert found[1:] == ["b: no vector for nobody and 1 more in ark:vectors.ark",
                         "c: long is not a vector of 2 numbers"]
    found = everything(read_scores("ark:scores.ark", "spk2utt"))
    assert found == ["b: 2 rows of scores, 4 segments", "a: 3 rows of scores, 2 segments"]
    (folder / "spk2utt").write_text("b s4 s3\n")
    assert everything(read_scores("ark:scores.ark", "spk2utt"))[1] == "a: has scores but no segments"


@pytest.mark.parametrize("reader, table", [(read_vectors, "ark:vectors.ark"), (read_scores, "ark:scores.ark")])
def test_an_empty_file_of_segments_is_not_none(folder, reader, table):
    (folder / "empty").write_text("")
    found = everything(reader(table, "spk2utt", "empty"))
    assert len(found) == 2 and all("is not in the file of segments" in item for item in found)


def test_times(folder):
    (folder / "segments").write_text("s4 r 0 1\n")
    found = everything(read_scores("ark:scores.ark", "spk2utt", "segments"))
    assert found[0] == "b: s3 is not in the file of segments"
    (folder / "segments").write_text("s4 r 0 -1\n")
    with pytest.raises(DataError, match="s4: its end is -1"):
        read_scores("ark:scores.ark", "spk2utt", "segments")
