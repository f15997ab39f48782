"""Vectors with their speakers, and in blocks."""

import numpy as np
import pytest

from diarkit.errors import DataError, ItemError
from diarkit.io.tables import ArrayWriter
from diarkit.io.vectors import in_blocks, read_labelled


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with ArrayWriter("ark:v.ark") as out:
        for name, vector in (("a", [1, 2]), ("b", [3, 4, 5]), ("c", [5, 6]), ("d", [7, 8]), ("e", []), ("f", [9, 10])):
            out.write(name, np.array(vector, np.float32))
    (tmp_path / "utt2spk").write_text("a two\nb one\nc one\ne one\nf two\n")


def collect(reader):
    items, errors = [], []
    while True:
        try:
            items.append(next(reader))
        except ItemError as error:
            errors.append((error.key, error.reason))
        except StopIteration:
            return items, errors


def test_speakers_are_numbered_as_they_come_and_bad_vectors_are_named():
    reader = read_labelled("ark:v.ark", "utt2spk")
    items, errors = collect(reader)
    assert [(key, rows.tolist(), speaker) for key, rows, speaker in items] == [
        ("a", [[1, 2]], 0), ("c", [[5, 6]], 1), ("f", [[9, 10]], 0)]
    assert errors == [("b", "3 numbers, where others have 2"), ("d", "not in utt2spk"), ("e", "is empty")]
    assert (reader.size, reader.count, reader.numbers) == (2, 3, {"two": 0, "one": 1})


def test_without_speakers_and_with_matrices():
    items, errors = collect(read_labelled("ark:v.ark"))
    assert [item[2] for item in items] == [None] * 4 and len(errors) == 2
    items, errors = collect(read_labelled("ark:v.ark", matrices=True))
    assert not items and "a vector where a matrix is expected" in errors[0][1]
    with ArrayWriter("ark:m.ark") as out:
        out.write("a", np.ones((3, 2)))
        out.write("c", np.zeros((1, 2)))
    reader = read_labelled("ark:m.ark", "utt2spk", matrices=True)
    assert [block[1].tolist() for block in in_blocks(reader)] == [[0, 0, 0, 1]] and reader.count == 4


@pytest.mark.parametrize("rows", [1, 2, 3, 10])
def test_blocks_have_all_in_order(rows):
    items = [(str(i), np.full((1 + i % 2, 2), i, np.float32), i % 3) for i in range(7)]
    blocks = list(in_blocks(items, rows))
    np.testing.assert_array_equal(np.concatenate([vectors for vectors, _ in blocks])[:, 0],
                                  [0, 1, 1, 2, 3, 3, 4, 5, 5, 6])
    assert np.concatenate([numbers for _, numbers in blocks]).tolist() == [0, 1, 1, 2, 0, 0, 1, 2, 2, 0]
    assert all(rows <= len(vectors) <= rows + 1 for vectors, _ in blocks[:-1])
    assert [numbers for _, numbers in in_blocks([(key, array, None) for key, array, _ in items], rows)] == [
        None] * len(blocks)


def test_an_empty_table_has_no_blocks():
    assert list(in_blocks([])) == []


def test_a_list_that_is_none():
    with pytest.raises(DataError, match="utt2spk:1"):
        open("utt2spk", "w").write("a b c\n")
        read_labelled("ark:v.ark", "utt2spk")
